"""What label and receipt printers make of the bytes we send: interpreted, drawn, and read back by zxing-cpp."""

import pytest

from central.codes import SHEETS, PrintedCode, sheet
from central.errors import SymbolRefused
from central.printing.escpos import ROLLS, escpos
from central.printing.papers import PAPERS, sheets
from central.printing.symbols import QUIET_MODULES, Symbology
from central.printing.zpl import FONT_NAME, PAPERS_FOR_LABELS, RESOLUTIONS, Head, zpl
from floor.example import example_plant
from tests.central.memory_office import MemoryOffice
from tests.central.page_client import application, signed_in
from tests.central.printers import Printed, Receipts, Zebra
from tests.central.test_codes import FORMATS, LONGEST, read
from tests.corpus.hostile import CORPUS

HOSTILE_TEXT = "~^_\\`{|}<>&\"'>0A{B"
"""Of a label: everything that one of the printers' languages gives a meaning."""


def assert_quiet(label: Printed, symbology: Symbology) -> None:
    """Nothing else begins inside a symbol's quiet zone, and the zone is on the paper."""
    for number, (left, top, right, bottom, module) in enumerate(label.boxes):
        beside = QUIET_MODULES[symbology] * module
        above = 0 if symbology is Symbology.CODE_128 else beside
        left, top, right, bottom = left - beside, top - above, right + beside, bottom + above
        assert left >= 0 and top >= 0 and right <= label.image.width and bottom <= label.image.height
        for place, other in enumerate(label.boxes):
            apart = other[2] <= left or right <= other[0] or other[3] <= top or bottom <= other[1]
            assert place == number or apart
        for text, x, y in label.words:
            assert not (left < x < right and top < y < bottom), text


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("paper", PAPERS_FOR_LABELS)
@pytest.mark.parametrize("kind", SHEETS)
def test_what_a_label_printer_makes_is_decoded_back(kind: str, paper: str, symbology: Symbology, dpi: int) -> None:
    pages = list(sheets(sheet(example_plant(), kind), PAPERS[paper], symbology))
    labels = Zebra().print(zpl(pages, PAPERS[paper], Head(dpi)))
    assert len(labels) == len(pages)
    for page, label in zip(pages, labels, strict=True):
        assert label.image.size == (Head(dpi).dots(PAPERS[paper].width), Head(dpi).dots(PAPERS[paper].height))
        assert read(label.image) == {cell.code.text: FORMATS[symbology] for cell in page.cells}
        said = "".join(text for text, *_ in label.words)
        for cell in page.cells:
            assert cell.code.title in said and cell.code.text in said
        assert_quiet(label, symbology)


def one_label(code: PrintedCode, symbology: Symbology, font: str = "") -> tuple[Zebra, Printed]:
    printer = Zebra()
    (label,) = printer.print(zpl(sheets([code], PAPERS["a6"], symbology), PAPERS["a6"], Head(300, font)))
    return printer, label


@pytest.mark.parametrize("symbology", Symbology)
def test_what_a_label_says_is_never_a_command(symbology: Symbology) -> None:
    hostile = "^XZ^XA~JR_5EFX\\&\x1b@\n工牌"
    _, label = one_label(PrintedCode(HOSTILE_TEXT, hostile, "~DG_^FS", "^ID*.*"), symbology)
    assert read(label.image) == {HOSTILE_TEXT: FORMATS[symbology]}
    said = [text for text, *_ in label.words]
    assert said[0] == "^ID*.*" and "".join(said[1:]).startswith("^XZ^XA~JR_5EFX\\&?@?工牌")


@pytest.mark.parametrize("symbology", [Symbology.QR, Symbology.DATA_MATRIX])
def test_the_longest_label_there_can_be(symbology: Symbology) -> None:
    _, label = one_label(PrintedCode(LONGEST, "x"), symbology)
    assert read(label.image) == {LONGEST: FORMATS[symbology]}
    for roll, dots in ROLLS.items():
        (receipt,) = Receipts(dots).print(escpos([PrintedCode(LONGEST, "x")], symbology, roll))
        assert read(receipt.image) == {LONGEST: FORMATS[symbology]}


def test_the_printers_own_font_is_named() -> None:
    printer, _ = one_label(PrintedCode("B-P01", "王建国"), Symbology.QR, "E:SIMSUN.TTF")
    assert printer.fonts == {"E:SIMSUN.TTF"}
    assert FONT_NAME.fullmatch("E:SIMSUN.TTF")
    for no in ("", "SIMSUN", "E:A.TTF^XZ", "E:A~.TTF", "E:A,B.TTF", "e:a.ttf", "E:" + "A" * 17 + ".TTF"):
        assert not FONT_NAME.fullmatch(no)


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("roll", ROLLS)
@pytest.mark.parametrize("kind", SHEETS)
def test_what_a_receipt_printer_makes_is_decoded_back(kind: str, roll: int, symbology: Symbology) -> None:
    codes = sheet(example_plant(), kind)
    # On the narrow roll, bars hold twelve characters; what is longer is refused, see below.
    if (symbology, roll) == (Symbology.CODE_128, 58):
        codes = tuple(each for each in codes if len(each.text) <= 12)
    if (symbology, roll) == (Symbology.CODE_128, 80):
        codes = tuple(each for each in codes if len(each.text) <= 21)
    receipts = Receipts(ROLLS[roll]).print(escpos(codes, symbology, roll)) if codes else []
    assert len(receipts) == len({each.group for each in codes})
    found = {}
    for receipt in receipts:
        found |= read(receipt.image)
    assert found == {each.text: FORMATS[symbology] for each in codes}
    said = [text for receipt in receipts for text, *_ in receipt.words]
    for each in codes:
        assert each.title in said and each.text in said


def test_bars_that_are_too_wide_are_refused() -> None:
    for roll, longest in ((58, 12), (80, 21)):
        assert escpos([PrintedCode("A" * longest, "")], Symbology.CODE_128, roll)
        with pytest.raises(SymbolRefused, match="paper"):
            escpos([PrintedCode("A" * (longest + 1), "")], Symbology.CODE_128, roll)
    pages = sheets([PrintedCode("A" * 24, "")], PAPERS["badge"], Symbology.CODE_128)
    with pytest.raises(SymbolRefused, match="paper"):
        zpl(pages, PAPERS["badge"], Head())


@pytest.mark.parametrize("group", CORPUS)
def test_no_name_is_a_command_of_a_printer(group: str) -> None:
    """The interpreters fail on any byte that is neither a command of ours nor a word."""
    for raw in CORPUS[group]:
        name = raw if isinstance(raw, str) else raw.decode("latin-1")
        code = PrintedCode("B-P01", name, name, name[:200])
        for roll, dots in ROLLS.items():
            (receipt,) = Receipts(dots).print(escpos([code], Symbology.QR, roll))
            assert set(read(receipt.image)) == {"B-P01"}
        _, label = one_label(code, Symbology.QR)
        assert set(read(label.image)) == {"B-P01"}


def test_downloads_for_printers() -> None:
    office = MemoryOffice()
    office.publish(example_plant(), 0, "planner")
    app = application(office)
    assert app.test_client().get("/codes/print.zpl").status_code == 303
    leader = signed_in(app, "leader")
    answer = leader.get("/codes/print.zpl?sheet=tickets&order=WO-1001&paper=a6&dpi=300&font=E:SIMSUN.TTF")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tickets-a6-300dpi.zpl"'
    printer = Zebra()
    (label,) = printer.print(answer.data)
    assert set(read(label.image)) == {each.text for each in sheet(example_plant(), "tickets", "WO-1001")}
    assert printer.fonts == {"E:SIMSUN.TTF"}
    # An A4 page goes through no label printer, and a font's name is no way in.
    assert leader.get("/codes/print.zpl?paper=a4").status_code == 422
    assert b"XA^CI28" in leader.get("/codes/print.zpl?paper=badge&dpi=9&font=E:A.TTF^XZ").data
    assert b"A@" not in leader.get("/codes/print.zpl?paper=badge&font=E:A.TTF^XZ").data
    answer = leader.get("/codes/print.escpos?sheet=badges&roll=58&symbology=datamatrix")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="badges-58mm.bin"'
    (receipt,) = Receipts(384).print(answer.data)
    assert set(read(receipt.image)) == {each.badge for each in example_plant().people}
    refused = leader.get("/codes/print.escpos?sheet=reasons&roll=58&symbology=code128")
    assert refused.status_code == 422 and "内容太长" in refused.text
    office.close()
