"""Kit check (齐套): is everything there that an order builds in, before it goes to the floor?

Pure: values in, values out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from floor.bills import bill_of_order
from floor.master import MasterData
from floor.rows import WorkOrder


@dataclass(frozen=True, slots=True)
class Shortage:
    """An order lacks `missing` of an item. `expected_day`: when more comes, empty: not known. `late`: after the
    order is due, or too little, or nobody knows when."""

    work_order: str
    item: str
    needed: float
    missing: float
    expected_day: str
    late: bool


def shortages(master: MasterData, begun: Collection[str], today: date) -> tuple[Shortage, ...]:
    """What released orders lack, the most urgent order served first.

    `begun`: orders whose material has left the stock already. Orders are served by priority (1 first, 0 last), then by
    their due day, then in the order of the rows.
    """
    if not master.stock:
        return ()
    left = {row.item: row.available for row in master.stock}
    coming = {row.item: row.expected for row in master.stock}
    waiting = [row for row in master.work_orders if row.state == "released" and row.id not in begun]
    found: list[Shortage] = []
    for order in sorted(waiting, key=_urgency):
        found += _serve(master, order, left, coming, today)
    return tuple(found)


def _urgency(order: WorkOrder) -> tuple[int, str]:
    return order.priority or 10, order.due or "9999"


def _serve(
    master: MasterData, order: WorkOrder, left: dict[str, float], coming: dict[str, float], today: date
) -> list[Shortage]:
    needed: dict[str, float] = {}
    for line in bill_of_order(master, order, today):
        if line.item in left:
            needed[line.item] = needed.get(line.item, 0) + line.quantity * order.quantity
    found = []
    for item, quantity in needed.items():
        missing = round(quantity - left[item], 6)
        left[item] = max(0.0, left[item] - quantity)
        if missing > 0:
            day = master.stock_of[item].expected_day
            late = coming[item] < missing or not day or bool(order.due and day > order.due)
            coming[item] = max(0.0, coming[item] - missing)
            found.append(Shortage(order.id, item, quantity, missing, day, late))
    return found
