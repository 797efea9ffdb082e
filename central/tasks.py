"""Tasks: made, owned by exactly one person, answered, confirmed. Functions over a session that writes.

Every change is an event (central/history.py) that says who did it, when and from where.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.change import note_change
from central.duties import acting_for, is_person
from central.errors import ChangedMeanwhile, TaskRefused
from central.history import SERVER, Actor, append, change, refuse_stale
from central.limits import (
    CHECKLIST_ITEMS_MAX,
    TASK_REPLY_CHARACTERS_MAX,
    TASK_TEXT_CHARACTERS_MAX,
    TASK_TITLE_CHARACTERS_MAX,
    TASKS_OPEN_MAX,
)
from central.notify.announcements import announce
from central.snapshots import current_master
from central.task_states import OVER, STILL_OPEN, TaskAction, TaskState, after
from central.task_tables import AttachmentRow, TaskRow

REPLY_WAYS: Final = ("done", "text", "number", "photo", "yes_no")
PRIORITIES: Final = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
SOURCES: Final = ("hand", "call", "problem", "handover", "rule")
REASONED: Final = (TaskAction.WAIT, TaskAction.RETURN, TaskAction.CANCEL, TaskAction.REOPEN)
"""What is not done without saying why."""

NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,9})?")
"""Digits of other scripts and "nan" are numbers to Python, and to nobody who reads the card."""

ANSWERS: Final = (TaskAction.REPLY, TaskAction.FINISH)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task as somebody wants it. `due`: seconds since 1970, None: no time; `checklist`: its items."""

    title: str
    owner: str
    text: str = ""
    due: float | None = None
    reply_way: str = "done"
    confirm: bool = False
    checklist: tuple[str, ...] = ()
    priority: int = 2
    department: str = ""
    call: str = ""
    work_order: str = ""
    operation: str = ""
    station: str = ""
    problem: int | None = None


def tell(session: Session, plant: str, kind: str, subject: str, facts: dict[str, Any], now: float) -> None:
    """An event of the office that people are told of; `facts`: `people` (ids), `title`, `path` of the page, `due`.

    Kinds: task.assigned, task.due_soon, task.overdue, task.mentioned, task.done, problem.reopened, operation.silent.
    It becomes part of the subject's history here; every such event of tasks and problems passes through here.
    """
    append(session, plant, subject, kind, SERVER, now, None, json.dumps(facts, ensure_ascii=False))
    announce(session, plant, kind, subject, facts, now)


def facts_of(row: TaskRow, *people: str) -> dict[str, Any]:
    """What is told of a task; `people` empty: whoever has it, and its owner."""
    told = list(dict.fromkeys(each for each in people or (row.acting, row.owner) if each))
    return {"people": told, "title": row.title, "path": f"/tasks/{row.number}", "due": row.due}


def task_of(session: Session, plant: str, number: int) -> TaskRow | None:
    """A task by its number."""
    return session.get(TaskRow, (plant, number))


def open_tasks(session: Session, plant: str) -> int:
    """How many are not over."""
    mine = (TaskRow.plant == plant, TaskRow.state.in_(STILL_OPEN))
    return session.scalar(select(func.count()).where(*mine)) or 0


def make_task(
    session: Session,
    plant: str,
    wanted: Wanted,
    by: Actor,
    now: float,
    source: str = "hand",
    key: str | None = None,
    note: str = "",
) -> int | None:
    """The number of a new task; None where one was made for `key` before. Raises TaskRefused."""
    note_change(session, plant)
    if key is not None and session.scalar(
        select(TaskRow.number).where(TaskRow.plant == plant, TaskRow.source_key == key)
    ):
        return None
    master = current_master(session, plant)
    # What the server makes by itself has an owner even when the master data has lost them since: somebody must see it.
    if by.account and not is_person(master, wanted.owner):
        raise TaskRefused("a task has one owner, who stands in the master data and is active")
    columns = {**_checked(wanted), "owner": wanted.owner, "acting": acting_for(master, wanted.owner, now)}
    if open_tasks(session, plant) >= TASKS_OPEN_MAX:
        raise TaskRefused(f"{TASKS_OPEN_MAX} tasks are open, which is all there is room for")
    number = (session.scalar(select(func.max(TaskRow.number)).where(TaskRow.plant == plant)) or 0) + 1
    columns |= {"source": source, "source_key": key, "state": TaskState.OPEN.value, "reply": "", "replied_by": ""}
    columns |= {"made_at": now, "made_by": by.account, "done_at": None, "told_soon": None, "told_overdue": None}
    row = TaskRow(plant=plant, number=number, edition=0, changed_at=now, **columns)
    session.add(row)
    change(session, row, "made", by, now, note, **columns)
    tell(session, plant, "task.assigned", f"task/{number}", facts_of(row), now)
    return number


def _checked(wanted: Wanted) -> dict[str, Any]:
    """The columns of what is wanted. Raises TaskRefused."""
    title = " ".join(wanted.title.split())
    items = [text for each in wanted.checklist if (text := " ".join(each.split()))]
    if not 0 < len(title) <= TASK_TITLE_CHARACTERS_MAX or len(wanted.text) > TASK_TEXT_CHARACTERS_MAX:
        raise TaskRefused("a task has a title, and its texts have bounds")
    if len(items) > CHECKLIST_ITEMS_MAX or any(len(each) > TASK_TITLE_CHARACTERS_MAX for each in items):
        raise TaskRefused(f"a checklist has at most {CHECKLIST_ITEMS_MAX} short items")
    if wanted.reply_way not in REPLY_WAYS or wanted.priority not in PRIORITIES:
        raise TaskRefused("there is no such way to reply, or no such priority")
    return {
        "title": title,
        "text": wanted.text,
        "due": wanted.due,
        "reply_way": wanted.reply_way,
        "confirm": int(wanted.confirm),
        "checklist": _stored([(each, False) for each in items]),
        "priority": wanted.priority,
        "department": wanted.department,
        "call": wanted.call,
        "work_order": wanted.work_order,
        "operation": wanted.operation,
        "station": wanted.station,
        "problem": wanted.problem,
    }


def checklist_of(row: TaskRow) -> list[tuple[str, bool]]:
    """The items and whether each is done."""
    return [(str(text), bool(done)) for text, done in json.loads(row.checklist)]


def _stored(items: list[tuple[str, bool]]) -> str:
    return json.dumps(items, ensure_ascii=False)


def answer_action(row: TaskRow) -> TaskAction:
    """What an answer does to the task: somebody confirms it, or it is done."""
    return TaskAction.REPLY if row.confirm else TaskAction.FINISH


def answer(session: Session, row: TaskRow, reply: str, by: Actor, now: float, seen: int) -> None:
    """Replies in the way that the task asks for. Raises TaskRefused, ChangedMeanwhile."""
    note_change(session, row.plant)
    refuse_stale(session, row, seen)
    text = reply.strip()
    if any(not done for _, done in checklist_of(row)):
        raise TaskRefused("an item of the checklist is not done")
    if not _fits(session, row, text):
        raise TaskRefused(f"the answer has to be: {row.reply_way}")
    action = answer_action(row)
    state = after(row.state, action)
    changes: dict[str, Any] = {"state": state.value, "reply": text, "replied_by": by.account}
    if state is TaskState.DONE:
        changes["done_at"] = now
    change(session, row, action.value, by, now, text, **changes)
    _tell_end(session, row, now)


def _fits(session: Session, row: TaskRow, text: str) -> bool:
    if len(text) > TASK_REPLY_CHARACTERS_MAX:
        return False
    if row.reply_way == "photo":
        mine = (
            AttachmentRow.plant == row.plant,
            AttachmentRow.kind == "task",
            AttachmentRow.subject == str(row.number),
        )
        return bool(session.scalar(select(func.count()).where(*mine, AttachmentRow.comment_number.is_(None))))
    if row.reply_way == "number":
        return NUMBER.fullmatch(text) is not None
    if row.reply_way == "yes_no":
        return text in ("yes", "no")
    return row.reply_way == "done" or bool(text)


def act(session: Session, row: TaskRow, action: TaskAction, by: Actor, now: float, seen: int, note: str = "") -> None:
    """Any step but an answer and a change of owner. Raises TaskRefused, ChangedMeanwhile."""
    note_change(session, row.plant)
    refuse_stale(session, row, seen)
    if action in (*ANSWERS, TaskAction.ASSIGN):
        raise TaskRefused("an answer is given and an owner is named in their own ways")
    if len(note) > TASK_REPLY_CHARACTERS_MAX or (action in REASONED and not note.strip()):
        raise TaskRefused("this is not done without a short reason")
    if action is TaskAction.CONFIRM and by.account == row.replied_by:
        raise TaskRefused("an answer is confirmed by somebody else")
    state = after(row.state, action)
    changes: dict[str, Any] = {"state": state.value, "done_at": now if state is TaskState.DONE else None}
    change(session, row, action.value, by, now, note.strip(), **changes)
    _tell_end(session, row, now)
    if action in (TaskAction.RETURN, TaskAction.REOPEN):
        tell(session, row.plant, "task.assigned", f"task/{row.number}", facts_of(row), now)


def _tell_end(session: Session, row: TaskRow, now: float) -> None:
    """Whoever wanted it hears of the answer; their account stands in `facts`, their person may not be known."""
    if row.state in (TaskState.DONE, TaskState.REPLIED):
        told = facts_of(row) | {"accounts": [row.made_by] if row.made_by else [], "reply": row.reply}
        tell(session, row.plant, "task.done", f"task/{row.number}", told, now)


def assign(session: Session, row: TaskRow, owner: str, by: Actor, now: float, seen: int, note: str = "") -> None:
    """Another owner, who has not accepted yet. Raises TaskRefused, ChangedMeanwhile."""
    note_change(session, row.plant)
    refuse_stale(session, row, seen)
    master = current_master(session, row.plant)
    if not is_person(master, owner) or owner == row.owner or len(note) > TASK_REPLY_CHARACTERS_MAX:
        raise TaskRefused("a task goes to another person, who stands in the master data and is active")
    state = after(row.state, TaskAction.ASSIGN)
    acting = acting_for(master, owner, now)
    changes = {"owner": owner, "acting": acting, "state": state.value}
    change(session, row, "assign", by, now, note.strip() or f"{row.owner} → {owner}", **changes)
    tell(session, row.plant, "task.assigned", f"task/{row.number}", facts_of(row), now)


def edit(session: Session, row: TaskRow, wanted: Wanted, by: Actor, now: float, seen: int) -> None:
    """Another title, text, time or checklist; never the owner. Raises TaskRefused, ChangedMeanwhile."""
    note_change(session, row.plant)
    refuse_stale(session, row, seen)
    if row.state in OVER:
        raise TaskRefused("what is over is reopened first")
    columns = _checked(wanted)
    done = dict(checklist_of(row))
    items = [(text, done.get(text, False)) for text, _ in json.loads(columns["checklist"])]
    columns["checklist"] = _stored(items)
    changes = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if changes:
        change(session, row, "edit", by, now, **changes)


def tick(session: Session, row: TaskRow, item: int, text: str, done: bool, by: Actor, now: float) -> None:
    """An item of the checklist. Two people may tick two items at once. Raises TaskRefused, ChangedMeanwhile."""
    note_change(session, row.plant)
    session.refresh(row)
    items = checklist_of(row)
    if row.state in OVER:
        raise TaskRefused("what is over is reopened first")
    if not 0 <= item < len(items) or items[item][0] != text:
        raise ChangedMeanwhile("somebody changed the checklist after you opened it")
    if items[item][1] != done:
        items[item] = (text, done)
        change(session, row, "tick" if done else "untick", by, now, text, checklist=_stored(items))
