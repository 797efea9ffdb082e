"""The history of what the office works on: append-only events, of which a row is the sum.

An event's `changes` are the columns that it sets, so a row is folded by laying them over each other in their order.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.errors import ChangedMeanwhile, ProblemRefused, TaskRefused
from central.limits import HISTORY_EVENTS_MAX, HISTORY_SHOWN_MAX
from central.task_tables import ProblemRow, TaskEvent, TaskRow

BY_ITSELF: Final = frozenset({"acting", "told_soon", "told_overdue", "check_asked"})
"""Columns that the server keeps up: they are in nobody's form, so no form is out of date for them."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something and from where. `account` empty: the server by itself."""

    account: str = ""
    person: str = ""
    device: str = ""
    address: str = ""


SERVER: Final = Actor()


def subject_of(row: TaskRow | ProblemRow) -> str:
    """What its events are about."""
    return f"{'task' if isinstance(row, TaskRow) else 'problem'}/{row.number}"


def append(
    session: Session,
    plant: str,
    subject: str,
    kind: str,
    by: Actor,
    now: float,
    changes: dict[str, Any] | None = None,
    note: str = "",
) -> int:
    """One more event of a subject; its number. The caller holds the plant's head row, so numbers have no gap."""
    mine = (TaskEvent.plant == plant, TaskEvent.subject == subject)
    number = (session.scalar(select(func.max(TaskEvent.number)).where(*mine)) or 0) + 1
    event = TaskEvent(plant=plant, subject=subject, number=number, at=now, kind=kind, note=note)
    event.account, event.person, event.device, event.address = by.account, by.person, by.device, by.address
    event.changes = json.dumps(changes or {}, ensure_ascii=False)
    session.add(event)
    session.flush()
    return number


def change(
    session: Session, row: TaskRow | ProblemRow, kind: str, by: Actor, now: float, note: str = "", **changes: Any
) -> None:
    """An event of the row, and the row as it leaves it. Raises TaskRefused, ProblemRefused when its history is full."""
    if by.account and row.edition >= HISTORY_EVENTS_MAX:
        refused = TaskRefused if isinstance(row, TaskRow) else ProblemRefused
        raise refused("its history is full; make a new one")
    number = append(session, row.plant, subject_of(row), kind, by, now, changes, note)
    for name, value in changes.items():
        setattr(row, name, value)
    row.changed_at = now
    if changes.keys() - BY_ITSELF:
        row.edition = number
    session.flush()


def refuse_stale(session: Session, row: TaskRow | ProblemRow, seen: int) -> None:
    """Two people at one card: the later one is told who was first. Raises ChangedMeanwhile.

    The row is read again: the caller holds the plant's head row now, and held it not when it found this one.
    """
    session.refresh(row)
    if row.edition == seen:
        return
    newest = session.get(TaskEvent, (row.plant, subject_of(row), row.edition))
    who = (newest.person or newest.account) if newest is not None else ""
    raise ChangedMeanwhile(f"{who or 'the server'} changed it after you opened it")


def events_of(session: Session, plant: str, subject: str, count: int = HISTORY_SHOWN_MAX) -> Sequence[TaskEvent]:
    """The newest events, newest first."""
    mine = (TaskEvent.plant == plant, TaskEvent.subject == subject)
    wanted = select(TaskEvent).where(*mine).order_by(TaskEvent.number.desc()).limit(count)
    return session.scalars(wanted).all()


def folded(events: Iterable[TaskEvent]) -> dict[str, Any]:
    """The columns that events, in their order, leave."""
    found: dict[str, Any] = {}
    for each in events:
        found |= json.loads(each.changes)
    return found
