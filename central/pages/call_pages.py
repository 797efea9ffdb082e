"""Open and recent calls. A leader takes a call or closes it with a cause; the station is told by a fact."""

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.pages.board_selection import pressing_calls
from central.pages.frame import for_accounts, for_role, render, signed_in
from central.pages.office import LEADER, CallLine
from central.pages.port import Office

RESULTS = ("taken", "closed", "already")
OTHER_CAUSE = "other"


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/calls")
    @for_accounts
    def calls() -> Response:
        return _show(office, "calls.html")

    @pages.get("/calls/fragment")
    @for_accounts
    def calls_fragment() -> Response:
        return _show(office, "calls_fragment.html")

    @pages.post("/calls/acknowledge")
    @for_role(LEADER)
    def acknowledge_call() -> BaseResponse:
        call = _asked_call(office)
        done = call is not None and office.acknowledge(call.gateway_name, call.call, signed_in())
        return redirect(f"/calls?done={'taken' if done else 'already'}", 303)

    @pages.post("/calls/resolve")
    @for_role(LEADER)
    def resolve_call() -> BaseResponse:
        call = _asked_call(office)
        if call is None:
            return redirect("/calls?done=already", 303)
        cause = request.form.get("cause", "")
        if cause != OTHER_CAUSE and cause not in [identity for identity, _, _ in call.causes]:
            abort(400)
        done = office.resolve(call.gateway_name, call.call, cause, signed_in())
        return redirect(f"/calls?done={'closed' if done else 'already'}", 303)


def _asked_call(office: Office) -> CallLine | None:
    """The open call a form names; None when it is not open any more."""
    wanted = (request.form.get("gateway", ""), request.form.get("call", ""))
    for each in pressing_calls(office.board().calls):
        if (each.gateway_name, each.call) == wanted:
            return each
    return None


def _show(office: Office, template: str) -> Response:
    done = request.args.get("done", "")
    return render(
        template,
        calls=pressing_calls(office.board().calls),
        ended=office.ended_calls(),
        photos=office.photos_of_calls(),
        done=done if done in RESULTS else "",
    )
