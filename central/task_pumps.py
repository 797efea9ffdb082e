"""Work on tasks that takes time: rules and hand-overs read from the log, deputies, due times, silences."""

import re
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from central import positions
from central.alarms import raise_alarms
from central.call_names import call_name
from central.change import note_change
from central.database import Database
from central.duties import acting_for
from central.errors import TaskRefused
from central.facts import OPEN_STATES
from central.fold_rows import clean
from central.history import SERVER, change
from central.information_owners import remind, silent_operations
from central.ingest_rules import AlarmRaised
from central.limits import (
    CHECKLIST_ITEMS_MAX,
    TASK_DUE_SOON_SECONDS,
    TASK_RECORDS_MAX,
    TASK_TITLE_CHARACTERS_MAX,
)
from central.models import Call, Happening, LogHead, Record, Stream
from central.problems import ask_for_checks, resolved, unasked
from central.projector import position_of
from central.record_text import data_in
from central.snapshots import current_master
from central.task_rules import CALL_RAISED, CALL_RESOLVED, Occasion, department_of, occur
from central.task_states import OVER, STILL_OPEN
from central.task_tables import TaskRow
from central.tasks import Wanted, facts_of, make_task, tell
from floor.calls import impact_of
from floor.label_texts import shown
from floor.master import MasterData

NAME: Final = "tasks"
IDENTITY: Final = re.compile(r"([0-9a-f]{32})/([1-9][0-9]{0,15})")
READ: Final = ("andon.raised", "andon.resolved", "handover.accepted")
IDLE_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 20.0
AT_ONCE: Final = 500
"""Tasks looked after in one transaction."""

NOTES_BEFORE_SECONDS: Final = 12 * 3600.0
"""Notes of the outgoing person at the station, so long before they handed it over, go with the hand-over."""

HANDOVER_TITLE: Final = "交接 · Hand-over: "
CHECK_TITLE: Final = "效果确认 · Effect check: "
"""A title is data that people may change, so it is written once, for readers of both languages."""

HANDOVER_DUE_SECONDS: Final = 8 * 3600.0
"""What was handed over is due within a shift."""


class LogPump:
    """Reads the log behind the board's own reader, so that the calls it looks up are folded. Its position moves in the
    transaction that makes the tasks: each record is answered once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, now: float) -> float:
        """One piece of the log."""
        plant = self._database.plant
        with self._database.read() as session:
            if positions.position_of(session, plant, NAME) >= position_of(session, plant):
                return now + IDLE_SECONDS
        with self._database.write() as session:
            # Locked as every writer of the log does; what is made here notes the change that pages show.
            session.execute(select(LogHead.position).where(LogHead.plant == plant).with_for_update())
            start, end = positions.position_of(session, plant, NAME), position_of(session, plant)
            upto = min(end, start + TASK_RECORDS_MAX)
            for row in session.execute(_wanted(plant, start, upto)):
                _answer(session, plant, row, now)
            positions.move(session, plant, NAME, start, upto)
        return now if upto < end else now + IDLE_SECONDS


def _wanted(plant: str, start: int, upto: int) -> Any:
    its_record = (Record.plant == Happening.plant) & (Record.position == Happening.position)
    columns = (Happening.position, Happening.type, Happening.station, Happening.person, Happening.operation)
    return (
        select(*columns, Record.content, Record.seq, Stream.gateway, Stream.epoch)
        .join(Record, its_record)
        .join(Stream, Stream.id == Record.stream_id)
        .where(Happening.plant == plant, Happening.position > start, Happening.position <= upto)
        .where(Happening.type.in_(READ))
        .order_by(Happening.position)
    )


def _answer(session: Session, plant: str, row: Any, now: float) -> None:
    data = data_in(row.content)
    if row.type == "handover.accepted":
        _take_over(session, plant, row, data, now)
        return
    identity = f"{row.epoch}/{row.seq}" if row.type == "andon.raised" else data.get("call")
    call = _call(session, plant, row.gateway, identity)
    if call is None or (row.type == "andon.raised" and call.state in ("resolved", "cancelled")):
        # A call that comes to hand when it is over asks nobody for anything any more.
        return
    if row.type == "andon.resolved" and call.state == "resolved":
        resolved(session, plant, call, now)
        occur(session, plant, occasion_of(session, plant, call, CALL_RESOLVED), now)
    elif row.type == "andon.raised":
        occur(session, plant, occasion_of(session, plant, call, CALL_RAISED), now)


def occasion_of(session: Session, plant: str, call: Call, event: str) -> Occasion:
    """A call as rules see it."""
    master = current_master(session, plant)
    operation = master.operation_by_id.get(call.operation)
    return Occasion(
        event,
        f"{event}/{call_name(call)}",
        call.call_type,
        impact_of(master.call_type_by_id.get(call.call_type), bool(call.stopped)),
        call.station,
        call.operation,
        operation.work_order if operation is not None else "",
        row=call,
    )


def _call(session: Session, plant: str, gateway_name: str, identity: object) -> Call | None:
    found = IDENTITY.fullmatch(identity) if isinstance(identity, str) else None
    return session.get(Call, (plant, gateway_name, found[1], int(found[2]))) if found is not None else None


def _take_over(session: Session, plant: str, row: Any, data: dict[str, Any], now: float) -> None:
    """The incoming person gets one card with what was open: calls that still are, and the outgoing person's notes."""
    offered = _record_of(session, plant, row.gateway, data.get("handover"))
    if offered is None or not row.person:
        return
    position, content = offered
    calls = data_in(content).get("calls")
    named = calls[:CHECKLIST_ITEMS_MAX] if isinstance(calls, list) else []
    rows = [found for each in named if (found := _call(session, plant, row.gateway, each)) is not None]
    still = [each for each in rows if each.state in OPEN_STATES]
    master = current_master(session, plant)
    items = [_item(_named(master, each)) for each in still]
    outgoing = clean(str(data.get("offered_by", ""))[:64])
    items += [_item(text) for text in _notes(session, plant, row.station, outgoing, position)]
    if not items:
        return
    place = master.station_by_id.get(row.station)
    wanted = Wanted(
        f"{HANDOVER_TITLE}{row.station} {place.name if place is not None else ''}"[:TASK_TITLE_CHARACTERS_MAX],
        row.person,
        due=now + HANDOVER_DUE_SECONDS,
        checklist=tuple(items[:CHECKLIST_ITEMS_MAX]),
        department=department_of(master, row.person, row.station),
        call=call_name(still[0]) if len(still) == 1 else "",
        station=row.station,
    )
    try:
        make_task(session, plant, wanted, SERVER, now, "handover", f"handover/{row.gateway}/{row.epoch}/{row.seq}")
    except TaskRefused as refused:
        raise_alarms(session, plant, "", [AlarmRaised("tasks_full", "handover", str(refused))], now)


def _item(text: str) -> str:
    return shown(" ".join(text.split()), TASK_TITLE_CHARACTERS_MAX)


def _named(master: MasterData, call: Call) -> str:
    kind = master.call_type_by_id.get(call.call_type)
    return f"{kind.name if kind is not None else call.call_type} · {call.station} · {call.operation}".strip(" ·")


def _record_of(session: Session, plant: str, gateway_name: str, identity: object) -> tuple[int, str] | None:
    """(position, text) of a record of a gateway by epoch/seq."""
    named = IDENTITY.fullmatch(identity) if isinstance(identity, str) else None
    if named is None:
        return None
    mine = (Stream.plant == plant, Stream.gateway == gateway_name, Stream.epoch == named[1])
    wanted = select(Record.position, Record.content).join(Stream, Stream.id == Record.stream_id)
    found = session.execute(wanted.where(*mine, Record.seq == int(named[2]), Record.place == 0)).first()
    return (found.position, found.content) if found is not None else None


def _notes(session: Session, plant: str, station: str, person: str, before: int) -> list[str]:
    """What the outgoing person noted at the station since they, or who was there before them, handed it over last."""
    here = (Happening.plant == plant, Happening.station == station, Happening.position < before)
    its_record = (Record.plant == Happening.plant) & (Record.position == Happening.position)
    last = select(Happening.position).where(*here, Happening.type == "handover.offered")
    since = session.scalar(last.order_by(Happening.position.desc()).limit(1)) or 0
    offered_at = session.scalar(select(Record.received_at).where(Record.plant == plant, Record.position == before)) or 0
    noted = select(Record.content).join(Happening, its_record).where(*here, Happening.type == "note.kept")
    noted = noted.where(Happening.position > since, Happening.person == person)
    noted = noted.where(Record.received_at >= offered_at - NOTES_BEFORE_SECONDS)
    texts = session.scalars(noted.order_by(Happening.position.desc()).limit(CHECKLIST_ITEMS_MAX)).all()
    told = [data_in(each).get("text") for each in reversed(texts)]
    return [each for each in told if isinstance(each, str) and each.strip()]


class TimePump:
    """Deputies who begin or end to act, tasks that are nearly or over due, effects to be judged, silent operations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, now: float) -> float:
        """Reads first: most of the time there is nothing to write."""
        plant = self._database.plant
        with self._database.read() as session:
            due = _due_tasks(session, plant, now)
            moved = _moved_tasks(session, plant, now)
            idle = not (due or moved or unasked(session, plant, now) or silent_operations(session, plant, now))
        if idle:
            return now + LOOK_SECONDS
        with self._database.write() as session:
            note_change(session, plant)
            for number in due:
                _tell_due(session, plant, number, now)
            for number, acting in moved:
                _deputise(session, plant, number, acting, now)
            ask_for_checks(session, plant, now, CHECK_TITLE)
            remind(session, plant, now)
        return now + LOOK_SECONDS


def _due_tasks(session: Session, plant: str, now: float) -> list[int]:
    """Tasks of whose due time there is something new to tell."""
    near = (TaskRow.due <= now + TASK_DUE_SOON_SECONDS) & TaskRow.told_soon.is_distinct_from(TaskRow.due)
    passed = (TaskRow.due <= now) & TaskRow.told_overdue.is_distinct_from(TaskRow.due)
    wanted = select(TaskRow.number).where(TaskRow.plant == plant, TaskRow.state.in_(STILL_OPEN), or_(near, passed))
    return list(session.scalars(wanted.order_by(TaskRow.due).limit(AT_ONCE)))


def _tell_due(session: Session, plant: str, number: int, now: float) -> None:
    row = session.get(TaskRow, (plant, number))
    if row is None or row.due is None or row.state in OVER:
        return
    kind = "task.overdue" if row.due <= now else "task.due_soon"
    changes: dict[str, Any] = {"told_soon": row.due}
    if row.due <= now:
        changes["told_overdue"] = row.due
    change(session, row, "due", SERVER, now, **changes)
    tell(session, plant, kind, f"task/{number}", facts_of(row), now)


def _moved_tasks(session: Session, plant: str, now: float) -> list[tuple[int, str]]:
    """(task, who has it now) of those whose owner came or went."""
    master = current_master(session, plant)
    mine = (TaskRow.plant == plant, TaskRow.state.in_(STILL_OPEN))
    found = []
    for owner, acting in session.execute(select(TaskRow.owner, TaskRow.acting).where(*mine).distinct()).all():
        wanted = acting_for(master, owner, now)
        if wanted != acting:
            these = select(TaskRow.number).where(*mine, TaskRow.owner == owner, TaskRow.acting == acting)
            found += [(number, wanted) for number in session.scalars(these.limit(AT_ONCE))]
    return found[:AT_ONCE]


def _deputise(session: Session, plant: str, number: int, acting: str, now: float) -> None:
    """S03: that somebody stands in is an event of its own, and they are told."""
    row = session.get(TaskRow, (plant, number))
    if row is None or row.acting == acting or row.state in OVER:
        return
    change(session, row, "deputy", SERVER, now, f"{row.acting} → {acting}", acting=acting)
    tell(session, plant, "task.assigned", f"task/{number}", facts_of(row, acting), now)
