"""The only place where the server's parts are put together."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable, default_exceptions
from werkzeug.wrappers import Response as BaseResponse

from central import (
    api,
    audit_api,
    credential_api,
    file_api,
    fleet_api,
    health,
    master_api,
    order_api,
    read_api,
    task_api,
)
from central.config import CentralConfig
from central.context import Plant, plant
from central.database import Database
from central.errors import CentralError, DatabaseUnreachable, RequestRefused, RightRefused, TooManyAttempts
from central.files import FileStore
from central.limits import ERROR_CHARACTERS_MAX, JSON_BODY_BYTES_MAX
from central.live import LiveStreams
from central.notify import api as notify_api
from central.oidc.provider import Provider
from central.opening import open_database
from central.pages import blueprint
from central.pages.frame import NotAllowed
from central.pages.plant_office import PlantOffice
from central.pages.protection import is_loopback

REFUSED = frozenset({401, 403, 404})
"""Answers that a stranger who tries doors gets."""

log = logging.getLogger("lineside.central")


def create_app(
    config: CentralConfig, database: Database | None = None, clock: Callable[[], float] = time.time
) -> Flask:
    """The server of one plant. The caller ends it with `close_app`."""
    opened = database or open_database(config)
    app = Flask("central", static_folder=None)
    app.secret_key = opened.secret()
    app.config["MAX_CONTENT_LENGTH"] = JSON_BODY_BYTES_MAX
    app.config["MAX_FORM_PARTS"] = 100
    # Live pages hold a thread each; the other half is for gateways, and for pages that come and go.
    live = LiveStreams(opened, config.threads // 2)
    here = Plant(config, opened, live, FileStore(config.folder, config.files_bytes_max), clock=clock)
    if config.oidc is not None:
        here.provider = Provider(config.oidc, config.public_url, here.now)
    app.extensions["lineside"] = here
    # First of all: who asks is looked up, too.
    app.before_request(_refuse_knocking)
    app.before_request(_refuse_unkept_characters)
    for module in (
        api,
        credential_api,
        file_api,
        fleet_api,
        read_api,
        order_api,
        master_api,
        notify_api,
        task_api,
        audit_api,
        health,
    ):
        app.register_blueprint(module.blueprint())
    api.describe(app)
    app.register_blueprint(blueprint(PlantOffice(here)))
    app.register_error_handler(CentralError, _told)
    app.after_request(_plain_faults)
    app.after_request(_count_refused)
    return app


def close_app(app: Flask) -> None:
    """End the live pages and close the database."""
    here = app.extensions["lineside"]
    assert isinstance(here, Plant)
    here.live.close()
    here.database.close()


def _refuse_unkept_characters() -> None:
    """PostgreSQL keeps no NUL in a text, so nothing that is looked up can hold one. Raises RequestRefused."""
    if "\x00" in request.path or any("\x00" in value for _, value in request.args.items(multi=True)):
        raise RequestRefused("the request holds a NUL character")


def _is_counted() -> bool:
    """Not at the machine itself, and never a gateway: many may share one address, and each has to be answered."""
    return not request.path.startswith(f"{api.PREFIX}/") and not is_loopback(request)


def _refuse_knocking() -> None:
    """Raises TooManyAttempts."""
    if _is_counted():
        here = plant()
        here.refusals.refuse(request.remote_addr or "", here.now())


def _count_refused(response: Response) -> Response:
    if response.status_code in REFUSED and _is_counted():
        here = plant()
        with suppress(TooManyAttempts):
            here.refusals.count(request.remote_addr or "", here.now())
    return response


def _status_of(fault: CentralError) -> int:
    if isinstance(fault, RequestRefused):
        return fault.status
    return 503 if isinstance(fault, DatabaseUnreachable) else 500


def _told(fault: CentralError) -> Response | BaseResponse | HTTPException:
    """A machine gets {error, hint}; a person gets the page for that status."""
    status = _status_of(fault)
    if status >= 500:
        log.error("%s: %s", type(fault).__name__, fault)
    if request.path.startswith(("/api/", "/metrics")):
        headers = {"Retry-After": "5"} if status in (429, 503) else {}
        return _json_fault(status, str(fault), fault.hint, headers)
    if isinstance(fault, RightRefused):
        return _page_of(NotAllowed(fault.action, fault.places))
    shown = {500: InternalServerError, 503: ServiceUnavailable}.get(status) or default_exceptions[status]
    return _page_of(shown())


def _page_of(fault: HTTPException) -> BaseResponse:
    from flask import current_app

    answer = current_app.handle_user_exception(fault)
    return current_app.make_response(answer)


def _json_fault(status: int, error: str, hint: str, headers: dict[str, str]) -> Response:
    response = jsonify(error=error[:ERROR_CHARACTERS_MAX], hint=hint)
    response.status_code = status
    response.headers.extend(headers)
    return response


def _plain_faults(response: Response) -> Response:
    """Faults that the web framework answers under /api come in the same form as ours."""
    if response.status_code < 400 or not request.path.startswith("/api/") or response.mimetype == "application/json":
        return response
    return _json_fault(response.status_code, response.status, "Compare the request with /api/v1/openapi.json.", {})
