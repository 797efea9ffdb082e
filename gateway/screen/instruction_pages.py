"""The file of a work instruction, from the card to the browser beside the line; no network is needed for it."""

import re
from collections.abc import Callable, Mapping

from flask import Flask, Response, send_file

from floor.media import PDF
from gateway.instruction_shelf import InstructionShelf

_HASH = re.compile(r"[0-9a-f]{64}")

PICTURE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
}
DOCUMENT_HEADERS: Mapping[str, str] = {
    # The browser's own viewer shows a PDF, in a frame of our page alone; a sandbox would keep it from starting.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}


def headers_of(media_type: str) -> Mapping[str, str]:
    """What differs from the headers of every answer. A file never changes: its address is its hash."""
    kept = {"Cache-Control": "private, max-age=31536000, immutable"}
    return {**(DOCUMENT_HEADERS if media_type == PDF else PICTURE_HEADERS), **kept}


def add_routes(app: Flask, shelf: InstructionShelf, refusal: Callable[[int, str], Response]) -> None:
    """`GET /instruction/HASH`, with ranges, as a viewer of long documents asks for them."""

    @app.get("/instruction/<sha256>")
    def instruction_file(sha256: str) -> Response:
        found = shelf.find(sha256) if _HASH.fullmatch(sha256) else None
        if found is None:
            return refusal(404, "refused_path")
        answer = send_file(found.path, mimetype=found.media_type, conditional=True, etag=sha256, max_age=None)
        answer.headers.update(headers_of(found.media_type))
        return answer
