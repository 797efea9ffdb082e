"""What is printed is what a station reads: each code on each paper is rendered and decoded back by zxing-cpp."""

import io
import re
from collections.abc import Iterator

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page

from central.codes import CODES_PER_SHEET_MAX, SHEETS, PrintedCode, sheet
from central.errors import SymbolRefused
from central.printing.papers import PADDING, PAPERS, Sheet, ems, lines, picture_corner, sheets, words
from central.printing.pdf import pdf
from central.printing.symbols import (
    MODULE_MILLIMETRES_MIN,
    QUIET_MODULES,
    Symbology,
    drawn,
    encoded,
    svg,
)
from floor.example import example_plant
from floor.labels import LabelKind, classify, decode
from floor.master import MasterData
from floor.rows import Operation, Person, Station, WorkOrder
from tests.central.memory_office import MemoryOffice
from tests.central.page_client import application, launched, served, signed_in
from tests.central.test_pages_browser import sign_in

KINDS = {
    "badges": LabelKind.BADGE,
    "tickets": LabelKind.TICKET,
    "cards": LabelKind.COMMAND,
    "digits": LabelKind.COMMAND,
    "reasons": LabelKind.COMMAND,
    "stations": LabelKind.STATION,
}
FORMATS = {
    Symbology.QR: zxingcpp.BarcodeFormat.QRCode,
    Symbology.DATA_MATRIX: zxingcpp.BarcodeFormat.DataMatrix,
    Symbology.CODE_128: zxingcpp.BarcodeFormat.Code128,
}
LONGEST = "~^_\\`{|}<>&\"' " + "T-WO/2026.0117-A" * 3 + "z9"
"""64 characters, the most that a label has, with every sign that a printer's language could stumble over."""


@pytest.fixture
def office() -> MemoryOffice:
    office = MemoryOffice()
    office.publish(example_plant(), 0, "planner")
    return office


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


def read(image: Image.Image) -> dict[str, zxingcpp.BarcodeFormat]:
    """Text -> symbology of every code in a picture."""
    return {found.text: found.format for found in zxingcpp.read_barcodes(image.convert("L"))}


def rendered(document: bytes, dpi: int = 300) -> list[Image.Image]:
    """The pages of a PDF as the coarsest of office printers draws them."""
    return [page.render(scale=dpi / 72).to_pil() for page in pypdfium2.PdfDocument(document)]


def test_longest_is_what_a_label_may_say() -> None:
    assert len(LONGEST) == 64
    assert Person(id="P", name="n", badge=LONGEST).badge == LONGEST


@pytest.mark.parametrize("kind", SHEETS)
def test_each_code_is_a_label_that_the_station_knows(kind: str) -> None:
    master = example_plant()
    codes = sheet(master, kind)
    assert codes
    for each in codes:
        label = decode(each.text.encode())
        assert label is not None and classify(label, master).kind is KINDS[kind]


def test_every_card_is_on_one_sheet() -> None:
    master = example_plant()
    printed = [each.text for kind in ("cards", "digits", "reasons") for each in sheet(master, kind)]
    assert sorted(printed) == sorted(each.label for each in master.command_cards)


def test_tickets_of_one_order_and_only_so_many() -> None:
    master = example_plant()
    (first, *_), rows = master.operations_by_order, sheet(master, "tickets", "WO-1001")
    assert first == "WO-1001"
    assert [each.text for each in rows] == [each.ticket for each in master.operations_by_order["WO-1001"]]
    assert sheet(master, "tickets", "WO") == ()
    many = MasterData(
        work_orders=(WorkOrder(id="W", quantity=1),),
        operations=tuple(
            Operation(id=f"W-{n}", work_order="W", number=n, planned=1, ticket=f"T-W-{n}") for n in range(1_000)
        ),
    )
    assert len(sheet(many, "tickets")) == CODES_PER_SHEET_MAX


def test_a_traveller_begins_a_page_and_goes_on_on_the_next() -> None:
    codes = [
        PrintedCode(f"T-{order}-{n}", "", group=order) for order, count in (("A", 5), ("B", 1)) for n in range(count)
    ]
    pages = list(sheets(codes, PAPERS["a6"], Symbology.QR))
    assert [(page.head, len(page.cells)) for page in pages] == [("A", 4), ("A", 1), ("B", 1)]


# Symbols.


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("text", ["B-P01", "T-WO-1001-10", LONGEST[:20], "00112233", "C-D1B", "a", "  x"])
def test_a_symbol_has_its_quiet_zone_and_is_decoded_back(text: str, symbology: Symbology) -> None:
    symbol = encoded(text, symbology)
    quiet = QUIET_MODULES[symbology]
    assert symbol.width_modules == len(symbol.rows[0]) + 2 * quiet
    assert quiet == {"qr": 4, "datamatrix": 1, "code128": 10}[symbology]
    scale = 3
    high = 60 if symbol.is_linear else symbol.width_modules * scale
    image = Image.new("L", (symbol.width_modules * scale, high), 255)
    top = 0 if symbol.is_linear else quiet * scale
    for x, y, count in symbol.runs():
        left, row = (quiet + x) * scale, 60 if symbol.is_linear else scale
        image.paste(0, (left, top + y * row, left + count * scale, top + (y + 1) * row))
    assert read(image) == {text: FORMATS[symbology]}


@pytest.mark.parametrize(
    ("text", "symbology", "reason"),
    [
        ("工牌", Symbology.CODE_128, "characters"),
        ("é", Symbology.CODE_128, "characters"),
        ("", Symbology.QR, "empty"),
        ("", Symbology.CODE_128, "empty"),
        ("a" * 3_000, Symbology.QR, "length"),
        ("a" * 3_000, Symbology.DATA_MATRIX, "length"),
    ],
)
def test_what_a_symbology_cannot_hold_is_refused(text: str, symbology: Symbology, reason: str) -> None:
    with pytest.raises(SymbolRefused) as refused:
        encoded(text, symbology)
    assert (refused.value.reason, refused.value.text) == (reason, text)


@pytest.mark.parametrize("paper", PAPERS)
def test_code_128_that_becomes_too_narrow_for_its_paper_is_refused(paper: str) -> None:
    chosen = PAPERS[paper]
    fits = [n for n in range(1, 65) if _fits("A" * n, chosen.picture_box(Symbology.CODE_128))]
    assert fits == list(range(1, len(fits) + 1)) and 20 <= len(fits) < 40
    with pytest.raises(SymbolRefused, match="paper"):
        drawn(encoded("A" * (len(fits) + 1), Symbology.CODE_128), *chosen.picture_box(Symbology.CODE_128))


def _fits(text: str, box: tuple[float, float]) -> bool:
    try:
        drawn(encoded(text, Symbology.CODE_128), *box)
    except SymbolRefused:
        return False
    return True


@pytest.mark.parametrize("symbology", [Symbology.QR, Symbology.DATA_MATRIX])
@pytest.mark.parametrize("paper", PAPERS)
def test_every_label_there_can_be_fits_every_paper_as_a_matrix(paper: str, symbology: Symbology) -> None:
    picture = drawn(encoded(LONGEST, symbology), *PAPERS[paper].picture_box(symbology))
    assert picture.module >= MODULE_MILLIMETRES_MIN[symbology]


def test_a_code_is_inert() -> None:
    for symbology in Symbology:
        found = svg(drawn(encoded('"><script>alert(1)</script>', symbology), 200, 40))
        assert "script" not in found and found.startswith("<svg") and "xlink" not in found


# Pages.


def _plant_of_long_names() -> MasterData:
    long = "超长名称" * 30
    return MasterData(
        people=(Person(id="P", name=long, badge="B-P"), Person(id="Q", name="𠮷野\u202e\u0301<b>", badge="B-Q")),
        stations=(Station(id="S1", name=long),),
        work_orders=(WorkOrder(id="W", name=long, item="I", quantity=1),),
        operations=(Operation(id="W-1", work_order="W", name=long, planned=1, ticket="T-W-1"),),
    )


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_leaves_its_cell(paper: str, symbology: Symbology) -> None:
    chosen = PAPERS[paper]
    for master in (example_plant(), _plant_of_long_names()):
        for kind in SHEETS:
            for page in sheets(sheet(master, kind), chosen, symbology):
                for cell in page.cells:
                    left, top = picture_corner(cell, chosen)
                    assert cell.left + cell.picture.width <= left + chosen.cell_width - PADDING + 1e-9
                    assert top + cell.picture.height <= cell.top + chosen.cell_height - PADDING + 1e-9
                    for line in words(cell, chosen):
                        assert cell.top <= line.top
                        assert line.top + line.height <= cell.top + chosen.cell_height + 1e-9
                        assert line.left + ems(line.text) * line.height <= cell.left + chosen.cell_width


def test_lines_keep_every_word_or_say_that_they_do_not() -> None:
    assert lines("", 10, 1, 2) == []
    assert lines("工位一", 10, 4, 2) == ["工位", "一"]
    assert lines("工位一二三四", 10, 4, 2) == ["工位", "一…"]
    assert lines("W" * 100, 1, 4, 1) == ["W…"]


def pages_of(kind: str, paper: str, symbology: Symbology) -> list[Sheet]:
    return list(sheets(sheet(example_plant(), kind), PAPERS[paper], symbology))


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("kind", SHEETS)
def test_what_a_pdf_prints_is_decoded_back(kind: str, paper: str, symbology: Symbology) -> None:
    pages = pages_of(kind, paper, symbology)
    document = pdf(pages, PAPERS[paper], "工牌")
    images = rendered(document)
    assert len(images) == len(pages)
    for page, image in zip(pages, images, strict=True):
        assert read(image) == {cell.code.text: FORMATS[symbology] for cell in page.cells}
    for page in pypdfium2.PdfDocument(document):
        wide, high = page.get_size()
        assert (wide / 72 * 25.4, high / 72 * 25.4) == pytest.approx((PAPERS[paper].width, PAPERS[paper].height))


def test_a_pdf_says_it_in_chinese_and_is_the_same_each_time() -> None:
    pages = pages_of("tickets", "a6", Symbology.QR)
    document = pdf(pages, PAPERS["a6"], "流转卡")
    said = pypdfium2.PdfDocument(document)[0].get_textpage().get_text_bounded()
    assert "阀体" in said and "10 下料" in said and "T-WO-1001-10" in said
    assert document == pdf(pages, PAPERS["a6"], "流转卡")


def test_a_pdf_of_names_that_no_font_has() -> None:
    pages = sheets(sheet(_plant_of_long_names(), "badges"), PAPERS["badge"], Symbology.QR)
    document = pypdfium2.PdfDocument(pdf(pages, PAPERS["badge"], "x"))
    assert "□野□" in document[1].get_textpage().get_text_bounded()


# The page.


def test_the_page_wants_a_reader_who_is_signed_in(office: MemoryOffice) -> None:
    app = application(office)
    for path in ("/codes", "/codes/print.pdf"):
        assert app.test_client().get(path).status_code == 303
    leader = signed_in(app, "leader")
    assert "王建国" in leader.get("/codes?sheet=nonsense&symbology=x&paper=%00").text
    office.published = None
    for path in ("/codes", "/codes/print.pdf"):
        assert leader.get(path).headers["Location"] == "/master"
    office.close()


def test_a_pdf_is_downloaded(office: MemoryOffice) -> None:
    leader = signed_in(application(office), "leader")
    answer = leader.get("/codes/print.pdf?sheet=tickets&order=WO-1001&symbology=datamatrix&paper=a6")
    assert answer.mimetype == "application/pdf" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tickets-a6.pdf"'
    (image,) = rendered(answer.data)
    assert set(read(image)) == {each.text for each in sheet(example_plant(), "tickets", "WO-1001")}
    assert leader.get("/codes/print.pdf?sheet=tickets&order=none").status_code == 422
    office.close()


def test_what_does_not_fit_is_told_and_not_printed(office: MemoryOffice) -> None:
    office.publish(
        MasterData(people=(Person(id="P", name="n", badge=LONGEST), Person(id="Q", name="m", badge="B-Q"))), 1, ""
    )
    leader = signed_in(application(office), "leader")
    page = leader.get("/codes?symbology=code128").text
    assert "内容太长" in page and 'data-code="B-Q"' in page and len(re.findall("data-code", page)) == 1
    assert "print.pdf" not in page
    refused = leader.get("/codes/print.pdf?symbology=code128")
    assert refused.status_code == 422 and "内容太长" in refused.text
    assert leader.get("/codes/print.pdf?symbology=qr").mimetype == "application/pdf"
    office.close()


def open_page(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    sign_in(page, address)
    return page


@pytest.mark.browser
@pytest.mark.parametrize("kind", SHEETS)
def test_what_the_browser_shows_and_prints_is_decoded_back(kind: str, browser: Browser, office: MemoryOffice) -> None:
    order = "WO-1001" if kind == "tickets" else ""
    codes = sheet(example_plant(), kind, order)
    expected = {each.text for each in codes}
    with served(application(office)) as address:
        page = open_page(browser, address)
        for symbology in Symbology:
            for paper in PAPERS:
                page.goto(f"{address}/codes?sheet={kind}&symbology={symbology}&paper={paper}&order={order}")
                assert len(page.locator(".code-picture").all()) == len(expected)
                document = page.pdf(prefer_css_page_size=True)
                found: dict[str, zxingcpp.BarcodeFormat] = {}
                for image in rendered(document):
                    found |= read(image)
                assert found == dict.fromkeys(expected, FORMATS[symbology])
                pages = pypdfium2.PdfDocument(document)
                assert len(pages) == len(list(sheets(codes, PAPERS[paper], symbology)))
                size = tuple(each / 72 * 25.4 for each in pages[0].get_size())
                assert size == pytest.approx((PAPERS[paper].width, PAPERS[paper].height), abs=0.5)
        page.goto(f"{address}/codes?sheet={kind}")
        first = page.locator(".code-picture").first
        image = Image.open(io.BytesIO(first.screenshot()))
        assert read(image) == {first.get_attribute("data-code"): zxingcpp.BarcodeFormat.QRCode}
        page.context.close()
    office.close()
