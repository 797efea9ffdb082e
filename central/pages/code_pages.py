"""Sheets to print: badges, travellers, cards and signs with their codes, for whoever is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from central.codes import CODES_PER_SHEET_MAX, SHEETS, PrintedCode, sheet
from central.errors import SymbolRefused
from central.pages.frame import for_accounts, language, render
from central.pages.port import Office
from central.printing.papers import PAPERS, Paper, sheets
from central.printing.pdf import pdf
from central.printing.symbols import Symbology, drawn, encoded, svg
from central.texts import text
from floor.master import MasterData

REFUSALS_SHOWN_MAX = 10
"""Codes that do not fit, by name; the first says as much as all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader chose to print, and how."""

    kind: str
    order: str
    symbology: Symbology
    paper: Paper

    def codes(self, master: MasterData) -> tuple[PrintedCode, ...]:
        """The codes of the sheet."""
        return sheet(master, self.kind, self.order)


def _choice() -> Choice:
    """From the query; anything that is none of ours is the usual."""
    asked = request.args
    kind, symbology = asked.get("sheet", ""), asked.get("symbology", "")
    return Choice(
        kind if kind in SHEETS else SHEETS[0],
        asked.get("order", "")[:64],
        Symbology(symbology) if symbology in tuple(Symbology) else Symbology.QR,
        PAPERS.get(asked.get("paper", ""), PAPERS["a4"]),
    )


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the page and its downloads."""

    @pages.get("/codes")
    @for_accounts
    def codes() -> BaseResponse:
        published = office.master()
        if published is None:
            return redirect("/master", 303)
        return _show(published.master, _choice())

    @pages.get("/codes/print.pdf")
    @for_accounts
    def codes_pdf() -> BaseResponse:
        published = office.master()
        if published is None:
            return redirect("/master", 303)
        chosen = _choice()
        found = chosen.codes(published.master)
        if not found or _refusals(found, chosen):
            return _show(published.master, chosen, 422)
        title = text(language(), f"codes.{chosen.kind}")
        document = pdf(sheets(found, chosen.paper, chosen.symbology), chosen.paper, title)
        return _attached(document, "application/pdf", f"{chosen.kind}-{chosen.paper.name}.pdf")


def _attached(content: bytes, mimetype: str, name: str) -> Response:
    answer = Response(content, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _refusals(codes: Sequence[PrintedCode], chosen: Choice) -> list[SymbolRefused]:
    """Each code that cannot be printed as chosen."""
    found = []
    for each in codes:
        try:
            drawn(encoded(each.text, chosen.symbology), *chosen.paper.picture_box(chosen.symbology))
        except SymbolRefused as refused:
            found.append(refused)
    return found


def _show(master: MasterData, chosen: Choice, status: int = 200) -> Response:
    found = chosen.codes(master)
    refused = _refusals(found, chosen)
    unfit = {each.text for each in refused}
    fit = tuple(each for each in found if each.text not in unfit)
    return render(
        "codes.html",
        status,
        kinds=SHEETS,
        symbologies=tuple(Symbology),
        papers=tuple(PAPERS),
        chosen=chosen,
        orders=tuple(master.operations_by_order),
        sheets=sheets(fit, chosen.paper, chosen.symbology),
        count=len(fit),
        picture=lambda cell: Markup(svg(cell.picture)),
        refused_count=len(refused),
        refused=tuple(islice(refused, REFUSALS_SHOWN_MAX)),
        full=len(found) == CODES_PER_SHEET_MAX,
        codes_max=CODES_PER_SHEET_MAX,
    )
