"""What a person sees when something cannot be done: what it is and what to do, in both languages."""

import logging
import secrets
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as BaseResponse

from central.context import plant
from central.pages.frame import NotAllowed, render
from central.who_may import lines_of, who_may

CODES = (400, 403, 404, 405, 413, 429, 500, 503)
"""Those with a text of their own; any other shows the text of 400 or 500."""
MACHINE_PATHS = ("/api/", "/metrics")
log = logging.getLogger(__name__)


def add_routes(pages: Blueprint) -> None:
    """Registers the error pages for the whole application; a machine's request keeps its plain answer."""

    @pages.app_errorhandler(HTTPException)
    def show(fault: HTTPException) -> Response | BaseResponse:
        status = fault.code or 500
        if status < 400 or request.path.startswith(MACHINE_PATHS):
            return fault.get_response()
        code = status if status in CODES else 500 if status > 500 else 400
        if code >= 500:
            # The database may be what failed, so the page does not ask who is signed in.
            g.account = None
        answer = render("error.html", status, code=code, reference=_reference(fault), **_help(fault))
        if fault.response is None:
            for name, value in fault.get_headers(request.environ):
                if name in ("Retry-After", "Allow"):
                    answer.headers[name] = value
        return answer


def _help(fault: HTTPException) -> dict[str, Any]:
    """Of what somebody may not do: at which lines it is, and who may; nothing without a database of our own."""
    if not isinstance(fault, NotAllowed) or not fault.action or "lineside" not in current_app.extensions:
        return {}
    here = plant()
    with here.database.read() as session:
        names = who_may(session, here.database.plant, fault.action, fault.places)
    return {"lines": lines_of(fault.places), "names": names}


def _reference(fault: HTTPException) -> str:
    """A short number that ties what a person saw to the line in the log."""
    if not isinstance(fault, InternalServerError):
        return ""
    reference = secrets.token_hex(4)
    log.error("reference %s: %r", reference, fault.original_exception)
    return reference
