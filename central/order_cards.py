"""Working out the cards of operations and orders from the board's tables and the master data."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from central.flow_rules import Step, day_of, ready_pieces, state_of
from central.models import MasterVersion, Operation, Work, table_of
from central.order_tables import FlowCard, OrderCard
from central.snapshots import current_master
from central.streams import chunks
from floor.master import MasterData
from floor.rows import Station, WorkOrder
from floor.work import AT_WORK

FLOW_CARD = table_of(FlowCard)
ORDER_CARD = table_of(OrderCard)
NO_DAY = "9999"
WORDS_CHARACTERS_MAX = 400

Row = dict[str, Any]


def refresh_orders(session: Session, plant: str, operations: Collection[str]) -> None:
    """The cards of these operations and of all others of their orders."""
    operation = Operation
    orders = set()
    for part in _parts(operations):
        found = select(operation.work_order).where(operation.plant == plant, operation.id.in_(part))
        orders |= set(session.scalars(found))
    rows: list[Any] = []
    for part in _parts(orders - {""}):
        rows += _read(session, plant, operation.work_order.in_(part))
    if "" in orders:
        for part in _parts(operations):
            rows += _read(session, plant, operation.work_order == "", operation.id.in_(part))
    _store(session, plant, rows, whole=False)


def refresh_all(session: Session, plant: str) -> None:
    """Every card; those of orders and operations that nobody knows any more go. Only what differs is written."""
    _store(session, plant, _read(session, plant), whole=True)


def _parts(values: Iterable[str]) -> Iterator[Sequence[str]]:
    return chunks(sorted(values))


def _read(session: Session, plant: str, *conditions: Any) -> list[Any]:
    each = Operation
    columns = (each.id, each.work_order, each.number, each.name, each.planned, each.good, each.scrap, each.rework)
    wanted = select(*columns, each.flagged, each.changed_at).where(each.plant == plant, *conditions)
    return list(session.execute(wanted))


def _store(session: Session, plant: str, rows: Sequence[Any], whole: bool) -> None:
    master = current_master(session, plant)
    cards = _held(session, FLOW_CARD, "operation", plant, None if whole else [each.id for each in rows])
    orders = {each.work_order for each in rows} - {""}
    lines = _held(session, ORDER_CARD, "id", plant, None if whole else orders)
    workers = workers_at(session, plant, None if whole else [each.id for each in rows])
    published = _published(session, plant)
    fresh: dict[str, Row] = {}
    grouped = defaultdict(list)
    for each in rows:
        # Operations of an order that nobody named stand alone: they have no upstream.
        grouped[each.work_order or f"\x00{each.id}"].append(each)
    fresh_orders = {}
    for operations in grouped.values():
        key = operations[0].work_order
        found = _cards(plant, operations, master, workers, cards, published)
        fresh |= {each["operation"]: each for each in found}
        if key:
            fresh_orders[key] = _order_card(plant, key, operations, found, master)
    if whole:
        for order in master.work_orders:
            fresh_orders.setdefault(order.id, _order_card(plant, order.id, [], [], master))
    _write(session, FLOW_CARD, "operation", plant, cards, fresh, whole)
    _write(session, ORDER_CARD, "id", plant, lines, fresh_orders, whole)


def _held(session: Session, table: Any, key: str, plant: str, wanted: Collection[str] | None) -> dict[str, Row]:
    found = select(table).where(table.c.plant == plant)
    if wanted is None:
        return {row[key]: dict(row) for row in session.execute(found).mappings()}
    parts = (session.execute(found.where(table.c[key].in_(part))).mappings() for part in _parts(wanted))
    return {row[key]: dict(row) for rows in parts for row in rows}


def _write(
    session: Session, table: Any, key: str, plant: str, held: dict[str, Row], fresh: dict[str, Row], whole: bool
) -> None:
    new = [row for name, row in fresh.items() if name not in held]
    if new:
        session.execute(insert(table), new)
    changed = [
        {"its_plant": plant, "its_key": name}
        | {each: value for each, value in row.items() if each not in ("plant", key)}
        for name, row in fresh.items()
        if name in held and held[name] != row
    ]
    if changed:
        mine = (table.c.plant == bindparam("its_plant"), table.c[key] == bindparam("its_key"))
        session.connection().execute(update(table).where(*mine), changed)
    gone = held.keys() - fresh.keys() if whole else ()
    for part in _parts(gone):
        session.execute(delete(table).where(table.c.plant == plant, table.c[key].in_(part)))


def workers_at(session: Session, plant: str, operations: Collection[str] | None) -> dict[str, list[Any]]:
    """Who is at these operations, or at any, in the order in which they came."""
    columns = (Work.operation, Work.person, Work.station, Work.state, Work.since)
    wanted = select(*columns).where(Work.plant == plant, Work.state.in_(AT_WORK))
    found: dict[str, list[Any]] = defaultdict(list)
    parts = [wanted] if operations is None else [wanted.where(Work.operation.in_(each)) for each in _parts(operations)]
    for part in parts:
        for row in session.execute(part.order_by(Work.since, Work.person)):
            found[row.operation].append(row)
    return found


def _published(session: Session, plant: str) -> float:
    """When the master data in force was published: what was never worked on waits since then."""
    made = select(MasterVersion.made_at).where(MasterVersion.plant == plant)
    return session.scalar(made.order_by(MasterVersion.version.desc()).limit(1)) or 0.0


def _cards(
    plant: str,
    operations: list[Any],
    master: MasterData,
    workers: dict[str, list[Any]],
    held: dict[str, Row],
    published: float,
) -> list[Row]:
    order = master.order_by_id.get(operations[0].work_order)
    steps = {each.id: Step(each.id, each.number, each.planned, each.good, each.scrap) for each in operations}
    ready = ready_pieces(list(steps.values()), order.quantity if order else None)
    changed = max((each.changed_at or 0.0 for each in operations), default=0.0)
    found = []
    for each in operations:
        here = workers.get(each.id, [])
        state = state_of(steps[each.id], ready[each.id], [one.state for one in here], order.state if order else "")
        before = held.get(each.id)
        begun = [one.since for one in here if one.since is not None and (one.state != "paused" or state == "paused")]
        if state in ("running", "paused"):
            since = min(begun, default=changed)
        elif before is not None and before["state"] == state:
            since = before["since"]
        else:
            since = (each.changed_at if state == "done" else changed) or published
        station = _station(each.id, here, master)
        found.append(_card(plant, each, order, ready[each.id], state, since) | _place(station, here, master))
    return found


def _station(operation: str, workers: Sequence[Any], master: MasterData) -> str:
    """Where somebody works on it, else the first station where it may be done."""
    working = [each.station for each in workers if each.station]
    planned = master.operation_by_id.get(operation)
    return working[0] if working else (planned.stations[0] if planned and planned.stations else "")


def _place(station: str, workers: Sequence[Any], master: MasterData) -> Row:
    known: Station | None = master.station_by_id.get(station)
    department = known.department if known else ""
    if not department and workers:
        person = master.person_by_id.get(workers[0].person)
        department = person.department if person else ""
    return {"station": station, "line": known.line if known else "", "department": department}


def _card(plant: str, row: Any, order: WorkOrder | None, ready: int, state: str, since: float) -> Row:
    item = order.item if order else ""
    words = " ".join(filter(None, (row.work_order, item, order.name if order else "", row.id, row.name)))
    return {
        "plant": plant,
        "operation": row.id,
        "work_order": row.work_order,
        "number": row.number,
        "name": row.name,
        "item": item,
        "due": day_of(order.due) if order else "",
        "planned": row.planned,
        "good": row.good,
        "scrap": row.scrap,
        "rework": row.rework,
        "flagged": row.flagged,
        "ready": ready,
        "state": state,
        "since": since,
        "words": words.casefold()[:WORDS_CHARACTERS_MAX],
    }


def _order_card(plant: str, key: str, operations: list[Any], cards: list[Row], master: MasterData) -> Row:
    order = master.order_by_id.get(key)
    due = day_of(order.due) if order else ""
    state = _order_state([each["state"] for each in cards], operations, order)
    words = " ".join(filter(None, (key, order.item if order else "", order.name if order else "")))
    changed = [each.changed_at for each in operations if each.changed_at is not None]
    return {
        "plant": plant,
        "id": key,
        "known": int(order is not None),
        "item": order.item if order else "",
        "name": order.name if order else "",
        "quantity": order.quantity if order else None,
        "due": due,
        "due_key": due or NO_DAY,
        "state": state,
        "open": int(state not in ("done", "closed")),
        "operations": len(operations),
        "done": sum(each["state"] == "done" for each in cards),
        "good": min((each.good for each in operations), default=0),
        "scrap": sum(each.scrap for each in operations),
        "rework": sum(each.rework for each in operations),
        "changed_at": max(changed, default=None),
        "words": words.casefold()[:WORDS_CHARACTERS_MAX],
    }


def _order_state(states: list[str], operations: list[Any], order: WorkOrder | None) -> str:
    for word in ("running", "paused"):
        if word in states:
            return word
    if order is not None and order.state == "closed":
        return "closed"
    if states and all(each == "done" for each in states):
        return "done"
    if order is not None and order.state == "held":
        return "held"
    return "started" if any(each.good or each.scrap or each.rework for each in operations) else "released"
