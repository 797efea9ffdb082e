"""The board: the running state of the plant as the log folds to it, read in one moment of the database."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from central import models
from central.database import Database
from central.facts import OPEN_STATES
from central.limits import (
    ALARMS_ON_BOARD_MAX,
    CALLS_ON_BOARD_MAX,
    ENDED_CALLS_MAX,
    OPERATIONS_ON_BOARD_MAX,
)
from central.projector import catch_up_for_page, is_fresh
from central.snapshots import current_master
from floor.calls import impact_of
from floor.events import AndonRaised
from floor.master import MasterData
from floor.work import AT_WORK


@dataclass(frozen=True, slots=True)
class Worker:
    """A person at an operation. `state`: running, setup, paused. `since`: seconds since 1970."""

    person: str
    name: str
    station: str
    gateway_name: str
    state: str
    since: float | None


@dataclass(frozen=True, slots=True)
class BoardOperation:
    """An operation. `state`: idle, running, setup, paused, done.

    `planned` and `number` 0/None where it is not in the data.
    """

    order: str
    item: str
    order_state: str
    due: str
    operation: str
    number: int
    name: str
    known: bool
    planned: int | None
    good: int
    scrap: int
    flagged: int
    state: str
    workers: tuple[Worker, ...]
    since: float | None
    rework: int


@dataclass(frozen=True, slots=True)
class BoardCall:
    """A call. `state`: raised, acknowledged, resolved, cancelled. `running_seconds` until now or its end.

    `impact`: stop, slow, none, fixed (the line stops at its fixed position unless the call is over before).
    """

    gateway_name: str
    call: str
    call_type: str
    name: str
    name_en: str
    impact: str
    station: str
    state: str
    raised: float | None
    running_seconds: float
    person: str
    operation: str
    acknowledged: float | None
    acknowledged_by: str
    acknowledged_by_name: str
    ended: float | None
    ended_by: str
    cause: str
    tier: int
    owner: str
    handed_by: str
    handed_by_name: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class BoardGateway:
    """A gateway. `contiguous`: held without a gap up to this seq of its newest `epoch`."""

    name: str
    last_seen: float | None
    data_as_of: float | None
    release: str
    waiting: int
    gaps: int
    forks: int
    conflicts: int
    epoch: str
    contiguous: int
    clock_good: bool | None
    enrolled: bool
    revoked: bool


@dataclass(frozen=True, slots=True)
class BoardAlarm:
    """Something a person must look at."""

    gateway_name: str
    kind: str
    subject: str
    detail: str
    since: float
    last: float
    count: int


@dataclass(frozen=True, slots=True)
class Board:
    """The whole of it. `version` grows with every change; `complete`: the log is folded to its end."""

    version: int
    complete: bool
    master_version: int
    operations: tuple[BoardOperation, ...]
    calls: tuple[BoardCall, ...]
    gateways: tuple[BoardGateway, ...]
    alarms: tuple[BoardAlarm, ...]


def board_version(session: Session, plant: str = "plant") -> int:
    """Grows with every change that a page could show; one row is read."""
    return session.scalar(select(models.LogHead.changes).where(models.LogHead.plant == plant)) or 0


def current_board(database: Database, now: float, *, untouched: bool = True) -> Board:
    """The board after the log is folded to its end, or marked as incomplete where that takes longer than a page."""
    catch_up_for_page(database, now)
    with database.read() as session:
        return read_board(session, now, database.plant, untouched=untouched)


def read_board(session: Session, now: float, plant: str = "plant", *, untouched: bool = True) -> Board:
    """The board as folded so far. `now`: seconds since 1970. `untouched` False leaves out planned operations that
    nobody has worked on: the reader knows them from the master data."""
    master = current_master(session, plant)
    return Board(
        version=board_version(session, plant),
        complete=is_fresh(session, plant, now),
        master_version=master.version,
        operations=tuple(_operations(session, plant, untouched)),
        calls=open_calls(session, now, plant),
        gateways=tuple(_gateways(session, plant)),
        alarms=tuple(_alarms(session, plant)),
    )


def open_calls(session: Session, now: float, plant: str = "plant") -> tuple[BoardCall, ...]:
    """Calls that are not over, the one that waits longest first."""
    return _calls(session, plant, now, OPEN_STATES, CALLS_ON_BOARD_MAX)


def ended_calls(session: Session, now: float, plant: str = "plant") -> tuple[BoardCall, ...]:
    """The newest calls that are over, the last one raised first."""
    return _calls(session, plant, now, ("resolved", "cancelled"), ENDED_CALLS_MAX)


def _operations(session: Session, plant: str, untouched: bool) -> list[BoardOperation]:
    master = current_master(session, plant)
    people = master.person_by_id
    workers: dict[str, list[Worker]] = defaultdict(list)
    work = models.Work
    active = (
        select(work).where(work.plant == plant, work.state.in_(AT_WORK)).order_by(work.ordinal, work.seq).limit(10_000)
    )
    for row in session.scalars(active):
        name = people[row.person].name if row.person in people else row.person
        workers[row.operation].append(Worker(row.person, name, row.station, row.gateway, row.state, row.since))
    operation = models.Operation
    columns = (
        operation.id,
        operation.master_version,
        operation.work_order,
        operation.number,
        operation.name,
        operation.planned,
        operation.good,
        operation.scrap,
        operation.flagged,
        operation.rework,
    )
    wanted = select(*columns).where(operation.plant == plant)
    if not untouched:
        worked_on = select(work.operation).where(work.plant == plant, work.state.in_(AT_WORK))
        done = or_(
            operation.good != 0,
            operation.scrap != 0,
            operation.flagged != 0,
            operation.rework != 0,
            operation.planned.is_(None),
        )
        wanted = wanted.where(or_(done, operation.id.in_(worked_on)))
    rows = session.execute(
        wanted.order_by(operation.work_order, operation.number, operation.id).limit(OPERATIONS_ON_BOARD_MAX)
    )
    return [_operation(row, workers.get(row.id, []), master.order_by_id.get(row.work_order)) for row in rows]


def _operation(row: Any, workers: Sequence[Worker], order: Any) -> BoardOperation:
    running = [each for each in workers if each.state == "running"]
    if running:
        state = "running"
    elif any(each.state == "setup" for each in workers):
        state = "setup"
    elif workers:
        state = "paused"
    elif (order is not None and order.state == "closed") or (row.planned and row.good >= row.planned):
        state = "done"
    else:
        state = "idle"
    since = [each.since for each in (running or workers) if each.since is not None]
    return BoardOperation(
        order=row.work_order,
        item=order.item if order else "",
        order_state=order.state if order else "released",
        due=order.due if order else "",
        operation=row.id,
        number=row.number,
        name=row.name,
        known=row.master_version is not None,
        planned=row.planned,
        good=row.good,
        scrap=row.scrap,
        flagged=row.flagged,
        state=state,
        workers=tuple(workers),
        since=min(since) if since else None,
        rework=row.rework,
    )


def _in_order(plant: str, states: Sequence[str], limit: int) -> Select[Any]:
    """Calls by the place of their raising in the log, never by a time (I9): open ones oldest first, others newest
    first. One whose raising has not come yet is open all the same, and stands last."""
    call, stream, record = models.Call, models.Stream, models.Record
    its_stream = and_(stream.plant == plant, stream.gateway == call.gateway, stream.epoch == call.epoch)
    its_record = and_(record.stream_id == stream.id, record.seq == call.seq, record.place == 0)
    wanted = select(call).where(call.plant == plant, call.state.in_(states)).limit(limit)
    if "raised" in states:
        there = wanted.outerjoin(stream, its_stream).outerjoin(record, its_record)
        return there.order_by(record.position.is_(None), record.position, call.epoch, call.seq)
    happening = models.Happening
    raised = select(happening.position).where(happening.plant == plant, happening.type == AndonRaised.type_name)
    newest = raised.order_by(happening.position.desc()).limit(limit + CALLS_ON_BOARD_MAX)
    there = wanted.join(stream, its_stream).join(record, its_record)
    return there.where(record.position.in_(newest.scalar_subquery())).order_by(record.position.desc())


def _calls(session: Session, plant: str, now: float, states: Sequence[str], limit: int) -> tuple[BoardCall, ...]:
    master = current_master(session, plant)
    return tuple(board_call(row, master, now) for row in session.scalars(_in_order(plant, states, limit)))


def board_call(row: models.Call, master: MasterData, now: float) -> BoardCall:
    """A call, open or over, with the floor's names."""
    kind = master.call_type_by_id.get(row.call_type)
    begun = row.raised_at or row.acknowledged_at or now
    return BoardCall(
        gateway_name=row.gateway,
        call=f"{row.epoch}/{row.seq}",
        call_type=row.call_type,
        name=kind.name if kind else row.call_type,
        name_en=kind.name_en if kind else "",
        impact=impact_of(kind, bool(row.stopped)),
        station=row.station,
        state=row.state,
        raised=row.raised_at,
        running_seconds=max(0.0, (row.ended_at or now) - begun),
        person=row.person,
        operation=row.operation,
        acknowledged=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_by_name=person_name(row.acknowledged_by, master),
        ended=row.ended_at,
        ended_by=row.ended_by,
        cause=row.cause,
        tier=row.tier,
        owner=row.owner,
        handed_by=row.handed_by,
        handed_by_name=person_name(row.handed_by, master),
        stopped=bool(row.stopped),
    )


def person_name(person: str, master: MasterData) -> str:
    """Somebody's name; the id where master data has none."""
    known = master.person_by_id.get(person)
    return (known.name if known else "") or person


def _sums(session: Session, plant: str) -> dict[str, dict[str, int]]:
    stream, gap, conflict = models.Stream, models.Gap, models.Conflict
    missing = (
        select(stream.gateway, func.sum(gap.last - gap.first + 1))
        .join(gap, gap.stream_id == stream.id)
        .where(stream.plant == plant)
        .group_by(stream.gateway)
    )
    forks = (
        select(stream.gateway, func.count()).where(stream.plant == plant, stream.forked == 1).group_by(stream.gateway)
    )
    conflicts = select(conflict.gateway, func.count()).where(conflict.plant == plant).group_by(conflict.gateway)
    named = {"gaps": missing, "forks": forks, "conflicts": conflicts}
    return {name: {row[0]: int(row[1]) for row in session.execute(each)} for name, each in named.items()}


def _gateways(session: Session, plant: str) -> list[BoardGateway]:
    sums = _sums(session, plant)
    stream = models.Stream
    newest = select(stream.gateway, func.max(stream.ordinal).label("top")).where(stream.plant == plant)
    top = newest.group_by(stream.gateway).subquery()
    tails = {
        row.gateway: row
        for row in session.execute(
            select(stream.gateway, stream.epoch, stream.mark, stream.id)
            .join(top, (top.c.gateway == stream.gateway) & (top.c.top == stream.ordinal))
            .where(stream.plant == plant)
        )
    }
    first_gap = {
        row.stream_id: row.lowest
        for row in session.execute(
            select(models.Gap.stream_id, func.min(models.Gap.first).label("lowest"))
            .where(models.Gap.stream_id.in_([row.id for row in tails.values()]))
            .group_by(models.Gap.stream_id)
        )
    }
    found = []
    for row in session.scalars(
        select(models.Gateway).where(models.Gateway.plant == plant).order_by(models.Gateway.name)
    ):
        tail = tails.get(row.name)
        contiguous = min(tail.mark, first_gap.get(tail.id, tail.mark + 1) - 1) if tail else 0
        found.append(
            BoardGateway(
                name=row.name,
                last_seen=row.last_seen,
                data_as_of=row.data_as_of,
                release=row.release,
                waiting=row.waiting,
                gaps=sums["gaps"].get(row.name, 0),
                forks=sums["forks"].get(row.name, 0),
                conflicts=sums["conflicts"].get(row.name, 0),
                epoch=tail.epoch if tail else "",
                contiguous=contiguous,
                clock_good=None if row.clock_good is None else bool(row.clock_good),
                enrolled=row.token_hash is not None,
                revoked=row.revoked_at is not None,
            )
        )
    return found


def _alarms(session: Session, plant: str) -> list[BoardAlarm]:
    alarm = models.Alarm
    rows = session.scalars(
        select(alarm)
        .where(alarm.plant == plant, alarm.signed_off_at.is_(None))
        .order_by(alarm.first_at)
        .limit(ALARMS_ON_BOARD_MAX)
    )
    return [
        BoardAlarm(row.gateway, row.kind, row.subject, row.detail, row.first_at, row.last_at, row.count) for row in rows
    ]
