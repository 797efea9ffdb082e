"""The page behind the link in a message: `/n/TOKEN`.

Looking at it changes nothing, whoever looks: messengers fetch links to show a preview. Only the button does, by a form
of this page. The token is the guard: it says which message, and so who and which call.
"""

import functools
from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from central.board import person_name
from central.call_names import call_name
from central.context import Plant, plant
from central.models import Call
from central.notify.acting import RESULTS, answer, call_of, note_taken
from central.notify.links import PATH, Opened, open_token
from central.notify.making import Moment
from central.notify.rules import CALL_KINDS
from central.notify.words import text_of, title_of
from central.pages.frame import View, account, language, refuse_elsewhere, render, to_sign_in
from central.pages.port import Office
from central.places import places_of
from central.plant_days import utc_offset
from central.rights import Action
from central.snapshots import current_master
from floor.calls import impact_of

NOT_GOOD = {"unknown": 404, "expired": 410, "used": 410}


def by_token(view: View) -> View:
    """A page for who holds a token that we gave; whoever tries others is slowed down."""

    @functools.wraps(view)
    def guarded(token: str) -> Any:
        here = plant()
        with here.database.read() as session:
            found = open_token(session, here.database.plant, here.database.secret(), token, here.now())
        if found is None:
            # Counted apart from sign-ins, so that nobody is kept out by somebody else's guessing.
            here.attempts.count(f"link {request.remote_addr or ''}", here.now())
        state = found.state if found else "unknown"
        if state != "good":
            return render("link.html", NOT_GOOD[state], state=state, found=None)
        return view(token=token, found=found)

    return guarded


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get(f"{PATH}done")
    def link_done() -> Response:
        what = request.args.get("what", "")
        if what not in RESULTS:
            abort(404)
        return render("link.html", state=what, found=None)

    @pages.get(f"{PATH}<token>")
    @by_token
    def open_link(token: str, found: Opened) -> Response:
        return _show(plant(), token, found)

    @pages.post(f"{PATH}<token>")
    @by_token
    def answer_link(token: str, found: Opened) -> BaseResponse:
        return _answer(plant(), token, found)


def _show(here: Plant, token: str, found: Opened) -> Response:
    note = found.note
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
        call = call_of(session, here.database.plant, note)
    kind = master.call_type_by_id.get(call.call_type) if call else None
    return render(
        "link.html",
        state="good",
        found=found,
        token=token,
        title=title_of(note, master, language()),
        text=text_of(note, master, language(), utc_offset(note.happened_at)),
        who=person_name(found.delivery.person, master),
        call=call,
        holder=person_name(call.acknowledged_by, master) if call and call.state == "acknowledged" else "",
        impact=impact_of(kind, bool(call.stopped)) if call else "",
        asks=_asks(found, call),
        may_answer=not found.shared or bool((who := account()) and who.person),
    )


def _refuse_who_may_not(session: Session, found: Opened) -> None:
    """A group was asked, and nobody by name: who presses needs the right to take this call. Raises NotAllowed."""
    call = call_of(session, found.note.plant, found.note)
    if call is not None and _asks(found, call) == "take":
        refuse_elsewhere(Action.ACKNOWLEDGE, places_of(session, call.plant, "call", call_name(call)))


def _asks(found: Opened, call: Call | None) -> str:
    """What the button says: take, confirm, seen."""
    if call is not None and found.note.kind in CALL_KINDS:
        return "take" if call.state == "raised" else "seen"
    return "confirm" if found.note.acknowledge else "seen"


def _answer(here: Plant, token: str, found: Opened) -> BaseResponse:
    person = found.delivery.person
    if found.shared:
        # A link in a group does not say who presses: the session does.
        who = account()
        if who is None:
            return to_sign_in()
        if not who.person:
            abort(403)
        person = who.person
    with here.database.write() as session:
        if found.shared:
            _refuse_who_may_not(session, found)
        secret = here.database.secret()
        locked = open_token(session, here.database.plant, secret, token, here.now(), lock=True)
        if locked is None or locked.state != "good":
            return redirect(f"{PATH}{token}", 303)
        moment = Moment(session, here.database.plant, here.now(), utc_offset(here.now()))
        done = answer(moment, locked.delivery, locked.note, person, "link")
        note_taken(moment, locked.note, done, person, "link")
        if not locked.shared or person == locked.delivery.person:
            locked.delivery.link_used_at = here.now()
    return redirect(f"{PATH}done?what={done}", 303)
