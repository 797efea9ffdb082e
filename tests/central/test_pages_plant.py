"""The office pages on the real server: from the first administrator to a record that appears by itself."""

import io
import re
import sys
import threading
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import event

from central.change import note_change
from central.context import Plant
from central.pages.plant_office import PlantOffice
from floor.example import example_plant
from floor.master_files import write_toml
from simulation.processes import wait_for
from tests.central.local_plant import admin, app
from tests.central.page_client import PASSWORD, launched, served, submit
from tests.central.plant_feed import AndonRaised, GatewayFeed, ReportFinished, WorkStarted
from tests.central.test_pages_browser import LIVE_MS

__all__ = ["admin", "app"]

ORDER = example_plant().work_orders[0].id
OPERATION = next(each.id for each in example_plant().operations if each.work_order == ORDER)
PERSON = next(each for each in example_plant().people if "leader" not in each.roles)


def publish(client: FlaskClient) -> None:
    """Imports the example plant as a planner does."""
    file = (io.BytesIO(write_toml(example_plant()).encode()), "plant.toml")
    checked = submit(client, "/master", "/master/check", file=file)
    key = re.search(r'name="preview" value="([^"]+)"', checked.text)
    assert key, checked.text
    assert submit(client, "/master", "/master/apply", preview=key[1]).location == "/master?applied=1"


def enrolled(client: FlaskClient, address: str, name: str) -> GatewayFeed:
    """A gateway enrolled with the code that the page shows."""
    page = submit(client, "/gateways", "/gateways/enrol", name=name).text
    code = re.search(r"--code ([A-Z0-9-]+)", page)
    assert code, page
    return GatewayFeed(address, name, code[1])


def test_every_page_of_an_empty_plant(app: Flask, admin: FlaskClient) -> None:
    for path in ("/board", "/board/fragment", "/calls", "/notices", "/gateways", "/master", "/records", "/users"):
        assert admin.get(path).status_code == 200, path
    assert admin.get("/gateways/nobody").status_code == 404
    assert admin.get("/records.csv").status_code == 200


def test_who_waits_for_the_board_shares_a_reading_that_began_later(app: Flask) -> None:
    here: Plant = app.extensions["lineside"]
    office, readings = PlantOffice(here), []
    held, go = threading.Event(), threading.Event()

    @event.listens_for(here.database.engine, "before_cursor_execute")
    def seen(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "FROM operation" in statement:
            readings.append(statement)
            # Something happens in the plant while the board is read.
            with here.database.write() as session:
                note_change(session, here.database.plant)
            if len(readings) == 1:
                held.set()
                assert go.wait(30)

    readers = [threading.Thread(target=office.board, daemon=True) for _ in range(6)]
    readers[0].start()
    assert held.wait(30)
    for each in readers[1:]:
        each.start()
        wait_for("it to stand behind the first one", lambda reader=each: _is_in_board(reader))
    go.set()
    for each in readers:
        each.join(30)
    assert len(readings) == 2, "the one that had begun before they asked, and one for all of them"


def _is_in_board(reader: threading.Thread) -> bool:
    frame = sys._current_frames().get(reader.ident or 0)
    return frame is not None and frame.f_code.co_name == "board"


def test_a_gateway_is_not_named_like_a_station(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    station = next(each for each in example_plant().stations if each.gateway != each.id)
    answer = submit(admin, "/gateways", "/gateways/enrol", name=station.id)
    assert answer.status_code == 400 and "另一台网关的工位" in answer.text


def test_wrong_passwords_are_bounded(app: Flask, admin: FlaskClient) -> None:
    thief = app.test_client()
    statuses = [
        submit(thief, "/sign-in", "/sign-in", name="admin", password="wrong-password").status_code for _ in range(11)
    ]
    assert statuses[0] == 403 and statuses[-1] == 429
    assert submit(thief, "/sign-in", "/sign-in", name="admin", password=PASSWORD).status_code == 429


def test_sessions_and_users_of_the_database(app: Flask, admin: FlaskClient) -> None:
    page = submit(admin, "/users", "/users/add", name="wang", role=["leader", "planner"]).text
    code = re.search(r'class="onetime code">([A-Z0-9-]+)<', page)
    assert code
    wang = app.test_client()
    first = {"name": "wang", "code": code[1], "password": PASSWORD, "repeat": PASSWORD}
    assert submit(wang, "/sign-in/first", "/sign-in/first", **first).status_code == 303
    assert submit(wang, "/sign-in/first", "/sign-in/first", **first).status_code == 403
    assert wang.get("/users").status_code == 403
    assert submit(admin, "/users", "/users/add", name="wang", role="leader").status_code == 400
    submit(admin, "/users", "/users/disable", name="wang")
    assert wang.get("/calls").status_code == 303


def test_a_call_taken_at_the_office_reaches_the_gateway(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    with served(app) as address:
        feed = enrolled(admin, address, "gateway")
        station = example_plant().stations[0].id
        call = feed.keep(AndonRaised(call_type="equipment", person=PERSON.id, operation=OPERATION), station)
        feed.offer()
        assert "设备" in admin.get("/calls").text
        asked = {"gateway": "gateway", "call": call}
        assert submit(admin, "/calls", "/calls/acknowledge", **asked).location == "/calls?done=taken"
        assert submit(admin, "/calls", "/calls/acknowledge", **asked).location == "/calls?done=already"
        assert submit(admin, "/calls", "/calls/resolve", **asked, cause="sensor").location == "/calls?done=closed"
        assert [each["kind"] for each in feed.facts() if str(each["kind"]).startswith("call.")] == [
            "call.acknowledged",
            "call.resolved",
        ]
        epoch, _, seq = call.partition("/")
        page = admin.get(f"/calls/gateway/{epoch}/{seq}").text
        assert "以此为准" in page and "办公室" in page
        answer = submit(admin, f"/calls/gateway/{epoch}/{seq}", "/calls/case", **asked, fix="换传感器，清理铁屑")
        assert answer.location == f"/calls/gateway/{epoch}/{seq}?saved=yes"
        assert "换传感器，清理铁屑" in admin.get("/master/download.toml").text
        assert "换传感器，清理铁屑" in admin.get(f"/calls/gateway/{epoch}/{seq}").text
        page = admin.get("/calls").text
        assert "传感器故障" in page and "没有未关闭的呼叫" in page
        later = feed.keep(AndonRaised(call_type="equipment", person=PERSON.id, operation=OPERATION), station)
        feed.offer()
        assert "换传感器，清理铁屑" in admin.get(f"/calls/gateway/{later}").text, "the next call like it shows it"


def test_a_second_planner_does_not_overwrite_the_first(app: Flask, admin: FlaskClient) -> None:
    file = write_toml(example_plant()).encode()
    checked = submit(admin, "/master", "/master/check", file=(io.BytesIO(file), "plant.toml"))
    key = re.search(r'name="preview" value="([^"]+)"', checked.text)
    plant: Plant = app.extensions["lineside"]
    from central.snapshots import publish as publish_now

    with plant.database.write() as session:
        publish_now(
            session, example_plant().model_copy(update={"people": ()}), "other", time.time(), plant.database.plant
        )
    assert key and submit(admin, "/master", "/master/apply", preview=key[1]).status_code == 409


def test_records_show_their_corrected_time(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    with served(app) as address:
        feed = enrolled(admin, address, "gateway")
        station = example_plant().stations[0].id
        feed.keep(WorkStarted(person=PERSON.id, operation=OPERATION, work_order=ORDER), station)
        feed.keep(ReportFinished(person=PERSON.id, operation=OPERATION, good=7, flags=("early",)), station)
        feed.offer()
        page = admin.get("/records?type=report.finished").text
        assert OPERATION in page and "合格: <bdi>7</bdi>" in page and "用时过短" in page
        assert "开工" not in page.split("<table")[1]
        assert feed.epoch in admin.get("/gateways/gateway").text


@pytest.mark.browser
def test_a_record_taken_by_the_server_appears_on_an_open_board(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    with served(app) as address, launched() as browser:
        feed = enrolled(admin, address, "gateway")
        station = example_plant().stations[0].id
        page = browser.new_page(viewport={"width": 1280, "height": 720}, locale="zh-CN")
        page.goto(f"{address}/board?show=all")
        expect(page.locator(".live")).to_have_attribute("data-state", "live", timeout=10_000)
        card = page.locator(f'[data-operation="{OPERATION}"]')
        expect(card).to_have_class(re.compile("idle"))
        feed.keep(WorkStarted(person=PERSON.id, operation=OPERATION, work_order=ORDER), station)
        feed.offer()
        expect(card).to_have_class(re.compile("running"), timeout=LIVE_MS)
        expect(card).to_contain_text(PERSON.name)
        feed.keep(ReportFinished(person=PERSON.id, operation=OPERATION, work_order=ORDER, good=5, scrap=1), station)
        feed.offer()
        expect(card.locator(".made")).to_contain_text("5", timeout=LIVE_MS)
        feed.keep(AndonRaised(call_type="safety", person=PERSON.id, operation=OPERATION), station)
        feed.offer()
        expect(page.locator(".call.stop")).to_contain_text("安全", timeout=LIVE_MS)
