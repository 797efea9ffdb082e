"""Master data on pages over the real server: rows edited in a draft, reviewed, released, and taken back."""

import csv
import html
import io
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.application import close_app, create_app
from central.config import CentralConfig
from central.models import Gateway
from central.opening import open_database
from central.planning_tables import MasterDraft
from floor.events import SnapshotApplied
from floor.master_files import write_toml
from floor.master_sheets import write_sheets
from floor.master_tables import TABLES
from floor.rows import Person, Reason, WorkOrder
from tests.central.page_client import first_administrator, served, submit
from tests.central.planner import (
    FIRST,
    PLACED,
    PLANT,
    another_planner,
    edit,
    feed_of,
    form_of,
    in_force,
    plant_of,
    release,
    release_now,
)
from tests.central.test_pages import HOSTILE


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    release_now(app, PLANT)
    return first_administrator(app)


def test_a_row_is_edited_reviewed_and_released(app: Flask, admin: FlaskClient) -> None:
    answer = edit(admin, "people", "P02", name="李秀英二", roles=["operator", "leader"], badge_until="2030-01-31")
    assert answer.location == "/master/people?done=saved"
    assert in_force(app).person_by_id["P02"].name == "李秀英", "the floor sees nothing yet"
    assert "李秀英二" in admin.get("/master/people").text
    page = admin.get("/master/review").text
    assert "李秀英二" in page and "2030-01-31" in page and "所有工位" in page
    answer = release(admin, note="工牌换发 <b>")
    assert answer.location == "/master/versions/2?done=released"
    row = in_force(app).person_by_id["P02"]
    assert (row.name, row.roles, row.badge_until, row.badge) == (
        "李秀英二",
        ("operator", "leader"),
        "2030-01-31",
        "B-P02",
    )
    page = admin.get("/master/versions/2").text
    assert "李秀英二" in page and "工牌换发 &lt;b&gt;" in page
    assert "工牌换发" in admin.get("/master/versions").text
    assert "草稿是空的" in admin.get("/master/review").text


def test_every_table_has_a_list_a_form_and_downloads(app: Flask, admin: FlaskClient) -> None:
    for table in TABLES:
        if table != "instructions":
            look_at(admin, table)
    assert "草稿是空的" in client_in(admin, "zh").get("/master/review").text


def look_at(admin: FlaskClient, table: str) -> None:
    """Opens all that a table has in both languages, and saves its first row as it is."""
    for language in ("zh", "en"):
        admin.set_cookie("lineside_language", language)
        for path in (
            f"/master/{table}",
            f"/master/{table}/row",
            f"/master/{table}?sort=name&falling=1&search=x&page=9",
        ):
            assert admin.get(path).status_code == 200, path
    held = getattr(PLANT, table)
    rows = list(csv.reader(io.StringIO(admin.get(f"/master/{table}/download.csv").data.decode("utf-8-sig"))))
    assert rows[0] == list(TABLES[table].model_fields) and len(rows) == 1 + len(held)
    assert admin.get(f"/master/{table}/download.xlsx").data.startswith(b"PK")
    if held:
        key = held[0].key
        page = admin.get(f"/master/{table}/row", query_string={"key": key})
        assert page.status_code == 200
        answer = submit(admin, f"/master/{table}/row", f"/master/{table}/row", key=key, **form_of(page.text))
        assert answer.status_code == 303, table


def client_in(client: FlaskClient, language: str) -> FlaskClient:
    client.set_cookie("lineside_language", language)
    return client


def test_each_fault_stands_at_its_field_and_nothing_is_kept(app: Flask, admin: FlaskClient) -> None:
    answer = edit(admin, "work_orders", "WO-1001", id="WO 1", quantity="many", priority="12", state="lost")
    assert answer.status_code == 422
    for name in ("id", "quantity", "priority", "state"):
        assert f'id="field-{name}-fault"' in answer.text and f'aria-describedby="field-{name}-fault"' in answer.text
    assert 'value="many"' in answer.text, "what was typed is still there"
    assert "field-name-fault" not in answer.text
    assert edit(admin, "people", "P02", badge_until="2027-02-30").status_code == 422
    assert "已经有这一行" in edit(admin, "people", "P02", id="P03").text
    assert "草稿是空的" in admin.get("/master/review").text


def test_rows_that_contradict_each_other_are_told_and_not_released(app: Flask, admin: FlaskClient) -> None:
    answer = edit(admin, "skills", person="NOBODY", skill="welding")
    assert "unknown person" in admin.get(answer.location).text
    page = admin.get("/master/review")
    assert "还不能发布" in page.text and "NOBODY" in page.text and "review/release" not in page.text
    assert submit(admin, "/master/review", "/master/review/release", digest="").status_code == 422
    assert in_force(app).version == 1


def test_a_key_that_changes_is_another_row(app: Flask, admin: FlaskClient) -> None:
    assert edit(admin, "reasons", "surface", id="scratch").status_code == 303
    page = admin.get("/master/review").text
    assert "scratch" in page and "surface" in page
    assert "还不能发布" in page, "calls still name the old id"
    submit(admin, "/master/reasons", "/master/reasons/restore", key="surface")
    submit(admin, "/master/reasons", "/master/reasons/delete", key="scratch")
    assert "草稿是空的" in admin.get("/master/review").text


def test_each_planner_has_a_draft_that_outlives_the_server(config: CentralConfig) -> None:
    app = create_app(config, open_database(config))
    release_now(app, PLANT)
    admin = first_administrator(app)
    li = another_planner(app, admin)
    edit(admin, "people", "P02", name="甲")
    edit(li, "people", "P03", name="乙")
    close_app(app)
    again = create_app(config, open_database(config))
    try:
        for client, own, other in ((admin, "甲", "乙"), (li, "乙", "甲")):
            fresh = again.test_client()
            fresh.set_cookie("lineside_session", _cookie(client))
            page = fresh.get("/master/review").text
            assert own in page and other not in page
    finally:
        close_app(again)


def _cookie(client: FlaskClient) -> str:
    found = client.get_cookie("lineside_session")
    assert found is not None
    return found.value


def test_drafts_of_other_rows_go_onto_a_newer_version(app: Flask, admin: FlaskClient) -> None:
    li = another_planner(app, admin)
    edit(admin, "people", "P02", name="甲")
    edit(li, "people", "P03", name="乙")
    assert release(li).status_code == 303
    page = admin.get("/master/review").text
    assert "版本 2" in page and "没有冲突" in page
    assert release(admin).status_code == 303
    people = in_force(app).person_by_id
    assert (people["P02"].name, people["P03"].name) == ("甲", "乙")


@pytest.mark.parametrize(("choice", "name"), [("ours", "甲"), ("theirs", "乙")])
def test_a_collision_is_named_and_settled(app: Flask, admin: FlaskClient, choice: str, name: str) -> None:
    li = another_planner(app, admin)
    edit(admin, "people", "P02", name="甲")
    edit(admin, "people", "P04", name="丙")
    edit(li, "people", "P02", name="乙")
    release(li)
    page = admin.get("/master/review").text
    assert "与版本 2 冲突" in page and "甲" in page and "乙" in page and "review/release" not in page
    assert submit(admin, "/master/review", "/master/review/release", digest="0" * 64).status_code == 409
    stale = submit(admin, "/master/review", "/master/review/settle", version="1", row0=choice)
    assert stale.status_code == 409
    assert submit(admin, "/master/review", "/master/review/settle", version="2", row0=choice).status_code == 303
    assert release(admin).status_code == 303
    people = in_force(app).person_by_id
    assert (people["P02"].name, people["P04"].name) == (name, "丙")


def test_what_changed_after_somebody_looked_is_not_released(app: Flask, admin: FlaskClient) -> None:
    edit(admin, "people", "P02", name="甲")
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', admin.get("/master/review").text)
    assert digest
    edit(admin, "people", "P03", name="乙")
    assert submit(admin, "/master/review", "/master/review/release", digest=digest[1]).status_code == 409
    assert in_force(app).version == 1


def test_an_older_version_comes_back_as_a_new_one(app: Flask, admin: FlaskClient) -> None:
    edit(admin, "people", "P02", name="甲")
    submit(admin, "/master/reasons", "/master/operations/delete", key="WO-1001-10")
    release(admin)
    assert "WO-1001-10" not in in_force(app).operation_by_id
    assert submit(admin, "/master/versions/1", "/master/versions/restore", version="1").location == "/master/review"
    page = admin.get("/master/review").text
    assert "回到版本 1" in page and "WO-1001-10" in page
    taken = submit(admin, "/master/versions/1", "/master/versions/restore", version="1")
    assert taken.status_code == 409 and "未发布的草稿" in taken.text
    release(admin, note="回到版本 1")
    found = in_force(app)
    assert (found.version, found.person_by_id["P02"].name) == (3, "李秀英") and "WO-1001-10" in found.operation_by_id
    assert submit(admin, "/master/versions/1", "/master/versions/restore", version="99").status_code == 404
    submit(admin, "/master/review", "/master/review/discard")


def test_pasted_cells_are_tried_and_put_into_the_draft(app: Flask, admin: FlaskClient) -> None:
    rows = "id\tname\tbadge\r\nP02\t李\tB-P02\r\nP50\t新人\tB-P50\r\n"
    assert submit(admin, "/master/people", "/master/people/paste", text=rows, mode="merge").status_code == 303
    page = admin.get("/master/people").text
    assert "新人" in page and "王建国" in page
    wrong = submit(admin, "/master/people", "/master/people/paste", text="id\tname\tbadge\nP 1\tx\ty\n", mode="merge")
    assert wrong.status_code == 422 and "people.csv, row 2, column id" in wrong.text and "P 1" in wrong.text
    submit(admin, "/master/people", "/master/people/paste", text="id\tname\tbadge\nP01\t王\tB-P01\n", mode="replace")
    assert release(admin).status_code == 303
    assert [row.id for row in in_force(app).people] == ["P01"]
    large = "id\tname\n" + "\n".join(f"R{n}\t{'理由' * 10}" for n in range(4_000))
    assert submit(admin, "/master/reasons", "/master/reasons/paste", text=large, mode="merge").status_code == 303
    assert "4,000" in admin.get("/master/review").text.replace("\u202f", ",")


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_a_workbook_of_some_tables_goes_into_the_draft(app: Flask, admin: FlaskClient, mode: str) -> None:
    person = Person(id="P60", name="新人", badge="B-P60")
    file = (io.BytesIO(write_sheets({"people": (person,)})), "part.xlsx")
    answer = submit(admin, "/master", "/master/check", file=file, mode=mode)
    assert answer.location == "/master/review?done=put"
    release(admin)
    found = in_force(app)
    assert len(found.people) == (1 if mode == "replace" else 7)
    assert found.operations == PLANT.operations
    bad = (io.BytesIO(b"id,name\n!,x\n"), "reasons.csv")
    refused = submit(admin, "/master", "/master/check", file=bad, mode=mode)
    assert refused.status_code == 422 and "reasons.csv, row 2, column id" in refused.text


def test_a_whole_file_can_be_reviewed_by_station_first(app: Flask, admin: FlaskClient) -> None:
    changed = PLANT.with_tables(reasons=(*PLANT.reasons, Reason(id="NEW", name="新原因")))
    checked = submit(admin, "/master", "/master/check", file=(io.BytesIO(write_toml(changed).encode()), "plant.toml"))
    key = re.search(r'name="preview" value="([^"]+)"', checked.text)
    assert key
    answer = submit(admin, "/master", "/master/apply", preview=key[1], into="draft")
    assert answer.location == "/master/review?done=put"
    assert "NEW" in admin.get("/master/review").text and in_force(app).version == 1
    assert release(admin).status_code == 303
    assert in_force(app).digest == changed.digest


def test_the_import_of_a_whole_file_shows_what_the_review_shows(app: Flask, admin: FlaskClient) -> None:
    release_now(app, PLACED)
    rows = tuple(row.model_copy(update={"name": "又一道"}) if row.id == FIRST.id else row for row in PLACED.operations)
    orders = tuple(
        row.model_copy(update={"quantity": 999}) if row.id == FIRST.work_order else row for row in PLACED.work_orders
    )
    renamed = (PLANT.reasons[0].model_copy(update={"name": "改名"}), *PLANT.reasons[1:])
    changed = PLACED.with_tables(operations=rows, work_orders=orders, reasons=renamed)
    file = (io.BytesIO(write_toml(changed).encode()), "plant.toml")
    page = submit(admin, "/master", "/master/check", file=file).text
    places = page.partition("各工位的变化")[2].partition("<form")[0]
    named = [html.unescape(each) for each in re.findall(r"<details.*?<bdi>([^<]*)</bdi>", places)]
    for station in FIRST.stations:
        assert station in named and "又一道" in places
    key = re.search(r'name="preview" value="([^"]+)"', page)
    assert key is not None and "发变更通知 1 条" in page
    submit(admin, "/master", "/master/apply", preview=key[1], into="draft")
    review = admin.get("/master/review").text.partition("各工位的变化")[2].partition("</section>")[0]
    assert places.split()[1:] == review.split()[1:], "one function tells both"
    again = (io.BytesIO(write_toml(changed).encode()), "plant.toml")
    key = re.search(r'name="preview" value="([^"]+)"', submit(admin, "/master", "/master/check", file=again).text)
    assert key is not None
    done = submit(admin, "/master", "/master/apply", preview=key[1], tell="1")
    assert done.location == "/master?applied=3"
    assert [each.id for each in in_force(app).notices] == [f"CHG-{FIRST.work_order}"]


def test_hostile_cells_are_shown_and_exported_as_text(app: Flask, admin: FlaskClient) -> None:
    for number, text in enumerate(HOSTILE):
        answer = edit(admin, "reasons", id=f"R{number}", name=text)
        assert answer.status_code in (303, 400, 422)
    for path in ("/master/reasons", "/master/review", "/master/reasons/row?key=R0"):
        page = admin.get(path).text
        assert "<script>alert" not in page and "<img src=x" not in page and "<svg" not in page.partition("<main")[2]
    release(admin)
    page = admin.get("/master/versions/2").text
    assert "<script>alert" not in page and "R0" in page
    assert "&lt;script&gt;" in admin.get("/master/reasons").text
    cells = [each for row in csv.reader(io.StringIO(admin.get("/master/reasons/download.csv").text)) for each in row]
    assert "'=HYPERLINK(1)" in cells and not any(each.startswith(("=", "+", "@")) for each in cells)
    assert admin.get("/master/where-used", query_string={"item": HOSTILE[0]}).text.count("<script>alert") == 0


def test_who_has_which_version(app: Flask, admin: FlaskClient) -> None:
    with served(app) as address:
        feed = feed_of(app, admin, address)
        assert "未知" in admin.get("/master/versions").text
        feed.keep(SnapshotApplied(version=1, digest="d", source="central"), "")
        feed.offer()
        admin.get("/records")
        told = [(json.dumps({"master_version": 1}), "最新"), ('{"master_version": "x"}', "未知"), ("[", "未知")]
        for status, word in told:
            with plant_of(app).database.write() as session:
                row = session.get(Gateway, (plant_of(app).database.plant, "gateway"))
                assert row is not None
                row.status = status
            assert word in admin.get("/master/versions").text
        with plant_of(app).database.write() as session:
            row = session.get(Gateway, (plant_of(app).database.plant, "gateway"))
            assert row is not None
            row.status = told[0][0]
        edit(admin, "people", "P02", name="甲")
        release(admin)
        page = admin.get("/master/versions").text
        assert "落后 1 版" in page
        assert "gateway" in admin.get("/master/versions/1").text


def test_a_draft_and_drafts_are_bounded(app: Flask, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.drafts.DRAFT_BYTES_MAX", 200)
    edit(admin, "people", "P02", name="甲")
    assert edit(admin, "people", "P03", name="乙" * 100).status_code == 409
    monkeypatch.setattr("central.drafts.DRAFTS_MAX", 1)
    li = another_planner(app, admin)
    assert edit(li, "reasons", "surface", name="丁").status_code == 409
    with plant_of(app).database.write() as session:
        row = session.get(MasterDraft, (plant_of(app).database.plant, "admin"))
        assert row is not None
        row.changed_at = 0.0
    assert edit(li, "reasons", "surface", name="丁").status_code == 303, "one that nobody touched for months gives way"


def test_a_row_that_this_release_does_not_know_is_left_out(app: Flask, admin: FlaskClient) -> None:
    edit(admin, "people", "P02", name="甲")
    with plant_of(app).database.write() as session:
        row = session.get(MasterDraft, (plant_of(app).database.plant, "admin"))
        assert row is not None
        row.edits = json.dumps({**json.loads(row.edits), "robots": {"R": {"id": "R"}}})
    page = admin.get("/master/review").text
    assert "1 行看不懂" in page and "甲" in page


def test_lists_are_searched_sorted_and_paged(app: Flask, admin: FlaskClient) -> None:
    orders = tuple(WorkOrder(id=f"Q-{n:04d}", quantity=n % 97, item="X" if n % 2 else "Y") for n in range(300))
    release_now(app, PLANT.with_tables(work_orders=(*PLANT.work_orders, *orders)))
    page = admin.get("/master/work_orders?search=q-&sort=quantity&falling=1").text
    first = re.findall(r"<bdi>(Q-\d+)</bdi>", page)
    assert len(first) == 50 and first[0] == "Q-0096" and "共 300 行" in page and "共 6 页" in page
    assert re.findall(r"<bdi>(Q-\d+)</bdi>", admin.get("/master/work_orders?search=Q-0123").text) == ["Q-0123"]
    assert admin.get("/master/work_orders/row?key=NOTHING").status_code == 404
    assert admin.get("/master/nothing").status_code == 404
