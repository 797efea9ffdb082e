"""What is printed is what a station reads: each code is rendered by a browser and decoded back by zxing-cpp."""

import io
from collections.abc import Iterator

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser

from central.codes import CODES_PER_SHEET_MAX, SHEETS, qr_svg, sheet
from floor.example import example_plant
from floor.labels import LabelKind, classify, decode
from floor.master import MasterData, Operation, WorkOrder
from tests.central.memory_office import MemoryOffice
from tests.central.page_client import application, launched, served, signed_in
from tests.central.test_pages_browser import sign_in

KINDS = {"badges": LabelKind.BADGE, "tickets": LabelKind.TICKET, "cards": LabelKind.COMMAND}
READ_MAX = 12


@pytest.fixture
def office() -> MemoryOffice:
    office = MemoryOffice()
    office.publish(example_plant(), 0, "planner")
    return office


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.mark.parametrize("kind", SHEETS)
def test_each_code_is_a_label_that_the_station_knows(kind: str) -> None:
    master = example_plant()
    codes = sheet(master, kind)
    assert codes
    for each in codes:
        label = decode(each.text.encode())
        assert label is not None and classify(label, master).kind is KINDS[kind]


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


def test_a_code_is_inert() -> None:
    svg = qr_svg('"><script>alert(1)</script>')
    assert "script" not in svg and svg.startswith("<svg") and "xlink" not in svg


def test_the_page_wants_a_reader_who_is_signed_in(office: MemoryOffice) -> None:
    app = application(office)
    assert app.test_client().get("/codes").status_code == 303
    assert "王建国" in signed_in(app, "leader").get("/codes?sheet=nonsense").text
    office.published = None
    assert signed_in(app, "leader").get("/codes").headers["Location"] == "/master"
    office.close()


@pytest.mark.browser
@pytest.mark.parametrize("kind", SHEETS)
def test_what_the_browser_draws_is_decoded_back(kind: str, browser: Browser, office: MemoryOffice) -> None:
    with served(application(office)) as address:
        page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        sign_in(page, address)
        page.goto(f"{address}/codes?sheet={kind}")
        pictures = page.locator(".code-picture").all()
        assert len(pictures) == len(sheet(example_plant(), kind))
        for each in pictures[:READ_MAX]:
            image = Image.open(io.BytesIO(each.screenshot()))
            (found,) = zxingcpp.read_barcodes(image)
            assert found.text == each.get_attribute("data-code") and found.format == zxingcpp.BarcodeFormat.QRCode
            assert found.symbology_identifier.startswith("]Q")
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert printed.startswith(b"%PDF")
        page.context.close()
    office.close()
