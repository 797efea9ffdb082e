"""The sample plant in the hands of people who mean no good: every text that somebody may write is hostile.

Master data, scanned texts, names of files, browsers, what gateways say of themselves: each holds MARK, which would
become an element where a page does not escape it, or the beginning of a formula."""

import itertools
import json
import re
import time
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel, ValidationError
from sqlalchemy import update
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Rule

from central import accounts
from central.alarms import raise_alarms
from central.api_tokens import make_token
from central.application import close_app, create_app
from central.audit import record_act
from central.comments import Upload, add_comment
from central.config import CentralConfig
from central.context import Plant
from central.history import Actor
from central.ingest import ingest
from central.ingest_rules import AlarmRaised
from central.models import Gateway
from central.problems import Analysis, make_problem
from central.projector import catch_up_all
from central.rights import ADMIN
from central.snapshots import publish
from central.tasks import Wanted, make_task
from floor.events import EVENTS, AndonRaised, ReportFinished, WorkStarted
from floor.master import MasterData
from floor.sample import sample_plant
from tests.central.card import Card, record_text
from tests.central.conftest import enrol_gateway
from tests.central.page_client import first_administrator

MARK = "\"'><x-probe onx=1>{{7*7}}"
"""In a page that shows it as text it is &lt;x-probe&gt;; in one that does not it is an element."""

FORMULAS = ("=HYPERLINK(1)", "@SUM(1)", "+1+1", "-2+3", "=1+cmd|' /C calc'!A0")
TEXTS = itertools.cycle((MARK, FORMULAS[0], MARK, FORMULAS[1], MARK, FORMULAS[2], MARK, FORMULAS[3], FORMULAS[4]))
FREE = re.compile(r"name(_en)?|title(_en)?|text(_en)?|note|customer|description(_en)?|reason|job|unit|hint(_en)?")
ROWS_PER_TABLE = 12
HOME = {"Origin": "http://localhost"}
"""What a browser says of a form of our own page."""

READING = {"GET", "HEAD", "OPTIONS"}
PHOTO = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 17


def hostile_master(today: date) -> MasterData:
    """The sample plant whose first rows of each table have hostile texts, as far as a row may have them."""
    plant = sample_plant(today)
    changed: dict[str, Any] = {}
    for table in type(plant).model_fields:
        rows = getattr(plant, table)
        if isinstance(rows, tuple) and rows and isinstance(rows[0], BaseModel):
            changed[table] = tuple(_hostile(row) if at < ROWS_PER_TABLE else row for at, row in enumerate(rows))
    return plant.with_tables(**changed)


def _hostile(row: BaseModel) -> BaseModel:
    for name, value in row.model_dump().items():
        if isinstance(value, str) and FREE.fullmatch(name):
            try:
                row = type(row).model_validate({**row.model_dump(), name: next(TEXTS)})
            except ValidationError:
                continue
    return row


def record(type_name: str, values: dict[str, Any], station: str) -> str:
    """A record of now at a station."""
    return record_text(type_name, values, {"subject": station, "walltime": f"{time.time()}"})


def values_of(type_name: str, known: dict[str, str]) -> dict[str, Any]:
    """The data of an event whose every text is hostile but for what is `known`."""
    found: dict[str, Any] = {}
    for name, field in EVENTS[type_name].model_fields.items():
        told = str(field.annotation)
        if name in known:
            found[name] = known[name]
        elif "str" in told or "Name" in told or "Literal" in told:
            found[name] = [MARK] if "tuple" in told else MARK
        elif "int" in told or "float" in told:
            found[name] = 1
    return found


class HostilePlant:
    """The whole server over it, an administrator signed in, and a gateway's credential."""

    def __init__(self, config: CentralConfig) -> None:
        self.app: Flask = create_app(config)
        self.here: Plant = self.app.extensions["lineside"]
        self.database, self.plant = self.here.database, self.here.database.plant
        self.master = hostile_master(date.today())
        with self.database.write() as session:
            publish(session, self.master, MARK, time.time(), self.plant, note=MARK)
        self.gateway_token = enrol_gateway(self.database, "one")
        self.admin = first_administrator(self.app)
        self.admin.environ_base["HTTP_USER_AGENT"] = MARK
        self.call = self._report()
        self._speak()

    def _report(self) -> str:
        """Records of every type: of things that there are, and of things that there are not. A call that is open."""
        card, operation = Card("one"), self.master.operations[0]
        known = {"person": self.master.people[0].id, "operation": operation.id, "work_order": operation.work_order}
        known |= {"call_type": self.master.call_types[0].id}
        station = self.master.stations[0].id
        call = card.keep(
            AndonRaised(call_type=known["call_type"], person=known["person"], operation=operation.id), station
        )
        card.keep(WorkStarted(person=known["person"], operation=operation.id), station)
        card.keep(ReportFinished(person=known["person"], operation=operation.id, good=1), station)
        for type_name in EVENTS:
            card.keep_text(record(type_name, values_of(type_name, {**known, "call": call, "corrects": call}), station))
            card.keep_text(record(type_name, values_of(type_name, {}), MARK))
        card.keep_text(record(MARK, {MARK: MARK}, MARK))
        card.drain(lambda batch: ingest(self.database, "one", batch, time.time()))
        catch_up_all(self.database)
        return f"one/{call}"

    def _speak(self) -> None:
        """What people and machines say at the office."""
        now, person = time.time(), self.master.people[0].id
        by = Actor("admin", person, MARK, MARK)
        operation = self.master.operations[0]
        upload = Upload(MARK + "/../" + FORMULAS[0] + ".png", PHOTO)
        about = [("call", self.call), ("order", operation.work_order), ("operation", operation.id), ("task", "1")]
        with self.database.write() as session:
            accounts.change_account(session, self.plant, "admin", (ADMIN,), person)
            make_task(session, self.plant, Wanted(MARK, person, MARK, checklist=(MARK, FORMULAS[0]), call=""), by, now)
            make_problem(session, self.plant, Analysis(MARK, person, whys=(MARK,) * 5, steps=(MARK,) * 8), (), by, now)
            for kind, subject in (*about, ("problem", "1")):
                add_comment(session, self.plant, kind, subject, MARK, by, now, [(upload, "0" * 64)])
            raise_alarms(session, self.plant, "one", [AlarmRaised(MARK, MARK, MARK)], now)
            said = {"release": MARK, "status": json.dumps({MARK: MARK, "power": MARK, "disk": MARK})}
            session.execute(update(Gateway).where(Gateway.plant == self.plant).values(**said))
            make_token(session, self.plant, "board", ["metrics"], 9, MARK, now)
            record_act(session, self.plant, MARK, MARK, MARK, {MARK: MARK}, now, MARK)

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.gateway_token}"}


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostilePlant]:
    made = HostilePlant(CentralConfig(folder=tmp_path_factory.mktemp("hostile") / "central", threads=24))
    yield made
    close_app(made.app)


class Seen(HTMLParser):
    """What a browser makes of a page: elements, their attributes, addresses, and the text that is shown."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "action", "formaction") and value:
                self.addresses.append(value)
                if name in ("href", "src"):
                    self.links.append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


def walk(app: Flask, client: FlaskClient, starts: list[str], per_route_max: int) -> Iterator[tuple[str, str, str]]:
    """(endpoint, path, page) of every page that is reached by links from `starts`, some of each route."""
    matcher = app.url_map.bind("localhost")
    waiting, known, counts = list(starts), set(starts), dict[str, int]()
    while waiting:
        path = waiting.pop(0)
        parts = urlsplit(path)
        try:
            endpoint, _ = matcher.match(parts.path, method="GET")
        except HTTPException as fault:
            raise AssertionError(f"a page leads to {path}: {fault}") from fault
        counts[endpoint] = counts.get(endpoint, 0) + 1
        if counts[endpoint] > per_route_max or endpoint == "pages.board_stream":
            continue
        with client.get(path) as answer:
            page = answer.text if answer.mimetype == "text/html" else ""
            assert answer.status_code < 500, path
        yield endpoint, path, page
        for address in Seen(page).links:
            found = address.partition("#")[0]
            if found.startswith("/") and not found.startswith("//") and found not in known:
                known.add(found)
                waiting.append(found)


def rules_of(app: Flask, *, changing: bool) -> list[Rule]:
    return [each for each in app.url_map.iter_rules() if bool(set(each.methods or ()) - READING) is changing]


def path_of(app: Flask, rule: Rule, value: str = "x") -> str:
    """The path of a route whose texts are all `value`."""
    given = {name: 1 if isinstance(kind, IntegerConverter) else value for name, kind in rule._converters.items()}
    path: str = app.url_map.bind("localhost").build(rule.endpoint, given, method=next(iter(rule.methods or ("GET",))))
    return path
