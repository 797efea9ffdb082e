"""The pages of master data in a real browser: readable by axe-core, no wider than the screen, usable by keyboard."""

import datetime
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from central.application import close_app, create_app
from central.config import CentralConfig
from central.context import Plant
from central.snapshots import publish
from floor.master import MasterData
from floor.sample import sample_plant
from tests.accessibility import barriers
from tests.central.page_client import first_administrator, launched, served
from tests.central.planner import another_planner, edit, release
from tests.central.test_pages_browser import sign_in, width

pytestmark = pytest.mark.browser

PAGES = (
    "/master",
    "/master/people",
    "/master/operations?search=turning&sort=planned",
    "/master/people/row?key=P02",
    "/master/operations/row?key=WO-1010-10",
    "/master/shifts/row?key=early",
    "/master/call_types/row",
    "/master/review",
    "/master/versions",
    "/master/versions/2",
    "/master/kit",
    "/master/where-used?item=SEAL-22",
    "/master/skill-matrix",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(CentralConfig(folder=tmp_path))
    here: Plant = made.extensions["lineside"]
    with here.database.write() as session:
        publish(session, sample_plant(datetime.date.today()), "sample", time.time(), here.database.plant)
    yield made
    close_app(made)


@pytest.mark.parametrize(
    ("wide", "language"),
    [pytest.param(390, "zh", id="phone-zh"), pytest.param(1280, "en", id="office-en", marks=pytest.mark.nightly)],
)
def test_every_page_of_master_data_can_be_read(app: Flask, browser: Browser, wide: int, language: str) -> None:
    admin = first_administrator(app)
    edit(admin, "people", "P03", name="张伟 Zhang Wei 2")
    release(admin, note="note")
    li = another_planner(app, admin)
    edit(li, "people", "P02", name="李")
    edit(admin, "people", "P02", name="李秀英 2")
    edit(admin, "work_orders", "WO-1015", state="released")
    release(li)
    with served(app) as address:
        context = browser.new_context(viewport={"width": wide, "height": 800})
        context.add_cookies([{"name": "lineside_language", "value": language, "url": address}])
        page = context.new_page()
        sign_in(page, address)
        found = {}
        for path in PAGES:
            page.goto(address + path)
            for summary in page.locator("summary").all()[:4]:
                summary.click()
            found[path] = barriers(page)
            assert width(page) <= wide, path
        context.close()
    assert [f"{path} {each}" for path in found for each in found[path]] == []


def test_a_person_is_added_by_keyboard_alone(app: Flask, browser: Browser) -> None:
    first_administrator(app)
    with served(app) as address:
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        sign_in(page, address)
        page.goto(f"{address}/master/people/row")
        page.locator("#field-id").focus()
        page.keyboard.type("P77")
        page.keyboard.press("Tab")
        page.keyboard.type("New Person")
        page.keyboard.press("Tab")
        page.keyboard.type("bad badge ü")
        page.keyboard.press("Enter")
        expect(page.locator("#field-badge-fault")).to_be_visible()
        expect(page.locator("#field-name")).to_have_value("New Person")
        page.locator("#field-badge").fill("B-P77")
        page.keyboard.press("Enter")
        expect(page.locator(".draft-bar")).to_be_visible()
        page.goto(f"{address}/master/review")
        page.get_by_role("button", name="Release to the floor").click()
        page.wait_for_url("**/master/versions/2*")
        context.close()
    assert current(app).person_by_id["P77"].name == "New Person"


def current(app: Flask) -> MasterData:
    """The version in force."""
    from central.snapshots import current_master

    here: Plant = app.extensions["lineside"]
    with here.database.read() as session:
        return current_master(session, here.database.plant)
