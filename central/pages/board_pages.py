"""The live board: the page, its fragment, and the stream that says when to fetch it again."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.pages import board_selection as selections
from central.pages.addresses import address_of
from central.pages.frame import readable, render
from central.pages.port import Office

USUAL = {"show": "open", "page": 1}


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/")
    @readable
    def root() -> BaseResponse:
        return redirect("/board", 303)

    @pages.get("/board")
    @readable
    def board() -> Response:
        return _show(office, "board.html")

    @pages.get("/board/fragment")
    @readable
    def board_fragment() -> Response:
        return _show(office, "board_fragment.html")

    @pages.get("/board/stream")
    @readable
    def board_stream() -> BaseResponse:
        return office.stream()


def _show(office: Office, template: str) -> Response:
    asked = request.args
    selection = selections.selection_of(asked.get("show", ""), asked.get("search", ""), asked.get("page", ""))
    tv = asked.get("tv") == "1"

    def board_url(path: str = "/board", **changes: object) -> str:
        wanted = {"show": selection.show, "search": selection.search, "page": selection.page, "tv": tv, **changes}
        return address_of(path, wanted, USUAL)

    board = office.board()
    calls = selections.pressing_calls(board.calls)
    per_page = selections.orders_per_wall_page(bool(calls or board.alarms)) if tv else selections.ORDERS_PER_PAGE
    return render(
        template,
        tv=tv,
        selection=selection,
        shows=selections.SHOWS,
        board_url=board_url,
        fragment_url=board_url("/board/fragment"),
        order_page=selections.page_of(board.orders, selection, per_page),
        has_orders=bool(board.orders),
        operations_max=selections.OPERATIONS_PER_ORDER_MAX,
        calls=calls,
        calls_max=selections.CALLS_ON_BOARD_MAX,
        gateways=selections.shown_gateways(board.gateways),
        gateways_max=selections.GATEWAYS_ON_BOARD_MAX,
        complete=board.complete,
        alarms=board.alarms,
        alarms_max=1 if tv else selections.ALARMS_ON_BOARD_MAX,
    )
