"""What a scanned or typed label is: its operation, order, person or station, with the open calls about it."""

from typing import Any

from flask import Blueprint, Response, request

from central.label_trial import typed_bytes
from central.pages.board_selection import pressing_calls
from central.pages.frame import for_accounts, render
from central.pages.office import Board, CallLine, OperationCard, OrderLine
from central.pages.port import Office
from central.phone.scanned import Scanned, scanned
from floor.limits import LABEL_BYTES_MAX
from floor.master import MasterData

CALLS_SHOWN_MAX = 20


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the page."""

    @pages.get("/scan")
    @for_accounts
    def scan() -> Response:
        typed = request.args.get("label", "")[: LABEL_BYTES_MAX + 1]
        published = office.master()
        master = published.master if published is not None else MasterData()
        found = scanned(typed_bytes(typed, as_hex=False), master) if typed else None
        about = _about(found, office.board()) if found is not None else {}
        return render("scan.html", found=found, label_max=LABEL_BYTES_MAX, **about)


def _about(found: Scanned, board: Board) -> dict[str, Any]:
    """What the plant knows of it now."""
    order_id = found.operation.work_order if found.operation else found.order.id if found.order else ""
    line = next((each for each in board.orders if each.order == order_id), None) if order_id else None
    cards = _cards(found, line, board)
    return {
        "cards": cards,
        "calls": _calls(found, line, board)[:CALLS_SHOWN_MAX],
        "order_page": f"/orders/{order_id}" if order_id else "",
    }


def _cards(found: Scanned, line: OrderLine | None, board: Board) -> list[OperationCard]:
    """The operation; every operation of the order; what the person works on; what is done at the station."""
    if found.operation is not None:
        return [each for each in (line.operations if line else ()) if each.operation == found.operation.id]
    if found.order is not None:
        return list(line.operations) if line else []
    every = (card for order in board.orders for card in order.operations if card.people)
    if found.person is not None:
        return [card for card in every if found.person.name in card.people]
    if found.station is not None:
        return [card for card in every if card.station in (found.station.name, found.station.id)]
    return []


def _calls(found: Scanned, line: OrderLine | None, board: Board) -> list[CallLine]:
    calls = pressing_calls(board.calls)
    if found.operation is not None:
        return [each for each in calls if each.operation == found.operation.id]
    if found.order is not None:
        mine = {each.operation for each in line.operations} if line else set()
        return [each for each in calls if each.operation in mine]
    if found.person is not None:
        return [each for each in calls if found.person.name in (each.person, each.acknowledged_by, each.owner)]
    if found.station is not None:
        return [each for each in calls if each.station in (found.station.name, found.station.id)]
    return []
