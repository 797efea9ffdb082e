"""Which orders have begun, and who works on them."""

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from central.models import Operation, Work
from floor.work import AT_WORK


def begun_orders(session: Session, plant: str) -> frozenset[str]:
    """Ids of orders of which somebody started or reported an operation."""
    touched = or_(
        Operation.good > 0,
        Operation.scrap > 0,
        Operation.rework > 0,
        exists().where(Work.plant == plant, Work.operation == Operation.id),
    )
    return frozenset(session.scalars(select(Operation.work_order).where(Operation.plant == plant, touched).distinct()))


def at_work(session: Session, plant: str, orders: frozenset[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """(person, station) of who works on these orders now, by order."""
    rows = session.execute(
        select(Operation.work_order, Work.person, Work.station)
        .join(Work, (Work.plant == Operation.plant) & (Work.operation == Operation.id))
        .where(Operation.plant == plant, Work.state.in_(AT_WORK))
        .order_by(Work.person)
    )
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for order, person, station in rows:
        if order in orders:
            found[order] = (*found.get(order, ()), (person, station))
    return found
