"""Whether everything that gateways announced is here: by page, by HTTP and by working out every record again."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from central.application import close_app, create_app
from central.commands import central_group
from central.completeness import Completeness, completeness, prove
from central.config import CentralConfig
from central.context import Plant
from central.database import Database
from central.ingest import ingest
from central.projector import catch_up_all
from floor.events import ReportFinished
from tests.central.card import Card
from tests.central.page_client import first_administrator

EVENT = ReportFinished(person="P1", operation="O1", good=1)


def offer(database: Database, card: Card) -> None:
    """Until nothing moves any more."""
    while card.believe(ingest(database, card.name, card.batch(), time.time())):
        pass


def told(database: Database, name: str = "one") -> Completeness:
    catch_up_all(database)
    with database.read() as session:
        (found,) = (each for each in completeness(session, database.plant) if each.gateway == name)
    return found


def faults(database: Database, name: str = "one") -> list[str]:
    with database.read() as session:
        return [fault for each in prove(session, database.plant, name) for fault in each.faults]


def test_what_has_come_is_complete_and_its_digest_is_the_cards(enrolled: Database) -> None:
    assert told(enrolled).verdict == "unseen"
    card = Card()
    for _ in range(3):
        card.keep(EVENT)
    card.start()
    card.keep(EVENT)
    offer(enrolled, card)
    found = told(enrolled)
    assert (found.verdict, found.held, found.announced, found.epochs) == ("complete", 4, 4, 2)
    assert (found.epoch, found.contiguous, found.digest) == (card.epochs[-1].epoch, 1, card.newest_digest)
    assert (found.clock, found.missing, found.tail, found.lost) == ("good", (), 0, 0)
    assert faults(enrolled) == [] and told(enrolled, "two").verdict == "unseen"


def test_an_announced_tail_waits_and_a_resend_changes_nothing(enrolled: Database) -> None:
    card = Card()
    for _ in range(5):
        card.keep(EVENT)
    ingest(enrolled, "one", card.batch(records_max=2), time.time())
    found = told(enrolled)
    assert (found.verdict, found.held, found.announced, found.tail, found.contiguous) == ("waiting", 2, 5, 3, 2)
    offer(enrolled, card)
    before = told(enrolled)
    card.offer_all = True
    card.epochs[0].mark = 0
    ingest(enrolled, "one", card.batch(), time.time())
    after = told(enrolled)
    assert (before.verdict, before.held) == (after.verdict, after.held) == ("complete", 5)


def test_a_hole_is_named_and_closes_with_what_the_gateway_declares_lost(enrolled: Database) -> None:
    card = Card()
    for _ in range(4):
        card.keep(EVENT)
    epoch = card.epochs[0].epoch
    gone = card.records.pop((epoch, 2))
    offer(enrolled, card)
    found = told(enrolled)
    assert found.verdict == "waiting" and found.contiguous in (0, 1)
    card.lose(epoch, 2)
    offer(enrolled, card)
    found = told(enrolled)
    assert (found.verdict, found.held, found.lost, found.contiguous) == ("complete", 4, 1, 4)
    assert faults(enrolled) == [], "nothing links to a record that stands for a lost one"
    card.records[epoch, 2] = gone
    card.epochs[0].mark = 0
    offer(enrolled, card)
    assert faults(enrolled) == []


def test_two_cards_of_one_gateway_are_in_doubt(enrolled: Database) -> None:
    card = Card()
    card.keep(EVENT)
    clone = card.copy()
    card.start()
    card.keep(EVENT)
    clone.keep(EVENT)
    offer(enrolled, card)
    offer(enrolled, clone)
    found = told(enrolled)
    assert found.verdict == "doubt" and found.forks == 2 and found.held == 3
    assert faults(enrolled) == [], "both branches are kept, each whole"


def test_a_changed_or_removed_row_is_found(enrolled: Database) -> None:
    card = Card()
    for _ in range(4):
        card.keep(EVENT)
    offer(enrolled, card)
    with enrolled.write() as session:
        session.execute(text("UPDATE record SET content = replace(content, 'P1', 'P2') WHERE seq = 2"))
        session.execute(text("DELETE FROM record WHERE seq = 3"))
    said = faults(enrolled)
    assert said == ["2: its content does not have its digest", "3 to 3 are not held, and no gap says so"]
    with enrolled.write() as session:
        session.execute(text("DELETE FROM record WHERE seq = 4"))
    assert "held up to 4 by the mark, and the last record is 2" in faults(enrolled)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(CentralConfig(folder=tmp_path / "central"))
    yield made
    close_app(made)


def run(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(central_group, ["prove", *words, "--folder", str(tmp_path / "central")])


def test_the_page_the_interface_and_the_command_say_the_same(local: Flask, tmp_path: Path) -> None:
    from tests.central.conftest import enrol_gateway

    plant: Plant = local.extensions["lineside"]
    admin: FlaskClient = first_administrator(local)
    admin.set_cookie("lineside_language", "en")
    assert "No gateway is enrolled yet" in admin.get("/gateways/completeness").text
    enrol_gateway(plant.database, "one")
    card = Card()
    for _ in range(3):
        card.keep(EVENT)
    offer(plant.database, card)
    page = admin.get("/gateways/completeness").text
    assert "Every record that a gateway announced is here, once." in page and card.newest_digest in page
    (row,) = admin.get("/api/v1/completeness").json["gateways"]
    assert (row["gateway"], row["verdict"], row["digest"]) == ("one", "complete", card.newest_digest)
    said = run(tmp_path)
    assert said.exit_code == 0, said.output
    newest = f"{card.epochs[0].epoch}/3 {card.newest_digest}"
    assert said.output == f"one: 3 records, 0 faults, newest {newest}\n"
    card.keep(EVENT)
    ingest(plant.database, "one", card.batch(records_max=0), time.time())
    page = admin.get("/gateways/completeness").text
    assert "1 gateways have records that have not come yet" in page and "1 more announced" in page
    with plant.database.write() as session:
        session.execute(text("UPDATE record SET content = replace(content, 'P1', 'P2') WHERE seq = 2"))
    said = run(tmp_path, "one")
    assert said.exit_code == 1 and "2: its content does not have its digest" in said.output
    assert run(tmp_path, "two").output == ""
