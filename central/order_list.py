"""The list of orders: searched, filtered and paged in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from central.order_tables import OrderCard

STATES: Final = ("running", "paused", "started", "released", "held", "done", "closed")
SHOWS: Final = ("open", "late", *STATES, "all")


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """What a reader asked for. `show`: one of SHOWS; `before`: due before that day; `page` from 1; `today`."""

    show: str = "open"
    before: str = ""
    search: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class OrderListPage:
    """One page of orders. `counts`: orders by what they can be shown by, without the search."""

    orders: Sequence[OrderCard]
    page: int
    pages: int
    found: int
    counts: dict[str, int] = field(default_factory=dict)


def list_orders(session: Session, plant: str, query: OrderQuery, today: str, per_page: int) -> OrderListPage:
    """The asked page by due date; a page behind the last is the last."""
    found = session.scalar(asked_orders(plant, query, today, select(func.count()))) or 0
    pages = max(1, -(-found // per_page))
    page = min(query.page, pages)
    wanted = asked_orders(plant, query, today, select(OrderCard)).order_by(OrderCard.due_key, OrderCard.id)
    rows = session.scalars(wanted.limit(per_page).offset((page - 1) * per_page)).all()
    return OrderListPage(rows, page, pages, found, order_counts(session, plant, today))


def asked_orders(plant: str, query: OrderQuery, today: str, wanted: Select[Any]) -> Select[Any]:
    """A selection with the reader's conditions on it."""
    wanted = wanted.select_from(OrderCard).where(OrderCard.plant == plant)
    if query.show == "open":
        wanted = wanted.where(OrderCard.open == 1)
    elif query.show == "late":
        wanted = wanted.where(OrderCard.open == 1, OrderCard.due_key < today)
    elif query.show in STATES:
        wanted = wanted.where(OrderCard.state == query.show)
    if query.before:
        wanted = wanted.where(OrderCard.due_key < query.before)
    if query.search:
        wanted = wanted.where(OrderCard.words.contains(query.search.casefold(), autoescape=True))
    return wanted


def order_counts(session: Session, plant: str, today: str) -> dict[str, int]:
    """Orders by state, and how many are open and late. Late: open, and due before today."""
    by_state = select(OrderCard.state, func.count()).where(OrderCard.plant == plant).group_by(OrderCard.state)
    counts = {row[0]: int(row[1]) for row in session.execute(by_state)}
    late = asked_orders(plant, OrderQuery(show="late"), today, select(func.count()))
    is_open = sum(count for state, count in counts.items() if state not in ("done", "closed"))
    return {**counts, "open": is_open, "late": session.scalar(late) or 0, "all": sum(counts.values())}
