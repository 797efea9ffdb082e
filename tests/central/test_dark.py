"""The pages of a whole plant, read in the dark: WCAG 2.2 AA by axe-core, and printed codes stay black on white."""

import time
from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Page

from central.context import Plant
from central.snapshots import publish
from floor.events import AndonRaised, ReportFinished, WorkStarted
from floor.sample import sample_plant
from tests.accessibility import barriers
from tests.central.local_plant import app
from tests.central.page_client import first_administrator, launched, served, submit
from tests.central.test_pages_plant import enrolled

__all__ = ["app"]

pytestmark = pytest.mark.browser

PAGES = (
    "/board",
    "/flow",
    "/orders",
    "/orders/{order}",
    "/trace?q={order}",
    "/calls",
    "/calls/{call}",
    "/calls/analysis",
    "/tasks",
    "/tasks/1",
    "/tasks/new",
    "/problems",
    "/inbox",
    "/deliveries",
    "/deliveries/rules",
    "/contacts",
    "/master",
    "/master/people",
    "/master/versions",
    "/gateways",
    "/gateways/completeness",
    "/users",
    "/tokens",
    "/audit",
    "/account",
    "/phone",
    "/codes",
)


def test_every_page_can_be_read_in_the_dark(app: Flask) -> None:
    plant: Plant = app.extensions["lineside"]
    master = sample_plant(date.today())
    with plant.database.write() as session:
        publish(session, master, "test", time.time(), plant.database.plant)
    admin = first_administrator(app)
    operation, person = (
        next(each for each in master.operations if each.stations),
        next(each for each in master.people if "operator" in each.roles),
    )
    station = master.station_by_id[operation.stations[0]]
    with served(app) as address, launched() as browser:
        feed = enrolled(admin, address, station.gateway)
        words = {"person": person.id, "operation": operation.id}
        feed.keep(WorkStarted(**words, work_order=operation.work_order), station.id, 60)
        feed.keep(ReportFinished(**words, work_order=operation.work_order, good=5, scrap=1), station.id, 30)
        call = feed.keep(AndonRaised(call_type=master.call_types[0].id, **words), station.id, 20)
        feed.offer()
        due = time.strftime("%Y-%m-%dT12:00", time.localtime(time.time() + 86_400))
        submit(admin, "/tasks/new", "/tasks/new", title="看一下", owner=person.id, due=due, reply="text")
        context = browser.new_context(viewport={"width": 1280, "height": 720}, locale="zh-CN", color_scheme="dark")
        for each in admin._cookies.values():  # type: ignore[union-attr]
            context.add_cookies([{"name": each.key, "value": each.value, "url": address}])
        page = context.new_page()
        found = {}
        for path in PAGES:
            told = path.format(order=operation.work_order, call=f"{station.gateway}/{call}")
            answer = page.goto(address + told)
            assert answer is not None and answer.status == 200, told
            found[told] = barriers(page)
            assert ground(page) != "rgb(255, 255, 255)", told
        assert [f"{path} {each}" for path in found for each in found[path]] == []


def ground(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour
