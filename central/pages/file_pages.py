"""Photos as the office sees them: each under its hash, to whoever is signed in."""

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from central.file_answers import file_answer
from central.files import HASH
from central.pages.frame import for_accounts
from central.pages.port import Office


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/files/<sha256>")
    @for_accounts
    def stored_file(sha256: str) -> Response:
        found = office.file(sha256) if HASH.fullmatch(sha256) else None
        if found is None:
            abort(404)
        return file_answer(found, sha256)
