"""Traces: from a product to people, stations and what was built in, and from a component to every product with it.

A product that is identified belongs to the person's next report of the operation (`product.identified`), so what was
scanned between that person's reports before and after it, by anybody at that station, may be in it: its *window*. A lot
stays in use until another lot of its item is scanned, so one that was scanned before the window, and not replaced, is
in it too. A component with a serial of its own is in one product alone: it is never carried over. Where one window has
several products, each may hold each component: a trace names too much rather than too little.

Order is (epoch chain, seq), never time (I9).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from central import models
from central.board import BoardCall, board_call, person_name
from central.limits import (
    COMPONENTS_LOOKED_BACK_MAX,
    MASTER_VERSIONS_PER_TRACE_MAX,
    PRODUCTS_PER_USE_SHOWN_MAX,
)
from central.models import Call, Happening, MasterVersion, Record
from central.order_tables import OrderCard, TraceStep
from central.order_view import photos_of_calls
from central.readers import by_raising, places_of
from central.record_text import data_in
from central.snapshots import current_master
from floor.instructions import instruction_of
from floor.master import MasterData

Kind = Literal["serial", "lot", "order", "person", "station"]
KINDS: tuple[Kind, ...] = ("serial", "lot", "order", "person", "station")
Key = tuple[int, int]
"""(epoch's place in the chain, seq)."""

FIRST: Key = (-1, -1)
LAST: Key = (2**62, 2**62)
WINDOW_SECONDS = 8 * 3600.0
"""Where no start of the work is known, calls of the shift before are shown."""

CALLS_PER_PASS_MAX = 20


@dataclass(frozen=True, slots=True)
class Subject:
    """What a search may mean."""

    kind: Kind
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step as it is shown. `wall`: seconds since 1970; `clock`: synchronised, corrected, unsynchronised."""

    position: int
    kind: str
    gateway_name: str
    station: str
    person: str
    name: str
    operation: str
    operation_name: str
    order: str
    item: str
    lot: str
    serial: str
    revision: str
    good: int
    scrap: int
    flags: tuple[str, ...]
    wall: float | None
    error_seconds: float | None
    clock: str
    taken_back: bool
    """A report that was corrected and no longer counts."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One identification of a product: where and when it passed, and what else was there."""

    step: StepLine
    order_item: str
    instruction: str
    instruction_revision: str
    """Of the master data that the station decided by; empty: there was none, or it is not known any more."""
    report: StepLine | None
    components: tuple[StepLine, ...]
    calls: tuple[BoardCall, ...]
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One scan of a component, and the products that may hold it: the first of `products_count`."""

    step: StepLine
    products: tuple[StepLine, ...]
    products_count: int


@dataclass(frozen=True, slots=True)
class Page:
    """Steps, newest first. `more`: behind it there are older ones; `count`: all of them."""

    steps: tuple[StepLine, ...]
    more: bool
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page about a subject. Of a serial or a lot the same steps are told as `passes` and `uses`."""

    page: Page
    passes: tuple[Pass, ...] = ()
    uses: tuple[Use, ...] = ()
    calls: tuple[BoardCall, ...] = ()

    @property
    def older(self) -> int | None:
        """What to ask for steps before these with; None when there are none."""
        return self.page.steps[-1].position if self.page.more else None


def look_up(session: Session, plant: str, subject: Subject, count: int, before: int | None, now: float) -> Found:
    """The asked page about a subject, newest first."""
    wanted = select(TraceStep).where(TraceStep.plant == plant, COLUMN[subject.kind] == subject.key)
    page, rows = _page(session, plant, wanted, count, before)
    if subject.kind not in ("serial", "lot"):
        return Found(page, calls=_calls_about(session, plant, subject, now))
    masters = Masters(session, plant)
    passes = [pass_of(session, plant, each, masters, now) for each in rows if each.kind == "product"]
    uses = [use_of(session, plant, each) for each in rows if each.kind == "component"]
    return Found(page, tuple(passes), tuple(uses))


def subjects_of(session: Session, plant: str, text: str, master: MasterData) -> list[Subject]:
    """Everything that a text may be: a serial, a lot, an order, a person or badge, a station."""
    pieces: tuple[Kind, ...] = ("serial", "lot")
    known = [kind for kind in pieces if text and session.scalar(_any(plant, COLUMN[kind], text))]
    found = [Subject(kind, text, text) for kind in known]
    order = session.get(OrderCard, (plant, text))
    operation = master.operation_of(text)
    if order is None and operation is not None:
        order = session.get(OrderCard, (plant, operation.work_order))
    if order is not None:
        found.append(Subject("order", order.id, order.name or order.item or order.id))
    people = [each for each in master.people if text in (each.id, each.badge, each.name)]
    found += [Subject("person", each.id, each.name) for each in people]
    stations = [each for each in master.stations if text in (each.id, each.name)]
    found += [Subject("station", each.id, each.name or each.id) for each in stations]
    if not people and session.scalar(_any(plant, TraceStep.person, text)):
        found.append(Subject("person", text, text))
    if not stations and session.scalar(_any(plant, TraceStep.station, text)):
        found.append(Subject("station", text, text))
    return found


def _any(plant: str, column: Any, text: str) -> Select[Any]:
    return select(TraceStep.position).where(TraceStep.plant == plant, column == text).limit(1)


COLUMN: dict[Kind, Any] = {
    "serial": TraceStep.serial,
    "lot": TraceStep.lot,
    "order": TraceStep.work_order,
    "person": TraceStep.person,
    "station": TraceStep.station,
}


def _page(
    session: Session, plant: str, wanted: Select[Any], count: int, before: int | None
) -> tuple[Page, Sequence[TraceStep]]:
    """One page of these steps, newest first, behind position `before`; and its rows."""
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    if before is not None:
        wanted = wanted.where(TraceStep.position < before)
    rows = session.scalars(wanted.order_by(TraceStep.position.desc()).limit(count + 1)).all()
    shown = rows[:count]
    return Page(lines_of(session, plant, shown), len(rows) > count, total), shown


def lines_of(session: Session, plant: str, rows: Sequence[TraceStep]) -> tuple[StepLine, ...]:
    """Steps with the floor's names and the newest knowledge of their times (I9)."""
    master = current_master(session, plant)
    columns = (Happening.position, Happening.wall, Happening.error_seconds, Happening.clock)
    mine = (Happening.plant == plant, Happening.position.in_([each.position for each in rows]))
    times = {row.position: row for row in session.execute(select(*columns).where(*mine))} if rows else {}
    gone = _taken_back(session, plant, rows)
    return tuple(_line(each, times[each.position], each.position in gone, master) for each in rows)


def _taken_back(session: Session, plant: str, rows: Sequence[TraceStep]) -> set[int]:
    """Positions of the reports among these that no longer count."""
    report = models.Report
    epochs: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for each in rows:
        if each.kind == "report":
            epochs[each.gateway, each.epoch][each.seq] = each.position
    found = set()
    for (gateway_name, epoch), places in epochs.items():
        mine = (report.plant == plant, report.gateway == gateway_name, report.epoch == epoch)
        wanted = select(report.seq).where(*mine, report.seq.in_(sorted(places)), report.state == "corrected")
        found |= {places[seq] for seq in session.scalars(wanted)}
    return found


def _line(row: TraceStep, when: Any, taken_back: bool, master: MasterData) -> StepLine:
    operation = master.operation_by_id.get(row.operation)
    return StepLine(
        position=row.position,
        kind=row.kind,
        gateway_name=row.gateway,
        station=row.station,
        person=row.person,
        name=person_name(row.person, master),
        operation=row.operation,
        operation_name=operation.name if operation else "",
        order=row.work_order,
        item=row.item,
        lot=row.lot,
        serial=row.serial,
        revision=row.revision,
        good=row.good,
        scrap=row.scrap,
        flags=tuple(row.flags.split()),
        wall=when.wall,
        error_seconds=when.error_seconds,
        clock=when.clock,
        taken_back=taken_back,
    )


def _at(row: TraceStep) -> Key:
    return row.ordinal, row.seq


def _there(plant: str, kind: str, row: TraceStep) -> Select[Any]:
    """Steps of a kind of the same operation, told by the same gateway."""
    mine = (TraceStep.plant == plant, TraceStep.operation == row.operation, TraceStep.gateway == row.gateway)
    return select(TraceStep).where(*mine, TraceStep.kind == kind)


KEY = tuple_(TraceStep.ordinal, TraceStep.seq)


def _reports(plant: str, row: TraceStep, person: str) -> Select[Any]:
    """A person's reports there that were not taken back."""
    report = models.Report
    gone = select(report.seq).where(
        report.plant == plant,
        report.gateway == TraceStep.gateway,
        report.epoch == TraceStep.epoch,
        report.seq == TraceStep.seq,
        report.state == "corrected",
    )
    return _there(plant, "report", row).where(TraceStep.person == person, ~gone.exists())


def _before(session: Session, plant: str, row: TraceStep, person: str, at: Key) -> TraceStep | None:
    wanted = _reports(plant, row, person).where(tuple_(*at) > KEY)
    newest: TraceStep | None = session.scalar(wanted.order_by(TraceStep.ordinal.desc(), TraceStep.seq.desc()).limit(1))
    return newest


def _after(session: Session, plant: str, row: TraceStep, person: str, at: Key) -> TraceStep | None:
    wanted = _reports(plant, row, person).where(tuple_(*at) < KEY)
    first: TraceStep | None = session.scalar(wanted.order_by(TraceStep.ordinal, TraceStep.seq).limit(1))
    return first


def components_of(session: Session, plant: str, product: TraceStep) -> list[TraceStep]:
    """Component scans that may be in an identified product, as the module says."""
    begin = _before(session, plant, product, product.person, _at(product))
    end = _after(session, plant, product, product.person, _at(product))
    used = _there(plant, "component", product).where(TraceStep.station == product.station)
    started = _at(begin) if begin else FIRST
    ended = _at(end) if end else LAST
    within = used.where(tuple_(*started) < KEY, tuple_(*ended) > KEY)
    found = list(session.scalars(within.order_by(TraceStep.ordinal, TraceStep.seq)))
    items = {each.item for each in found}
    earlier = used.where(tuple_(*started) > KEY, TraceStep.serial == "")
    newest_first = earlier.order_by(TraceStep.ordinal.desc(), TraceStep.seq.desc())
    for each in session.scalars(newest_first.limit(COMPONENTS_LOOKED_BACK_MAX)):
        if each.item not in items:
            items.add(each.item)
            found.append(each)
    return found


def products_with(session: Session, plant: str, use: TraceStep) -> Select[Any] | None:
    """Product steps that may hold what one scan built in; None when nobody identified any there."""
    there = _there(plant, "product", use).where(TraceStep.station == use.station)
    people = session.scalars(there.with_only_columns(TraceStep.person).distinct()).all()
    following = _there(plant, "component", use).where(
        TraceStep.station == use.station, TraceStep.item == use.item, tuple_(*_at(use)) < KEY
    )
    replaced = session.scalar(following.order_by(TraceStep.ordinal, TraceStep.seq).limit(1))
    ranges = []
    for person in people:
        begin = _before(session, plant, use, person, _at(use))
        end = _after(session, plant, use, person, _at(use))
        upper = _at(end) if end else LAST
        if not use.serial:
            last = _before(session, plant, use, person, _at(replaced)) if replaced else None
            upper = max(upper, _at(last) if last else upper) if replaced else LAST
        lower = _at(begin) if begin else FIRST
        ranges.append(and_(TraceStep.person == person, tuple_(*lower) < KEY, tuple_(*upper) > KEY))
    return there.where(or_(*ranges)) if ranges else None


def use_of(session: Session, plant: str, row: TraceStep, count: int = PRODUCTS_PER_USE_SHOWN_MAX) -> Use:
    """One scan of a component with the first products that may hold it."""
    [line] = lines_of(session, plant, [row])
    page = products_page(session, plant, row, count)
    return Use(line, page.steps, page.count)


def products_page(session: Session, plant: str, use: TraceStep, count: int, before: int | None = None) -> Page:
    """Products that may hold what one scan built in, newest first."""
    wanted = products_with(session, plant, use)
    if wanted is None:
        return Page((), False, 0)
    page, _ = _page(session, plant, wanted, count, before)
    return page


class Masters:
    """Versions of the master data that one trace needs; a few older ones are read, the rest stays unknown."""

    def __init__(self, session: Session, plant: str) -> None:
        self._session = session
        self._plant = plant
        self._left = MASTER_VERSIONS_PER_TRACE_MAX
        self.current = current_master(session, plant)
        self._read: dict[int, MasterData | None] = {self.current.version: self.current}

    def of(self, version: int) -> MasterData | None:
        """That version; None when it was never here, or enough have been read."""
        if version not in self._read and self._left:
            self._left -= 1
            row = self._session.get(MasterVersion, (self._plant, version)) if version < 2**53 else None
            self._read[version] = MasterData.model_validate_json(row.body) if row else None
        return self._read.get(version)


def pass_of(session: Session, plant: str, row: TraceStep, masters: Masters, now: float) -> Pass:
    """One identification of a product, with everything around it."""
    [line] = lines_of(session, plant, [row])
    end = _after(session, plant, row, row.person, _at(row))
    report = lines_of(session, plant, [end])[0] if end else None
    master = masters.of(row.master_version)
    instruction = instruction_of(master, row.operation) if master else None
    order = masters.current.order_by_id.get(row.work_order)
    since, until = _between(session, plant, row, line, report, now)
    calls = _calls_during(session, plant, row, masters.current, since, until, now)
    return Pass(
        step=line,
        order_item=order.item if order else "",
        instruction=(instruction.title or instruction.id) if instruction else "",
        instruction_revision=instruction.revision if instruction else "",
        report=report,
        components=lines_of(session, plant, components_of(session, plant, row)),
        calls=calls,
        photos=_photos_during(session, plant, row, calls, since, until),
    )


def _between(
    session: Session, plant: str, row: TraceStep, line: StepLine, report: StepLine | None, now: float
) -> tuple[float, float]:
    """From the start of that work to its report; a shift around it where one is not known."""
    started = (
        select(Happening.wall)
        .where(Happening.plant == plant, Happening.position.in_(places_of(plant, row.operation)))
        .where(Happening.position < row.position, Happening.type == "work.started", Happening.person == row.person)
        .order_by(Happening.position.desc())
        .limit(1)
    )
    at = line.wall if line.wall is not None else now
    since = session.scalar(started)
    until = report.wall if report is not None else None
    return min(at, since if since is not None else at - WINDOW_SECONDS), max(at, until if until is not None else at)


def _calls_during(
    session: Session, plant: str, row: TraceStep, master: MasterData, since: float, until: float, now: float
) -> tuple[BoardCall, ...]:
    """Calls of that operation or station that were open during it."""
    found: dict[str, BoardCall] = {}
    # One after the other: no index serves both at once.
    for where in (Call.operation == row.operation, Call.station == row.station):
        wanted = select(Call).where(
            Call.plant == plant,
            where,
            Call.raised_at <= until,
            or_(Call.ended_at.is_(None), Call.ended_at >= since),
        )
        rows = session.scalars(wanted.order_by(by_raising()).limit(CALLS_PER_PASS_MAX))
        found |= {each.call: each for each in (board_call(row, master, now) for row in rows)}
    return tuple(sorted(found.values(), key=lambda each: each.raised or 0.0)[:CALLS_PER_PASS_MAX])


def _photos_during(
    session: Session, plant: str, row: TraceStep, calls: Sequence[BoardCall], since: float, until: float
) -> tuple[str, ...]:
    """Photos of that operation taken during it, and those of the calls."""
    wanted = (
        select(Record.content)
        .join(Happening, (Happening.plant == Record.plant) & (Happening.position == Record.position))
        .where(Happening.plant == plant, Happening.position.in_(places_of(plant, row.operation)))
        .where(Happening.type == "photo.kept", Happening.wall >= since, Happening.wall <= until)
        .order_by(Happening.position)
        .limit(CALLS_PER_PASS_MAX)
    )
    found = [str(data_in(content).get("sha256", "")) for content in session.scalars(wanted)]
    if calls:
        named = {(each.gateway_name, each.call) for each in calls}
        found += [sha256 for name, call, sha256 in photos_of_calls(session, plant) if (name, call) in named]
    return tuple(dict.fromkeys(found))


def _calls_about(session: Session, plant: str, subject: Subject, now: float) -> tuple[BoardCall, ...]:
    """The newest calls of a station, or of an order's operations; of people none are looked up."""
    if subject.kind == "station":
        where = Call.station == subject.key
    elif subject.kind == "order":
        operation = models.Operation
        mine = (operation.plant == plant, operation.work_order == subject.key)
        where = Call.operation.in_(select(operation.id).where(*mine))
    else:
        return ()
    wanted = select(Call).where(Call.plant == plant, where).order_by(by_raising().desc(), Call.seq.desc())
    master = current_master(session, plant)
    return tuple(board_call(each, master, now) for each in session.scalars(wanted.limit(CALLS_PER_PASS_MAX)))
