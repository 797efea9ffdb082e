"""A person's own messages: what they were told, what they have seen, what they answer."""

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from central.board import person_name
from central.channels.push_crypto import push_key
from central.context import plant
from central.errors import NotifyRefused
from central.facts import OPEN_STATES
from central.limits import INBOX_MAX, PUSH_CHARACTERS_MAX
from central.notify.acting import RESULTS, answer, call_of, note_taken, own_message, see
from central.notify.contacts import forget_push, save_push
from central.notify.lists import Line, inbox
from central.notify.making import Moment
from central.notify.rules import CALL_KINDS
from central.notify.words import facts_of, text_of, title_of
from central.pages.frame import for_accounts, language, render, signed_in
from central.pages.phone_pages import shell_address
from central.pages.port import Office
from central.pages.protection import safe_path
from central.plant_days import utc_offset
from central.snapshots import current_master
from floor.master import MasterData

KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message as the page shows it. `asks`: take, confirm, or empty. `holder`: who has its call."""

    key: str
    title: str
    text: str
    priority: str
    state: str
    made: float
    asks: str
    holder: str
    over: bool
    path: str


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/inbox")
    @for_accounts
    def show_inbox() -> Response:
        return _show("inbox.html", push_key=_push_key(), push_script=shell_address("push.js"))

    @pages.get("/inbox/fragment")
    @for_accounts
    def inbox_fragment() -> Response:
        return _show("inbox_fragment.html")

    @pages.post("/inbox/seen")
    @for_accounts
    def mark_seen() -> BaseResponse:
        here, person = plant(), _person()
        keys = [each for each in request.form.getlist("key")[:INBOX_MAX] if KEY.fullmatch(each)]
        with here.database.write() as session:
            see(session, here.database.plant, person, keys, here.now())
        return redirect("/inbox?done=seen", 303)

    @pages.post("/inbox/acknowledge")
    @for_accounts
    def acknowledge() -> BaseResponse:
        here, person, key = plant(), _person(), request.form.get("key", "")
        if not KEY.fullmatch(key):
            abort(400)
        with here.database.write() as session:
            found = own_message(session, here.database.plant, person, key)
            if found is None:
                abort(404)
            moment = Moment(session, here.database.plant, here.now(), utc_offset(here.now()))
            done = answer(moment, *found, person, "office")
            note_taken(moment, found[1], done, signed_in().name, "inbox")
        return redirect(f"/inbox?done={done}", 303)

    @pages.post("/inbox/push")
    @for_accounts
    def add_push() -> BaseResponse:
        here, person = plant(), _person()
        try:
            with here.database.write() as session:
                raw = request.form.get("subscription", "")
                save_push(session, here.database.plant, person, raw, signed_in().name, here.now())
        except NotifyRefused as fault:
            return Response(f"{fault}\n", 400, mimetype="text/plain")
        return Response(status=204)

    @pages.post("/inbox/push/delete")
    @for_accounts
    def delete_push() -> BaseResponse:
        here, person = plant(), _person()
        with here.database.write() as session:
            forget_push(session, here.database.plant, person, request.form.get("endpoint", "")[:PUSH_CHARACTERS_MAX])
        return Response(status=204)


def _person() -> str:
    """Whose messages; 403 for an account that is nobody's."""
    person = signed_in().person
    if not person:
        abort(403)
    return person


def _show(template: str, **words: Any) -> Response:
    person = signed_in().person
    everything = request.args.get("show") == "all"
    done = request.args.get("done", "")
    return render(
        template,
        person=person,
        messages=messages_of(person, everything) if person else [],
        everything=everything,
        done=done if done in RESULTS else "",
        **words,
    )


def _push_key() -> str:
    """What a browser subscribes with, where the plant sends by Web Push; the worker says what keeps it from that."""
    config = plant().config
    if not any(each.kind == "web_push" for each in config.channels.values()):
        return ""
    with suppress(OSError, ValueError):
        return push_key(config.folder).public
    return ""


def messages_of(person: str, everything: bool) -> list[MessageLine]:
    """A person's messages in the reader's language."""
    here = plant()
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
        return [_line(session, each, master) for each in inbox(session, here.database.plant, person, everything)]


def _line(session: Session, line: Line, master: MasterData) -> MessageLine:
    row, note = line.delivery, line.note
    call = call_of(session, row.plant, note) if note.kind in CALL_KINDS else None
    path = safe_path(str(facts_of(note).get("path", "")))
    if call is not None:
        path = f"/calls/{call.gateway}/{call.epoch}/{call.seq}"
    asks = ""
    if call is not None and call.state == "raised" and row.state != "acknowledged":
        asks = "take"
    elif call is None and note.acknowledge and row.state in ("accepted", "shown"):
        asks = "confirm"
    return MessageLine(
        row.key,
        title_of(note, master, language()),
        text_of(note, master, language(), utc_offset(note.happened_at)),
        note.priority,
        row.state,
        row.made_at,
        asks,
        person_name(call.acknowledged_by, master) if call is not None and call.state == "acknowledged" else "",
        (call is not None and call.state not in OPEN_STATES) or row.state == "overtaken",
        path,
    )
