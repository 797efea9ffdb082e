"""The flow: every open operation by line or department and by state, read in pages."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from central.board import person_name
from central.facts import OPEN_STATES
from central.limits import CALLED_OPERATIONS_MAX
from central.models import Call, Gateway
from central.order_cards import workers_at
from central.order_tables import FlowCard
from central.readers import by_raising
from central.snapshots import current_master
from floor.master import MasterData

COLUMNS: Final = ("called", "paused", "running", "ready", "waiting", "done")
"""What needs eyes first comes first. `called`: an open call; `done`: since the day began."""

WALL_COLUMNS: Final = COLUMNS[:4]
OPEN: Final = ("waiting", "ready", "running", "paused")

NO_LANE: Final = "-"
"""Asks for the lane of what belongs to no line, or no department."""


@dataclass(frozen=True, slots=True)
class FlowQuery:
    """What a reader asked for; empty texts mean any. `lane`: one lane alone. `page` counts from 1."""

    by: Literal["line", "department"] = "line"
    line: str = ""
    department: str = ""
    order: str = ""
    item: str = ""
    state: str = ""
    before: str = ""
    search: str = ""
    page: int = 1

    @property
    def lane(self) -> str:
        """The one lane that was asked for; empty: all of them."""
        return self.line if self.by == "line" else self.department

    @property
    def one_cell(self) -> bool:
        """Whether one column of one lane is asked for, with all of its cards."""
        return bool(self.lane and self.state)

    @property
    def column(self) -> Any:
        """The column that lanes are made by."""
        return FlowCard.line if self.by == "line" else FlowCard.department


@dataclass(frozen=True, slots=True)
class FlowItem:
    """An operation on its card. `called`: since when its oldest open call waits."""

    card: FlowCard
    column: str
    people: tuple[str, ...]
    setup: bool
    called: float | None
    call_type: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of one lane. `oldest`: since when the first of all `count` is in it."""

    column: str
    count: int
    oldest: float | None
    items: tuple[FlowItem, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewayAge:
    """How fresh a lane is: all that this gateway recorded until `as_of` is held."""

    name: str
    as_of: float | None
    last_seen: float | None


@dataclass(frozen=True, slots=True)
class Lane:
    """A line or a department; an empty `key` holds what belongs to none."""

    key: str
    name: str
    name_en: str
    cells: tuple[Cell, ...]
    gateways: tuple[GatewayAge, ...]

    @property
    def count(self) -> int:
        """Open operations."""
        return sum(each.count for each in self.cells if each.column != "done")

    @property
    def oldest(self) -> float | None:
        """Since when the first of them is where it is."""
        ages = [each.oldest for each in self.cells if each.column != "done" and each.oldest is not None]
        return min(ages, default=None)


@dataclass(frozen=True, slots=True)
class Flow:
    """One page of lanes, or of one cell's cards. `columns`: those with cards; `totals` are of all lanes that match."""

    lanes: tuple[Lane, ...]
    columns: tuple[str, ...]
    page: int
    pages: int
    found: int
    totals: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Called:
    """The oldest open call of an operation."""

    since: float
    call_type: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one answer is worked out with. `day`: when the plant's day began; `names`: of every lane there may be."""

    session: Session
    plant: str
    query: FlowQuery
    day: float
    master: MasterData
    called: dict[str, Called]
    names: dict[str, tuple[str, str]]


Counts = dict[str, dict[str, tuple[int, float]]]
"""(count, oldest since) by lane and column."""


def flow_of(
    session: Session, plant: str, query: FlowQuery, day: float, lanes_per_page: int, per_cell: int, wall: bool = False
) -> Flow:
    """The asked page. `day`: when the plant's day began; what was done before it is not shown."""
    master = current_master(session, plant)
    called = called_operations(session, plant)
    asked = _Asked(session, plant, query, day, master, called, lane_keys(master, query.by))
    counts = _counts(asked)
    totals = {each: sum(lane.get(each, (0, 0))[0] for lane in counts.values()) for each in COLUMNS}
    if query.one_cell:
        return _one_cell(asked, counts, totals, per_cell)
    shown = _shown_columns(query, wall)
    keys = _lane_order(asked, counts, wall, shown)
    pages = max(1, -(-len(keys) // lanes_per_page))
    page = min(query.page, pages)
    keys = keys[(page - 1) * lanes_per_page :][:lanes_per_page]
    cells = {
        (key, column): _cell_rows(asked, key, column, per_cell)
        for key in keys
        for column in shown
        if counts[key].get(column, (0, 0))[0]
    }
    items = _items(asked, [each for rows in cells.values() for each in rows])
    lanes = [_lane(asked, key, counts[key], cells, items, shown) for key in keys]
    return Flow(tuple(lanes), shown, page, pages, sum(totals[each] for each in shown), totals)


def _shown_columns(query: FlowQuery, wall: bool) -> tuple[str, ...]:
    if query.state in COLUMNS:
        return (query.state,)
    return WALL_COLUMNS if wall else COLUMNS


def called_operations(session: Session, plant: str) -> dict[str, Called]:
    """Operations with an open call, and the oldest of it."""
    wanted = select(Call.operation, Call.raised_at, Call.call_type).where(
        Call.plant == plant, Call.state.in_(OPEN_STATES), Call.operation != ""
    )
    found: dict[str, Called] = {}
    for row in session.execute(wanted.order_by(by_raising(), Call.seq).limit(CALLED_OPERATIONS_MAX)):
        found.setdefault(row.operation, Called(row.raised_at or 0.0, row.call_type))
    return found


def lane_keys(master: MasterData, by: str) -> dict[str, tuple[str, str]]:
    """Every lane there may be, with its names; the empty one for what belongs to none."""
    if by == "line":
        return {**{each.line: (each.line, "") for each in master.stations}, "": ("", "")}
    named = {each.id: (each.name, each.name_en) for each in master.departments}
    used = {each.department for each in master.stations} | {each.department for each in master.people}
    return {**{each: (each, "") for each in used if each}, **named, "": ("", "")}


def filtered(wanted: Select[Any], plant: str, query: FlowQuery) -> Select[Any]:
    """A selection with the reader's conditions on it, but for the state."""
    wanted = wanted.where(FlowCard.plant == plant)
    for column, value in (
        (FlowCard.line, query.line),
        (FlowCard.department, query.department),
        (FlowCard.work_order, query.order),
        (FlowCard.item, query.item),
    ):
        if value:
            wanted = wanted.where(column == ("" if value == NO_LANE else value))
    if query.before:
        wanted = wanted.where(FlowCard.due != "", FlowCard.due < query.before)
    if query.search:
        wanted = wanted.where(FlowCard.words.contains(query.search.casefold(), autoescape=True))
    return wanted


def _open_calls(plant: str) -> Select[Any]:
    return select(Call.operation).where(Call.plant == plant, Call.state.in_(OPEN_STATES), Call.operation != "")


def counting(plant: str, query: FlowQuery, keys: Collection[str], states: Sequence[str]) -> Select[Any]:
    """How many cards of each lane are in each state, and since when the oldest is; those with open calls apart."""
    column = query.column
    wanted = filtered(select(column, FlowCard.state, func.count(), func.min(FlowCard.since)), plant, query)
    wanted = wanted.where(column.in_(sorted(keys)), FlowCard.state.in_(states))
    return wanted.where(FlowCard.operation.not_in(_open_calls(plant))).group_by(column, FlowCard.state)


def _counts(asked: _Asked) -> Counts:
    plant, query = asked.plant, asked.query
    done = counting(plant, query, asked.names, ("done",)).where(FlowCard.since >= asked.day)
    found: Counts = defaultdict(dict)
    for wanted in (counting(plant, query, asked.names, OPEN), done):
        for lane, state, count, oldest in asked.session.execute(wanted):
            found[lane][state] = (int(count), oldest)
    for card in _called_cards(asked):
        lane = str(getattr(card, query.by))
        # The oldest comes first.
        count, oldest = found[lane].get("called", (0, asked.called[card.operation].since))
        found[lane]["called"] = (count + 1, oldest)
    return found


def _called_cards(asked: _Asked, lane: str | None = None) -> list[FlowCard]:
    """Cards with an open call, the one that waits longest first."""
    called = asked.called
    if not called:
        return []
    wanted = filtered(select(FlowCard), asked.plant, asked.query).where(FlowCard.operation.in_(sorted(called)))
    if lane is not None:
        wanted = wanted.where(asked.query.column == lane)
    return sorted(asked.session.scalars(wanted), key=lambda each: (called[each.operation].since, each.operation))


def cell_cards(plant: str, query: FlowQuery, day: float, lane: str, column: str) -> Select[Any]:
    """The cards of one cell, the oldest first; of what is done the newest first."""
    wanted = filtered(select(FlowCard), plant, query).where(query.column == lane, FlowCard.state == column)
    wanted = wanted.where(FlowCard.operation.not_in(_open_calls(plant)))
    if column == "done":
        return wanted.where(FlowCard.since >= day).order_by(FlowCard.since.desc(), FlowCard.operation.desc())
    return wanted.order_by(FlowCard.since, FlowCard.operation)


def _cell_rows(asked: _Asked, lane: str, column: str, limit: int, offset: int = 0) -> list[FlowCard]:
    if column == "called":
        return _called_cards(asked, lane)[offset : offset + limit]
    wanted = cell_cards(asked.plant, asked.query, asked.day, lane, column)
    return list(asked.session.scalars(wanted.limit(limit).offset(offset)))


def _items(asked: _Asked, cards: Sequence[FlowCard]) -> dict[str, FlowItem]:
    working = workers_at(asked.session, asked.plant, [each.operation for each in cards])
    found = {}
    for card in cards:
        here = working.get(card.operation, [])
        call = asked.called.get(card.operation)
        found[card.operation] = FlowItem(
            card,
            "called" if call else card.state,
            tuple(person_name(each.person, asked.master) for each in here),
            any(each.state == "setup" for each in here),
            call.since if call else None,
            call.call_type if call else "",
        )
    return found


def _lane_order(asked: _Asked, counts: Counts, wall: bool, shown: Sequence[str]) -> list[str]:
    """Lanes that hold something, by name; on a wall those with calls and pauses come first."""

    def rank(key: str) -> tuple[Any, ...]:
        urgent = tuple(-counts[key].get(each, (0, 0))[0] for each in ("called", "paused")) if wall else ()
        return (*urgent, key == "", asked.names.get(key, (key, ""))[0], key)

    return sorted((key for key, each in counts.items() if any(column in each for column in shown)), key=rank)


def _lane(
    asked: _Asked,
    key: str,
    counts: dict[str, tuple[int, float]],
    cells: dict[tuple[str, str], list[FlowCard]],
    items: dict[str, FlowItem],
    shown: Sequence[str],
) -> Lane:
    name, name_en = asked.names.get(key, (key, ""))
    found = []
    for column in COLUMNS:
        count, oldest = counts.get(column, (0, None))
        rows = cells.get((key, column), []) if column in shown else []
        found.append(Cell(column, count, oldest, tuple(items[each.operation] for each in rows)))
    return Lane(key, name, name_en, tuple(found), _gateways(asked, key))


def _gateways(asked: _Asked, key: str) -> tuple[GatewayAge, ...]:
    """Those that serve the lane's stations."""
    names = {each.gateway for each in asked.master.stations if key and getattr(each, asked.query.by) == key}
    wanted = select(Gateway.name, Gateway.data_as_of, Gateway.last_seen).where(
        Gateway.plant == asked.plant, Gateway.name.in_(sorted(names)), Gateway.revoked_at.is_(None)
    )
    return tuple(GatewayAge(*row) for row in asked.session.execute(wanted.order_by(Gateway.name))) if names else ()


def _one_cell(asked: _Asked, counts: Counts, totals: dict[str, int], per_page: int) -> Flow:
    """All cards of one cell, in pages."""
    query = asked.query
    lane = "" if query.lane == NO_LANE else query.lane
    found, oldest = counts.get(lane, {}).get(query.state, (0, None))
    pages = max(1, -(-found // per_page))
    page = min(query.page, pages)
    rows = _cell_rows(asked, lane, query.state, per_page, (page - 1) * per_page)
    items = _items(asked, rows)
    name, name_en = asked.names.get(lane, (lane, ""))
    cell = Cell(query.state, found, oldest, tuple(items[each.operation] for each in rows))
    shown = Lane(lane, name, name_en, (cell,), _gateways(asked, lane))
    return Flow((shown,) if found else (), (query.state,), page, pages, found, totals)
