"""Master data for programs: read, try a change, publish it; nothing without a planner's session."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.central.conftest import enrol_gateway
from tests.central.page_client import first_administrator
from tests.central.planner import FIRST, PLACED, PLANT, in_force, plant_of, release_now

ORDER = {"id": "ERP-1", "item": "AX-200", "quantity": 7, "due": "2030-01-01"}


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    release_now(app, PLANT)
    return first_administrator(app)


def offer(**values: Any) -> dict[str, Any]:
    return {"base_version": 1, "tables": {"work_orders": [ORDER]}, **values}


def test_the_version_in_force_and_its_rows_are_read(admin: FlaskClient) -> None:
    told = admin.get("/api/v1/master").get_json()
    assert (told["version"], told["made_by"], told["rows"]["people"]) == (1, "other", 6)
    rows = admin.get("/api/v1/master/people?search=B-P0&after=1&limit=2").get_json()
    assert (rows["total"], [row["id"] for row in rows["rows"]]) == (6, ["P02", "P03"])
    assert rows["rows"][0]["roles"] == ["operator"]
    for path in ("nothing", "people?limit=0", "people?after=x"):
        assert admin.get(f"/api/v1/master/{path}").status_code == 400


def test_a_change_is_tried_and_then_published(app: Flask, admin: FlaskClient) -> None:
    tried = admin.post("/api/v1/master/check", json=offer()).get_json()
    assert tried == {
        "version": 1,
        "changes": [{"table": "work_orders", "added": ["ERP-1"], "changed": [], "removed": []}],
        "stations": [],
        "confirmations": [],
        "notices": [],
        "shortages": [],
    }
    assert in_force(app).version == 1
    done = admin.put("/api/v1/master", json=offer(note="from the ERP"))
    assert done.get_json()["version"] == 2
    assert in_force(app).order_by_id["ERP-1"].quantity == 7
    assert admin.get("/api/v1/master").get_json()["note"] == "from the ERP"
    stale = admin.put("/api/v1/master", json=offer())
    assert stale.status_code == 409 and "version 2" in stale.get_json()["error"]
    gone = {"base_version": 2, "removed": {"work_orders": ["ERP-1"]}}
    assert admin.put("/api/v1/master", json=gone).get_json()["version"] == 3
    assert "ERP-1" not in in_force(app).order_by_id


def test_it_is_told_what_changes_at_which_station(app: Flask, admin: FlaskClient) -> None:
    assert release_now(app, PLACED) == 2
    tables = {
        "operations": [FIRST.model_dump() | {"name": "又一道", "planned": FIRST.planned + 1}],
        "work_orders": [PLANT.order_by_id[FIRST.work_order].model_dump() | {"quantity": 999}],
        "people": [PLANT.people[0].model_dump() | {"name": "改名"}],
        "items": [{"id": "NEW-ITEM"}],
    }
    tried = admin.post("/api/v1/master/check", json=offer(base_version=2, tables=tables)).get_json()
    stations = {each["station"]: each["changes"] for each in tried["stations"]}
    assert stations.keys() == {"", "S1", "S2"}
    assert [each["table"] for each in stations[""]] == ["people"], "items are the office's alone"
    here = {each["table"]: each["changed"] for each in stations["S1"]}
    assert here == {"operations": [FIRST.id], "work_orders": [FIRST.work_order]}
    assert [each["id"] for each in tried["notices"]] == [f"CHG-{FIRST.work_order}"]
    done = admin.put("/api/v1/master", json=offer(base_version=2, tables=tables, tell=True)).get_json()
    assert done == tried | {"version": 3}
    assert [each.id for each in in_force(app).notices] == [f"CHG-{FIRST.work_order}"]


def test_tables_can_be_replaced_and_orders_told(app: Flask, admin: FlaskClient) -> None:
    reasons = [row.model_dump() for row in PLANT.reasons]
    orders = [row.model_dump() | {"quantity": 1} for row in PLANT.work_orders]
    whole = {"reasons": reasons, "work_orders": orders}
    answer = admin.put("/api/v1/master", json={"base_version": 1, "mode": "replace", "tables": whole, "tell": True})
    assert answer.status_code == 200
    found = in_force(app)
    assert len(found.notices) == len(orders) and found.reasons == PLANT.reasons and found.people == PLANT.people


def test_every_fault_is_told_with_its_place(app: Flask, admin: FlaskClient) -> None:
    wrong = {"people": [{"id": "P"}], "robots": [], "work_orders": [{"id": "A B", "quantity": "x"}]}
    for answer in (
        admin.post("/api/v1/master/check", json=offer(tables=wrong)),
        admin.put("/api/v1/master", json=offer(tables=wrong)),
    ):
        assert answer.status_code == 422
        places = [each.partition(":")[0] for each in answer.get_json()["faults"]]
        assert places == [
            "robots",
            "people[1], column name",
            "people[1], column badge",
            "work_orders[1], column id",
            "work_orders[1], column quantity",
        ]
    between = offer(tables={"skills": [{"person": "NOBODY", "skill": "s"}]})
    assert "unknown person" in admin.post("/api/v1/master/check", json=between).get_json()["faults"][0]
    twice = offer(tables={"work_orders": [ORDER, ORDER]})
    assert "stands 2 times" in admin.post("/api/v1/master/check", json=twice).get_json()["faults"][0]
    assert in_force(app).version == 1


def test_only_a_planner_from_our_own_pages_may(app: Flask, admin: FlaskClient) -> None:
    stranger = app.test_client()
    for answer in (stranger.get("/api/v1/master"), stranger.put("/api/v1/master", json=offer())):
        assert answer.status_code == 403
    bearer = {"Authorization": f"Bearer {enrol_gateway(plant_of(app).database, 'one')}"}
    assert stranger.put("/api/v1/master", json=offer(), headers=bearer).status_code == 403
    foreign = {"Origin": "http://attacker.example"}
    assert admin.put("/api/v1/master", json=offer(), headers=foreign).status_code == 403
    assert in_force(app).version == 1
