"""Work instructions at the office: uploaded by a planner, published with the master data, kept by what comes after."""

import hashlib
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central.context import Plant
from central.snapshots import current_master, publish
from floor.example import example_plant
from floor.instructions import instruction_of
from floor.limits import INSTRUCTION_BYTES_MAX
from floor.master import MasterData
from floor.master_files import write_toml
from tests.central.local_plant import app
from tests.central.page_client import FORM_TOKEN, first_administrator, signed_in, submit
from tests.floor.pictures import pdf, png

__all__ = ["app"]

PAGE, ADD = "/master/instructions", "/master/instructions/add"


@pytest.fixture
def plant(app: Flask) -> Plant:
    here: Plant = app.extensions["lineside"]
    with here.database.write() as session:
        publish(session, example_plant(), "test", here.now(), here.database.plant)
    return here


@pytest.fixture
def admin(app: Flask, plant: Plant) -> FlaskClient:
    return first_administrator(app)


def master(plant: Plant) -> MasterData:
    with plant.database.read() as session:
        return current_master(session, plant.database.plant)


def upload(client: FlaskClient, content: bytes, name: str = "wi.pdf", **columns: str) -> TestResponse:
    told = {"id": "WI-1", "revision": "A", "title": "下料", "operation": "", "item": "AX-200", **columns}
    return submit(client, PAGE, ADD, file=(io.BytesIO(content), name), **told)


def test_a_file_becomes_a_row_of_the_master_data(plant: Plant, admin: FlaskClient) -> None:
    assert upload(admin, pdf()).location == "/master/instructions?applied=2"
    row = instruction_of(master(plant), "WO-1001-10")
    assert row is not None
    sha256 = hashlib.sha256(pdf()).hexdigest()
    assert (row.id, row.revision, row.title, row.sha256, row.media_type) == (
        "WI-1",
        "A",
        "下料",
        sha256,
        "application/pdf",
    )
    assert row.bytes == len(pdf())
    page = admin.get(PAGE + "?applied=2").text
    assert f'href="/files/{sha256}"' in page and "AX-200" in page and "主数据版本 2" in page
    assert ">1<" in re.sub(r"\s", "", admin.get("/master").text.partition("作业指导书")[2][:200])


def test_a_new_revision_takes_the_place_of_the_old_one(plant: Plant, admin: FlaskClient) -> None:
    upload(admin, pdf("A"))
    upload(admin, png(), "wi.png", revision="B", item="", operation="WO-1001-10")
    rows = master(plant).instructions
    assert [(row.id, row.revision, row.operation, row.item) for row in rows] == [("WI-1", "B", "WO-1001-10", "")]
    assert submit(admin, PAGE, "/master/instructions/remove", id="WI-1").location == "/master/instructions?applied=4"
    assert master(plant).instructions == ()


def upload_by_hand(client: FlaskClient, content: bytes) -> TestResponse:
    """The body as a browser makes it; the test client would leave its own large file open."""
    token = FORM_TOKEN.search(client.get(PAGE).text)
    assert token
    told = {"form_token": token[1], "id": "WI-1", "revision": "A", "item": "AX-200"}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in told.items()]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="wi.pdf"\r\n\r\n'
    body = ("".join(parts) + head).encode() + content + b"\r\n--x--\r\n"
    headers = {"Origin": "http://localhost", "Content-Type": "multipart/form-data; boundary=x"}
    return client.post(ADD, data=body, headers=headers)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<html><script>alert(1)</script></html>", "wi.pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "wi.png"),
        (b"GIF89a" + pdf(), "wi.jpg"),
        (b"PK\x03\x04" + b"\0" * 100, "wi.pdf"),
        (pdf()[:4], "wi.pdf"),
    ],
)
def test_what_is_no_picture_and_no_document_is_not_published(
    plant: Plant, admin: FlaskClient, content: bytes, name: str
) -> None:
    answer = upload(admin, content, name)
    assert answer.status_code == 415 and "这不是 PDF" in answer.text
    assert master(plant).instructions == () and list(plant.files.every()) == []


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"item": ""}, "no item and no operation"),
        ({"operation": "WO-1001-10"}, "both an item and an operation"),
        ({"item": "", "operation": "WO-7-10"}, "unknown operation"),
        ({"id": "no spaces"}, "id"),
        ({"revision": ""}, "revision"),
        ({"revision": "<script>"}, "revision"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_in_words_and_leaves_no_file(
    plant: Plant, admin: FlaskClient, columns: dict[str, str], word: str
) -> None:
    answer = upload(admin, pdf(), **columns)
    assert answer.status_code == 422 and word in answer.text
    assert "<script>" not in answer.text.replace("<script type=", "")
    assert master(plant).instructions == () and list(plant.files.every()) == []


def test_sizes_are_bounded(plant: Plant, admin: FlaskClient) -> None:
    assert upload(admin, b"").status_code == 400
    assert upload_by_hand(admin, pdf() + b"\0" * INSTRUCTION_BYTES_MAX).status_code == 413
    assert upload_by_hand(admin, pdf() + b"\0" * (INSTRUCTION_BYTES_MAX + 10**6)).status_code == 413
    plant.files._bytes_max = 10
    answer = upload(admin, pdf())
    assert answer.status_code == 507 and "文件空间已满" in answer.text
    assert master(plant).instructions == ()


def test_only_a_planner_may_change_them_and_only_by_our_form(app: Flask, plant: Plant, admin: FlaskClient) -> None:
    assert app.test_client().get(PAGE).status_code == 303
    data = {"id": "WI-1", "revision": "A", "item": "AX-200", "file": (io.BytesIO(pdf()), "wi.pdf")}
    assert admin.post(ADD, data=data, headers={"Origin": "http://localhost"}).status_code == 400
    said = submit(admin, "/users", "/users/add", name="reader", role="leader").text
    code = re.search(r"[A-Z0-9]{4}(?:-[A-Z0-9]{4}){2}", said)
    assert code, said
    client = app.test_client()
    values = {"name": "reader", "code": code[0], "password": "correct horse battery", "repeat": "correct horse battery"}
    assert submit(client, "/sign-in/first", "/sign-in/first", **values).status_code == 303
    reader = signed_in(app, "reader")
    page = reader.get(PAGE)
    assert page.status_code == 200 and "multipart" not in page.text
    for path in (ADD, "/master/instructions/remove"):
        assert submit(reader, "/board", path, id="WI-1").status_code in (400, 403)
    assert master(plant).instructions == ()


def test_an_import_that_says_nothing_of_them_leaves_them(plant: Plant, admin: FlaskClient) -> None:
    upload(admin, pdf())
    parts = example_plant().model_dump()
    parts["work_orders"][0]["quantity"] = 121
    changed = MasterData.model_validate(parts)
    checked = submit(admin, "/master", "/master/check", file=(io.BytesIO(write_toml(changed).encode()), "plant.toml"))
    key = re.search(r'name="preview" value="([^"]+)"', checked.text)
    assert key, checked.text
    submit(admin, "/master", "/master/apply", preview=key[1])
    found = master(plant)
    assert found.work_orders[0].quantity == 121
    assert [row.id for row in found.instructions] == ["WI-1"]


def test_without_master_data_there_is_nothing_to_be_for(app: Flask) -> None:
    client = first_administrator(app)
    assert upload(client, pdf()).status_code == 409
