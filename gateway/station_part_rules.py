"""What a bill of materials and an operation's capture want of the parts that are scanned. Pure."""

from floor.bills import bill_of_order
from floor.label_codes import Part, codes_of
from floor.rows import Component, Operation
from gateway.floor_rows import Parts
from gateway.station_case import Case


def bill_of(case: Case, operation: Operation) -> tuple[Component, ...]:
    """What is built in at this operation: the order's own lines, else those of its item at the order's revision."""
    order = case.master.order_by_id.get(operation.work_order)
    lines = (
        case.master.components_of.get(operation.work_order, ())
        if order is None
        else bill_of_order(case.master, order, case.today)
    )
    return tuple(row for row in lines if row.operation in (0, operation.number))


def line_of(case: Case, operation: Operation, part: Part) -> Component | None:
    """The line of the bill that this part is."""
    return next((row for row in bill_of(case, operation) if part.codes & codes_of(row.item, row.label)), None)


def names_product(case: Case, operation: Operation, part: Part, plain: bool) -> bool:
    """Is this a label of what the operation makes, as far as it asks for one?

    A label of elements that names no item, or the order's, with what is asked for. A plain text is a serial or a lot
    unless it is the name of some component.
    """
    if not operation.capture:
        return False
    if plain:
        return not part.codes & case.master.component_codes
    order = case.master.order_by_id.get(operation.work_order)
    own = codes_of(order.item, order.label) if order is not None else frozenset()
    given = part.serial if operation.capture == "serial" else part.lot
    return bool(given) and (not part.codes or bool(part.codes & own))


def use_rules(case: Case, row: Component, part: Part) -> tuple[str, ...]:
    """What speaks against building this part in."""
    over = case.expired(part.expires)
    found = [
        ("wrong_lot", bool(over) or (bool(part.lot) and (row.item, part.lot) in case.master.blocked)),
        ("lot_missing", row.lot_tracked and not part.lot),
        ("expiry_unknown", over is None),
    ]
    return tuple(rule for rule, holds in found if holds)


def missing_rules(case: Case, key: str, operation: Operation | None, good: int) -> tuple[str, ...]:
    """What was not scanned for the pieces that are reported."""
    if operation is None or not good:
        return ()
    seen = case.state.parts.get(key) or Parts()
    wanted = case.state.progress.get(key)
    made = good + (wanted.good if wanted is not None else 0)
    tracked = [row.item for row in bill_of(case, operation) if row.lot_tracked and not _elsewhere(case, row, operation)]
    found = [
        ("component_missing", any(item not in seen.items for item in tracked)),
        ("serial_missing", operation.capture == "serial" and len(seen.serials) < made),
        ("serial_missing", operation.capture == "lot" and not seen.lots),
    ]
    return tuple(rule for rule, holds in found if holds)


def _elsewhere(case: Case, row: Component, operation: Operation) -> bool:
    """Built in at any operation of the order: the last one asks, and a scan at an earlier one here is enough."""
    if row.operation:
        return False
    rows = case.master.operations_by_order.get(operation.work_order, ())
    if operation.id != rows[-1].id:
        return True
    return any(row.item in parts.items for each in rows if (parts := case.state.parts.get(each.id)) is not None)
