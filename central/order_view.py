"""One order, whole: each operation with who, where, how many, how long, its calls, photos, notes and flags."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from central.board import BoardCall, board_call, person_name
from central.facts import OPEN_STATES
from central.flow_rules import StepState, Stuck, stuck_at
from central.fold_rows import identity_of
from central.limits import (
    CALLS_PER_ORDER_MAX,
    NOTES_PER_OPERATION_MAX,
    OPERATIONS_PER_ORDER_READ_MAX,
    PHOTOS_LOOKED_THROUGH_MAX,
    RECORDS_PER_ORDER_READ_MAX,
)
from central.models import Call, Happening, Record, Stream
from central.order_tables import FlowCard, OrderCard
from central.plant_days import day_of
from central.readers import by_raising, places_of
from central.record_text import data_in
from central.snapshots import current_master
from central.work_times import FOLLOWS, ShareEvent, Span, Times, spans_of, times_of
from floor.events import EVENTS
from floor.instructions import instruction_of
from floor.master import MasterData

REPORT: Final = "report.finished"
CORRECTION: Final = "report.corrected"
REWORK: Final = "rework.reported"

ORDER_CHARACTERS_MAX: Final = 64

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PersonShare:
    """What one person did of an operation at one station. Pieces of reports that were not taken back."""

    person: str
    name: str
    station: str
    state: str
    """running, setup, paused; empty: not at it now."""
    reports: int
    good: int
    scrap: int
    rework: int
    times: Times


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody typed. `wall`: seconds since 1970, or None."""

    person: str
    wall: float | None
    text: str


@dataclass(frozen=True, slots=True)
class OperationDetail:
    """An operation. `state`: waiting, ready, running, paused, done. `ready`: pieces it can go on with now."""

    operation: str
    number: int
    name: str
    planned: int | None
    good: int
    scrap: int
    rework: int
    flagged: int
    ready: int
    state: str
    since: float
    line: str
    department: str
    stations: tuple[str, ...]
    instruction: str
    revision: str
    shares: tuple[PersonShare, ...]
    times: Times
    calls: tuple[BoardCall, ...]
    photos: tuple[str, ...]
    notes: tuple[Note, ...]
    flags: tuple[tuple[str, int], ...]
    corrections: int


@dataclass(frozen=True, slots=True)
class DayOutput:
    """Pieces that the last operations of an order reported on one day of the plant (YYYY-MM-DD)."""

    day: str
    good: int
    scrap: int


@dataclass(frozen=True, slots=True)
class OrderMeasures:
    """What an order has taken so far; the page and docs/orders-and-trace.md say how each is worked out."""

    reports: int
    corrections: int
    first_pass: float | None
    """Of all pieces reported, the share that was good and did not go back; multiplied over the operations."""
    times: Times
    calls: int
    call_seconds: float
    begun: float | None
    reported: float | None
    lead_seconds: float | None
    late_days: int


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """An order. `complete` False: it has more records than are read for one page."""

    order: str
    known: bool
    item: str
    name: str
    quantity: int | None
    due: str
    state: str
    good: int
    scrap: int
    rework: int
    operations: tuple[OperationDetail, ...]
    stuck: Stuck | None
    measures: OrderMeasures
    days: tuple[DayOutput, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """A record of the order, read."""

    row: Any
    data: dict[str, Any]


def order_of(session: Session, plant: str, order: str, now: float) -> OrderDetail | None:
    """The order; None when neither the master data nor the floor knows it."""
    # A longer one is none of ours, and PostgreSQL refuses to look a NUL up.
    named = len(order) <= ORDER_CHARACTERS_MAX and "\x00" not in order
    line = session.get(OrderCard, (plant, order)) if named else None
    if line is None:
        return None
    master = current_master(session, plant)
    cards = operations_of(session, plant, order)
    found = _records(session, plant, [each.operation for each in cards])
    read = [each for each in found if _is_event(each)]
    calls = _calls(session, plant, [each.operation for each in cards], master, now)
    photos = _photos(session, plant, read, calls)
    counted = _counted(read)
    spans = spans_of(_share_events(read), now)
    own, reports = _grouped(read, _operation_of), _grouped(counted, _operation_of)
    lasting = _grouped(spans, lambda each: each.operation)
    details = [
        _operation(each, master, own[each.operation], reports[each.operation], lasting[each.operation], calls, photos)
        for each in cards
    ]
    reported = _newest(counted)
    states = [_step_state(each, reported.get(each.operation)) for each in details]
    newest = max(reported.values(), default=None)
    found_stuck = stuck_at(states, _master_state(master, order), now)
    return OrderDetail(
        order=order,
        known=bool(line.known),
        item=line.item,
        name=line.name,
        quantity=line.quantity,
        due=line.due,
        state=line.state,
        good=line.good,
        scrap=line.scrap,
        rework=line.rework,
        operations=tuple(details),
        stuck=found_stuck,
        measures=_measures(details, read, counted, spans, line, newest, now),
        days=_days(details, counted),
        complete=len(found) < RECORDS_PER_ORDER_READ_MAX and len(cards) < OPERATIONS_PER_ORDER_READ_MAX,
    )


def operations_of(session: Session, plant: str, order: str) -> Sequence[FlowCard]:
    """The cards of an order's operations, as they are made."""
    wanted = select(FlowCard).where(FlowCard.plant == plant, FlowCard.work_order == order)
    return session.scalars(
        wanted.order_by(FlowCard.number, FlowCard.operation).limit(OPERATIONS_PER_ORDER_READ_MAX)
    ).all()


def _master_state(master: MasterData, order: str) -> str:
    known = master.order_by_id.get(order)
    return known.state if known else ""


def _records(session: Session, plant: str, operations: Collection[str]) -> list[_Read]:
    """Records about these operations, in the order of the log.

    One operation after the other, as `places_of` says.
    """
    columns = (Happening.position, Happening.type, Happening.gateway, Happening.station, Happening.person)
    more = (Happening.operation, Happening.flags, Happening.wall, Happening.error_seconds, Happening.boot)
    wanted = (
        select(*columns, *more, Happening.boottime, Record.seq, Record.content, Stream.epoch, Stream.ordinal)
        .join(Record, (Record.plant == Happening.plant) & (Record.position == Happening.position))
        .join(Stream, Stream.id == Record.stream_id)
        .where(Happening.plant == plant)
        .order_by(Happening.position)
    )
    rows: list[Any] = []
    for each in operations:
        left = RECORDS_PER_ORDER_READ_MAX - len(rows)
        rows += session.execute(wanted.where(Happening.position.in_(places_of(plant, each))).limit(left))
    return [_Read(row, data_in(row.content)) for row in sorted(rows, key=lambda row: row.position)]


def _is_event(read: _Read) -> bool:
    """Only what the board's sums count is counted here: nonsense is in the log, and nowhere else."""
    kind = EVENTS.get(read.row.type)
    if kind is None:
        return False
    try:
        kind.model_validate(read.data)
    except ValueError:
        return False
    return True


def _pieces(read: _Read, name: str) -> int:
    value = read.data.get(name)
    return value if isinstance(value, int) and value >= 0 else 0


def _counted(read: Sequence[_Read]) -> list[_Read]:
    """Reports, of pieces made and of pieces that go back, without those that were taken back."""
    gone = set()
    for each in read:
        if each.row.type == CORRECTION and (place := identity_of(str(each.data.get("corrects")))):
            gone.add((each.row.gateway, *place))
    return [
        each
        for each in read
        if each.row.type in (REPORT, REWORK) and (each.row.gateway, each.row.epoch, each.row.seq) not in gone
    ]


def _share_events(read: Iterable[_Read]) -> Iterable[ShareEvent]:
    for each in read:
        row = each.row
        if row.type in FOLLOWS and (row.type != CORRECTION or each.data.get("reopened") is True):
            wall = row.wall if row.error_seconds is not None else None
            place = (row.gateway, row.ordinal, row.seq, row.type, row.person, row.operation, row.station)
            yield ShareEvent(*place, row.boot, row.boottime, wall)


def _calls(
    session: Session, plant: str, operations: Collection[str], master: MasterData, now: float
) -> dict[str, list[BoardCall]]:
    wanted = select(Call).where(Call.plant == plant, Call.operation.in_(operations))
    found = defaultdict(list)
    for row in session.scalars(wanted.order_by(by_raising().desc(), Call.seq.desc()).limit(CALLS_PER_ORDER_MAX)):
        found[row.operation].append(board_call(row, master, now))
    return found


def _photos(
    session: Session, plant: str, read: Sequence[_Read], calls: dict[str, list[BoardCall]]
) -> dict[str, list[str]]:
    """Hashes by operation: photos that name it, and those of its calls."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in read:
        if each.row.type == "photo.kept":
            found[each.row.operation].append(str(each.data.get("sha256", "")))
    its = {(each.gateway_name, each.call): operation for operation, each in _pairs(calls)}
    if its:
        for gateway_name, call, sha256 in photos_of_calls(session, plant):
            operation = its.get((gateway_name, call))
            if operation is not None and sha256 not in found[operation]:
                found[operation].append(sha256)
    return found


def _pairs(calls: dict[str, list[BoardCall]]) -> Iterable[tuple[str, BoardCall]]:
    return ((operation, each) for operation, found in calls.items() for each in found)


def photos_of_calls(session: Session, plant: str) -> list[tuple[str, str, str]]:
    """(gateway, call, sha256) of the newest photos that name a call."""
    mine = aliased(Happening)
    newest = select(mine.position).where(mine.plant == plant, mine.type == "photo.kept")
    places = newest.order_by(mine.type, mine.position.desc()).limit(PHOTOS_LOOKED_THROUGH_MAX)
    wanted = (
        select(Happening.gateway, Record.content)
        .join(Record, (Record.plant == Happening.plant) & (Record.position == Happening.position))
        .where(Happening.plant == plant, Happening.position.in_(places))
        .order_by(Happening.position)
    )
    read = ((row.gateway, data_in(row.content)) for row in session.execute(wanted))
    return [(name, str(data["call"]), str(data.get("sha256", ""))) for name, data in read if data.get("call")]


def _operation_of(read: _Read) -> str:
    return str(read.row.operation)


def _grouped(found: Iterable[Item], operation_of: Callable[[Item], str]) -> dict[str, list[Item]]:
    """By operation, once for all of them: an order may have many of both."""
    groups: dict[str, list[Item]] = defaultdict(list)
    for each in found:
        groups[operation_of(each)].append(each)
    return groups


def _operation(
    card: FlowCard,
    master: MasterData,
    own: Sequence[_Read],
    reports: Sequence[_Read],
    spans: Sequence[Span],
    calls: dict[str, list[BoardCall]],
    photos: dict[str, list[str]],
) -> OperationDetail:
    flags = Counter(flag for each in own for flag in each.row.flags.split())
    notes = [each for each in own if each.row.type == "note.kept"][-NOTES_PER_OPERATION_MAX:]
    planned = master.operation_by_id.get(card.operation)
    instruction = instruction_of(master, card.operation)
    return OperationDetail(
        operation=card.operation,
        number=card.number,
        name=card.name,
        planned=card.planned,
        good=card.good,
        scrap=card.scrap,
        rework=card.rework,
        flagged=card.flagged,
        ready=card.ready,
        state=card.state,
        since=card.since,
        line=card.line,
        department=card.department,
        stations=planned.stations if planned else (),
        instruction=instruction.title or instruction.id if instruction else "",
        revision=instruction.revision if instruction else "",
        shares=_shares(reports, spans, master),
        times=times_of(spans),
        calls=tuple(calls.get(card.operation, ())),
        photos=tuple(photos.get(card.operation, ())[-NOTES_PER_OPERATION_MAX:]),
        notes=tuple(
            Note(person_name(each.row.person, master), each.row.wall, str(each.data.get("text", ""))) for each in notes
        ),
        flags=tuple(flags.most_common()),
        corrections=sum(each.row.type == CORRECTION for each in own),
    )


def _shares(reports: Sequence[_Read], spans: Sequence[Span], master: MasterData) -> tuple[PersonShare, ...]:
    """By person and station, in the order in which they came to it."""
    keys = dict.fromkeys([(each.person, each.station) for each in spans])
    keys |= dict.fromkeys([(each.row.person, each.row.station) for each in reports])
    found = []
    for person, station in keys:
        own = [each for each in reports if (each.row.person, each.row.station) == (person, station)]
        mine = [each for each in spans if (each.person, each.station) == (person, station)]
        made = [each for each in own if each.row.type == REPORT]
        found.append(
            PersonShare(
                person=person,
                name=person_name(person, master),
                station=station,
                state=next((each.state for each in reversed(mine) if not each.ended), ""),
                reports=len(made),
                good=sum(_pieces(each, "good") for each in made),
                scrap=sum(_pieces(each, "scrap") for each in made),
                rework=sum(_pieces(each, "pieces") for each in own if each.row.type == REWORK),
                times=times_of(mine),
            )
        )
    return tuple(found)


def _newest(counted: Iterable[_Read]) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in counted:
        if each.row.wall is not None:
            found[each.row.operation] = max(each.row.wall, found.get(each.row.operation, 0.0))
    return found


def _step_state(each: OperationDetail, reported: float | None) -> StepState:
    called = [call.raised or 0.0 for call in each.calls if call.state in OPEN_STATES]
    state: Any = each.state
    return StepState(each.operation, each.number, state, each.ready, each.since, reported, min(called, default=None))


def _measures(
    details: Sequence[OperationDetail],
    read: Sequence[_Read],
    counted: Sequence[_Read],
    spans: Sequence[Span],
    line: OrderCard,
    reported: float | None,
    now: float,
) -> OrderMeasures:
    begun = min((each.begun for each in spans if each.begun is not None), default=None)
    end = now if line.open else reported
    calls = [call for each in details for call in each.calls]
    return OrderMeasures(
        reports=sum(each.row.type == REPORT for each in counted),
        corrections=sum(each.row.type == CORRECTION for each in read),
        first_pass=_first_pass(details),
        times=times_of(spans),
        calls=len(calls),
        call_seconds=sum(each.running_seconds for each in calls),
        begun=begun,
        reported=reported,
        lead_seconds=None if begun is None or end is None else max(0.0, end - begun),
        late_days=_late_days(line, reported, now),
    )


def _first_pass(details: Sequence[OperationDetail]) -> float | None:
    found = None
    for each in details:
        made = each.good + each.scrap
        if made > 0:
            found = (1.0 if found is None else found) * max(0, each.good - each.rework) / made
    return found


def _late_days(line: OrderCard, reported: float | None, now: float) -> int:
    day = day_of(now if line.open else reported if reported is not None else now)
    try:
        due, ended = datetime.date.fromisoformat(line.due), datetime.date.fromisoformat(day)
    except ValueError:
        return 0
    return max(0, (ended - due).days)


def _days(details: Sequence[OperationDetail], counted: Sequence[_Read]) -> tuple[DayOutput, ...]:
    last = max((each.number for each in details), default=0)
    ends = {each.operation for each in details if each.number == last}
    good: dict[str, int] = defaultdict(int)
    scrap: dict[str, int] = defaultdict(int)
    for each in counted:
        if each.row.type == REPORT and each.row.operation in ends and each.row.wall is not None:
            day = day_of(each.row.wall)
            good[day] += _pieces(each, "good")
            scrap[day] += _pieces(each, "scrap")
    return tuple(DayOutput(day, good[day], scrap[day]) for day in sorted(good) if day)
