"""Products on pages over the real server: bills that freeze, operations from routings, kits, skills."""

import datetime
import io
import re
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.application import close_app, create_app
from central.bill_freeze import BillPump
from central.config import CentralConfig
from central.plant_days import plant_today
from floor.events import NoticeRead, ReportFinished, WorkStarted
from floor.master_files import write_toml
from floor.product_rows import Stock
from floor.rows import WorkOrder
from floor.work_events import SetupStarted
from tests.central.page_client import first_administrator, served, submit
from tests.central.planner import PLANT, edit, feed_of, in_force, plant_of, release, release_now


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    release_now(app, PLANT)
    return first_administrator(app)


def test_operations_are_made_from_the_routing(app: Flask, admin: FlaskClient) -> None:
    edit(admin, "work_orders", id="WO-2001", item="AX-200", quantity="30")
    page = "/master/work_orders/row?key=WO-2001"
    assert "按工艺路线" in admin.get(page).text
    assert submit(admin, page, "/master/work_orders/routing", key="WO-2001").location == "/master/operations?routed=2"
    assert submit(admin, page, "/master/work_orders/routing", key="WO-2001").status_code == 409
    release(admin)
    made = in_force(app).operations_by_order["WO-2001"]
    assert [(row.id, row.planned, row.ticket) for row in made] == [
        ("WO-2001-10", 30, "T-WO-2001-10"),
        ("WO-2001-20", 30, "T-WO-2001-20"),
    ]


def test_orders_that_began_keep_their_bill_and_who_works_on_them_is_named(app: Flask, admin: FlaskClient) -> None:
    with served(app) as address:
        feed = feed_of(app, admin, address)
        feed.keep(WorkStarted(person="P02", operation="WO-1001-10", work_order="WO-1001"), "S1")
        feed.offer()
        admin.get("/records")
        edit(admin, "bom_revisions", "AX-200 B", state="released", valid_from="2020-01-01")
        page = admin.get("/master/review").text
        assert "须确认的人" in page and "WO-1001" in page and "李秀英" in page
        assert release(admin, tell="1").status_code == 303
        found = in_force(app)
        assert found.order_by_id["WO-1001"].bom_revision == "A"
        (notice,) = found.notices
        assert notice.work_order == "WO-1001" and "仍用 A" in notice.title
        used = admin.get("/master/where-used?item=SEAL").text
        assert "已开工" in used and "李秀英" in used
        assert "还没有人确认" in admin.get("/master/versions/2").text
        feed.keep(NoticeRead(notice=f"notice/{notice.id}", version="x", person="P02"), "S1")
        feed.offer()
        assert "李秀英 · S1" in admin.get("/master/versions/2").text


def test_who_sets_up_for_an_order_is_at_work_on_it(app: Flask, admin: FlaskClient) -> None:
    with served(app) as address:
        feed = feed_of(app, admin, address)
        feed.keep(WorkStarted(person="P02", operation="WO-1001-10", work_order="WO-1001"), "S1")
        feed.keep(SetupStarted(person="P02", operation="WO-1001-10"), "S1")
        feed.offer()
        admin.get("/records")
        edit(admin, "bom_revisions", "AX-200 B", state="released", valid_from="2020-01-01")
        assert "李秀英" in admin.get("/master/review").text
        assert "李秀英" in admin.get("/master/where-used?item=SEAL").text


def test_an_order_that_lacks_material_is_warned_of_and_raised(app: Flask, admin: FlaskClient) -> None:
    edit(admin, "stock", item="SEAL", available="5")
    held = PLANT.order_by_id["WO-1001"]
    assert held.quantity > 5
    edit(admin, "work_orders", "WO-1001", state="held")
    release(admin)
    assert "每个" in admin.get("/master/kit").text or "齐套" in admin.get("/master/kit").text
    edit(admin, "work_orders", "WO-1001", state="released")
    page = admin.get("/master/review").text
    assert "缺料" in page and "SEAL" in page
    assert release(admin).status_code == 409
    assert release(admin, short="1").status_code == 303
    page = admin.get("/master/kit").text
    assert "WO-1001" in page and "采购" in page and "115" in page
    edit(admin, "stock", "SEAL", available="5000")
    release(admin)
    assert "WO-1001" not in admin.get("/master/kit").text


def test_a_plant_may_refuse_orders_that_lack_material(tmp_path: Path) -> None:
    app = create_app(CentralConfig(folder=tmp_path, kit_check="refuse"))
    try:
        release_now(app, PLANT)
        admin = first_administrator(app)
        edit(admin, "stock", item="SEAL", available="5")
        edit(admin, "work_orders", id="WO-3001", item="AX-200", quantity="30")
        assert "不齐套不下达" in admin.get("/master/review").text
        assert release(admin, short="1").status_code == 409
        file = PLANT.with_tables(
            work_orders=(*PLANT.work_orders, WorkOrder(id="WO-3001", item="AX-200", quantity=30)),
            stock=(Stock(item="SEAL", available=5),),
        )
        upload = (io.BytesIO(write_toml(file).encode()), "plant.toml")
        key = re.search(r'name="preview" value="([^"]+)"', submit(admin, "/master", "/master/check", file=upload).text)
        assert key and submit(admin, "/master", "/master/apply", preview=key[1]).status_code == 409
        assert in_force(app).version == 1
    finally:
        close_app(app)


def test_the_skill_matrix_shows_what_is_over(app: Flask, admin: FlaskClient) -> None:
    edit(admin, "skills", person="P02", skill="welding", until="2020-01-01")
    edit(admin, "skills", person="P03", skill="welding")
    edit(admin, "operations", "WO-1001-10", skill="welding")
    release(admin)
    page = admin.get("/master/skill-matrix").text
    assert "已过期" in page and "2020-01-01" in page
    assert re.search(r"有资格</th><td class=\"number\"><b>1</b>", page)


def test_what_began_is_frozen_before_another_revision_comes_into_force(app: Flask, admin: FlaskClient) -> None:
    tomorrow = (plant_today(time.time()) + datetime.timedelta(days=1)).isoformat()
    revisions = tuple(
        row.model_copy(update={"state": "released", "valid_from": tomorrow if row.revision == "B" else ""})
        for row in PLANT.bom_revisions
    )
    release_now(app, PLANT.with_tables(bom_revisions=revisions))
    with served(app) as address:
        feed = feed_of(app, admin, address)
        feed.keep(WorkStarted(person="P02", operation="WO-1001-10", work_order="WO-1001"), "S1")
        feed.offer()
        admin.get("/records")
    pump = BillPump(plant_of(app).database)
    pump.step(time.time() - 3 * 86_400)
    assert in_force(app).version == 2, "it is not the last day yet"
    now = time.time()
    assert pump.step(now) > now
    assert in_force(app).order_by_id["WO-1001"].bom_revision == "A"
    pump.step(time.time())
    assert in_force(app).version == 3, "and once is enough"


def test_work_reported_counts_as_begun(app: Flask, admin: FlaskClient) -> None:
    with served(app) as address:
        feed = feed_of(app, admin, address)
        report = ReportFinished(person="P02", operation="WO-1001-10", work_order="WO-1001", good=3, scrap=0)
        feed.keep(report, "S1")
        feed.offer()
        admin.get("/records")
    edit(admin, "people", "P02", name="甲")
    release(admin)
    assert in_force(app).order_by_id["WO-1001"].bom_revision == "A"
    assert in_force(app).order_by_id["WO-1002"].bom_revision == ""
