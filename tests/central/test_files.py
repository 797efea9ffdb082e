"""Files at the server: whole or absent, by their hash, bounded, resumable, and no page whatever hides in them."""

import hashlib
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from central.backup import make_backup
from central.config import CentralConfig
from central.context import Plant
from central.errors import FileRefused, FilesFull
from central.files import FileStore
from central.limits import FILE_PARTS_MAX
from central.manifests import SUFFIX, read_manifest
from central.opening import open_database
from central.restore import restore_backup
from floor.limits import INSTRUCTION_BYTES_MAX
from sync.wire import FILE_PIECE_BYTES_MAX
from tests.central.conftest import enrol_gateway
from tests.central.page_client import first_administrator
from tests.floor.pictures import jpeg, pdf, png, webp

PHOTO = jpeg(600_000)


def named(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path, 10**8)


def send(store: FileStore, content: bytes, sender: str = "one", piece: int = FILE_PIECE_BYTES_MAX) -> bool:
    """As a gateway does it."""
    sha256 = named(content)
    held = store.held(sender, sha256)
    while not held.whole:
        at = held.offset
        held = store.take(sender, sha256, at, len(content), content[at : at + piece])
    return held.whole


# The store.


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(jpeg(5_000), "image/jpeg"), (png(), "image/png"), (webp(), "image/webp"), (pdf(), "application/pdf")],
)
def test_a_file_comes_in_pieces_and_is_what_its_bytes_say(store: FileStore, content: bytes, media_type: str) -> None:
    assert store.find(named(content)) is None
    assert send(store, content, piece=100)
    found = store.find(named(content))
    assert found is not None
    assert (found.path.read_bytes(), found.size, found.media_type) == (content, len(content), media_type)
    assert [path.name for path in store.every()] == [named(content)]


def test_a_piece_that_does_not_fit_changes_nothing(store: FileStore) -> None:
    sha256 = named(PHOTO)
    assert store.take("one", sha256, 5, 100, b"late").offset == 0
    store.take("one", sha256, 0, len(PHOTO), PHOTO[:1000])
    assert store.take("one", sha256, 0, len(PHOTO), PHOTO[:1000]).offset == 1000
    assert store.held("one", sha256).offset == 1000
    assert store.held("two", sha256).offset == 0, "each sender has parts of its own"
    for wrong in ((0, 0), (0, INSTRUCTION_BYTES_MAX + 1), (len(PHOTO), len(PHOTO))):
        with pytest.raises(FileRefused):
            store.take("one", sha256, *wrong, b"x")


def test_what_does_not_fit_its_hash_begins_anew(store: FileStore) -> None:
    wrong = "0" * 64
    with pytest.raises(FileRefused, match="does not fit"):
        store.take("one", wrong, 0, 400, jpeg(400))
    assert store.held("one", wrong).offset == 0
    assert store.find(wrong) is None


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + jpeg(),
        b"\0" * 99,
    ],
)
def test_what_is_no_picture_and_no_document_is_not_kept(store: FileStore, content: bytes) -> None:
    with pytest.raises(FileRefused, match="JPEG"):
        send(store, content)
    with pytest.raises(FileRefused):
        store.keep(content)
    assert list(store.every()) == []


def test_all_files_together_are_bounded_and_the_bound_is_known_after_a_start(tmp_path: Path) -> None:
    store = FileStore(tmp_path, 10_000)
    assert send(store, jpeg(6_000))
    for again in (store, FileStore(tmp_path, 10_000)):
        with pytest.raises(FilesFull):
            send(again, jpeg(6_001))
        assert send(again, jpeg(6_000)), "what is here is here"
    assert send(store, jpeg(4_000))


def test_a_file_is_counted_once_when_its_last_piece_came_to_a_process_that_died(tmp_path: Path) -> None:
    before, content = FileStore(tmp_path, 10_000), jpeg(6_000)
    before.take("one", named(content), 0, len(content), content[:5_999])
    [part] = (tmp_path / "files" / "parts").iterdir()
    part.write_bytes(content)
    again = FileStore(tmp_path, 10_000)
    assert again.take("one", named(content), 5_999, len(content), content[5_999:]).whole
    assert send(again, jpeg(4_000)), "4,000 bytes are left"


def test_a_sender_that_begins_much_and_ends_nothing_keeps_few_parts(store: FileStore, tmp_path: Path) -> None:
    for number in range(10):
        store.take("one", f"{number:064x}", 0, 1_000, b"x" * 10)
        store.take("two", f"{number:064x}", 0, 1_000, b"x" * 10)
    assert len(list((tmp_path / "files" / "parts").iterdir())) == 2 * FILE_PARTS_MAX


@given(st.lists(st.tuples(st.integers(0, 420), st.integers(0, 300)), max_size=12), st.booleans())
def test_whatever_order_pieces_come_in_only_the_file_itself_is_ever_whole(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, int]], honest: bool
) -> None:
    content = png(8, 8) + b"\0" * 120
    store = FileStore(tmp_path_factory.mktemp("store"), 10**6)
    for first, length in pieces:
        piece = content[first : first + length] if honest else b"?" * min(length, max(0, len(content) - first))
        before = store.held("one", named(content)).offset
        try:
            held = store.take("one", named(content), first, len(content), piece)
        except FileRefused:
            continue
        assert held.offset == (before + len(piece) if first == before else before)
        assert not held.whole or honest
    found = store.find(named(content))
    assert found is None or found.path.read_bytes() == content


def test_two_senders_of_one_file_store_it_once(store: FileStore) -> None:
    assert send(store, PHOTO, "one")
    assert send(store, PHOTO, "two")
    assert store.keep(PHOTO) == named(PHOTO)
    assert len(list(store.every())) == 1


def test_a_server_that_was_cut_goes_on_with_the_part(store: FileStore, tmp_path: Path) -> None:
    store.take("one", named(PHOTO), 0, len(PHOTO), PHOTO[:300_000])
    after = FileStore(tmp_path, 10**8)
    assert after.held("one", named(PHOTO)).offset == 300_000
    assert send(after, PHOTO)


# Backups.


def test_a_backup_holds_every_file_once_and_a_restore_brings_back_what_is_gone(tmp_path: Path) -> None:
    config = CentralConfig.model_validate({"folder": tmp_path / "central"})
    store = FileStore(config.folder, config.files_bytes_max)
    photo, document = jpeg(9_000), pdf()
    database = open_database(config)
    try:
        store.keep(photo)
        make_backup(database, config, time.time())
        store.keep(document)
        copy = make_backup(database, config, time.time() + 1)
    finally:
        database.close()
    kept = sorted(path.name for path in (config.backup_folder / "files").rglob("*") if path.is_file())
    assert kept == sorted(map(named, (photo, document)))
    manifest = read_manifest(copy.file.with_name(copy.file.name + SUFFIX))
    assert (manifest.files, manifest.file_bytes) == (2, len(photo) + len(document))
    for content in (photo, document):
        found = store.find(named(content))
        assert found is not None
        found.path.unlink()
    damaged = config.backup_folder / "files" / named(document)[:2] / named(document)
    damaged.unlink()
    damaged.write_bytes(document[:-1] + b"?")
    said = restore_backup(config, copy.file, time.time() + 2)
    assert "1 files brought back, 1 could not be" in said
    assert store.missing((named(photo), named(document))) == (named(document),)


# The routes.


@pytest.fixture
def token(app: Flask) -> str:
    plant: Plant = app.extensions["lineside"]
    return enrol_gateway(plant.database, "one")


def put(client: FlaskClient, token: str, content: bytes, first: int, piece: bytes, **more: str) -> TestResponse:
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Range": f"bytes {first}-{first + len(piece) - 1}/{len(content)}",
        "Content-Type": "application/octet-stream",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return client.put(f"/api/v1/files/{named(content)}/part", data=piece, headers=headers)


def get(client: FlaskClient, token: str, path: str, **more: str) -> TestResponse:
    return client.get(f"/api/v1/files/{path}", headers={"Authorization": f"Bearer {token}", **more})


def upload(client: FlaskClient, token: str, content: bytes) -> None:
    for first in range(0, len(content), FILE_PIECE_BYTES_MAX):
        answer = put(client, token, content, first, content[first : first + FILE_PIECE_BYTES_MAX])
        assert answer.status_code == 200, answer.text
    assert answer.json == {"offset": len(content), "whole": True}


def test_up_and_down_over_http(app: Flask, token: str) -> None:
    client = app.test_client()
    sha256 = named(PHOTO)
    assert get(client, token, f"{sha256}/part").json == {"offset": 0, "whole": False}
    assert get(client, token, sha256, Range="bytes=0-").status_code == 404
    upload(client, token, PHOTO)
    assert get(client, token, f"{sha256}/part").json == {"offset": len(PHOTO), "whole": True}
    whole = b""
    while len(whole) < len(PHOTO):
        whole += get(client, token, sha256, Range=f"bytes={len(whole)}-").data
    assert whole == PHOTO
    part = get(client, token, sha256, Range="bytes=599990-")
    assert (part.status_code, part.data) == (206, PHOTO[599_990:])
    assert part.headers["Content-Range"] == f"bytes 599990-599999/{len(PHOTO)}"
    assert get(client, token, sha256, Range="bytes=600000-").status_code == 416
    for wrong in ("", "bytes=-5", "bytes=0-5,7-9", "lines=0-", "bytes=9999999999999-"):
        assert get(client, token, sha256, Range=wrong).status_code == 400
    asked = {"files": [sha256, "0" * 64]}
    answer = client.post("/api/v1/files/missing", json=asked, headers={"Authorization": f"Bearer {token}"})
    assert answer.json == {"files": ["0" * 64]}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"{'0' * 64}/part"), ("PUT", f"{'0' * 64}/part"), ("GET", "0" * 64), ("POST", "missing")],
)
def test_only_a_gateway_may_ask(app: Flask, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = app.test_client().open(f"/api/v1/files/{path}", method=method, headers=headers)
        assert answer.status_code == 401
        assert answer.json is not None and answer.json["hint"]


def test_bodies_and_names_are_judged(app: Flask, token: str) -> None:
    client = app.test_client()
    assert put(client, token, PHOTO, 0, b"x" * (FILE_PIECE_BYTES_MAX + 1)).status_code == 413
    assert put(client, token, PHOTO, 0, PHOTO[:10], Content_Range="").status_code == 400
    assert put(client, token, PHOTO, 0, PHOTO[:10], Content_Range="bytes 0-10/600000").status_code == 400
    assert put(client, token, PHOTO, 0, PHOTO[:10], Content_Range="bytes 9-0/600000").status_code == 400
    assert put(client, token, PHOTO, 0, PHOTO[:10], Content_Range="bytes 0-9/99999999999").status_code == 415
    assert put(client, token, PHOTO, 0, PHOTO[:10], Lineside_Protocol="2").status_code == 400
    for name in ("x", "0" * 63, "0" * 65, "A" * 64, "..%2f..%2fcentral.sqlite3", "%00" * 64):
        for path in (name, f"{name}/part"):
            assert get(client, token, path).status_code in (400, 404), path
    bad = b"<html>" + b"x" * 100
    assert put(client, token, bad, 0, bad).status_code == 415
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post("/api/v1/files/missing", json={"files": ["x"]}, headers=headers).status_code == 400
    assert client.post("/api/v1/files/missing", json={"files": ["0" * 64] * 1001}, headers=headers).status_code == 400


def test_a_full_store_is_an_alarm_and_the_gateway_tries_again(app: Flask, token: str) -> None:
    plant: Plant = app.extensions["lineside"]
    plant.files._bytes_max = 1_000
    answer = put(app.test_client(), token, PHOTO, 0, PHOTO[:100])
    assert answer.status_code == 507
    page = first_administrator(app).get("/gateways").text
    assert "照片存储已满" in page


def test_the_office_sees_a_photo_and_never_a_page(app: Flask, token: str) -> None:
    client = app.test_client()
    hidden = jpeg() + b"<html><script>alert(document.cookie)</script></html>"
    upload(client, token, hidden)
    path = f"/files/{named(hidden)}"
    assert client.get(path).status_code == 303, "to the page of sign-in"
    office = first_administrator(app)
    answer = office.get(path)
    assert (answer.status_code, answer.data) == (200, hidden)
    answer.close()
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    document = pdf()
    upload(client, token, document)
    answer = office.get(f"/files/{named(document)}")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    answer.close()
    for wrong in ("0" * 64, "x", "..%2fcentral.sqlite3"):
        assert office.get(f"/files/{wrong}").status_code == 404
