"""The page that imports a whole file: what changes first, every fault by its place, bounds of size and kind."""

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central.context import Plant
from central.snapshots import current_master
from floor.example import example_plant
from floor.master import MasterData
from floor.master_files import write_toml
from tests.central.local_plant import admin, app
from tests.central.page_client import submit

__all__ = ["admin", "app"]


def upload(client: FlaskClient, *files: tuple[str, bytes]) -> TestResponse:
    return submit(client, "/master", "/master/check", file=[(io.BytesIO(content), name) for name, content in files])


def version(app: Flask) -> MasterData:
    here: Plant = app.extensions["lineside"]
    with here.database.read() as session:
        return current_master(session, here.database.plant)


def test_import_shows_changes_first_and_then_publishes(app: Flask, admin: FlaskClient) -> None:
    admin.set_cookie("lineside_language", "en")
    master = example_plant()
    answer = upload(admin, ("plant.toml", write_toml(master).encode()))
    assert "Preview" in answer.text and version(app).version == 0
    key = re.search(r'name="preview" value="([^"]+)"', answer.text)
    assert key
    assert submit(admin, "/master", "/master/apply", preview=key[1]).location == "/master?applied=1"
    assert version(app).digest == master.digest
    assert submit(admin, "/master", "/master/apply", preview=key[1]).status_code == 409
    again = upload(admin, ("plant.toml", write_toml(master).encode()))
    assert "nothing to publish" in again.text


def test_every_fault_of_a_file_is_listed_with_its_place(admin: FlaskClient) -> None:
    orders = b"id,quantity\nWO-1,many\nWO 2,5\n"
    admin.set_cookie("lineside_language", "en")
    answer = upload(admin, ("work_orders.csv", orders))
    assert answer.status_code == 422
    assert "work_orders.csv, row 2, column quantity" in answer.text
    assert "work_orders.csv, row 3, column id" in answer.text


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([], 400),
        ([("virus.exe", b"MZ")], 400),
        ([("x.xlsx", b"no workbook")], 422),
        ([("x.zip", b"no archive")], 422),
        ([("a.toml", b""), ("b.csv", b"")], 422),
        ([("<script>.toml", b"[[[")], 422),
    ],
)
def test_uploads_are_bounded_in_size_and_kind(admin: FlaskClient, files: list[tuple[str, bytes]], status: int) -> None:
    answer = upload(admin, *files)
    assert answer.status_code == status
    assert "<script>." not in answer.text
