"""One task: its card, its answer, its checklist, its history, and the same on paper."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from central import tasks
from central.change import note_change
from central.comments import Upload, attach, attachments, store
from central.context import plant
from central.errors import ChangedMeanwhile, CommentRefused, FileRefused, FilesFull, RequestRefused, TaskRefused
from central.history import Actor, events_of
from central.limits import TASK_REPLY_CHARACTERS_MAX
from central.pages.asking import (
    UPLOAD_BYTES_MAX,
    actor,
    field_time,
    master_now,
    number_field,
    person_in,
    plain,
    uploads,
    who,
)
from central.pages.comment_pages import is_own, thread_values
from central.pages.frame import for_accounts, for_action, refuse_elsewhere, render, signed_in
from central.pages.plant_board import station_name
from central.pages.port import Office
from central.pages.task_pages import department_name, form_choices, wanted_in_form
from central.places import places_of_task
from central.printing.symbols import Symbology, drawn, encoded, svg
from central.problems import judged_by
from central.rights import Action
from central.task_states import TaskAction, allowed
from central.task_tables import TaskEvent, TaskRow
from floor.master import MasterData

ANSWER_PATH = "/tasks/answer"
ANSWER_BYTES_MAX = UPLOAD_BYTES_MAX
PAPERS = ("a6", "a5")
SYMBOLOGIES = (Symbology.QR, Symbology.DATA_MATRIX)
CODE_MILLIMETRES = 32.0
PLAIN_ACTIONS = (
    TaskAction.ACCEPT,
    TaskAction.WAIT,
    TaskAction.CONFIRM,
    TaskAction.RETURN,
    TaskAction.CANCEL,
    TaskAction.REOPEN,
)
Change = Callable[[Any, TaskRow, Actor, float], None]


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/tasks/<int:number>")
    @for_accounts
    def task(number: int) -> Response:
        return _show(number)

    @pages.get("/tasks/<int:number>/print")
    @for_accounts
    def print_task(number: int) -> Response:
        return _print(number)

    @pages.post(ANSWER_PATH)
    @for_action(Action.TASKS)
    def answer_task() -> BaseResponse:
        return _changed(_answer, uploads())

    @pages.post("/tasks/act")
    @for_action(Action.TASKS)
    def act_on_task() -> BaseResponse:
        action = request.form.get("step", "")
        if action not in PLAIN_ACTIONS:
            abort(400)

        def act(session: Any, row: TaskRow, by: Actor, now: float) -> None:
            tasks.act(session, row, TaskAction(action), by, now, number_field("edition"), _note())

        return _changed(act)

    @pages.post("/tasks/assign")
    @for_action(Action.TASKS)
    def assign_task() -> BaseResponse:
        owner = person_in(master_now(), request.form.get("owner", ""))

        def assign(session: Any, row: TaskRow, by: Actor, now: float) -> None:
            tasks.assign(session, row, owner, by, now, number_field("edition"), _note())

        return _changed(assign)

    @pages.post("/tasks/edit")
    @for_action(Action.TASKS)
    def edit_task() -> BaseResponse:
        wanted = wanted_in_form(master_now())

        def edit(session: Any, row: TaskRow, by: Actor, now: float) -> None:
            later = places_of_task(session, row.plant, wanted)
            if later != places_of_task(session, row.plant, row):
                refuse_elsewhere(Action.TASKS, later)
            tasks.edit(session, row, wanted, by, now, number_field("edition"))

        return _changed(edit)

    @pages.post("/tasks/tick")
    @for_action(Action.TASKS)
    def tick() -> BaseResponse:
        item, text, done = number_field("item", -1), request.form.get("text", ""), "done" in request.form

        def ticked(session: Any, row: TaskRow, by: Actor, now: float) -> None:
            tasks.tick(session, row, item, text, done, by, now)

        return _changed(ticked)


def _note() -> str:
    return plain("note", TASK_REPLY_CHARACTERS_MAX)


def _answer(session: Any, row: TaskRow, by: Actor, now: float) -> None:
    tasks.answer(session, row, plain("reply", TASK_REPLY_CHARACTERS_MAX), by, now, number_field("edition"))
    judged_by(session, row, by, now)


def may_work(session: Session, row: TaskRow) -> bool:
    """Its owner, who acts for them, who made it; and whoever leads where it is."""
    return is_own(row) or signed_in().can_at(Action.LEAD_TASKS, places_of_task(session, row.plant, row))


def _changed(change: Change, files: Sequence[Upload] = ()) -> BaseResponse:
    """A change by a form and its files, all or nothing; or the card with what kept it from being made."""
    here, by, number = plant(), actor(), number_field("task")
    try:
        # Before the transaction: nobody else's write waits for a file.
        stored = store(here.files, files)
        with here.database.write() as session:
            note_change(session, here.database.plant)
            row = tasks.task_of(session, here.database.plant, number)
            if row is None:
                abort(404)
            if not is_own(row):
                refuse_elsewhere(Action.LEAD_TASKS, places_of_task(session, row.plant, row))
            attach(session, row.plant, "task", str(number), stored, by, here.now())
            change(session, row, by, here.now())
    except (TaskRefused, ChangedMeanwhile, CommentRefused, FileRefused, FilesFull) as refused:
        return _show(number, refused)
    return redirect(f"/tasks/{number}", 303)


def _fault(refused: RequestRefused | None) -> str:
    """Which text of the catalogue says it."""
    if refused is None:
        return ""
    if isinstance(refused, ChangedMeanwhile):
        return "changed"
    return "refused" if isinstance(refused, TaskRefused) else "file"


def _show(number: int, refused: RequestRefused | None = None) -> Response:
    here, master = plant(), master_now()
    name = here.database.plant
    with here.database.read() as session:
        row = tasks.task_of(session, name, number) if number < 10**16 else None
        if row is None:
            abort(404)
        events = events_of(session, name, f"task/{number}")
        files = [each for each in attachments(session, name, "task", str(number)) if each.comment_number is None]
        mine = may_work(session, row)
    items = tasks.checklist_of(row)
    return render(
        "task.html",
        refused.status if refused is not None else 200,
        **{**form_choices(master), **thread_values("task", str(number))},
        task=row,
        station_word=lambda station: station_name(station, master),
        items=items,
        left=sum(not done for _, done in items),
        events=told_events(events, master),
        files=files,
        fault=_fault(refused),
        told=str(refused) if refused is not None else "",
        mine=mine,
        allowed=lambda action: allowed(row.state, TaskAction(action)),
        answerable=allowed(row.state, tasks.answer_action(row)),
        own_answer=row.replied_by == signed_in().name,
        owner_known=row.owner in master.person_by_id,
        due_field=field_time(row.due),
        reply_max=TASK_REPLY_CHARACTERS_MAX,
        papers=PAPERS,
        values=_values(row, items),
    )


def _values(row: TaskRow, items: list[tuple[str, bool]]) -> dict[str, str]:
    """The fields of the card as its form holds them."""
    found = {"title": row.title, "text": row.text, "due": field_time(row.due), "reply_way": row.reply_way}
    found |= {"priority": str(row.priority), "department": row.department, "call": row.call, "station": row.station}
    found |= {"work_order": row.work_order, "operation": row.operation, "problem": str(row.problem or "")}
    if row.confirm:
        found["confirm"] = "1"
    return found | {"checklist": "\n".join(text for text, _ in items)}


def told_events(events: Sequence[TaskEvent], master: MasterData) -> list[tuple[TaskEvent, str]]:
    """Events of a page, each with what it says. That the server has looked at a due time says nothing by itself."""
    return [(each, _said(each, who(master))) for each in events if each.kind != "due"]


def _said(event: TaskEvent, name: Callable[[str], str]) -> str:
    """What an event says besides its kind; of what people were told, to whom."""
    if event.kind in ("assign", "deputy") and " → " in event.note:
        return " → ".join(map(name, event.note.split(" → ")))
    if not event.note.startswith("{"):
        return event.note
    try:
        facts = json.loads(event.note)
    except ValueError:
        return event.note
    people = facts.get("people") if isinstance(facts, dict) and event.account == "" else None
    return " ".join(f"@{name(str(each))}" for each in people) if isinstance(people, list) else event.note


def _print(number: int) -> Response:
    here, master = plant(), master_now()
    paper, symbology = request.args.get("paper", ""), request.args.get("symbology", "")
    chosen = Symbology(symbology) if symbology in SYMBOLOGIES else Symbology.QR
    with here.database.read() as session:
        row = tasks.task_of(session, here.database.plant, number) if number < 10**16 else None
    if row is None:
        abort(404)
    address = f"{request.host_url}tasks/{number}"
    return render(
        "task_print.html",
        task=row,
        items=tasks.checklist_of(row),
        paper=paper if paper in PAPERS else PAPERS[0],
        papers=PAPERS,
        symbology=chosen,
        symbologies=SYMBOLOGIES,
        address=address,
        picture=Markup(svg(drawn(encoded(address, chosen), CODE_MILLIMETRES, CODE_MILLIMETRES))),
        department_name=department_name(master),
        who=who(master),
        priorities=tasks.PRIORITIES,
    )
