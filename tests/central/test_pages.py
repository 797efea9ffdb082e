"""The office pages through Flask's test client: who may see what, forms, hostile content, exports."""

import csv
import dataclasses
import io
import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.pages.office import Account, Board, OperationCard, OrderLine, RecordLine
from floor.example import example_plant
from floor.master_files import read_toml
from floor.master_sheets import read_xlsx
from tests.central.memory_office import MemoryOffice
from tests.central.page_client import PASSWORD, application, signed_in, submit

CALL_PAGE = "/calls/line-1/" + "a" * 32 + "/7"
PAGES = ("/board", "/calls", "/gateways", "/gateways/line-2", "/master/instructions", "/records", "/users")
"""Of those that need the office's port alone; the page of the master data asks the plant itself."""
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}{% raw %}",
    "javascript:alert(1)",
    "</textarea><svg/onload=alert(1)>",
    "\u202egnp.exe\u2066",
    "=HYPERLINK(1)",
    "\x00\x1b[31m\r\nSet-Cookie: a=b",
)


@pytest.fixture
def office() -> MemoryOffice:
    return MemoryOffice()


@pytest.fixture
def app(office: MemoryOffice) -> Flask:
    return application(office)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return signed_in(app, "admin")


# Who may see what


def test_board_is_readable_at_the_machine_itself(app: Flask) -> None:
    answer = app.test_client().get("/board")
    assert answer.status_code == 200
    assert "WO-2026-0117" in answer.text


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.168.1.20", {}),
        ("127.0.0.1", {"X-Forwarded-For": "192.168.1.20"}),
        ("127.0.0.1", {"Forwarded": "for=192.168.1.20"}),
        ("127.0.0.1", {"Host": "attacker.example"}),
        ("", {}),
    ],
)
@pytest.mark.parametrize("path", ["/board", "/board/fragment", "/board/stream", "/"])
def test_board_elsewhere_asks_to_sign_in(app: Flask, path: str, address: str, headers: dict[str, str]) -> None:
    answer = app.test_client().get(path, headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?next=")


def test_script_elsewhere_gets_401(app: Flask) -> None:
    there = {"REMOTE_ADDR": "192.168.1.20"}
    headers = {"Sec-Fetch-Mode": "cors"}
    assert app.test_client().get("/board/fragment", headers=headers, environ_overrides=there).status_code == 401


@pytest.mark.parametrize(
    "path", [*PAGES[1:], "/master", CALL_PAGE, "/calls/fragment", "/records.csv", "/master/download.toml"]
)
def test_other_pages_need_an_account_even_on_loopback(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 303


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("leader", "/users", 403),
        ("planner", "/users/add", 403),
        ("planner", "/calls/acknowledge", 403),
        ("planner", "/calls/assign", 403),
        ("planner", "/calls/case", 403),
        ("leader", "/gateways/enrol", 403),
        ("leader", "/gateways/sign-off", 403),
        ("planner", "/gateways/revoke", 403),
        ("leader", "/master/check", 403),
        ("leader", "/master/apply", 403),
        ("leader", "/master/instructions/add", 403),
        ("leader", "/master/instructions/remove", 403),
        ("leader", "/master/people/row", 403),
        ("leader", "/master/people/delete", 403),
        ("leader", "/master/people/restore", 403),
        ("leader", "/master/people/paste", 403),
        ("leader", "/master/work_orders/routing", 403),
        ("leader", "/master/review/undo", 403),
        ("leader", "/master/review/settle", 403),
        ("leader", "/master/review/discard", 403),
        ("leader", "/master/review/release", 403),
        ("leader", "/master/versions/restore", 403),
    ],
)
def test_roles(app: Flask, name: str, path: str, status: int) -> None:
    client = signed_in(app, name)
    if path == "/users":
        assert client.get(path).status_code == status
    else:
        assert submit(client, "/calls", path).status_code == status


def test_every_page_in_both_languages(app: Flask, admin: FlaskClient, office: MemoryOffice) -> None:
    for language, html in (("zh", "zh-CN"), ("en", "en")):
        admin.set_cookie("lineside_language", language)
        for path in PAGES:
            answer = admin.get(path)
            assert answer.status_code == 200, path
            assert f'<html lang="{html}"' in answer.text
            assert answer.headers["Content-Language"] == html


def test_language_is_chosen_and_stays_on_the_page(admin: FlaskClient) -> None:
    answer = submit(admin, "/calls", "/language", language="en", next="/calls")
    assert answer.location == "/calls"
    assert '<html lang="en"' in admin.get("/calls").text
    assert submit(admin, "/calls", "/language", language="xx").status_code == 400


# Forms


def test_a_token_is_of_one_session_only(app: Flask, admin: FlaskClient, office: MemoryOffice) -> None:
    other = signed_in(app, "leader")
    stolen = re.search(r'value="([0-9a-f]{64})"', other.get("/calls").text)
    assert stolen
    assert admin.post("/gateways/enrol", data={"form_token": stolen[1], "name": "a"}).status_code == 400
    assert office.acts == []


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://attacker.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_origin_is_refused_even_with_the_token(admin: FlaskClient, headers: dict[str, str]) -> None:
    token = re.search(r'value="([0-9a-f]{64})"', admin.get("/calls").text)
    assert token
    assert admin.post("/sign-out", data={"form_token": token[1]}, headers=headers).status_code == 400


def test_headers_on_pages_errors_and_files(admin: FlaskClient) -> None:
    for path in ("/board", "/nothing", "/static/live.js", "/sign-in"):
        with admin.get(path) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
    assert admin.get("/board").headers["Cache-Control"] == "no-store"


# Sign-in


def test_sign_in_sets_a_new_session_and_sign_out_ends_it(app: Flask, office: MemoryOffice) -> None:
    client = app.test_client()
    client.set_cookie("lineside_session", "planted-before")
    answer = submit(client, "/sign-in", "/sign-in", name="admin", password=PASSWORD, next="/records")
    assert answer.location == "/records"
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("lineside_session="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "planted-before" not in cookie
    assert client.get("/records").status_code == 200
    submit(client, "/records", "/sign-out")
    assert office.tokens == {}
    assert client.get("/records").status_code == 303


@pytest.mark.parametrize(
    "wanted", ["//attacker.example", "https://attacker.example", "/\\attacker.example", "javascript:1"]
)
def test_sign_in_goes_nowhere_else(app: Flask, wanted: str) -> None:
    client = app.test_client()
    answer = submit(client, "/sign-in", "/sign-in", name="admin", password=PASSWORD, next=wanted)
    assert answer.location == "/board"


def test_wrong_password_is_told_without_saying_which(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("lineside_language", "en")
    wrong = submit(client, "/sign-in", "/sign-in", name="admin", password="wrong").text
    unknown = submit(client, "/sign-in", "/sign-in", name="nobody", password="wrong").text
    assert "The user name or the password is wrong." in wrong
    assert wrong.replace("admin", "nobody").split("<main")[1] == unknown.split("<main")[1]


def test_first_start_asks_for_the_code_and_a_password(office: MemoryOffice) -> None:
    office.accounts.clear()
    office.codes["admin"] = "ABCD-EFGH"
    client = application(office).test_client()
    client.set_cookie("lineside_language", "en")
    assert "First start" in client.get("/sign-in").text
    values = {"name": "admin", "code": "ABCD-EFGH", "password": "short", "repeat": "short"}
    assert submit(client, "/sign-in", "/sign-in/first", **values).status_code == 400
    values |= {"password": "long enough to do", "repeat": "something different"}
    assert "differ" in submit(client, "/sign-in", "/sign-in/first", **values).text
    values |= {"repeat": "long enough to do", "code": "WRONG"}
    assert submit(client, "/sign-in", "/sign-in/first", **values).status_code == 403
    office.codes["admin"] = "ABCD-EFGH"
    values |= {"code": " ABCD-EFGH "}
    assert submit(client, "/sign-in", "/sign-in/first", **values).status_code == 303
    assert client.get("/users").status_code == 200


# The board


def test_many_orders_are_paged_and_filtered(office: MemoryOffice, app: Flask) -> None:
    many = tuple(
        OrderLine(f"WO-{n:05}", operations=tuple(OperationCard(f"WO-{n:05}-{k}", k, "x") for k in range(5)))
        for n in range(10_000)
    )
    office.shown = Board(many)
    client = app.test_client()
    begun = time.monotonic()
    page = client.get("/board").text
    assert page.count('<article class="order">') == 20
    assert len(page) < 100_000
    assert time.monotonic() - begun < 5
    assert "WO-00020" in client.get("/board?page=2").text
    found = client.get("/board?search=wo-07777").text
    assert found.count('<article class="order">') == 1
    assert 'data-fragment="/board/fragment?search=open"' in client.get("/board?search=open").text
    assert client.get("/board?page=999999999&show=nonsense&search=" + "x" * 5000).status_code == 200


def test_worked_on_orders_come_first_and_done_ones_last(app: Flask) -> None:
    page = app.test_client().get("/board?show=all").text
    places = [page.index(order) for order in ("WO-2026-0117", "WO-2026-0121", "WO-2026-0130")]
    assert places == sorted(places)


def test_fragment_is_the_part_without_the_frame(app: Flask) -> None:
    answer = app.test_client().get("/board/fragment?show=active")
    assert "<html" not in answer.text and "WO-2026-0117" in answer.text
    assert abs(float(answer.headers["X-Server-Time"]) - time.time()) < 60


def test_empty_plant_says_what_to_do(office: MemoryOffice, app: Flask) -> None:
    office.shown = Board()
    client = app.test_client()
    client.set_cookie("lineside_language", "en")
    page = client.get("/board").text
    assert "as soon as a planner imports them" in page and "No gateway is enrolled yet" in page


# Gateways and users


def test_enrolment_shows_the_code_once_with_its_command(admin: FlaskClient, office: MemoryOffice) -> None:
    answer = submit(admin, "/gateways", "/gateways/enrol", name="line-9")
    command = "lineside gateway enrol --url http://localhost --name line-9 --code K7QF-2MXD-9TRB"
    assert command in answer.text
    assert "K7QF" not in admin.get("/gateways").text
    assert submit(admin, "/gateways", "/gateways/enrol", name="line 9; rm").status_code == 400
    assert office.acts == [("enrol", "line-9", "admin")]


def test_revoke_and_sign_off(admin: FlaskClient, office: MemoryOffice) -> None:
    assert submit(admin, "/gateways/line-2", "/gateways/revoke", name="line-2").status_code == 303
    assert submit(admin, "/gateways", "/gateways/revoke", name="nobody").status_code == 404
    alarm = {"gateway": "line-2", "kind": "fork", "subject": "b" * 32}
    assert submit(admin, "/gateways", "/gateways/sign-off", **alarm).status_code == 303
    assert office.acts == [("revoke", "line-2", "admin"), ("sign_off", "line-2", "fork", "admin")]


def test_users(admin: FlaskClient, app: Flask, office: MemoryOffice) -> None:
    answer = submit(admin, "/users", "/users/add", name="wang", role="leader")
    code = re.search(r"CODE-\d{4}-WXYZ", answer.text)
    assert code
    assert submit(admin, "/users", "/users/add", name="wang", role="leader").status_code == 400
    assert submit(admin, "/users", "/users/add", name="zhang").status_code == 400
    assert submit(admin, "/users", "/users/add", name="../x", role="leader").status_code == 400
    wang = app.test_client()
    first = {"name": "wang", "code": code[0], "password": PASSWORD, "repeat": PASSWORD}
    assert submit(wang, "/sign-in", "/sign-in/first", **first).status_code == 303
    assert office.accounts["wang"][0] == Account("wang", ("leader",))
    assert submit(admin, "/users", "/users/disable", name="wang").status_code == 303
    assert wang.get("/calls").status_code == 303
    assert submit(admin, "/users", "/users/disable", name="admin").status_code == 400
    assert submit(admin, "/users", "/users/enable", name="nobody").status_code == 404


# Master data


def test_downloads_read_back_to_equal_data(admin: FlaskClient, office: MemoryOffice) -> None:
    assert admin.get("/master/download.toml").location == "/master"
    master = example_plant()
    office.publish(master, 0, "planner")
    assert read_toml(admin.get("/master/download.toml").text).digest == master.digest
    assert read_xlsx(admin.get("/master/download.xlsx").data).digest == master.digest
    assert admin.get("/master/download.exe").location == "/master"


def test_an_upload_over_the_bound_is_refused_before_it_is_read(app: Flask) -> None:
    planner = signed_in(app, "planner")
    body = b"--x\r\nContent-Disposition: form-data; name=file; filename=a.toml\r\n\r\n" + b"#" * (17 * 1024 * 1024)
    answer = planner.post("/master/check", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


# Records


def record(place: int, **values: object) -> RecordLine:
    told = {"type": "scan.rejected", "station": "cnc-2", "wall": 1_790_000_000.0, "error": 0.021}
    told |= {"clock_state": "synchronised", "content": "{}", **values}
    return RecordLine(place=place, gateway_name="line-1", epoch="ab" * 16, seq=place, **told)


def test_records_are_newest_first_and_paged(admin: FlaskClient, office: MemoryOffice) -> None:
    office.log = [record(n) for n in range(1, 121)]
    first = admin.get("/records").text
    assert first.index("abababab/120") < first.index("abababab/119")
    older = re.search(r'href="(/records\?before=\d+)"', first)
    assert older
    assert "abababab/120" not in admin.get(older[1]).text
    assert "±0.1" in first
    assert admin.get("/records?before=99999999999999999999&type=%00").status_code == 200


def test_hostile_content_is_inert_everywhere(admin: FlaskClient, office: MemoryOffice) -> None:
    office.log = [
        record(n + 1, station=text, person=text, operation=text, content=text, data={"shown": text}, flags=(text,))
        for n, text in enumerate(HOSTILE)
    ]
    board = office.shown
    hostile_orders = tuple(
        OrderLine(text, text, text, 1, text, operations=(OperationCard(text, 1, text, "running", (text,), text),))
        for text in HOSTILE
    )
    hostile_calls = tuple(
        dataclasses.replace(board.calls[0], name=text, name_en=text, station=text, operation=text, acknowledged_by=text)
        for text in HOSTILE
    )
    office.shown = dataclasses.replace(board, orders=hostile_orders, calls=hostile_calls)
    for path in ("/board?show=all", "/calls", "/records", "/gateways", "/board?search=" + HOSTILE[0]):
        page = admin.get(path).text
        assert "<script>alert" not in page and "<img" not in page and "<svg" not in page
        assert "\u202e" not in page and "\x00" not in page and "\x1b" not in page
        assert "49{%" not in page


def test_csv_export_is_text_to_every_spreadsheet(admin: FlaskClient, office: MemoryOffice) -> None:
    texts = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", 'plain, "quoted"')
    office.log = [record(n + 1, person=text, content=text) for n, text in enumerate(texts)]
    answer = admin.get("/records.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert len(rows) == len(texts) + 1
    for row in rows[1:]:
        for cell in row:
            assert not re.match(r"[\s]*[=+\-@＝]", cell) or cell.lstrip().isdigit(), cell


# Errors


@pytest.mark.parametrize("language", ["zh", "en"])
def test_error_pages_say_what_to_do_in_both_languages(app: Flask, language: str) -> None:
    client = signed_in(app, "leader")
    client.set_cookie("lineside_language", language)
    for path, code in (("/nothing", 404), ("/users", 403), ("/calls/acknowledge", 405)):
        answer = client.get(path)
        assert answer.status_code == code
        assert "回到看板" in answer.text or "Go to the board" in answer.text
        assert 'lang="en"' in answer.text and 'lang="zh-CN"' in answer.text
    large = client.post("/sign-out", data={"form_token": "x" * 100_000})
    assert large.status_code == 413


def test_a_fault_of_the_server_shows_no_inside(
    app: Flask, office: MemoryOffice, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Board:
        raise RuntimeError("the database password is hunter2")

    office.board = broken  # type: ignore[method-assign]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = app.test_client().get("/board")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    reference = re.search(r"(?:编号|Reference) ([0-9a-f]{8})", answer.text)
    assert reference and reference[1] in caplog.text


def test_machines_get_no_page(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/nothing")
    assert answer.status_code == 404 and "线边" not in answer.text
