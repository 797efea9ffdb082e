"""Sheets to print: badges, travellers, cards and signs with their codes, for whoever is signed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from central.codes import CODES_PER_SHEET_MAX, SHEETS, PrintedCode, sheet
from central.errors import SymbolRefused
from central.pages.frame import for_accounts, language, render
from central.pages.port import Office
from central.printing.escpos import ROLLS, escpos
from central.printing.papers import PAPERS, Paper, sheets
from central.printing.pdf import pdf
from central.printing.symbols import Symbology, drawn, encoded, svg
from central.printing.zpl import FONT_NAME, PAPERS_FOR_LABELS, RESOLUTIONS, Head, zpl
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


Maker = Callable[[Choice, Sequence[PrintedCode]], Response]


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

    def printed(make: Maker) -> BaseResponse:
        """A download, or the page that says why there is none."""
        published = office.master()
        if published is None:
            return redirect("/master", 303)
        chosen = _choice()
        found = chosen.codes(published.master)
        try:
            return make(chosen, found) if found else _show(published.master, chosen, 422)
        except SymbolRefused as refused:
            return _show(published.master, chosen, 422, refused)

    @pages.get("/codes/print.pdf")
    @for_accounts
    def codes_pdf() -> BaseResponse:
        return printed(_pdf)

    @pages.get("/codes/print.zpl")
    @for_accounts
    def codes_zpl() -> BaseResponse:
        return printed(_zpl)

    @pages.get("/codes/print.escpos")
    @for_accounts
    def codes_escpos() -> BaseResponse:
        return printed(_escpos)


def _pdf(chosen: Choice, codes: Sequence[PrintedCode]) -> Response:
    title = text(language(), f"codes.{chosen.kind}")
    document = pdf(sheets(codes, chosen.paper, chosen.symbology), chosen.paper, title)
    return _attached(document, "application/pdf", f"{chosen.kind}-{chosen.paper.name}.pdf")


def _zpl(chosen: Choice, codes: Sequence[PrintedCode]) -> Response:
    """For the head of the query: its `dpi`, and `font`, which is taken only as the name of a file in the printer."""
    if chosen.paper.name not in PAPERS_FOR_LABELS:
        raise SymbolRefused("label_paper", codes[0].text, chosen.symbology)
    dpi = 300 if request.args.get("dpi") == "300" else 203
    font = request.args.get("font", "")
    head = Head(dpi, font if FONT_NAME.fullmatch(font) else "")
    content = zpl(sheets(codes, chosen.paper, chosen.symbology), chosen.paper, head)
    return _attached(content, "application/octet-stream", f"{chosen.kind}-{chosen.paper.name}-{dpi}dpi.zpl")


def _escpos(chosen: Choice, codes: Sequence[PrintedCode]) -> Response:
    roll = 58 if request.args.get("roll") == "58" else 80
    content = escpos(codes, chosen.symbology, roll)
    return _attached(content, "application/octet-stream", f"{chosen.kind}-{roll}mm.bin")


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


def _show(master: MasterData, chosen: Choice, status: int = 200, by_printer: SymbolRefused | None = None) -> Response:
    """The page. `by_printer`: what a printer cannot make although the paper would hold it."""
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
        by_printer=by_printer if not refused else None,
        for_labels=PAPERS_FOR_LABELS,
        resolutions=RESOLUTIONS,
        rolls=tuple(ROLLS),
        refused=tuple(islice(refused, REFUSALS_SHOWN_MAX)),
        full=len(found) == CODES_PER_SHEET_MAX,
        codes_max=CODES_PER_SHEET_MAX,
    )
