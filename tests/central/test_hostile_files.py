"""Files and paths of people who mean no good: bombs, pages named as pictures, names and addresses that lead out.

Doors are read from the application itself. What else is tried, class by class: SECURITY.md."""

import io
import re
import tracemalloc
import zipfile
import zlib
from typing import Any

import openpyxl
import pytest
from werkzeug.routing import IntegerConverter
from werkzeug.test import TestResponse

from central.limits import ATTACHMENT_BYTES_MAX
from central.pages import UPLOADS, problem_pages, table_pages
from central.route_rules import ROUTES
from floor.limits import INSTRUCTION_BYTES_MAX, PHOTO_BYTES_MAX
from tests.central.hostile_plant import HOME, MARK, PHOTO, READING, HostilePlant, path_of, plant, rules_of
from tests.central.page_client import FORM_TOKEN

__all__ = ["plant"]


# Files that grow, or are something else (upload bombs)


def zipped(name: str, size: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        for _ in range(size // 1_000_000):
            member.write(b"0" * 1_000_000)
    return packed.getvalue()


def workbook_bomb() -> bytes:
    """A workbook whose one sheet unpacks to 300 MB."""
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.save(made)
    packed = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in old.namelist():
            if not name.startswith("xl/worksheets/"):
                archive.writestr(name, old.read(name))
        with archive.open("xl/worksheets/sheet1.xml", "w") as member:
            member.write(b"<worksheet><sheetData><row><c><v>")
            for _ in range(300):
                member.write(b"0" * 1_000_000)
            member.write(b"</v></c></row></sheetData></worksheet>")
    return packed.getvalue()


def entities() -> bytes:
    """A workbook with the billion laughs."""
    packed = io.BytesIO()
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "_rels/.rels", "xl/worksheets/sheet1.xml"):
            archive.writestr(name, f'<?xml version="1.0"?><!DOCTYPE x [{laughs}]><x>&l9;</x>')
    return packed.getvalue()


TABLES = {
    "zip bomb": ("a.zip", lambda: zipped("people.csv", 300_000_000)),
    "zip bomb named as a workbook": ("a.xlsx", lambda: zipped("xl/workbook.xml", 300_000_000)),
    "workbook bomb": ("a.xlsx", workbook_bomb),
    "entities": ("a.xlsx", entities),
    "many members": ("a.zip", lambda: zipped("x", 0) * 1 + b"PK\x05\x06"),
    "no zip": ("a.xlsx", lambda: b"PK\x03\x04" + b"\x00" * 100),
    "deep toml": ("a.toml", lambda: b"a = " + b"[" * 20_000),
    "binary csv": ("people.csv", lambda: b"\xff\xfe\x00" * 1_000),
    "another kind": ("a.exe", lambda: b"MZ"),
    "path in the archive": ("a.zip", lambda: zipped("../../../people.csv", 0)),
}
PICTURES = {
    "page": b"<!doctype html><script>alert(1)</script>",
    "drawing with script": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "archive": b"PK\x03\x04" + b"\x00" * 64,
    "program": b"\x7fELF" + b"\x00" * 64,
    "cut picture": b"\x89PNG",
    "compressed": zlib.compress(b"\x00" * 1_000_000),
}


def multipart(values: dict[str, str], field: str, name: str, content: bytes) -> dict[str, Any]:
    """The body as a browser makes it; the test client would leave its own large file open."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{text}\r\n' for key, text in values.items()]
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    body = ("".join(parts) + head).encode() + content + b"\r\n--x--\r\n"
    headers = {**HOME, "Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Mode": "cors"}
    return {"data": body, "headers": headers}


def upload_doors(plant: HostilePlant) -> dict[str, tuple[dict[str, str], str, int]]:
    """path -> (other fields, the file's field, most bytes) of every form that takes a file of pictures."""
    return {
        "/comments": ({"kind": "task", "subject": "1", "text": "x"}, "file", ATTACHMENT_BYTES_MAX),
        "/tasks/answer": ({"number": "1", "task": "1", "edition": "1", "text": "x"}, "file", ATTACHMENT_BYTES_MAX),
        "/master/instructions/add": ({"id": "I9", "title": "x", "revision": "A"}, "file", INSTRUCTION_BYTES_MAX),
        "/phone/act": (
            {"key": "a" * 32, "kind": "note", "gateway": "one", "call": plant.call.partition("/")[2], "age": "0"},
            "photo",
            PHOTO_BYTES_MAX,
        ),
    }


def test_every_form_with_a_file_is_tried(plant: HostilePlant) -> None:
    """The application gives only these more than a form's room; the others have long texts and take none."""
    long_texts = {problem_pages.EDIT_PATH, *table_pages.PASTE_PATHS}
    assert set(UPLOADS) - long_texts == {*upload_doors(plant), "/master/check"}


def sent(plant: HostilePlant, path: str, values: dict[str, str], field: str, name: str, content: bytes) -> TestResponse:
    found = FORM_TOKEN.search(plant.admin.get("/account").text)
    assert found
    return plant.admin.post(path, **multipart({"form_token": found[1], **values}, field, name, content))


@pytest.mark.parametrize("what", TABLES)
def test_a_file_of_master_data_that_is_a_bomb_is_refused_small(plant: HostilePlant, what: str) -> None:
    name, make = TABLES[what]
    content = make()
    for mode in ("whole", "merge"):
        tracemalloc.start()
        answer = sent(plant, "/master/check", {"mode": mode}, "file", name, content)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert 400 <= answer.status_code < 500, answer.status
        assert most < 100_000_000, f"{most} bytes of memory"


@pytest.mark.parametrize("what", [*PICTURES, "nothing", "too large"])
def test_a_file_that_is_no_picture_is_kept_nowhere(plant: HostilePlant, what: str) -> None:
    folder = plant.here.config.folder / "files"
    before = sorted(str(each) for each in folder.rglob("*") if each.is_file())
    for path, (values, field, bytes_max) in upload_doors(plant).items():
        large = PHOTO + b"\x00" * (bytes_max + 100_000)
        content = {**PICTURES, "nothing": b"", "too large": large}[what]
        answer = sent(plant, path, values, field, "photo.png", content)
        refused = answer.get_json()["refusal"] if answer.is_json and answer.status_code == 200 else ""
        # A comment that is refused leads back to its page, which says why.
        refused = refused or re.search(r"[?&]comment=(\w+)", answer.headers.get("Location", ""))
        nothing_sent = what == "nothing" and path in ("/comments", "/tasks/answer", "/phone/act")
        assert 400 <= answer.status_code < 500 or refused or nothing_sent, (path, answer.status)
    assert sorted(str(each) for each in folder.rglob("*") if each.is_file()) == before


def test_a_small_body_never_unpacks_to_a_large_one(plant: HostilePlant) -> None:
    """Every route of machines that takes a body."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(300)) + packer.flush()
    for rule in rules_of(plant.app, changing=True):
        if rule.endpoint.startswith("pages."):
            continue
        (method,) = set(rule.methods or ()) - READING
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json", **plant.bearer()}
        client = plant.app.test_client()
        if ROUTES[rule.endpoint].action is not None:
            client, headers = plant.admin, {**headers, **HOME}
            del headers["Authorization"]
        tracemalloc.start()
        answer = client.open(path_of(plant.app, rule, "0" * 64), method=method, data=bomb, headers=headers)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert 400 <= answer.status_code < 500, (rule.rule, answer.status)
        assert most < 150_000_000, (rule.rule, most)


# Paths that lead out (traversal)

OUT = (
    *("../../../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "....//....//etc/passwd", "/etc/passwd"),
    *("..\\..\\..\\etc\\passwd", "%2e%2e/%2e%2e/central.sqlite3", "../central.sqlite3", "..;/central.sqlite3"),
    *("C:\\Windows\\win.ini", "file:///etc/passwd", "lineside.css/../../config.py", "%00", "."),
)


def test_no_part_of_a_path_leads_out(plant: HostilePlant) -> None:
    secret = plant.here.database.secret().encode()
    for rule in plant.app.url_map.iter_rules():
        texts = [name for name, kind in rule._converters.items() if not isinstance(kind, IntegerConverter)]
        if not texts:
            continue
        prefix, _, rest = rule.rule.partition("<")
        behind = re.sub(r"<(?:\w+:)?\w+>", "x", "<" + rest).partition("x")[2]
        for wanted in OUT:
            for path in (prefix + wanted + behind, prefix + "x/" + wanted):
                with plant.admin.open(path, method="GET") as answer:
                    assert answer.status_code < 500, path
                    told = answer.get_data()
                assert b"root:x:" not in told and b"SQLite format 3" not in told and secret not in told, path
                assert b"class CentralConfig" not in told, path


def test_no_name_of_a_file_leads_out(plant: HostilePlant) -> None:
    folder = plant.here.config.folder
    outside = {each for each in folder.parent.rglob("*") if folder / "files" not in (each, *each.parents)}
    for name in ("../../out.png", "/tmp/out.png", "..\\..\\out.png", "%2e%2e%2fout.png", 'a".png', MARK):
        for path, (values, field, _) in upload_doors(plant).items():
            sent(plant, path, values, field, name, PHOTO)
    assert {each for each in folder.parent.rglob("*") if folder / "files" not in (each, *each.parents)} == outside
    shown = plant.admin.get("/tasks/1").text
    names = re.findall(r'href="/attachments/(\d+)"', shown)
    for number in names:
        with plant.admin.get(f"/attachments/{number}") as answer:
            told = answer.headers.get("Content-Disposition", "")
            assert ".." not in told and "/" not in told.replace("inline", "") and "<" not in told
