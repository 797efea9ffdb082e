"""What differs between two versions of master data, and which stations it concerns.

Pure: values in, values out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from floor.cells import Row
from floor.master import MasterData
from floor.master_sheets import cell_of
from floor.master_tables import TABLES, Tables
from floor.product_rows import BomRevision
from floor.rows import Component, Instruction, Notice, Operation, PastCase, Shift, Station, WorkOrder

EVERYWHERE = ""
"""Stands for all stations where a change is told by station."""

OFFICE_ONLY = frozenset({"items", "routings", "stock"})
"""Tables that no station reads."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that differs. `before` None: it is new; `after` None: it is gone."""

    table: str
    key: str
    before: Row | None
    after: Row | None

    @property
    def kind(self) -> str:
        """added, changed or removed."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"

    @property
    def fields(self) -> tuple[tuple[str, str, str], ...]:
        """(column, text before, text after) of what differs in a row that is there before and after."""
        if self.before is None or self.after is None:
            return ()
        pairs = (
            (name, getattr(self.before, name), getattr(self.after, name)) for name in type(self.after).model_fields
        )
        return tuple((name, cell_of(old), cell_of(new)) for name, old, new in pairs if old != new)


@dataclass(frozen=True, slots=True)
class TableChange:
    """What changes in one table; a row is told by its id or label, or by what it joins."""

    table: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    total: int

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.changed or self.removed)


def row_changes(before: Tables, after: Tables) -> tuple[RowChange, ...]:
    """Every row that differs, in the order of the tables: new and changed rows first, then those that are gone."""
    found: list[RowChange] = []
    for table in TABLES:
        # A table that was not touched is the same tuple, whatever its length.
        if before.get(table, ()) is after.get(table, ()):
            continue
        old = {row.key: row for row in before.get(table, ())}
        new = {row.key: row for row in after.get(table, ())}
        found += [RowChange(table, key, old.get(key), row) for key, row in new.items() if old.get(key) != row]
        found += [RowChange(table, key, row, None) for key, row in old.items() if key not in new]
    return tuple(found)


def table_changes(rows: Iterable[RowChange], after: Tables) -> tuple[TableChange, ...]:
    """The same by table, all of them."""
    keys: dict[tuple[str, str], list[str]] = {}
    for each in rows:
        keys.setdefault((each.table, each.kind), []).append(each.key)

    def of(table: str, kind: str) -> tuple[str, ...]:
        return tuple(keys.get((table, kind), ()))

    return tuple(
        TableChange(table, of(table, "added"), of(table, "changed"), of(table, "removed"), len(after.get(table, ())))
        for table in TABLES
    )


def by_station(rows: Iterable[RowChange], before: MasterData, after: MasterData) -> dict[str, tuple[RowChange, ...]]:
    """What differs for each station that is concerned, and under EVERYWHERE what concerns all of them."""
    found: dict[str, list[RowChange]] = {}
    for change in rows:
        if change.table in OFFICE_ONLY:
            continue
        places: set[str] = set()
        for master, row in ((before, change.before), (after, change.after)):
            if row is not None:
                places |= _stations_of(master, row)
        for place in (EVERYWHERE,) if EVERYWHERE in places else sorted(places):
            found.setdefault(place, []).append(change)
    return {place: tuple(listed) for place, listed in sorted(found.items())}


def _stations_of(master: MasterData, row: Row) -> set[str]:
    """Where a row is used. What is not bound to an operation or a station is used everywhere."""
    match row:
        case Operation() | Shift():
            return set(row.stations) or {EVERYWHERE}
        case WorkOrder():
            return _of_order(master, row.id)
        case Station():
            return {row.id}
        case PastCase():
            return {row.station or EVERYWHERE}
        case Notice():
            return set(row.stations) or _of_reading(master, row.operation, row.work_order)
        case Instruction():
            return _of_item(master, row.item) if row.item else _of_reading(master, row.operation, "")
        case Component() | BomRevision():
            product = row.product
            return _of_order(master, product) if product in master.order_by_id else _of_item(master, product)
        case _:
            return {EVERYWHERE}


def _of_reading(master: MasterData, operation: str, order: str) -> set[str]:
    known = master.operation_by_id.get(operation)
    if known is not None:
        return set(known.stations) or {EVERYWHERE}
    return _of_order(master, order) if order else {EVERYWHERE}


def _of_order(master: MasterData, order: str) -> set[str]:
    places: set[str] = set()
    for row in master.operations_by_order.get(order, ()):
        places |= set(row.stations) or {EVERYWHERE}
    return places


def _of_item(master: MasterData, item: str) -> set[str]:
    places: set[str] = set()
    for order in master.orders_by_item.get(item, ()):
        if order.state != "closed":
            places |= _of_order(master, order.id)
    return places
