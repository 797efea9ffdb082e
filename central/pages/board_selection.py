"""Which part of the board a page shows: 50,000 operations are never rendered at once.

Pure: values in, values out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from central.digits import page_number
from central.pages.office import CallLine, GatewayLine, OrderLine

ORDERS_PER_PAGE = 20
OPERATIONS_PER_ORDER_MAX = 40
CALLS_ON_BOARD_MAX = 12
GATEWAYS_ON_BOARD_MAX = 24
ALARMS_ON_BOARD_MAX = 4
SEARCH_CHARACTERS_MAX = 64
SHOWS = ("open", "active", "done", "all")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a reader asked for. `page` counts from 1."""

    show: str = "open"
    search: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class OrderPage:
    """The orders of one page. `found`: how many match in all."""

    orders: tuple[OrderLine, ...]
    page: int
    pages: int
    found: int


def selection_of(show: str, search: str, page: str) -> Selection:
    """A selection from a request's texts; what makes no sense becomes the default."""
    return Selection(show if show in SHOWS else "open", search.strip()[:SEARCH_CHARACTERS_MAX], page_number(page))


def orders_per_wall_page(has_trouble: bool) -> int:
    """What fits a wall screen at a size that is read from some metres; its pages turn by themselves."""
    return 3 if has_trouble else 4


def _matches(order: OrderLine, selection: Selection) -> bool:
    if selection.search and not _contains(order, selection.search.casefold()):
        return False
    if selection.show == "active":
        return order.is_active
    if selection.show == "done":
        return order.is_done
    return selection.show == "all" or not order.is_done or order.is_active


def _contains(order: OrderLine, wanted: str) -> bool:
    texts = [order.order, order.item, order.name, *(each.operation for each in order.operations)]
    return any(wanted in each.casefold() for each in texts)


def _rank(order: OrderLine) -> tuple[int, str, str]:
    """Worked on first, then released, held, done; by due date within (no date last)."""
    if order.is_active:
        group = 0
    elif order.is_done:
        group = 3
    else:
        group = 2 if order.state == "held" else 1
    return group, order.due or "9999", order.order


def page_of(orders: Sequence[OrderLine], selection: Selection, per_page: int = ORDERS_PER_PAGE) -> OrderPage:
    """The orders of the asked page; a page behind the last is the last."""
    found = sorted((each for each in orders if _matches(each, selection)), key=_rank)
    pages = max(1, -(-len(found) // per_page))
    page = min(selection.page, pages)
    start = (page - 1) * per_page
    return OrderPage(tuple(found[start : start + per_page]), page, pages, len(found))


def pressing_calls(calls: Sequence[CallLine]) -> list[CallLine]:
    """Open calls: those nobody has taken first, a stopped line before others; else in the order of the log (I9)."""
    impacts = {"stop": 0, "fixed": 1, "slow": 2}
    return sorted(
        (each for each in calls if each.is_open),
        key=lambda each: (each.state != "raised", impacts.get(each.impact, 3)),
    )


def shown_gateways(gateways: Sequence[GatewayLine]) -> list[GatewayLine]:
    """The strip of the board: those in trouble first, revoked ones left out."""

    def trouble(each: GatewayLine) -> tuple[bool, bool, str]:
        return not (each.gaps or each.forks or each.conflicts), each.online, each.name

    return sorted((each for each in gateways if not each.revoked), key=trouble)
