"""Every statement of the pages of operations, orders and traces goes through an index: read from SQLite's own plans."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from central.application import close_app, create_app
from central.config import CentralConfig
from central.database import Database
from central.order_fold import catch_up_all
from tests.central.conftest import enrol_gateway
from tests.central.order_plant import assembly, fill, machining, publish_plant
from tests.central.page_client import first_administrator

BIG = ("flow_card", "order_card", "trace_step", "happening", "record", "operation", "report", "work", "call")
STEP = re.compile(rf"^(SCAN|SEARCH) ({'|'.join(BIG)})\b(.*)$")
WHOLE = re.compile(r"\(plant=\?\)$")

COUNTED_WHOLE = {
    # Orders are counted by state along an index that holds nothing else; a plant has a tenth as many as operations.
    ("order_card", "order_card_state"),
    # What is asked for with a text inside it, and all orders without a condition, are walked in the order shown.
    ("order_card", "order_card_due"),
    ("order_card", "sqlite_autoindex_order_card_1"),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("indexes")
    made = create_app(CentralConfig(folder=folder))
    database = made.extensions["lineside"].database
    for name in ("one", "two"):
        enrol_gateway(database, name)
    publish_plant(database)
    fill(database, machining(), assembly())
    catch_up_all(database)
    yield made
    close_app(made)


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return first_administrator(app)


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """What is asked meanwhile."""
    found: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine, "before_cursor_execute", note)


def plans(database: Database, asked: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """(step of a plan, statement) for every step that reads a table that grows."""
    found = []
    with database.read() as session:
        for statement, parameters in asked:
            rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [(row.detail, statement) for row in rows if STEP.match(row.detail)]
    return found


def walks(detail: str) -> bool:
    """Whether a step reads all rows of a plant."""
    step = STEP.match(detail)
    assert step
    if step[1] == "SCAN":
        return True
    index = re.search(r"INDEX (\w+) ", step[3])
    return bool(WHOLE.search(detail)) and (step[2], index[1] if index else "") not in COUNTED_WHOLE


@pytest.mark.parametrize(
    "path",
    [
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
        "/trace?q=A1",
        "/trace?q=L1",
        "/trace?q=P2",
        "/trace?q=S1",
        "/trace?q=WO1",
        "/api/v1/trace?q=A2",
    ],
)
def test_no_page_reads_a_growing_table_whole(app: Flask, client: FlaskClient, path: str) -> None:
    database: Database = app.extensions["lineside"].database
    with statements(database) as asked:
        assert client.get(path).status_code == 200
    steps = plans(database, asked)
    assert steps, "the page asks the tables"
    assert [(detail, statement) for detail, statement in steps if walks(detail)] == []


def test_a_walk_is_recognised(app: Flask) -> None:
    database: Database = app.extensions["lineside"].database
    asked = [
        ("SELECT * FROM flow_card WHERE plant = ?", ("plant",)),
        ("SELECT * FROM trace_step WHERE lot LIKE ?", ("%x%",)),
        ("SELECT * FROM happening WHERE plant = ? AND station = ?", ("plant", "S1")),
    ]
    assert [walks(detail) for detail, _ in plans(database, asked)] == [True] * 3
