"""Pages of messages in a real browser: live, legible, inert, and the whole way of a call to a phone and back."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from central.application import close_app, create_app
from central.channels.port import Outcome
from central.config import CentralConfig
from central.notify.announcements import announce
from floor.events import AndonRaised, ReportFinished
from tests.accessibility import barriers
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.local_plant import app
from tests.central.memory_channel import MemoryChannel
from tests.central.notify_plant import PUBLIC_URL, NotifyPlant
from tests.central.page_client import PASSWORD, first_administrator, launched, served
from tests.central.test_pages_browser import LIVE_MS, width
from tests.central.test_pages_inbox import person

__all__ = ["app"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def chat() -> MemoryChannel:
    return MemoryChannel()


@pytest.fixture
def plant(app: Flask, chat: MemoryChannel) -> NotifyPlant:
    database = app.extensions["lineside"].database
    enrol_gateway(database, "one")
    made = NotifyPlant(database, {"chat": chat})
    made.now, made.card = time.time(), Card("one", synchronised=False)
    # Without an administrator the sign-in page asks for the first one's code.
    first_administrator(app)
    person(app, "wang", "leader", "P01")
    person(app, "zhao", "planner", "P06")
    return made


def signed_in(browser: Browser, address: str, name: str, size: tuple[int, int], language: str) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    context.add_cookies([{"name": "lineside_language", "value": language, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{address}/board")
    return page


def test_a_message_appears_by_itself_and_its_mark_in_the_bar(app: Flask, plant: NotifyPlant, browser: Browser) -> None:
    with served(app) as address:
        page = signed_in(browser, address, "wang", (390, 844), "zh")
        expect(page.locator("[data-unseen]")).to_be_hidden()
        page.goto(f"{address}/inbox")
        expect(page.locator(".live")).to_have_attribute("data-state", "live", timeout=10_000)
        plant.happen(AndonRaised(call_type="quality", person="P02"))
        plant.run()
        expect(page.locator(".message.urgent")).to_contain_text("质量", timeout=LIVE_MS)
        expect(page.locator("[data-unseen]")).to_have_text("1", timeout=LIVE_MS)
        page.get_by_role("button", name="我来处理").click()
        expect(page.locator(".notice")).to_contain_text("已响应")
        expect(page.locator("[data-unseen]")).to_be_hidden()
        page.context.close()


def test_a_call_is_taken_by_the_link_of_a_received_message(
    app: Flask, plant: NotifyPlant, chat: MemoryChannel, browser: Browser
) -> None:
    plant.contact("P01", "chat", "u-17")
    plant.happen(AndonRaised(call_type="safety", person="P02"))
    plant.run()
    with served(app) as address:
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
        page = context.new_page()
        page.goto(chat.sent[0][0].link.replace(PUBLIC_URL, address))
        assert barriers(page) == [] and width(page) <= 390
        page.get_by_role("button", name="I take it").click()
        expect(page.locator("h1")).to_have_text("Taken")
        board = signed_in(browser, address, "wang", (1280, 720), "en")
        board.goto(f"{address}/calls")
        expect(board.locator(".call.acknowledged")).to_contain_text("王建国")
        context.close()
        board.context.close()


@pytest.mark.parametrize(
    ("size", "language"),
    [
        pytest.param((390, 844), "zh", id="phone-zh"),
        pytest.param((1280, 720), "en", id="office-en", marks=pytest.mark.nightly),
    ],
)
def test_every_page_of_messages_can_be_read(
    app: Flask, plant: NotifyPlant, chat: MemoryChannel, browser: Browser, size: tuple[int, int], language: str
) -> None:
    chat.answers = (Outcome("refused", "310000", "sign not match"), Outcome("unknown", "timeout"), Outcome("accepted"))
    plant.contact("P06", "chat", "", mention="13800000000", quiet_from="22:00", quiet_to="22:01")
    with plant.database.write() as session:
        facts = {"title": "<b>换刀</b>", "people": ["P06"], "path": "/calls"}
        announce(session, "plant", "task.assigned", "7", facts, plant.now - 9_000)
    plant.happen(AndonRaised(call_type="safety", person="P02"))
    plant.happen(ReportFinished(person="P02", operation="WO-1001-10", good=1, flags=("early",)))
    plant.run()
    plant.run(400)
    [first, *_] = plant.deliveries("chat")
    paths = ["/inbox", "/inbox?show=all", "/deliveries", f"/deliveries/{first.id}", "/deliveries?state=held"]
    paths += ["/deliveries/rules", "/deliveries/rules/1", "/deliveries/rules/0", "/contacts", "/contacts/person?id=P06"]
    paths += ["/n/unknown", "/n/done?what=taken"]
    with served(app) as address:
        page = signed_in(browser, address, "zhao", size, language)
        found = {}
        for path in paths:
            page.goto(address + path)
            found[path] = [*barriers(page), *([] if width(page) <= size[0] else [f"{width(page)} px wide"])]
        page.context.close()
    assert [f"{path} {each}" for path in found for each in found[path]] == []


def test_a_browser_that_is_asked_gets_messages_by_push(tmp_path: Path, browser: Browser) -> None:
    """The push service is the only part that is not there: the browser's own subscription is put in its place."""
    push = {"kind": "web_push", "contact": "mailto:it@plant.example"}
    app = create_app(CentralConfig.model_validate({"folder": tmp_path, "channels": {"push": push}}))
    subscription = {"endpoint": "https://push.example/abc", "keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22}}
    try:
        NotifyPlant(app.extensions["lineside"].database, {})
        first_administrator(app)
        person(app, "wang", "leader", "P01")
        with served(app) as address:
            page = signed_in(browser, address, "wang", (390, 844), "en")
            page.add_init_script(
                "PushManager.prototype.subscribe = async function (asked) {"
                f" window.asked = asked; return {{ toJSON: () => ({json.dumps(subscription)}) }}; }};"
            )
            page.goto(f"{address}/inbox")
            page.get_by_role("button", name="Show messages on this device").click()
            expect(page.get_by_text("It is on")).to_be_visible(timeout=LIVE_MS)
            assert page.evaluate("window.asked.applicationServerKey.length") == 65
            page.goto(f"{address}/contacts/person?id=P01")
            assert "push.example" in page.content()
    finally:
        close_app(app)
