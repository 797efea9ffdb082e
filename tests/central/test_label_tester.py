"""The tester of labels: what a station would make of one, told in both languages, and inert whatever is scanned."""

import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from central.label_trial import Row, signs, tried, typed_bytes
from floor.example import example_plant
from floor.gs1 import Element
from floor.label_texts import shown_bytes
from floor.labels import LabelKind
from floor.master import MasterData
from floor.rows import LabelPattern
from floor.texts import REJECTION_NAMES
from tests.central.memory_office import MemoryOffice
from tests.central.page_client import application, launched, served, signed_in, submit
from tests.central.test_pages_browser import sign_in
from tests.corpus.hostile import CORPUS, labels

PATTERNS = (
    LabelPattern(name="erp", kind="ticket", pattern="WO={order};OP={number}"),
    LabelPattern(name="supplier", kind="component", read="elements", pattern="(P){item}(1T){lot}"),
)


def plant() -> MasterData:
    whole = example_plant()
    gone = whole.people[-1].model_copy(update={"active": False})
    return whole.model_copy(update={"people": (*whole.people[:-1], gone), "label_patterns": PATTERNS})


MASTER = plant()
GONE = MASTER.people[-1]


@pytest.fixture
def office() -> MemoryOffice:
    office = MemoryOffice()
    office.publish(MASTER, 0, "planner")
    return office


def test_a_ticket_and_its_row() -> None:
    found = tried(b"]Q1T-WO-1001-10", MASTER)
    assert found is not None and (found.kind, found.rejection, found.reads) == ("ticket", "", "")
    assert (found.symbology, found.symbology_name) == ("]Q1", "QR Code")
    ticket = (("work_order", "WO-1001"), ("number", "10"), ("name", "下料"), ("ticket", "T-WO-1001-10"))
    assert found.row == Row("operations", ticket)


def test_a_pattern_and_what_it_reads_as() -> None:
    found = tried(b"WO=WO-1001;OP=0010", MASTER)
    assert found is not None and (found.kind, found.pattern, found.reads) == ("ticket", "erp", "T-WO-1001-10")
    assert found.row is not None and found.row.table == "operations"


def test_elements_have_names() -> None:
    found = tried(b"]d201040063813339311726123110A1\x1d2199", MASTER)
    assert found is not None and (found.kind, found.rejection) == ("part", "part_label")
    assert found.symbology_name == "GS1 DataMatrix" and found.shown.count("\u241d") == 1
    assert found.elements == (
        Element("01", ("GTIN", "GTIN"), "04006381333931"),
        Element("17", ("USE BY or EXPIRY", "USE BY or EXPIRY"), "261231"),
        Element("10", ("BATCH/LOT", "BATCH/LOT"), "A1"),
        Element("21", ("SERIAL", "SERIAL"), "99"),
    )
    found = tried(b"[)>\x1e06\x1dPAX-1\x1d1TLOT\x1d99ZX\x1e\x04", MASTER)
    assert found is not None and found.pattern == "supplier" and found.values == (("item", "AX-1"), ("lot", "LOT"))
    names = [(each.identifier, each.names[1]) for each in found.elements]
    assert names == [("P", "customer part number"), ("1T", "lot number of the supplier"), ("99Z", "")]


@pytest.mark.parametrize(
    ("raw", "kind", "rejection"),
    [
        (b"4006381333931", "product", "product_label"),
        (b"S-S1", "station", "station_label"),
        (b"hello", "unknown", "unknown_label"),
        (b"B-NOBODY", "unknown_badge", "unknown_badge"),
        (b"C-NOTHING", "unknown_command", "unknown_command"),
        (b"T-NEW", "unknown_ticket", ""),
        (b"C-D1", "command", ""),
        (b"A" * 513, "", "label_too_long"),
        (b"\xff\xfe", "", "label_encoding"),
        (b"A\x00B", "", "label_control"),
    ],
)
def test_why_a_label_is_refused(raw: bytes, kind: str, rejection: str) -> None:
    found = tried(raw, MASTER)
    assert found is not None and (found.kind, found.rejection) == (kind, rejection)
    assert not rejection or rejection in REJECTION_NAMES
    assert found.size == len(raw)


def test_a_badge_that_is_no_longer_good() -> None:
    found = tried(GONE.badge.encode(), MASTER)
    assert found is not None and found.revoked and (found.kind, found.rejection) == ("badge", "")


def test_what_a_keyboard_cannot_type() -> None:
    assert typed_bytes("]d2240A<GS>21\u241d<FNC1><RS><EOT>\u2421", False) == b"]d2240A\x1d21\x1d\x1d\x1e\x04\x7f"
    assert typed_bytes("<script>工\ud800", False) == "<script>工".encode() + b"\xed\xa0\x80"
    assert typed_bytes("54 2d\n31", True) == b"T-1"
    with pytest.raises(ValueError, match="hex"):
        typed_bytes("5", True)
    for raw in labels():
        assert typed_bytes(shown_bytes(raw, 10_000), False) is not None


def test_control_characters_are_shown_by_name() -> None:
    assert signs(shown_bytes(b"A\x1dB\x00\x7f\x1b")) == [
        *(("A", False), ("GS", True), ("B", False)),
        *(("NUL", True), ("DEL", True), ("ESC", True)),
    ]
    assert signs("<GS>") == [("<GS>", False)]


def ask(client: FlaskClient, **values: str) -> str:
    answer = submit(client, "/codes/tester", "/codes/tester", **values)
    assert answer.status_code == 200
    return answer.text


def test_the_page(office: MemoryOffice) -> None:
    app = application(office)
    assert app.test_client().get("/codes/tester").status_code == 303
    leader = signed_in(app, "leader")
    assert 'href="/codes/tester"' in leader.get("/codes").text
    page = ask(leader, label="WO=WO-1001;OP=10")
    assert "<b>工单</b>" in page and "工位会接受" in page and "T-WO-1001-10" in page and "<code>erp</code>" in page
    assert "工位会拒绝：这是商品条码" in ask(leader, label="4006381333931")
    assert "USE BY or EXPIRY" in ask(leader, label="]d217261231<GS>10A1")
    assert '<bdi>]d217261231</bdi><b class="sign">GS</b><bdi>10A1</bdi>' in ask(leader, label="]d217261231<GS>10A1")
    assert "<b>工牌</b>" in ask(leader, label="42 2d 50 30 31", form="hex")
    assert "空条码" in ask(leader, label="  ")
    assert submit(leader, "/codes/tester", "/codes/tester", label="5", form="hex").status_code == 422
    assert leader.post("/codes/tester", data={"label": "x"}).status_code == 400
    office.published = None
    assert leader.get("/codes/tester").headers["Location"] == "/master"
    office.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_label_has_its_word(language: str, office: MemoryOffice) -> None:
    leader = signed_in(application(office), "leader")
    leader.set_cookie("lineside_language", language)
    seen = set()
    raws = (
        *(b"B-P01", b"T-WO-1001-10", b"C-D1", b"B-X", b"T-X", b"C-X", b"]C110A", b"4006381333931", b"S-S1", b"x"),
        GONE.badge.encode(),
    )
    for raw in raws:
        found = tried(raw, MASTER)
        assert found is not None
        seen.add(found.kind)
        ask(leader, label=raw.decode())
    assert seen == {str(each) for each in LabelKind} - {"text"}
    office.close()


@pytest.mark.parametrize("group", CORPUS)
def test_the_page_is_inert(group: str, office: MemoryOffice) -> None:
    leader = signed_in(application(office), "leader")
    empty = leader.get("/codes/tester").text
    for each in CORPUS[group]:
        raw = each if isinstance(each, bytes) else each.encode("utf-8", "surrogatepass")
        for values in ({"label": raw.hex(), "form": "hex"}, {"label": raw.decode("utf-8", "replace")}):
            answer = submit(leader, "/codes/tester", "/codes/tester", **values)
            if "\x00" in values["label"]:
                assert answer.status_code == 400
                continue
            assert answer.status_code == 200, values
            tags = re.findall(r"<(script|img|svg|textarea|iframe)", answer.text)
            assert tags == re.findall(r"<(script|img|svg|textarea|iframe)", empty)
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", answer.text)
            assert "<b>工位" not in answer.text and len(answer.text) < 60_000
    office.close()


@pytest.mark.browser
def test_a_scanner_that_types_and_ends_with_enter(office: MemoryOffice) -> None:
    with launched() as browser, served(application(office)) as address:
        for language, word in (("zh-CN", "工位会接受"), ("en", "A station takes it")):
            page = browser.new_context(viewport={"width": 390, "height": 844}, locale=language).new_page()
            sign_in(page, address)
            page.goto(f"{address}/codes/tester")
            for label in ("T-WO-1001-10", "B-P01"):
                expect(page.locator("[name=label]")).to_be_focused()
                page.keyboard.type(label)
                page.keyboard.press("Enter")
                expect(page.locator("[role=status]")).to_contain_text(label)
                expect(page.locator("[role=status]")).to_contain_text(word)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            page.context.close()
    office.close()
