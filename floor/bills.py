"""Which lines of a bill of materials hold for an order.

Pure: values in, values out. A product without revisions has the one bill of its components. With revisions, an order
that names one (`bom_revision`, frozen when it began) keeps it; another one follows the revision in force.
"""

import hashlib
from collections.abc import Collection
from datetime import date

from floor.limits import TEXT_JOINED_MAX
from floor.master import MasterData
from floor.product_rows import BomRevision
from floor.rows import Component, Notice, WorkOrder


def revision_in_force(master: MasterData, product: str, today: date | None) -> str:
    """The released revision with the latest day it holds from, the last row of several; empty: none holds.

    `today` None (a clock that is not known): days are taken as come.
    """
    day = today.isoformat() if today is not None else "9999-12-31"
    found = [row for row in master.revisions_of.get(product, ()) if row.state == "released" and row.valid_from <= day]
    return max(enumerate(found), key=lambda each: (each[1].valid_from, each[0]))[1].revision if found else ""


def revision_of(master: MasterData, order: WorkOrder, today: date | None) -> str:
    """The revision of an order's bill; empty where its item has none."""
    if order.item not in master.revisions_of:
        return ""
    return order.bom_revision or revision_in_force(master, order.item, today)


def bill_of_order(master: MasterData, order: WorkOrder, today: date | None) -> tuple[Component, ...]:
    """What is built into one piece of an order: its own lines, else those of its item at its revision."""
    own = master.components_of.get(order.id)
    if own:
        return own
    lines = master.components_of.get(order.item, ())
    if order.item not in master.revisions_of:
        return lines
    revision = revision_of(master, order, today)
    return tuple(row for row in lines if revision and row.revision == revision)


def with_frozen_bills(before: MasterData, after: MasterData, begun: Collection[str], today: date) -> MasterData:
    """The data in which orders that have begun keep the revision that held for them.

    `begun`: ids of orders. A person who names another revision in `after` for such an order is believed.
    """
    if not begun or not (after.bom_revisions or before.bom_revisions):
        return after
    rows = tuple(_frozen(before, after, row, today) if row.id in begun else row for row in after.work_orders)
    return after if rows == after.work_orders else after.with_tables(work_orders=rows)


def _frozen(before: MasterData, after: MasterData, row: WorkOrder, today: date) -> WorkOrder:
    known = before.order_by_id.get(row.id)
    if row.bom_revision or known is None or known.item != row.item:
        return row
    held = known.bom_revision or revision_in_force(before, row.item, today)
    there = {each.revision for each in after.revisions_of.get(row.item, ())}
    return row.model_copy(update={"bom_revision": held}) if held in there else row


def changed_products(before: MasterData, after: MasterData, today: date) -> dict[str, tuple[str, str]]:
    """Products whose revision in force is another: product -> (before, after)."""
    found = {}
    for product in dict.fromkeys((*before.revisions_of, *after.revisions_of)):
        pair = revision_in_force(before, product, today), revision_in_force(after, product, today)
        if pair[0] != pair[1]:
            found[product] = pair
    return found


def revision_notices(before: MasterData, after: MasterData, begun: Collection[str], today: date) -> tuple[Notice, ...]:
    """A notice for each order that began on the revision that is no longer in force: who works on it has to know."""
    changed = changed_products(before, after, today)
    return tuple(
        _revision_notice(row, revision_of(after, row, today), changed[row.item][1])
        for row in after.work_orders
        if row.id in begun and row.state != "closed" and row.item in changed
    )


def _revision_notice(order: WorkOrder, kept: str, now: str) -> Notice:
    """One for each order and change; ids of orders may be as long as those of notices."""
    return Notice(
        id=f"BOM-{hashlib.sha256(f'{order.id} {now}'.encode()).hexdigest()[:16]}",
        title=f"{order.id}：物料清单 {order.item} 已换为 {now or '-'}，本工单仍用 {kept or '-'}"[:TEXT_JOINED_MAX],
        title_en=f"{order.id}: bill {order.item} is now {now or '-'}, this order stays at {kept or '-'}"[
            :TEXT_JOINED_MAX
        ],
        work_order=order.id,
    )


def where_used(master: MasterData, item: str) -> tuple[tuple[Component, BomRevision | None], ...]:
    """Every line that builds an item in, with the revision it is of where the product has some."""
    states = {(row.product, row.revision): row for row in master.bom_revisions}
    return tuple((row, states.get((row.product, row.revision))) for row in master.components if row.item == item)
