"""The pages of the flow, of orders and of traces over the real application, and the same as data."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from central.application import close_app, create_app
from central.config import CentralConfig
from central.context import Plant
from central.database import Database
from floor.events import AndonRaised, ReportFinished, WorkStarted
from floor.work_events import ProductIdentified
from tests.accessibility import barriers
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.order_plant import assembly, fill, machining, publish_plant
from tests.central.page_client import PASSWORD, first_administrator, launched, served, totals
from tests.central.raw_log import raw_log, raw_sums
from tests.central.test_pages_browser import LIVE_MS

HOSTILE = '<script>alert(1)</script>"\u202e'


def put(database: Database, *cards: Card) -> None:
    """Cards whose clocks are of today."""
    fill(database, *cards, now=time.time())


def today(card: Card) -> Card:
    card.wall = time.time() - 30
    return card


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(CentralConfig(folder=tmp_path))
    database = made.extensions["lineside"].database
    for name in ("one", "two"):
        enrol_gateway(database, name)
    publish_plant(database, time.time())
    put(database, machining(), assembly())
    yield made
    close_app(made)


@pytest.fixture
def database(app: Flask) -> Database:
    here: Plant = app.extensions["lineside"]
    return here.database


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return first_administrator(app)


def test_pages_without_anything_say_what_comes(tmp_path: Path) -> None:
    empty = create_app(CentralConfig(folder=tmp_path))
    client = first_administrator(empty)
    for path, said in (
        ("/flow", "还没有工单"),
        ("/flow?tv=1&by=department", "还没有工单"),
        ("/orders", "没有符合条件的工单"),
        ("/trace", "扫码或输入"),
        ("/trace?q=nothing", "没有找到"),
        ("/trace?use=7", "扫码或输入"),
    ):
        answer = client.get(path)
        assert answer.status_code == 200 and said in answer.text, path
    assert client.get("/orders/nothing").status_code == 404
    close_app(empty)


def test_who_may_read(app: Flask) -> None:
    stranger = app.test_client()
    for path in ("/orders", "/orders/fragment", "/orders/WO1", "/order-fragment/WO1", "/trace"):
        assert stranger.get(path).status_code == 303, path
    assert stranger.get("/flow").status_code == 200, "as the board: open at the machine itself"
    far = {"REMOTE_ADDR": "192.0.2.7"}
    assert stranger.get("/flow", environ_base=far).status_code == 303
    for path in ("/api/v1/orders/WO1", "/api/v1/trace?q=A1"):
        assert stranger.get(path, environ_base=far).status_code == 403, path


def test_totals_on_every_page_are_the_sums_of_the_raw_records(client: FlaskClient, database: Database) -> None:
    sums = raw_sums(raw_log(database))
    page = client.get("/orders/WO1").text
    operations = ("OP1", "OP2", "OP3")
    for name in ("good", "scrap", "rework"):
        assert totals(page, f"op-{name}") == [sums[each][name] for each in operations]
    assert totals(page, "reports") == [sum(sums[each]["reports"] for each in operations)]
    assert totals(page, "scrap") == [sum(sums[each]["scrap"] for each in operations)]
    assert totals(page, "rework") == [sum(sums[each]["rework"] for each in operations)]
    row = re.search(r'<tr data-order="WO1">.*?</tr>', client.get("/orders").text, re.S)
    assert row
    cells = re.findall(r'class="right number[^"]*">(?:<span>)?(\d+)', row[0])
    made = min(sums[each]["good"] for each in operations)
    gone = [sum(sums[each][name] for each in operations) for name in ("scrap", "rework")]
    assert [int(each) for each in cells] == [made, *gone]
    flow = client.get("/flow").text
    for operation in ("OP1", "OP2"):
        card = re.search(rf'data-operation="{operation}".*?</li>', flow, re.S)
        assert card and re.search(rf'class="made number">{sums[operation]["good"]} ', card[0])
    assert sum(totals(flow, each)[0] for each in ("called", "paused", "running", "ready", "waiting")) == 5
    lot = client.get("/trace?q=L1").text
    raw = [each for each in ("A1", "A2", "A3") if f">{each}<" in lot]
    assert raw == ["A1", "A2"] and "共 2 条" in lot


def test_an_order_page_has_its_chart_with_the_stuck_step(client: FlaskClient) -> None:
    page = client.get("/orders/WO2").text
    assert "卡在 10 磨削：呼叫未关闭" in page
    assert page.count('role="img"') == 2 and 'class="step running stuck called"' in page
    assert "<title" in page and "style=" not in page
    assert "换了刀片 &lt;b&gt;" in client.get("/orders/WO1").text
    english = client.get("/orders/WO2", headers={"Accept-Language": "en"}).text
    assert "Stuck at 10 磨削: call open" in english


def test_a_wall_shows_the_state_that_was_asked_for(client: FlaskClient) -> None:
    shown = {
        state: set(re.findall(r'<section class="cell (\w+)', client.get(f"/flow?tv=1&state={state}").text))
        for state in ("waiting", "ready", "")
    }
    assert shown["waiting"] == {"waiting"} and shown["ready"] == {"ready"}
    assert shown[""] == {"called", "paused", "running", "ready"}


def test_filters_stay_in_the_address(client: FlaskClient) -> None:
    page = client.get("/flow?by=department&search=WO1&state=ready").text
    assert "by=department" in page and "search=WO1" in page and 'value="ready" selected' in page
    assert 'data-fragment="/flow/fragment?by=department&amp;state=ready&amp;search=WO1"' in page
    assert client.get("/flow?page=9999999&before=x&state=%27&by=1").status_code == 200
    listed = client.get("/orders?show=late&search=WO").text
    assert 'data-fragment="/orders/fragment?show=late&amp;search=WO"' in listed


def test_a_trace_page_goes_both_ways(client: FlaskClient) -> None:
    page = client.get("/trace?q=A1").text
    for said in ("李强", "装配台", "WO1", "水泵装配", "R7", ">L1<", ">M1<", "合格 1，报废 0"):
        assert said in page, said
    assert ">M2<" not in page
    position = re.search(r"/trace\?use=(\d+)", client.get("/trace?q=L1").text)
    assert position is None, "two products are shown at once"
    for asked in ("P2", "S1", "WO1", "B1"):
        assert client.get(f"/trace?q={asked}").status_code == 200
    told = client.get("/api/v1/trace?q=A2").json
    assert told and told["chosen"] == {"kind": "serial", "key": "A2", "name": "A2"}
    assert {each["lot"] or each["serial"] for each in told["passes"][0]["components"]} == {"L1", "M2"}
    assert client.get("/api/v1/trace").status_code == 400
    assert client.get("/api/v1/trace?q=A2&kind=x").status_code == 400
    lot = client.get("/api/v1/trace?q=L1&kind=lot").json
    assert lot and [each["serial"] for each in lot["uses"][0]["products"]] == ["A2", "A1"]


def test_an_order_as_data_has_its_measures(client: FlaskClient) -> None:
    told = client.get("/api/v1/orders/WO1").json
    assert told and told["good"] == 0 and [each["good"] for each in told["operations"]] == [8, 3, 0]
    assert told["measures"]["first_pass"] == pytest.approx(8 / 9 * 2 / 3)
    assert told["measures"]["reports"] == 5 and told["measures"]["corrections"] == 1
    assert client.get("/api/v1/orders/nothing").status_code == 404


def test_scanned_text_is_never_markup(client: FlaskClient, database: Database) -> None:
    card = today(Card("one"))
    card.keep(WorkStarted(person=HOSTILE, operation=HOSTILE, work_order=HOSTILE), HOSTILE)
    card.keep(ProductIdentified(person=HOSTILE, operation=HOSTILE, work_order=HOSTILE, serial=HOSTILE), HOSTILE)
    card.keep(ReportFinished(person=HOSTILE, operation=HOSTILE, work_order=HOSTILE, good=1), HOSTILE)
    card.keep(AndonRaised(call_type="quality", operation=HOSTILE), HOSTILE)
    put(database, card)
    for path, asked in (
        ("/flow", {}),
        ("/flow", {"search": HOSTILE, "order": HOSTILE}),
        ("/orders", {"show": "all"}),
        ("/orders", {"search": HOSTILE}),
        ("/trace", {"q": HOSTILE}),
        ("/trace", {"q": HOSTILE, "kind": "person"}),
        (f"/orders/{HOSTILE}".replace("<", "%3C").replace(">", "%3E").replace('"', "%22"), {}),
    ):
        answer = client.get(path, query_string=asked)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text, path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


def opened(browser: Browser, address: str, width: int, height: int, locale: str) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
    page.goto(f"{address}/sign-in")
    page.fill("[name=name]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{address}/board")
    return page


PATHS = (
    "/flow",
    "/flow?by=department",
    "/flow?tv=1",
    "/orders",
    "/orders/WO1",
    "/orders/WO2",
    "/trace?q=A1",
    "/trace?q=L1",
    "/trace?q=P2",
)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "height", "locale"),
    [
        (1280, 720, "zh-CN"),
        (390, 844, "zh-CN"),
        (1920, 1080, "zh-CN"),
        (390, 844, "en-GB"),
        pytest.param(1280, 720, "en-GB", marks=pytest.mark.nightly),
        pytest.param(1920, 1080, "en-GB", marks=pytest.mark.nightly),
    ],
)
def test_pages_fit_their_window_and_keep_nobody_out(
    app: Flask, client: FlaskClient, browser: Browser, locale: str, width: int, height: int
) -> None:
    with served(app) as address:
        page = opened(browser, address, width, height, locale)
        complaints: list[str] = []
        page.on("console", lambda each: complaints.append(each.text) if each.type == "error" else None)
        for path in PATHS:
            page.goto(address + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            if locale == "en-GB" and width != 1920:
                assert barriers(page) == [], path
        page.close()
    assert complaints == []


@pytest.mark.browser
def test_the_flow_and_an_order_are_live(app: Flask, client: FlaskClient, database: Database, browser: Browser) -> None:
    with served(app) as address:
        page = opened(browser, address, 1280, 720, "zh-CN")
        page.goto(f"{address}/flow")
        expect(page.locator(".live")).to_have_attribute("data-state", "live", timeout=10_000)
        expect(page.locator('[data-operation="OP3"]')).to_have_class(re.compile("ready"))
        card = today(Card("two"))
        card.keep(WorkStarted(person="P2", operation="OP3", work_order="WO1"), "S2")
        put(database, card)
        expect(page.locator('[data-operation="OP3"]')).to_have_class(re.compile("running"), timeout=LIVE_MS)
        page.goto(f"{address}/orders/WO1")
        expect(page.locator(".live")).to_have_attribute("data-state", "live", timeout=10_000)
        card.keep(ReportFinished(person="P2", operation="OP3", work_order="WO1", good=2), "S2")
        put(database, card)
        made = page.locator('[data-operation="OP3"] [data-total="op-good"]')
        expect(made).to_have_text("2", timeout=LIVE_MS)
        page.close()
