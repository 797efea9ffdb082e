"""The office pages in a real browser: live within a second, inert, without a request to another host, no overflow."""

import dataclasses
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from central.pages.office import CallLine, OperationCard, OrderLine
from tests.central.memory_office import MemoryOffice
from tests.central.page_client import PASSWORD, application, launched, served
from tests.central.test_pages import HOSTILE, record

pytestmark = pytest.mark.browser

LIVE_MS = 2_000
"""The promise is one second on a quiet machine; tests share theirs."""
PAGES = (
    "/board",
    "/board?tv=1",
    "/calls",
    "/notices",
    "/calls/line-1/" + "a" * 32 + "/7",
    "/calls/line-2/" + "c" * 32 + "/1",
    "/gateways",
    "/gateways/line-2",
    "/master",
    "/codes",
    "/codes?sheet=tickets",
    "/codes?sheet=cards",
    "/codes/tester",
    "/records",
    "/users",
    "/nothing",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def office() -> MemoryOffice:
    return MemoryOffice()


@pytest.fixture
def address(office: MemoryOffice) -> Iterator[str]:
    with served(application(office)) as found:
        yield found
        office.close()


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A fresh profile that notes every request and every complaint of the browser."""
    opened = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    strangers: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda each: None if each.url.startswith(address) else strangers.append(each.url))
    opened.on("console", lambda each: complaints.append(each.text) if "Content Security" in each.text else None)
    opened.on("weberror", lambda each: complaints.append(str(each.error)))
    opened.on("dialog", lambda each: (complaints.append(f"dialog {each.message}"), each.dismiss()))
    yield opened
    opened.close()
    assert strangers == []
    assert complaints == []


def sign_in(page: Page, address: str, name: str = "admin") -> None:
    page.goto(f"{address}/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{address}/board")


def width(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_a_report_shows_without_reload(context: BrowserContext, office: MemoryOffice, address: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/board")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    expect(page.locator(".live")).to_have_text("实时")
    page.evaluate("window.stillHere = true")
    order = office.shown.orders[0]
    card = dataclasses.replace(order.operations[1], good=319)
    operations = (order.operations[0], card, *order.operations[2:])
    office.show(dataclasses.replace(office.shown, orders=(dataclasses.replace(order, operations=operations),)))
    expect(page.locator(f'[data-operation="{card.operation}"] .made')).to_contain_text("319", timeout=LIVE_MS)
    assert page.evaluate("window.stillHere")


def test_a_new_call_shows_and_its_time_runs(context: BrowserContext, office: MemoryOffice, address: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/board")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    office.show(dataclasses.replace(office.shown, calls=()))
    expect(page.locator(".calm")).to_be_visible(timeout=LIVE_MS)
    call = CallLine("line-1", "d" * 32 + "/1", "safety", "安全", "Safety", "stop", "cnc-9", "raised", time.time() - 61)
    office.show(dataclasses.replace(office.shown, calls=(call,)))
    shown = page.locator(".call.stop")
    expect(shown).to_contain_text("安全", timeout=LIVE_MS)
    before = shown.locator(".clock").inner_text()
    expect(shown.locator(".clock")).not_to_have_text(before, timeout=5_000)
    assert page.evaluate("getComputedStyle(document.querySelector('.call.stop')).backgroundColor") == "rgb(198, 40, 40)"


def test_a_broken_stream_is_told_and_mends_itself(browser: Browser, office: MemoryOffice) -> None:
    app = application(office)
    with served(app) as address:
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        page.goto(f"{address}/board")
        expect(page.locator(".live")).to_have_attribute("data-state", "live")
        context.set_offline(True)
        office.close()
        expect(page.locator(".live")).to_have_text("Not live, reconnecting", timeout=10_000)
        office.open()
        office.show(dataclasses.replace(office.shown, orders=(OrderLine("WO-AFTER"),)))
        context.set_offline(False)
        expect(page.locator(".live")).to_have_attribute("data-state", "live", timeout=20_000)
        expect(page.locator("#board")).to_contain_text("WO-AFTER", timeout=5_000)
        context.close()
        office.close()


def test_a_choice_in_a_form_survives_what_happens_meanwhile(
    context: BrowserContext, office: MemoryOffice, address: str
) -> None:
    page = context.new_page()
    sign_in(page, address, "leader")
    page.goto(f"{address}/calls")
    pill = page.locator(".live")
    expect(pill).to_have_attribute("data-state", "live")
    select = page.locator("select[name=cause]").first
    select.focus()
    select.select_option("tool")
    office.ended.append(dataclasses.replace(office.ended[0], station="after-1"))
    office.show(office.shown)
    expect(pill).to_have_attribute("data-state", "held", timeout=LIVE_MS)
    expect(page.locator("#calls")).not_to_contain_text("after-1")
    select.blur()
    expect(page.locator("#calls")).to_contain_text("after-1", timeout=LIVE_MS)
    expect(pill).to_have_attribute("data-state", "live")
    expect(select).to_have_value("tool")
    # A slow finger: the page changes between pressing and lifting, and the click is not lost.
    page.locator(".call-acts form.row button").first.hover()
    page.mouse.down()
    office.ended.append(dataclasses.replace(office.ended[0], station="after-2"))
    office.show(office.shown)
    page.wait_for_timeout(700)
    page.mouse.up()
    expect(page.locator(".notice")).to_contain_text("呼叫已关闭")
    assert office.acts[-1][0] == "resolve" and office.acts[-1][3] == "tool"


def test_a_word_being_typed_stays_while_the_board_goes_on(
    context: BrowserContext, office: MemoryOffice, address: str
) -> None:
    page = context.new_page()
    page.goto(f"{address}/board")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    page.locator("[type=search]").fill("WO-")
    office.show(dataclasses.replace(office.shown, calls=(), orders=(OrderLine("WO-FRESH"),)))
    expect(page.locator(".calm")).to_be_visible(timeout=LIVE_MS)
    page.keyboard.type("FRESH")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=WO-FRESH*")
    expect(page.locator(".order")).to_have_count(1)


def test_a_board_that_is_behind_says_so_and_asks_again(
    context: BrowserContext, office: MemoryOffice, address: str
) -> None:
    office.shown = dataclasses.replace(office.shown, complete=False, alarms=())
    page = context.new_page()
    page.goto(f"{address}/board")
    expect(page.locator(".notice")).to_contain_text("正在补读")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    office.shown = dataclasses.replace(office.shown, complete=True)
    expect(page.locator(".notice")).to_have_count(0, timeout=10_000)


def test_a_wall_screen_turns_its_pages(context: BrowserContext, office: MemoryOffice, address: str) -> None:
    office.shown = dataclasses.replace(office.shown, orders=tuple(OrderLine(f"WO-{n}") for n in range(1, 6)), calls=())
    page = context.new_page()
    page.clock.install()
    page.goto(f"{address}/board?tv=1")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    expect(page.locator(".order")).to_have_count(3)
    page.clock.run_for(15_500)
    expect(page.locator("#board")).to_contain_text("WO-4", timeout=LIVE_MS)
    page.clock.run_for(15_000)
    expect(page.locator("#board")).to_contain_text("WO-1", timeout=LIVE_MS)


def test_hostile_content_is_inert_in_a_browser(context: BrowserContext, office: MemoryOffice, address: str) -> None:
    office.log = [
        record(n + 1, station=text, person=text, operation=text, content=text, data={text: text}, flags=(text,))
        for n, text in enumerate(HOSTILE)
    ]
    cards = tuple(OperationCard(text, 1, text, "running", (text,), text) for text in HOSTILE)
    call = dataclasses.replace(office.shown.calls[0], name=HOSTILE[1], station=HOSTILE[5], operation=HOSTILE[0])
    office.shown = dataclasses.replace(
        office.shown, orders=(OrderLine(HOSTILE[0], HOSTILE[1], HOSTILE[2], operations=cards),), calls=(call,)
    )
    page = context.new_page()
    sign_in(page, address)
    for path in ("/board?show=all", "/calls", "/records", "/gateways"):
        page.goto(address + path)
        page.wait_for_load_state("load")
        assert page.locator("main img, main svg, main script").count() == 0
    page.goto(f"{address}/board?show=all")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    office.show(office.shown)
    page.wait_for_timeout(500)
    assert page.locator("main img, main svg, main script").count() == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_is_wider_than_a_phone(
    context: BrowserContext, office: MemoryOffice, address: str, language: str
) -> None:
    office.log = [record(n, content="x" * 3000, data={"shown": "y" * 128}, person="p" * 64) for n in range(1, 5)]
    context.add_cookies([{"name": "lineside_language", "value": language, "url": address}])
    page = context.new_page()
    for path in ("/sign-in", "/sign-in/first"):
        page.goto(address + path)
        assert width(page) <= 390, path
    sign_in(page, address)
    for path in PAGES:
        page.goto(address + path)
        assert width(page) <= 390, path
        for summary in page.locator("summary").all()[:3]:
            summary.click()
        assert width(page) <= 390, path
    page.set_viewport_size({"width": 1280, "height": 720})
    for path in PAGES:
        page.goto(address + path)
        assert width(page) <= 1280, path


def test_a_code_is_shown_once_with_its_command(context: BrowserContext, office: MemoryOffice, address: str) -> None:
    page = context.new_page()
    sign_in(page, address)
    page.goto(f"{address}/gateways")
    page.fill("main [name=name]", "line-9")
    page.click("text=生成登记码")
    expect(page.locator(".command").first).to_have_text(
        f"lineside gateway enrol --url {address} --name line-9 --code K7QF-2MXD-9TRB"
    )
    assert width(page) <= 390


def test_signed_out_page_leaves_the_stream(context: BrowserContext, office: MemoryOffice, address: str) -> None:
    """Other pages than the board end with the session, also a page that is open."""
    page = context.new_page()
    sign_in(page, address, "leader")
    page.goto(f"{address}/calls")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    office.tokens.clear()
    office.show(office.shown)
    page.wait_for_url(f"{address}/sign-in**", timeout=10_000)
