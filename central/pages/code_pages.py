"""Sheets to print: badges, tickets and cards with their QR codes, for whoever is signed in."""

from flask import Blueprint, Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from central.codes import CODES_PER_SHEET_MAX, SHEETS, qr_svg, sheet
from central.pages.frame import for_accounts, render
from central.pages.port import Office
from floor.master import MasterData


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the page."""

    @pages.get("/codes")
    @for_accounts
    def codes() -> BaseResponse:
        published = office.master()
        if published is None:
            return redirect("/master", 303)
        kind = request.args.get("sheet", SHEETS[0])
        return _show(published.master, kind if kind in SHEETS else SHEETS[0], request.args.get("order", "")[:64])


def _show(master: MasterData, kind: str, order: str) -> Response:
    found = sheet(master, kind, order)
    return render(
        "codes.html",
        sheets=SHEETS,
        chosen_sheet=kind,
        order=order,
        orders=tuple(master.operations_by_order),
        codes=[(each, Markup(qr_svg(each.text))) for each in found],
        full=len(found) == CODES_PER_SHEET_MAX,
        codes_max=CODES_PER_SHEET_MAX,
    )
