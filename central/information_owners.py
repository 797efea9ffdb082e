"""Who answers for the news of an operation, and whether a running one has fallen silent (S27).

Silent means: the office has had no record of the operation and no comment on it for so many minutes, by its own clock.
That the network is away is no excuse on the page: whoever asks there sees the gateway's own state beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from central.change import note_change
from central.duties import acting_for, is_person
from central.errors import RuleRefused
from central.limits import INFORMATION_OWNERS_MAX
from central.models import Happening, Record, Work
from central.snapshots import current_master
from central.task_tables import CommentRow, InformationOwner, Silence
from central.tasks import tell

KINDS: Final = ("operation", "department")
MINUTES_MAX: Final = 60 * 24 * 7
ASKED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Silent:
    """A running operation of which nothing was heard since `since`; `person` answers for it, within `minutes`."""

    operation: str
    station: str
    person: str
    minutes: int
    since: float


def information_owners(session: Session, plant: str) -> Sequence[InformationOwner]:
    """All rows, departments first."""
    mine = InformationOwner.plant == plant
    wanted = select(InformationOwner).where(mine).order_by(InformationOwner.kind, InformationOwner.subject)
    return session.scalars(wanted).all()


def name_owner(
    session: Session, plant: str, kind: str, subject: str, person: str, minutes: int, by: str, now: float
) -> None:
    """Somebody answers for it from now on, in the place of whoever did. Raises RuleRefused."""
    note_change(session, plant)
    master = current_master(session, plant)
    known = subject in master.operation_by_id or subject in master.department_by_id
    if kind not in KINDS or not known or not is_person(master, person) or not 1 <= minutes <= MINUTES_MAX:
        raise RuleRefused("it names an operation or a department, an active person, and minutes of a week at most")
    row = session.get(InformationOwner, (plant, kind, subject))
    if row is None:
        if len(information_owners(session, plant)) >= INFORMATION_OWNERS_MAX:
            raise RuleRefused(f"there are {INFORMATION_OWNERS_MAX} of them, which is all there is room for")
        row = InformationOwner(plant=plant, kind=kind, subject=subject)
        session.add(row)
    row.person, row.minutes, row.made_at, row.made_by = person, minutes, now, by
    session.flush()


def forget_owner(session: Session, plant: str, kind: str, subject: str) -> None:
    """Nobody answers for it any more."""
    note_change(session, plant)
    mine = (InformationOwner.plant == plant, InformationOwner.kind == kind, InformationOwner.subject == subject)
    session.execute(delete(InformationOwner).where(*mine))


def silent_operations(session: Session, plant: str, now: float) -> list[Silent]:
    """Running operations of which their owner has let nothing be heard for longer than agreed."""
    rows = {(each.kind, each.subject): each for each in information_owners(session, plant)}
    if not rows:
        return []
    master = current_master(session, plant)
    running = select(Work.operation, func.min(Work.station).label("station"))
    running = running.where(Work.plant == plant, Work.state.in_(("running", "setup"))).group_by(Work.operation)
    owned = []
    for work in session.execute(running):
        place = master.station_by_id.get(work.station)
        row = rows.get(("operation", work.operation))
        row = row or rows.get(("department", place.department if place is not None else ""))
        if row is not None:
            owned.append((work.operation, work.station, row))
    heard = _heard(session, plant, [operation for operation, _, _ in owned])
    return [
        Silent(operation, station, acting_for(master, row.person, now), row.minutes, heard[operation])
        for operation, station, row in owned
        if operation in heard and now - heard[operation] >= row.minutes * 60
    ]


def _heard(session: Session, plant: str, operations: Sequence[str]) -> dict[str, float]:
    """When the office last had a record of, or a comment on, each."""
    found: dict[str, float] = {}
    its_record = and_(Record.plant == Happening.plant, Record.position == Happening.position)
    for first in range(0, len(operations), ASKED_AT_ONCE):
        some = operations[first : first + ASKED_AT_ONCE]
        newest = (
            select(func.max(Happening.position))
            .where(Happening.plant == plant, Happening.operation.in_(some))
            .group_by(Happening.operation)
        )
        told = select(Happening.operation, Record.received_at).join(Record, its_record)
        told = told.where(Happening.plant == plant, Happening.position.in_(newest))
        said = select(CommentRow.subject, func.max(CommentRow.at))
        said = said.where(CommentRow.plant == plant, CommentRow.kind == "operation", CommentRow.subject.in_(some))
        for operation, at in (*session.execute(told), *session.execute(said.group_by(CommentRow.subject))):
            found[operation] = max(at, found.get(operation, 0.0))
    return found


def remind(session: Session, plant: str, now: float) -> int:
    """One reminder for each silence; how many. A word of the operation ends it, and the next silence is another one."""
    told = 0
    for each in silent_operations(session, plant, now):
        row = session.get(Silence, (plant, each.operation))
        if row is not None and row.since >= each.since:
            continue
        if row is None:
            row = Silence(plant=plant, operation=each.operation)
            session.add(row)
        row.since, row.person, row.told_at = each.since, each.person, now
        path = f"/comments/operation/{each.operation}"
        facts = {"people": [each.person], "title": each.operation, "path": path, "since": each.since}
        tell(session, plant, "operation.silent", f"operation/{each.operation}", facts, now)
        told += 1
    return told
