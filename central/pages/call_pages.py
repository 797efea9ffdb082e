"""Open and recent calls. A leader takes a call or closes it with a cause; the station is told by a fact."""

import re

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.cases import OTHER_CAUSE
from central.digits import whole_number
from central.errors import CaseRefused
from central.pages.board_selection import pressing_calls
from central.pages.comment_pages import thread_values
from central.pages.frame import NAME, for_accounts, for_action, render, signed_in
from central.pages.office import CallDetail, CallLine
from central.pages.phone_notes import notes_shown
from central.pages.port import Office
from central.rights import Action
from floor.label_texts import shown
from floor.limits import FIX_CHARACTERS_MAX

RESULTS = ("taken", "closed", "handed", "already")
EPOCH = re.compile(r"[0-9a-f]{32}")
SEQ_DIGITS_MAX = 16
NOTE_CHARACTERS_MAX = 120


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

    @pages.get("/calls/<gateway_name>/<epoch>/<int:seq>")
    @for_accounts
    def one_call(gateway_name: str, epoch: str, seq: int) -> Response:
        return _show_one(office, gateway_name, epoch, seq)

    @pages.post("/calls/case")
    @for_action(Action.SAVE_CASE)
    def save_case() -> BaseResponse:
        gateway_name = request.form.get("gateway", "")
        epoch, _, number = request.form.get("call", "").partition("/")
        seq = whole_number(number, SEQ_DIGITS_MAX) or 0
        _known_call(office, gateway_name, epoch, seq)
        # On one line, and without what would move the text beside it.
        fix = shown(" ".join(request.form.get("fix", "").split()), FIX_CHARACTERS_MAX + 1)
        if not 0 < len(fix) <= FIX_CHARACTERS_MAX:
            return _show_one(office, gateway_name, epoch, seq, fault=True)
        try:
            gone = office.save_case(gateway_name, epoch, seq, fix, signed_in())
        except CaseRefused:
            return _show_one(office, gateway_name, epoch, seq, fault=True)
        saved = "full" if gone else "yes"
        return redirect(f"/calls/{gateway_name}/{epoch}/{seq}?saved={saved}", 303)

    @pages.post("/calls/acknowledge")
    @for_action(Action.ACKNOWLEDGE)
    def acknowledge_call() -> BaseResponse:
        call = _asked_call(office)
        done = call is not None and office.acknowledge(call.gateway_name, call.call, signed_in())
        return redirect(f"/calls?done={'taken' if done else 'already'}", 303)

    @pages.post("/calls/assign")
    @for_action(Action.ASSIGN)
    def assign_call() -> BaseResponse:
        call, owner = _asked_call(office), request.form.get("owner", "")
        if call is None:
            return redirect("/calls?done=already", 303)
        if owner not in office.owners(call.call_type):
            abort(400)
        done = office.assign(call.gateway_name, call.call, owner, signed_in())
        return redirect(f"/calls?done={'handed' if done else 'already'}", 303)

    @pages.post("/calls/resolve")
    @for_action(Action.RESOLVE)
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
    for each in pressing_calls(office.open_calls()):
        if (each.gateway_name, each.call) == wanted:
            return each
    return None


def _known_call(office: Office, gateway_name: str, epoch: str, seq: int, note: str = "") -> CallDetail:
    known = NAME.fullmatch(gateway_name) and EPOCH.fullmatch(epoch) and seq < 10**SEQ_DIGITS_MAX
    found = office.call(gateway_name, epoch, seq, note) if known else None
    if found is None:
        abort(404)
    return found


def _show_one(office: Office, gateway_name: str, epoch: str, seq: int, fault: bool = False) -> Response:
    note = shown(request.args.get("note", ""), NOTE_CHARACTERS_MAX)
    return render(
        "call.html",
        400 if fault else 200,
        found=_known_call(office, gateway_name, epoch, seq, note),
        note=note,
        fault=fault,
        photos=office.photos_of_calls().get((gateway_name, f"{epoch}/{seq}"), ()),
        fix=shown(request.form.get("fix", ""), FIX_CHARACTERS_MAX),
        fix_max=FIX_CHARACTERS_MAX,
        note_max=NOTE_CHARACTERS_MAX,
        saved=request.args.get("saved", ""),
        call_subject=f"{gateway_name}/{epoch}/{seq}",
        **thread_values("call", f"{gateway_name}/{epoch}/{seq}"),
        notes=notes_shown(gateway_name, epoch, seq),
    )


def _show(office: Office, template: str) -> Response:
    done = request.args.get("done", "")
    return render(
        template,
        calls=pressing_calls(office.open_calls()),
        ended=office.ended_calls(),
        photos=office.photos_of_calls(),
        done=done if done in RESULTS else "",
    )
