"""A planner at the pages of master data: fills in forms as a browser does, reviews, releases."""

import re
import time

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central.context import Plant
from central.snapshots import current_master, publish
from floor.example import example_plant
from floor.master import MasterData
from tests.central.page_client import PASSWORD, submit
from tests.central.plant_feed import GatewayFeed

BILLS = {
    "bom_revisions": [
        {"product": "AX-200", "revision": "A", "state": "released"},
        {"product": "AX-200", "revision": "B"},
    ],
    "components": [
        {"product": "AX-200", "item": "SEAL", "quantity": 1, "revision": "A"},
        {"product": "AX-200", "item": "SEAL", "quantity": 2, "revision": "B"},
    ],
    "routings": [{"item": "AX-200", "number": 10, "name": "车削"}, {"item": "AX-200", "number": 20, "name": "检验"}],
}
PLANT = MasterData.model_validate({**example_plant().model_dump(), **BILLS})

FIRST = PLANT.operations[0].model_copy(update={"stations": ("S1", "S2")})
PLACED = PLANT.with_tables(
    operations=tuple(
        row.model_copy(update={"stations": ("S1", "S2")}) if row.work_order == FIRST.work_order else row
        for row in PLANT.operations
    )
)
"""The operations of its first order are done at two stations."""


def plant_of(app: Flask) -> Plant:
    found: Plant = app.extensions["lineside"]
    return found


def release_now(app: Flask, master: MasterData) -> int:
    """Somebody publishes this."""
    here = plant_of(app)
    with here.database.write() as session:
        return publish(session, master, "other", time.time(), here.database.plant)


def in_force(app: Flask) -> MasterData:
    here = plant_of(app)
    with here.database.read() as session:
        return current_master(session, here.database.plant)


def form_of(page: str) -> dict[str, object]:
    """The fields of the row's form as a browser would send them."""
    form = page.partition('class="stack row-form"')[2].partition("</form>")[0]
    found: dict[str, object] = {}
    for name, value in re.findall(r'<input id="[^"]*" name="(f_\w+)" value="([^"]*)"', form):
        found[name] = value
    for name, value in re.findall(r'<input type="checkbox" name="(f_\w+)" value="([^"]*)" checked', form):
        ticked = found.setdefault(name, [])
        assert isinstance(ticked, list)
        ticked.append(value)
    for name, body in re.findall(r'<select id="[^"]*" name="(f_\w+)">(.*?)</select>', form):
        found[name] = (re.findall(r'value="([^"]*)" selected', body) or [""])[0]
    for name, body in re.findall(r'<textarea id="[^"]*" name="(f_\w+)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = body
    return found


def edit(client: FlaskClient, table: str, key: str = "", **values: object) -> TestResponse:
    """Opens a row's form, changes some fields, saves."""
    address = f"/master/{table}/row" + (f"?key={key}" if key else "")
    given = form_of(client.get(address).text) | {f"f_{name}": value for name, value in values.items()}
    return submit(client, address, f"/master/{table}/row", key=key, **given)


def release(client: FlaskClient, **values: object) -> TestResponse:
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', client.get("/master/review").text)
    assert digest
    return submit(client, "/master/review", "/master/review/release", digest=digest[1], **values)


def another_planner(app: Flask, admin: FlaskClient) -> FlaskClient:
    page = submit(admin, "/users", "/users/add", name="li", role="planner").text
    code = re.search(r'class="onetime code">([A-Z0-9-]+)<', page)
    assert code
    client = app.test_client()
    first = {"name": "li", "code": code[1], "password": PASSWORD, "repeat": PASSWORD}
    assert submit(client, "/sign-in/first", "/sign-in/first", **first).status_code == 303
    return client


def feed_of(app: Flask, admin: FlaskClient, address: str) -> GatewayFeed:
    page = submit(admin, "/gateways", "/gateways/enrol", name="gateway").text
    code = re.search(r"--code ([A-Z0-9-]+)", page)
    assert code
    return GatewayFeed(address, "gateway", code[1])
