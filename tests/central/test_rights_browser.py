"""The pages of accounts, tokens and the audit log in a real browser: no overflow, no barrier, both languages."""

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from central.audit import record_act
from central.context import Plant
from central.pages.protection import SESSION_COOKIE
from tests.accessibility import barriers
from tests.central.local_plant import app
from tests.central.page_client import PASSWORD, first_administrator, served, submit
from tests.central.test_pages import HOSTILE
from tests.central.test_pages_browser import browser, width
from tests.central.test_pages_plant import PERSON, publish
from tests.central.test_sessions import user

__all__ = ["app", "browser"]

pytestmark = pytest.mark.browser

PAGES = ("/account", "/users", "/users/wang", "/tokens", "/audit")


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    """An administrator of a plant in which something was done, some of it by hostile names."""
    client = first_administrator(app)
    publish(client)
    wang = user(app, client, "wang", role="leader", places="plant/machining/L1", person=PERSON.id)
    submit(wang, "/account", "/account/pin", pin="8264", old=PASSWORD)
    submit(client, "/tokens", "/tokens/make", name="erp", scope=["read:board", "metrics"], days="9")
    plant: Plant = app.extensions["lineside"]
    with plant.database.write() as session:
        for text in HOSTILE:
            told = {text: text, "roles": [text]}
            record_act(session, plant.database.plant, text, text, text, told, time.time(), text)
    return client


@pytest.mark.parametrize(("wide", "language"), [(390, "zh"), (1280, "en")], ids=["phone-zh", "office-en"])
def test_every_page_can_be_read(browser: Browser, app: Flask, admin: FlaskClient, wide: int, language: str) -> None:
    cookie = admin.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    with served(app) as address:
        context = browser.new_context(viewport={"width": wide, "height": 800})
        context.add_cookies([{"name": "lineside_language", "value": language, "url": address}])
        page = context.new_page()
        found = {}
        page.goto(f"{address}/sign-in/badge")
        assert width(page) <= wide
        found["badge"] = barriers(page)
        context.add_cookies([{"name": SESSION_COOKIE, "value": cookie.value, "url": address}])
        for path in PAGES:
            page.goto(address + path)
            assert width(page) <= wide, path
            assert page.locator("main img, main svg, main script").count() == 0
            found[path] = barriers(page)
        assert [f"{path} {each}" for path in found for each in found[path]] == []
        context.close()


def test_a_badge_is_scanned_and_a_pin_typed(browser: Browser, app: Flask, admin: FlaskClient) -> None:
    """A scanner types the badge and Enter: the browser then asks for the PIN instead of sending half a form."""
    with served(app) as address:
        context = browser.new_context(locale="zh-CN")
        page = context.new_page()
        page.goto(f"{address}/sign-in")
        page.click("text=用工牌和 PIN 登录")
        expect(page.locator("[name=badge]")).to_be_focused()
        page.keyboard.type(PERSON.badge)
        page.keyboard.press("Enter")
        expect(page.locator("[name=pin]")).to_be_focused()
        page.keyboard.type("8264")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/board")
        page.goto(f"{address}/account")
        expect(page.locator("main")).to_contain_text("工牌 + PIN")
        context.close()
