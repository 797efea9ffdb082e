"""Sign-in at a shared terminal: a badge is scanned, a PIN is typed."""

import ipaddress

from flask import Blueprint, Request, Response, request
from werkzeug.wrappers import Response as BaseResponse

from central import errors
from central.badges import sign_in_by_badge
from central.context import Plant, plant
from central.limits import BADGE_SESSION_SECONDS
from central.pages.account_pages import too_many, welcome
from central.pages.frame import render
from central.pages.port import Office
from central.pages.protection import is_forwarded, is_loopback, safe_path
from central.plant_days import plant_today
from central.sessions import Caller
from floor.limits import LABEL_BYTES_MAX

PIN_DIGITS_MAX = 8


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/sign-in/badge")
    def badge_page() -> Response:
        return _page()

    @pages.post("/sign-in/badge")
    def badge_sign_in() -> BaseResponse:
        here = plant()
        if not is_terminal(request, here):
            return _page(status=403)
        now, address = here.now(), request.remote_addr or ""
        today = plant_today(now).isoformat()
        caller = Caller(address, request.headers.get("User-Agent", ""))
        label, pin = request.form.get("badge", "")[:LABEL_BYTES_MAX], request.form.get("pin", "")[: PIN_DIGITS_MAX + 1]
        try:
            here.attempts.count(address, now)
            token = sign_in_by_badge(here.database, label, pin, today, now, caller)
        except errors.TooManyAttempts:
            return too_many(_page)
        except errors.SignInRefused:
            return _page(fault="signin.badge_refused", status=403)
        return welcome(office, token, BADGE_SESSION_SECONDS)


def is_terminal(asked: Request, here: Plant) -> bool:
    """Whether the request comes from the machine itself or from a terminal of the configuration. One that a proxy
    forwarded does not count: anybody behind the proxy would be a terminal."""
    if is_loopback(asked):
        return True
    if is_forwarded(asked):
        return False
    try:
        address = ipaddress.ip_address(asked.remote_addr or "")
    except ValueError:
        return False
    return any(address in network for network in here.config.terminals)


def _page(*, fault: str = "", fault_number: int = 0, status: int = 200) -> Response:
    return render(
        "badge_sign_in.html",
        status,
        is_terminal=is_terminal(request, plant()),
        fault=fault,
        fault_number=fault_number,
        minutes=round(BADGE_SESSION_SECONDS / 60),
        next=safe_path(request.form.get("next") or request.args.get("next", "")),
        label_max=LABEL_BYTES_MAX,
        pin_max=PIN_DIGITS_MAX,
    )
