"""The gateways: what each has sent, what is missing, and the one-time code that enrols a new one."""

import json
import shlex
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.digits import whole_number
from central.errors import NameRefused
from central.limits import CODE_DAYS_MAX, CODE_MINUTES
from central.loopback import is_loopback_name
from central.pages.frame import NAME, for_accounts, for_action, render, signed_in
from central.pages.office import Alarm, GatewayLine, OneTimeCode
from central.pages.port import Office
from central.rights import Action

ALARMS_SHOWN_MAX = 50


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/gateways")
    @for_accounts
    def gateways() -> Response:
        return _list(office, revoked=_known(request.args.get("revoked", "")))

    @pages.get("/gateways/<name>")
    @for_accounts
    def gateway_page(name: str) -> Response:
        found = _gateway(office, name)
        return render("gateway.html", gateway=found, streams=office.streams(found.name))

    @pages.post("/gateways/enrol")
    @for_action(Action.ENROL)
    def enrol_gateway() -> Response:
        name = request.form.get("name", "").strip()
        if not NAME.fullmatch(name):
            return _list(office, fault="gateways.bad_name", name=name[:48], status=400)
        try:
            code = office.enrol(name, signed_in().name, asked_days())
        except NameRefused:
            return _list(office, fault="gateways.name_taken", name=name, status=400)
        return code_page(name, code)

    @pages.post("/gateways/sign-off")
    @for_action(Action.SIGN_OFF)
    def sign_off_alarm() -> BaseResponse:
        office.sign_off(_asked_alarm(office), signed_in().name)
        return redirect("/gateways", 303)

    @pages.post("/gateways/revoke")
    @for_action(Action.ENROL)
    def revoke_gateway() -> BaseResponse:
        found = _gateway(office, request.form.get("name", ""))
        office.revoke(found.name, signed_in().name)
        return redirect(f"/gateways?revoked={quote(found.name)}", 303)


def _asked_alarm(office: Office) -> Alarm:
    wanted = tuple(request.form.get(name, "") for name in ("gateway", "kind", "subject"))
    for each in office.board().alarms:
        if (each.gateway_name, each.kind, each.subject) == wanted:
            return each
    abort(404)


def code_page(name: str, code: OneTimeCode) -> Response:
    """A code, shown once, and what to do with it."""
    return render(
        "gateway_code.html",
        name=name,
        code=code,
        command=command(request.url_root, name, code),
        line_of_code=f'code = "{code.code}"',
        line_of_pins=f"pin = {json.dumps(code.pins)}",
        here_only=is_loopback_name(urlsplit(request.url_root).hostname or ""),
    )


def asked_days() -> int:
    """How long the code shall work, as the form asks; 0: some minutes."""
    return min(whole_number(request.form.get("days", "0"), 2) or 0, CODE_DAYS_MAX)


def command(root: str, name: str, code: OneTimeCode) -> str:
    """What to type on the Pi; each value quoted for its shell."""
    url = root.rstrip("/")
    pins = "".join(f" --pin {shlex.quote(each)}" for each in code.pins) if url.startswith("https://") else ""
    words = f"--url {shlex.quote(url)} --name {shlex.quote(name)} --code {shlex.quote(code.code)}"
    return f"lineside gateway enrol {words}{pins}"


def _known(name: str) -> str:
    return name if NAME.fullmatch(name) else ""


def _gateway(office: Office, name: str) -> GatewayLine:
    for each in office.board().gateways:
        if each.name == name:
            return each
    abort(404)


def _list(office: Office, *, revoked: str = "", fault: str = "", name: str = "", status: int = 200) -> Response:
    board = office.board()
    return render(
        "gateways.html",
        status,
        gateways=sorted(board.gateways, key=lambda each: (each.revoked, each.name)),
        alarms=board.alarms,
        alarms_max=ALARMS_SHOWN_MAX,
        revoked=revoked,
        fault=fault,
        name=name,
        code_minutes=CODE_MINUTES,
    )
