"""Orders: the list, and one order with everything that happened to it."""

from collections.abc import Sequence

from flask import Blueprint, Response, abort, request
from markupsafe import Markup

from central.context import plant
from central.digits import POSITION_DIGITS_MAX, page_number, whole_number
from central.drawing import Bar, Box, day_bars, flow_chart
from central.facts import OPEN_STATES
from central.files import HASH, FileStore
from central.flow_rules import day_of
from central.order_fold import catch_up_for_page, is_fresh
from central.order_list import SHOWS, OrderQuery, list_orders
from central.order_view import OperationDetail, OrderDetail, order_of
from central.pages.addresses import address_of
from central.pages.board_selection import SEARCH_CHARACTERS_MAX
from central.pages.comment_pages import thread_values
from central.pages.formats import number, span, visible
from central.pages.frame import for_accounts, language, render
from central.pages.office import PhotoLine
from central.pages.plant_board import call_line, station_name
from central.pages.plant_office import record_line
from central.pages.port import Office
from central.pages.record_pages import record_words
from central.plant_days import plant_today
from central.readers import newest_of_operations
from central.snapshots import current_master
from central.texts import text
from floor.texts import Language

ORDERS_PER_PAGE = 40
RECORDS_PER_PAGE = 25
USUAL = {"show": "open", "page": 1}


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/orders")
    @for_accounts
    def orders() -> Response:
        return _show_list("orders.html")

    @pages.get("/orders/fragment")
    @for_accounts
    def orders_fragment() -> Response:
        return _show_list("orders_fragment.html")

    @pages.get("/orders/<path:order>")
    @for_accounts
    def one_order(order: str) -> Response:
        return _show_one(office, order, "order.html")

    @pages.get("/order-fragment/<path:order>")
    @for_accounts
    def order_fragment(order: str) -> Response:
        return _show_one(office, order, "order_fragment.html")


def _show_list(template: str) -> Response:
    here = plant()
    catch_up_for_page(here.database, here.now())
    asked = request.args
    show = asked.get("show", "")
    query = OrderQuery(
        show if show in SHOWS else "open",
        day_of(asked.get("before", "")),
        asked.get("search", "").strip()[:SEARCH_CHARACTERS_MAX],
        page_number(asked.get("page", "")),
    )
    today = plant_today(here.now()).isoformat()
    with here.database.read() as session:
        found = list_orders(session, here.database.plant, query, today, ORDERS_PER_PAGE)
        complete = is_fresh(session, here.database.plant, here.now())

    def orders_url(path: str = "/orders", **changes: object) -> str:
        wanted = {"show": query.show, "before": query.before, "search": query.search, "page": 1, **changes}
        return address_of(path, wanted, USUAL)

    return render(
        template,
        query=query,
        shows=SHOWS,
        listed=found,
        complete=complete,
        today=today,
        orders_url=orders_url,
        page_url=lambda page: orders_url(page=page),
        fragment_url=orders_url("/orders/fragment", page=query.page),
    )


def _show_one(office: Office, order: str, template: str) -> Response:
    here = plant()
    catch_up_for_page(here.database, here.now())
    now = here.now()
    position = whole_number(request.args.get("before", ""), POSITION_DIGITS_MAX)
    with here.database.read() as session:
        found = order_of(session, here.database.plant, order, now)
        if found is None:
            abort(404)
        master = current_master(session, here.database.plant)
        operations = [each.operation for each in found.operations]
        read = newest_of_operations(session, here.database.plant, operations, RECORDS_PER_PAGE + 1, position)
        complete = is_fresh(session, here.database.plant, here.now())
    records = [record_line(each, master) for each in read]
    chosen = language()
    photos = {each.operation: photo_lines(here.files, each.photos) for each in found.operations}
    return render(
        template,
        **thread_values("order", order),
        order=found,
        today=plant_today(now).isoformat(),
        complete=complete,
        records=records[:RECORDS_PER_PAGE],
        older=records[RECORDS_PER_PAGE - 1].place if len(records) > RECORDS_PER_PAGE else None,
        before=position,
        photos=photos,
        calls={each.operation: [call_line(call, master, now) for call in each.calls] for each in found.operations},
        chart=Markup(chart_of(found, chosen, now)),
        narrow_chart=Markup(chart_of(found, chosen, now, narrow=True)),
        bars=Markup(bars_of(found, chosen)),
        stuck_word=stuck_word(found, chosen, now),
        station_word=lambda station: station_name(station, master),
        **record_words(chosen),
    )


def photo_lines(files: FileStore, hashes: Sequence[str]) -> list[PhotoLine]:
    """Photos by what their records call them: a hostile gateway may call a hash anything."""
    good = [each for each in hashes if HASH.fullmatch(each)]
    gone = set(files.missing(good))
    return [PhotoLine(each, each not in gone) for each in good]


def stuck_word(order: OrderDetail, chosen: Language, now: float) -> str:
    """Where it is stuck and why, in words; empty when it is not."""
    if order.stuck is None:
        return ""
    held = next(each for each in order.operations if each.operation == order.stuck.operation)
    why = text(chosen, f"stuck.{order.stuck.why}", span=span(chosen, now - order.stuck.since))
    return text(chosen, "order.stuck", step=visible(f"{held.number} {held.name or held.operation}"), why=why)


def chart_of(order: OrderDetail, chosen: Language, now: float, narrow: bool = False) -> str:
    """The flow chart of an order, for a wide or a narrow page."""
    boxes = [_box(each, order, chosen, now) for each in order.operations]
    told = "; ".join(f"{each.title}: {each.word}, {each.made}{' ' + each.note if each.note else ''}" for each in boxes)
    title = text(chosen, "order.chart", order=visible(order.order))
    return flow_chart(boxes, "narrow" if narrow else "wide", title, told, *([1] if narrow else []))


def _box(each: OperationDetail, order: OrderDetail, chosen: Language, now: float) -> Box:
    note = ""
    if order.stuck is not None and order.stuck.operation == each.operation:
        note = text(chosen, f"stuck.{order.stuck.why}", span=span(chosen, now - order.stuck.since))
    planned = f" / {number(each.planned)}" if each.planned is not None else ""
    called = any(call.state in OPEN_STATES for call in each.calls)
    return Box(
        each.operation,
        each.number,
        visible(f"{each.number} {each.name or each.operation}", 60),
        each.state,
        text(chosen, f"flow.{each.state}"),
        f"{number(each.good)}{planned}",
        each.good / each.planned if each.planned else 0.0,
        note,
        called,
    )


def bars_of(order: OrderDetail, chosen: Language) -> str:
    """What the last operations gave each day."""
    bars = [
        Bar(
            each.day[5:],
            each.good,
            each.scrap,
            text(chosen, "order.day_told", day=each.day, good=number(each.good), scrap=number(each.scrap)),
        )
        for each in order.days
    ]
    return day_bars(bars, "days", text(chosen, "order.days"), "; ".join(each.told for each in bars))
