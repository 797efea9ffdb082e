"""Every total that a page of the office shows, beside sums over the raw log: plain SQL and JSON, nothing folded."""

import csv
import io
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.application import close_app, create_app
from central.config import CentralConfig
from central.context import Plant
from floor.events import (
    AndonAcknowledged,
    AndonCancelled,
    AndonRaised,
    AndonResolved,
    Event,
    ReportCorrected,
    ReportFinished,
    WorkPaused,
    WorkStarted,
)
from floor.work_events import ReworkReported
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.order_plant import fill, publish_plant
from tests.central.page_client import first_administrator, number_in, totals
from tests.central.raw_log import Raw, Sums, raw_log, raw_sums

OPERATIONS = {"OP1": "WO1", "OP2": "WO1", "OP3": "WO1", "OP4": "WO2", "OP5": "WO3"}
ACTS = 600
CALLS_MAX = 12


@dataclass
class Floor:
    """What people did, by a seed: reports, corrections before and after, pauses, calls to each of their ends."""

    source: random.Random
    cards: tuple[Card, Card]

    def keep(self, card: Card, event: Event) -> str:
        step = self.source.uniform(1, 30)
        card.boottime += step
        card.wall += step
        return card.keep(event, self.source.choice(("S1", "S2")))

    def live(self) -> None:
        reports: list[tuple[Card, str, str]] = []
        calls: list[tuple[Card, str, str]] = []
        for _ in range(ACTS):
            card, (operation, order) = self.source.choice(self.cards), self.source.choice(list(OPERATIONS.items()))
            person = self.source.choice(("P1", "P2"))
            self.keep(card, WorkStarted(person=person, operation=operation, work_order=order))
            match self.source.randrange(6):
                case 0 if reports:
                    own, identity, named = reports.pop(self.source.randrange(len(reports)))
                    self.keep(own, ReportCorrected(person="P1", corrects=identity, operation=named, good=0))
                case 1:
                    self.keep(card, WorkPaused(person=person, operation=operation))
                case 2:
                    pieces = self.source.randrange(1, 4)
                    rework = ReworkReported(person=person, operation=operation, work_order=order, pieces=pieces)
                    self.keep(card, rework)
                case 3 if len(calls) < CALLS_MAX:
                    self.call(card, person, calls)
                case _:
                    report = ReportFinished(
                        person=person, operation=operation, work_order=order,
                        good=self.source.randrange(5), scrap=self.source.randrange(3),
                        flags=self.source.choice(((), (), ("early",))),
                    )  # fmt: skip
                    reports.append((card, self.keep(card, report), operation))

    def call(self, card: Card, person: str, calls: list[tuple[Card, str, str]]) -> None:
        kind = self.source.choice(("quality", "material"))
        call = self.keep(card, AndonRaised(call_type=kind, person=person))
        calls.append((card, call, kind))
        if self.source.random() < 0.7:
            self.keep(card, AndonAcknowledged(call=call, call_type=kind, person="P2", source="badge"))
            if self.source.random() < 0.7:
                self.keep(card, AndonResolved(call=call, call_type=kind, person="P2", cause="worn"))
        elif self.source.random() < 0.4:
            self.keep(card, AndonCancelled(call=call, call_type=kind, person=person))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    made = create_app(CentralConfig(folder=tmp_path_factory.mktemp("totals")))
    database = made.extensions["lineside"].database
    now = time.time()
    for name in ("one", "two"):
        enrol_gateway(database, name)
    publish_plant(database, now)
    cards = (Card("one", wall=now - ACTS * 70), Card("two", wall=now - ACTS * 70))
    Floor(random.Random(20261127), cards).live()
    fill(database, *cards, now=now)
    yield made
    close_app(made)


@pytest.fixture(scope="module")
def reader(app: Flask) -> FlaskClient:
    client = first_administrator(app)
    client.set_cookie("lineside_language", "en")
    return client


@pytest.fixture(scope="module")
def log(app: Flask) -> list[Raw]:
    here: Plant = app.extensions["lineside"]
    return raw_log(here.database)


@pytest.fixture(scope="module")
def sums(log: list[Raw]) -> Sums:
    return raw_sums(log)


def ends(log: list[Raw]) -> Counter[str]:
    """How many calls stand at which of their states."""
    rank = {"andon.raised": 0, "andon.acknowledged": 1, "andon.cancelled": 2, "andon.resolved": 2}
    newest: dict[tuple[str, str], str] = {}
    for each in log:
        if each.type in rank:
            key = (each.gateway, each.told.get("call") or each.identity)
            before = newest.get(key)
            if before is None or rank[each.type] > rank[before]:
                newest[key] = each.type
    return Counter(newest.values())


def test_the_plant_was_lived_in(log: list[Raw]) -> None:
    kinds = Counter(each.type for each in log)
    assert kinds["report.finished"] > 200 and kinds["report.corrected"] > 50 and kinds["rework.reported"] > 50
    calls = ends(log)
    assert (
        calls["andon.raised"] and calls["andon.acknowledged"] and calls["andon.resolved"] and calls["andon.cancelled"]
    )


def test_the_board(reader: FlaskClient, log: list[Raw], sums: Sums) -> None:
    page = reader.get("/board?show=all").text
    for operation in OPERATIONS:
        card = re.search(rf'data-operation="{operation}".*?</li>', page, re.S)
        assert card, operation
        made = re.search(r'class="made"><small>[^<]*</small> ([\d,]+)', card[0])
        assert made and number_in(made[1]) == sums[operation]["good"]
        for name in ("scrap", "rework"):
            found = re.search(rf'class="{name} number">([^<]*)<', card[0])
            assert (number_in(found[1]) if found else 0) == sums[operation][name], (operation, name)
    open_calls = ends(log)["andon.raised"] + ends(log)["andon.acknowledged"]
    assert page.count('<li class="call ') == open_calls
    told = reader.get("/api/v1/board").json
    assert told is not None
    for name in ("good", "scrap"):
        assert {each["operation"]: each[name] for each in told["operations"]} == {
            operation: sums[operation][name] for operation in OPERATIONS
        }
    assert len(told["calls"]) == open_calls


def test_orders(reader: FlaskClient, sums: Sums) -> None:
    listed = reader.get("/orders?show=all").text
    for order in set(OPERATIONS.values()):
        own = [operation for operation, each in OPERATIONS.items() if each == order]
        page = reader.get(f"/orders/{order}").text
        for name in ("good", "scrap", "rework"):
            assert totals(page, f"op-{name}") == [sums[each][name] for each in own], (order, name)
        gone = [sum(sums[each][name] for each in own) for name in ("scrap", "rework")]
        made = min(sums[each]["good"] for each in own)
        assert (totals(page, "good"), totals(page, "scrap"), totals(page, "rework")) == ([made], [gone[0]], [gone[1]])
        assert totals(page, "reports") == [sum(sums[each]["reports"] for each in own)]
        row = re.search(rf'<tr data-order="{order}">.*?</tr>', listed, re.S)
        assert row
        cells = re.findall(r'class="right number[^"]*">(?:<span>)?([\d,]+)', row[0])
        assert [number_in(each) for each in cells] == [made, *gone]


def test_the_flow(reader: FlaskClient, sums: Sums) -> None:
    page = reader.get("/flow?show=all").text
    columns = ("called", "paused", "running", "ready", "waiting")
    cards = re.findall(r'data-operation="(\w+)".*?</li>', page, re.S)
    assert sum(totals(page, each)[0] for each in columns) == len(cards)
    for operation in cards:
        card = re.search(rf'data-operation="{operation}".*?</li>', page, re.S)
        made = re.search(r'class="made number">([\d,]+)', card[0]) if card else None
        assert (number_in(made[1]) if made else 0) == sums[operation]["good"], operation


def test_calls_and_their_analysis(reader: FlaskClient, log: list[Raw]) -> None:
    counts = ends(log)
    page = reader.get("/calls").text
    still_open = counts["andon.raised"] + counts["andon.acknowledged"]
    assert page.count('class="call-row"') == still_open
    assert page.count('class="tag green">') == counts["andon.resolved"]
    analysis = reader.get("/calls/analysis?first=2000-01-01").text
    all_calls = sum(1 for each in log if each.type == "andon.raised")
    assert f'<dd class="number">{all_calls}</dd>' in analysis
    said = re.search(r"(\d+) open · (\d+) cancelled", analysis)
    assert said and [int(each) for each in said.groups()] == [still_open, counts["andon.cancelled"]]
    kinds = Counter(each.told["call_type"] for each in log if each.type == "andon.raised")
    rows = re.findall(r"<tbody>.*?</tbody>", analysis, re.S)[-1]
    found = [int(each) for each in re.findall(r'data-head="Calls" class="right number">(\d+)<', rows)]
    assert sorted(found) == sorted(kinds.values())


def test_gateways_and_their_completeness(reader: FlaskClient, log: list[Raw]) -> None:
    held = Counter(each.gateway for each in log)
    page, gateways = reader.get("/gateways/completeness").text, reader.get("/gateways").text
    for name, count in held.items():
        row = re.search(rf'<tr>\s*<td[^>]*><a href="/gateways/{name}">.*?</tr>', page, re.S)
        assert row and [number_in(each) for each in re.findall(r'class="number">([\d,]+)</span><br>', row[0])] == [
            count
        ]
        line = re.search(rf'<tr>\s*<td[^>]*><a href="/gateways/{name}">.*?</tr>', gateways, re.S)
        assert line and f'<span class="number">{count:,}</span>' in line[0]


def test_records_listed_and_exported(reader: FlaskClient, log: list[Raw]) -> None:
    for kind in ("report.finished", "andon.raised", ""):
        wanted = sum(1 for each in log if kind in ("", each.type))
        rows = list(csv.reader(io.StringIO(reader.get(f"/records.csv?type={kind}").text.lstrip("\ufeff"))))
        assert len(rows) - 1 == wanted, kind
    seen, address = 0, "/records?type=report.finished"
    while address:
        page = reader.get(address).text
        seen += page.count('<td class="whole"><details>')
        older = re.search(r'href="(/records\?[^"]*before=\d+[^"]*)">', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert seen == sum(1 for each in log if each.type == "report.finished")
