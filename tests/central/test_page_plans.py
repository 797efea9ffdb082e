"""No page reads a table that grows from one end to the other: seen in the plans of what the pages really ask.

SQLite says it in the plan. PostgreSQL's planner chooses by the tables' sizes, so there the statements run over a plant
with a long past, and what each step of their plans read is counted. Whole tables are made dear to it: these are still
small enough that it would rather read one than jump about in it.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert, update

from central.application import close_app, create_app
from central.config import CentralConfig
from central.database import Database
from central.history import SERVER
from central.models import AccountRow, table_of
from central.notify.tables import Delivery, DeliveryStep, Notification
from central.order_fold import catch_up_all
from central.rights_tables import AuditRow
from central.task_tables import AttachmentRow, CommentRow, ProblemCall, ProblemRow
from central.tasks import Wanted, make_task
from central.work import pumps_of
from tests.central.conftest import enrol_gateway
from tests.central.grown_plant import GROWN, SHIFT, blank_row, count_of, grow
from tests.central.order_plant import NOW, assembly, fill, machining, publish_plant
from tests.central.page_client import first_administrator

FEW = 2_500
"""What a page may read of a table: the bounds of the pages are below."""

SHARE_MAX = 0.2
"""Of a table, what one step of a plan may read: what is over is nine tenths of each."""

STEP = re.compile(rf"^(SCAN|SEARCH) ({'|'.join(GROWN)})\b(.*)$")
WHOLE = re.compile(r"\(plant=\?\)$")

COUNTED_WHOLE = {
    # Orders are counted by state along an index that holds nothing else; a plant has a tenth as many as operations.
    ("order_card", "order_card_state"),
    # The board shows every order that somebody has reported on; how long that takes is the benchmark `page_board`.
    ("operation", "operation_order"),
    ("operation", "operation_pkey"),
    # What is asked for with a text inside it, and all orders without a condition, are walked in the order shown.
    ("order_card", "order_card_due"),
    ("order_card", "sqlite_autoindex_order_card_1"),
}
"""Table and index, as SQLite names it."""

NEWEST = re.compile(r"WHERE (\w+)\.plant = \? ORDER BY \1\.(position|id) DESC\s+LIMIT")
"""The newest without a condition: read until the page is full."""

COUNTING = re.compile(r"^SELECT (\w+\.\w+, )?count\(\*\)")
"""PostgreSQL counts along an index or the table, whichever is shorter; a bitmap names neither."""

PAGES = (
    "/board",
    "/board?show=all",
    "/flow",
    "/flow?by=department&tv=1",
    "/flow?line=turning&state=ready",
    "/flow?order=WO1",
    "/flow?before=2027-01-01&item=pump",
    "/flow?search=WO",
    "/orders",
    "/orders?show=late",
    "/orders?show=running&page=2",
    "/orders?show=all",
    "/orders?search=pump&before=2027-01-01",
    "/orders/WO1",
    "/orders/WO2",
    "/calls",
    "/tasks",
    "/tasks?show=mine",
    "/tasks?show=overdue&by=department",
    "/tasks?by=owner",
    "/tasks?show=done",
    "/tasks?search=7",
    "/tasks/1",
    "/problems",
    "/deliveries",
    "/deliveries?state=given_up",
    "/deliveries?person=P1&channel=mail",
    "/deliveries?date=2027-01-15",
    "/deliveries/1",
    "/inbox",
    "/records",
    "/records?gateway=two&type=note.kept",
    "/records?operation=OP1",
    "/records?before=1000",
    "/trace?q=A1",
    "/trace?q=L1",
    "/trace?q=P2",
    "/trace?q=S1",
    "/trace?q=WO1",
    "/api/v1/trace?q=A2",
    "/gateways",
    "/gateways/one",
)


@pytest.fixture(scope="module")
def app(module_config: CentralConfig) -> Iterator[Flask]:
    made = create_app(module_config)
    database = made.extensions["lineside"].database
    for name in ("one", "two"):
        enrol_gateway(database, name)
    publish_plant(database)
    fill(database, machining(), assembly())
    catch_up_all(database)
    add_tasks_and_messages(database)
    yield made
    close_app(made)


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    """Somebody of the master data, in a plant with a long past."""
    found = first_administrator(app)
    database: Database = app.extensions["lineside"].database
    with database.write() as session:
        session.execute(update(AccountRow).values(person="P1"))
    for each in pumps_of(database, app.extensions["lineside"].config):
        each.step(time.time())
    grow(database)
    return found


def add_tasks_and_messages(database: Database) -> None:
    """Some of each, open ones and failed ones too."""
    plant = database.plant
    with database.write() as session:
        for number in range(1, 5):
            make_task(session, plant, Wanted(f"检查 {number}", "P1", due=NOW + number, problem=1), SERVER, NOW)
        kept: list[tuple[Any, dict[str, Any]]] = [
            (CommentRow, {"number": 1, "kind": "task", "subject": "1", "mentions": "[]", "text": "好"}),
            (AttachmentRow, {"number": 1, "kind": "task", "subject": "1", "sha256": "ab" * 32}),
            (ProblemRow, {"number": 1, "state": "open", "owner": "P1", "whys": "[]", "steps": "[]"}),
            (ProblemCall, {"call": f"one/{'0' * 32}/1", "problem": 1}),
            (Notification, {"source": "log/1 1", "kind": "andon.raised", "facts": "{}", "made_at": NOW}),
            (DeliveryStep, {"delivery": 1, "number": 1, "state": "accepted"}),
        ]
        kept += [
            (AuditRow, {"position": SHIFT // 2 + each, "who": "admin", "action": "user.disabled", "detail": "{}"})
            for each in range(4)
        ]
        states = ("accepted", "shown", "given_up", "acknowledged")
        kept += [
            (
                Delivery,
                {"key": f"k{each}", "notification": 1, "person": f"P{each % 2 + 1}", "contact": each}
                | {"channel": "mail" if each % 2 else "page", "state": state, "made_at": NOW},
            )
            for each, state in enumerate(states, 1)
        ]
        for model, values in kept:
            session.execute(insert(table_of(model)), [blank_row(model, plant=plant, **values)])


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """What is asked meanwhile."""
    found: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def faults(database: Database, asked: list[tuple[str, Any]]) -> list[str]:
    """What these statements read too much of, each with its statement."""
    found = []
    with database.read() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        sizes = {name: count_of(session, name) for name in GROWN}
        for statement, parameters in asked:
            if database.is_sqlite:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [row.detail for row in rows if STEP.match(row.detail) and not NEWEST.search(statement)]
                said = [each for each in steps if walks(each)]
            elif not COUNTING.match(statement):
                row = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
                told = row.scalar_one()
                plan = told if isinstance(told, list) else json.loads(told)
                said = [each for step in steps_of(plan[0]["Plan"]) for each in reads_too_much(step, sizes)]
            else:
                said = []
            found += [f"{each}\n{statement}\n{parameters}" for each in said]
    return found


def walks(detail: str) -> bool:
    """Whether a step of SQLite's plan reads all rows of a plant."""
    step = STEP.match(detail)
    assert step
    if step[1] == "SCAN":
        return True
    index = re.search(r"INDEX (\w+) ", step[3])
    return bool(WHOLE.search(detail)) and (step[2], index[1] if index else "") not in COUNTED_WHOLE


def steps_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every step of a plan of PostgreSQL."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from steps_of(each)


def reads_too_much(step: dict[str, Any], sizes: dict[str, int]) -> Iterator[str]:
    """Says so of a step that read a large table whole, or a large part of it."""
    name = step.get("Relation Name", "")
    size = sizes.get(name, 0)
    if not size or (name, step.get("Index Name", "")) in COUNTED_WHOLE or not step["Actual Loops"]:
        return
    removed = sum(step.get(f"Rows Removed by {each}", 0) for each in ("Filter", "Index Recheck"))
    read = (step["Actual Rows"] + removed) * step["Actual Loops"]
    if read > max(FEW, SHARE_MAX * size):
        yield f"{step['Node Type']} of {name} {step.get('Index Name', '')}: {read} of {size} rows"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_reads_a_growing_table_whole(app: Flask, client: FlaskClient, path: str) -> None:
    database: Database = app.extensions["lineside"].database
    with statements(database) as asked:
        assert client.get(path).status_code == 200
    assert asked, "the page asks the tables"
    found = faults(database, asked)
    assert not found, "\n\n".join(found)


def test_no_work_reads_a_growing_table_whole(app: Flask, client: FlaskClient) -> None:
    """What the worker asks again and again, with nothing new and with a new piece of the log."""
    database: Database = app.extensions["lineside"].database
    with statements(database) as asked:
        for each in pumps_of(database, app.extensions["lineside"].config):
            each.step(time.time())
        more = machining()
        more.start()
        fill(database, more)
        for each in pumps_of(database, app.extensions["lineside"].config):
            each.step(time.time())
    assert asked
    found = faults(database, asked)
    assert not found, "\n\n".join(found)


def test_a_walk_is_recognised(app: Flask, client: FlaskClient) -> None:
    database: Database = app.extensions["lineside"].database
    mark = "?" if database.is_sqlite else "%s"
    asked = [
        (f"SELECT * FROM flow_card WHERE plant = {mark}", ("plant",)),
        (f"SELECT * FROM trace_step WHERE lot LIKE {mark}", ("%x%",)),
        (f"SELECT * FROM happening WHERE plant = {mark} AND station = {mark}", ("plant", "S1")),
    ]
    assert len(faults(database, asked)) == 3
