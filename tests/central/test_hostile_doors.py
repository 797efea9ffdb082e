"""The doors of the server against people who mean no good, class by class and door by door. Doors are read from the
application itself, so that one that is added later is tried as well. SECURITY.md says what else tries each class."""

import ast
import csv
import io
import itertools
import re
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import central
from central.audit import newest_act
from central.limits import ENROL_ATTEMPTS_PER_MINUTE_MAX
from central.pages.protection import SESSION_COOKIE
from central.route_rules import ROUTES
from tests.central.hostile_plant import (
    FORMULAS,
    HOME,
    MARK,
    READING,
    HostilePlant,
    Seen,
    path_of,
    plant,
    rules_of,
    walk,
)
from tests.central.page_client import FORM_TOKEN, PASSWORD, submit

__all__ = ["plant"]

ABROAD = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


# Requests that another site makes (CSRF)


def test_no_changing_route_listens_to_another_site(plant: HostilePlant) -> None:
    """With the session of an administrator, and even with the right token of the form."""
    with plant.database.read() as session:
        before = newest_act(session, plant.plant)
    found = FORM_TOKEN.search(plant.admin.get("/account").text)
    assert found
    for rule in rules_of(plant.app, changing=True):
        (method,) = set(rule.methods or ()) - READING
        path = path_of(plant.app, rule)
        for sent in ({"data": {"form_token": found[1]}}, {"json": {}}, {"data": b"<x/>", "content_type": "text/plain"}):
            answer = plant.admin.open(path, method=method, headers=ABROAD, **sent)  # type: ignore[arg-type]
            assert answer.status_code in (400, 401, 403, 413, 415), (rule.rule, answer.status_code)
    with plant.database.read() as session:
        assert newest_act(session, plant.plant) == before
    assert plant.admin.get("/account").status_code == 200, "and nobody is signed out"


def test_no_form_is_taken_without_the_token_of_this_browser(plant: HostilePlant) -> None:
    other = FORM_TOKEN.search(plant.app.test_client().get("/sign-in").text)
    assert other
    for rule in rules_of(plant.app, changing=True):
        if not rule.endpoint.startswith("pages."):
            continue
        for values in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": other[1]}):
            answer = plant.admin.post(path_of(plant.app, rule), data=values, headers=HOME)
            assert answer.status_code == 400, (rule.rule, values)


def test_a_session_is_no_credential_where_gateways_ask(plant: HostilePlant) -> None:
    for rule in rules_of(plant.app, changing=True):
        guarded = ROUTES[rule.endpoint]
        if rule.endpoint.startswith("pages.") or guarded.action is not None or guarded.public:
            continue
        (method,) = set(rule.methods or ()) - READING
        assert plant.admin.open(path_of(plant.app, rule), method=method, json={}, headers=HOME).status_code in (
            401,
            403,
        )


# Texts that would become elements (XSS)

NOT_WALKED = {
    # Another reader's, or the shell of a phone.
    *("pages.board_stream", "pages.phone_file", "pages.phone_shell", "pages.phone_offline", "pages.service_worker"),
    # Credentials and hashes that no page leads to.
    *("pages.open_link", "pages.go_to_provider", "pages.back_from_provider", "pages.delivery", "pages.stored_file"),
    # A ZIP archive.
    "pages.diagnosis_bundle",
}


def test_no_page_makes_an_element_of_a_text(plant: HostilePlant) -> None:
    starts = ["/board", *sorted(each.rule for each in rules_of(plant.app, changing=False) if not each.arguments)]
    starts = [each for each in starts if not each.startswith("/api/") and each != "/board/stream"]
    operation, person = plant.master.operations[0], plant.master.people[0]
    starts += [
        *(f"/calls/{plant.call}", f"/orders/{operation.work_order}", f"/order-fragment/{operation.work_order}"),
        *("/tasks/1", "/tasks/1/print", "/problems/1", f"/comments/operation/{operation.id}", "/gateways/one"),
        *(f"/scan?label={person.badge}", f"/contacts/person?id={person.id}", f"/trace?q={operation.work_order}"),
        *("/master/versions/1", "/users/admin", "/records?type=andon.raised", "/codes?paper=a4", "/attachments/1"),
        *(f"/master/people/row?key={person.id}", f"/master/where-used?item={plant.master.items[0].id}", "/trace?q=x"),
        *("/master/people/download.csv", "/master/download.toml", "/deliveries/rules/1"),
    ]
    visited, showing = set(), set()
    for endpoint, path, page in walk(plant.app, plant.admin, list(dict.fromkeys(starts)), 4):
        seen = Seen(page)
        assert "x-probe" not in seen.elements and "onx" not in seen.attributes, path
        assert not any(name.startswith("on") for name in seen.attributes), path
        assert "script" not in seen.elements or "<script>" not in page, f"an inline script: {path}"
        unsafe = [each for each in seen.addresses if re.match(r"(?i)\s*(javascript|data|vbscript):", each)]
        assert unsafe == [], path
        visited.add(endpoint)
        if MARK in seen.text or "<x-probe onx=1>" in seen.text:
            showing.add(endpoint)
    reading = {each.endpoint for each in rules_of(plant.app, changing=False) if each.endpoint.startswith("pages.")}
    assert reading - visited - NOT_WALKED == set(), "these pages were not looked at"
    assert len(showing) > 25, sorted(showing)


def test_what_is_asked_for_is_no_element_either(plant: HostilePlant) -> None:
    """Reflected: every parameter of every page, all of them at once."""
    for rule in rules_of(plant.app, changing=False):
        if not rule.endpoint.startswith("pages.") or rule.endpoint == "pages.board_stream":
            continue
        asked = dict.fromkeys(parameters(plant.app, rule), MARK)
        with plant.admin.get(path_of(plant.app, rule, MARK), query_string=asked) as answer:
            assert answer.status_code < 500, rule.rule
            if answer.mimetype == "text/html":
                seen = Seen(answer.text)
                assert "x-probe" not in seen.elements and "onx" not in seen.attributes, rule.rule
            for name, value in answer.headers:
                assert "\n" not in value and "onx=1>" not in value, (rule.rule, name)


def test_an_answer_that_is_no_page_is_never_taken_for_one(plant: HostilePlant) -> None:
    for path in ("/phone/state", "/records.csv", "/master/download.toml", "/api/v1/board"):
        with plant.admin.get(path) as answer:
            assert answer.mimetype != "text/html"
            if not path.startswith("/api/"):
                assert answer.headers["X-Content-Type-Options"] == "nosniff", path


def test_scripts_of_the_pages_make_no_elements_of_texts() -> None:
    folder = Path(central.__file__).parent / "static"
    making = re.compile(r"\.(?:innerHTML|outerHTML)\s*\+?=|insertAdjacentHTML|document\.write|\beval\(|new Function\(")
    found = [each.name for each in folder.rglob("*.js") if making.search(each.read_text("utf-8"))]
    assert found == [], "texts go in with textContent; a fragment of the server's own with DOMParser"


# Queries (SQL injection)

INJECTIONS = ("' OR '1'='1", '"; DROP TABLE record; --', "%' UNION SELECT secret FROM server --", "\\", "%_[*]\u0130")
PLACEHOLDERS = ("values",)
"""A row of `?` or `%s`, as many as there are columns (central/ingest.py)."""

RUNS_SQL = ("execute", "executemany", "executescript", "exec_driver_sql", "text")
ODD = ("-1", "9" * 400, "0x1F", "\U0001f600", "NaN", "1e999", "١", "\u202e", "[]", "a" * 3_000)
ASKED = re.compile(r"""\.(?:get|getlist)\(\s*["']([a-z_]+)["']""")
MANY_NAMES = re.compile(r"""for name in \(([^)]*)\)""")


def parameters(app: Flask, rule: Rule) -> tuple[str, ...]:
    """The names that the module of a route, and those of ours that it takes queries apart with, look for in a query."""
    view = app.view_functions[rule.endpoint]
    while hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    module = Path(view.__code__.co_filename)
    texts = [module.read_text("utf-8")]
    for name in re.findall(
        r"^from (central[.\w]*(?:selection|asking|list|exchange|search|query)\w*) import", texts[0], re.M
    ):
        texts.append((Path(central.__file__).parent.parent / (name.replace(".", "/") + ".py")).read_text("utf-8"))
    found = set(itertools.chain.from_iterable(ASKED.findall(each) for each in texts))
    found |= {
        name for each in texts for group in MANY_NAMES.findall(each) for name in re.findall(r'"([a-z_]+)"', group)
    }
    document = app.test_client().get("/api/v1/openapi.json").get_json() if rule.rule.startswith("/api/") else {}
    told = document.get("paths", {}).get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), {}).get("get", {})
    found |= {each["name"] for each in told.get("parameters", []) if each["in"] == "query"}
    return tuple(sorted(found))


def ask(plant: HostilePlant, rule: Rule, path: str, asked: dict[str, str]) -> TestResponse:
    """As who may: an administrator at the machine itself, or the gateway."""
    only_gateways = ROUTES[rule.endpoint].gateway_token and ROUTES[rule.endpoint].action is None
    client = plant.app.test_client() if only_gateways else plant.admin
    return client.get(path, query_string=asked, headers=plant.bearer() if only_gateways else {})


def test_no_query_is_run_and_none_is_a_fault(plant: HostilePlant) -> None:
    count = 0
    for rule in rules_of(plant.app, changing=False):
        if rule.endpoint == "pages.board_stream":
            continue
        names = parameters(plant.app, rule)
        asked = [{name: INJECTIONS[at % len(INJECTIONS)]} for at, name in enumerate(names)]
        asked += [dict.fromkeys(names, value) for value in (*INJECTIONS, *ODD)] if names else [{}]
        for each in asked:
            with ask(plant, rule, path_of(plant.app, rule), each) as answer:
                assert answer.status_code < 500, (rule.rule, each)
                told = answer.get_data()
            assert b"sqlite3." not in told and b"psycopg" not in told and b"Traceback" not in told, (rule.rule, each)
            count += 1
    assert count > 500
    with plant.database.read() as session:
        assert newest_act(session, plant.plant)[0] > 0


def test_no_part_of_a_path_is_run_and_none_is_a_fault(plant: HostilePlant) -> None:
    for rule in rules_of(plant.app, changing=False):
        if not rule.arguments:
            continue
        for value in (*INJECTIONS, *ODD):
            with ask(plant, rule, path_of(plant.app, rule, value), {}) as answer:
                assert answer.status_code < 500, (rule.rule, value)


def is_put_together(node: ast.expr) -> bool:
    """Whether a text holds anything but what stands in the code: names in capitals are constants."""
    if isinstance(node, ast.JoinedStr):
        inner = [each.value for each in node.values if isinstance(each, ast.FormattedValue)]
        return not all(isinstance(each, ast.Name) and (each.id.isupper() or each.id in PLACEHOLDERS) for each in inner)
    # `+` and `%` between SQLAlchemy's own expressions make no text; with a piece of SQL at one side they do.
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else ()
    return any(isinstance(each, ast.Constant | ast.JoinedStr) for each in sides)


def test_no_statement_is_put_together_from_texts() -> None:
    """SQL of ours is SQLAlchemy's own, or a text that stands in the code as it is."""
    folder, found = Path(central.__file__).parent, []
    for path in sorted(each for each in folder.rglob("*.py") if "migrations" not in each.parts):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not is_put_together(node.args[0]):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = ast.dump(node.args[0]).upper()
            if name in RUNS_SQL and any(word in said for word in ("SELECT ", "INSERT ", "UPDATE ", "DELETE ")):
                found.append(f"{path.name}:{node.lineno}")
    assert found == []
    assert is_put_together(ast.parse("f'SELECT {name}'", mode="eval").body), "and one would be seen"


# Cells that a spreadsheet would run (formula injection)

EXPORTS = ("/records.csv", "/master/download.xlsx", "/master/{table}/download.csv", "/master/{table}/download.xlsx")
STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def exports(plant: HostilePlant) -> list[str]:
    tables = [name for name in type(plant.master).model_fields if isinstance(getattr(plant.master, name), tuple)]
    paths = [each.format(table=table) for each in EXPORTS for table in (tables if "{table}" in each else [""])]
    return [each for each in paths if plant.admin.get(each).status_code == 200]


def test_every_export_is_tried(plant: HostilePlant) -> None:
    """A route that gives a table as a file names its kind in its path, and is one of these."""
    files = {each.rule for each in rules_of(plant.app, changing=False) if re.search(r"\.(csv|xlsx|<kind>)$", each.rule)}
    assert files == {"/records.csv", "/master/download.<kind>", "/master/<table>/download.<kind>"}


def test_no_cell_of_an_export_is_a_formula(plant: HostilePlant) -> None:
    texts, paths = set[str](), exports(plant)
    assert len(paths) > 20
    for path in paths:
        body = plant.admin.get(path).get_data()
        if path.endswith(".csv"):
            cells = [cell for line in csv.reader(io.StringIO(body.decode("utf-8-sig"))) for cell in line]
            bad = [each for each in cells if each.startswith(STARTS) and not NUMBER.fullmatch(each)]
            assert bad == [], path
            texts |= set(cells)
        else:
            book = openpyxl.load_workbook(io.BytesIO(body))
            for cell in (cell for sheet in book for line in sheet.iter_rows() for cell in line):
                assert cell.data_type != "f", (path, cell.value)
                texts.add(str(cell.value))
    for formula in FORMULAS:
        assert any(formula in each for each in texts), f"{formula} is in no export: nothing was tried"


# Sessions that somebody planted (fixation), and secrets that are guessed (brute force)


@pytest.mark.parametrize("planted", ["x" * 43, "", "a" * 300])
def test_a_planted_session_opens_nothing_after_the_sign_in(plant: HostilePlant, planted: str) -> None:
    client = plant.app.test_client()
    client.set_cookie(SESSION_COOKIE, planted)
    answer = submit(client, "/sign-in", "/sign-in", name="admin", password=PASSWORD)
    assert answer.status_code == 303
    kept = client.get_cookie(SESSION_COOKIE)
    assert kept is not None and kept.value != planted and len(kept.value) >= 43
    thief: FlaskClient = plant.app.test_client()
    thief.set_cookie(SESSION_COOKIE, planted)
    assert thief.get("/orders").location.startswith("/sign-in?next=")


GUESSED = {
    "/sign-in": ({"name": "admin"}, "password"),
    "/sign-in/first": ({"name": "admin", "password": PASSWORD, "repeat": PASSWORD}, "code"),
    "/sign-in/badge": ({"badge": "B1"}, "pin"),
}


@pytest.mark.parametrize("door", GUESSED)
def test_no_door_is_tried_without_end(plant: HostilePlant, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    """From one address, whatever the names, within one minute of a clock that stands."""
    now = plant.here.now()
    monkeypatch.setattr(plant.here, "clock", lambda: now)
    values, secret = GUESSED[door]
    address = f"127.0.{list(GUESSED).index(door) + 7}.1"
    client, codes = plant.app.test_client(), []
    found = FORM_TOKEN.search(client.get(door, environ_overrides={"REMOTE_ADDR": address}).text)
    assert found
    for number in range(ENROL_ATTEMPTS_PER_MINUTE_MAX + 1):
        # Other names each time: a name that rests is another bound.
        named = {"name": f"n{number}"} if "name" in values else {}
        asked = {**values, **named, secret: f"{number:04}", "form_token": found[1]}
        codes.append(
            client.post(door, data=asked, headers=HOME, environ_overrides={"REMOTE_ADDR": address}).status_code
        )
    assert codes[-1] == 429 and 429 not in codes[:-1], codes
