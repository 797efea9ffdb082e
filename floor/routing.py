"""Operations of an order, made from the routing of its item.

Pure: values in, values out.
"""

from collections.abc import Iterable

from floor.label_texts import compose_ticket
from floor.product_rows import RoutingStep
from floor.rows import Operation, WorkOrder


def routing_for(routings: Iterable[RoutingStep], order: WorkOrder) -> tuple[RoutingStep, ...]:
    """The steps for an order by ascending number: of its bill's revision where such a routing is there, else the
    routing whose rows stand last. Empty: the item has none."""
    rows = [row for row in routings if row.item == order.item]
    if not rows:
        return ()
    revisions = {row.revision for row in rows}
    chosen = order.bom_revision if order.bom_revision in revisions else rows[-1].revision
    return tuple(sorted((row for row in rows if row.revision == chosen), key=lambda row: row.number))


def operations_from(steps: tuple[RoutingStep, ...], order: WorkOrder) -> tuple[Operation, ...]:
    """An operation for each step, named order-number, planned for the order's quantity, with its ticket.

    Raises ValidationError or LabelTextRefused, both ValueError, for an order whose id makes no ticket.
    """
    return tuple(
        Operation(
            id=(name := f"{order.id}-{step.number}"),
            work_order=order.id,
            number=step.number,
            name=step.name,
            planned=order.quantity,
            minimum_seconds=step.minimum_seconds,
            ticket=compose_ticket(name),
            stations=step.stations,
            skill=step.skill,
            capture=step.capture,
            checks=step.checks,
        )
        for step in steps
    )


def check_list(checks: str) -> tuple[str, ...]:
    """What is looked at, one by one."""
    return tuple(each.strip() for each in checks.replace("；", ";").split(";") if each.strip())
