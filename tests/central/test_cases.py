"""A resolved call becomes a past case, and goes to the stations with the master data."""

import json

import pytest
from sqlalchemy import select

from central.cases import save_case
from central.database import Database
from central.errors import CaseRefused
from central.models import Call
from central.snapshots import current_envelope, current_master, publish
from floor.events import AndonRaised, AndonResolved
from floor.limits import CASES_MAX
from floor.master import MasterData
from floor.rows import PastCase
from gateway.master_store import open_envelope
from tests.central.card import Card
from tests.central.test_board import NOW, master, publish_master, put


def resolved(database: Database, cause: str = "tool", station: str = "S1") -> str:
    card = Card("one")
    call = card.keep(AndonRaised(call_type="quality", operation="OP1"), station)
    card.keep(AndonResolved(call=call, call_type="quality", person="P1", cause=cause), station)
    put(database, card)
    return call


def save(database: Database, call: str, fix: str = "换刀片") -> bool:
    with database.write() as session:
        row = session.scalar(select(Call).where(Call.epoch == call.partition("/")[0]))
        assert row is not None
        return save_case(session, "plant", row, fix, "leader", NOW)


def cases(database: Database) -> tuple[PastCase, ...]:
    with database.read() as session:
        return current_master(session, "plant").cases


def test_the_case_says_what_the_call_was_and_every_gateway_gets_it(enrolled: Database) -> None:
    publish_master(enrolled)
    call = resolved(enrolled)
    assert not save(enrolled, call)
    [case] = cases(enrolled)
    assert (case.call_type, case.station, case.item, case.cause, case.fix) == (
        "quality",
        "S1",
        "shaft",
        "tool",
        "换刀片",
    )
    assert case.closed.startswith("2023-11-1")
    with enrolled.read() as session:
        envelope = current_envelope(session, "plant")
    assert envelope is not None and envelope.version == 2
    assert open_envelope(envelope).cases == (case,)
    assert len(open_envelope(envelope).operations) == 2, "nothing else changed"


def test_saved_again_its_fix_is_written_anew(enrolled: Database) -> None:
    publish_master(enrolled)
    call = resolved(enrolled, cause="other")
    save(enrolled, call)
    save(enrolled, call, "再换")
    [case] = cases(enrolled)
    assert (case.cause, case.fix) == ("", "再换")


def test_the_oldest_goes_when_there_are_as_many_as_are_kept(enrolled: Database) -> None:
    old = [
        PastCase(id=f"K{number}", call_type="quality", fix="x", closed=f"20{10 + number % 12}-01-01")
        for number in range(CASES_MAX)
    ]
    whole = MasterData.model_validate(master().model_dump() | {"cases": [each.model_dump() for each in old]})
    with enrolled.write() as session:
        publish(session, whole, "planner", NOW)
    assert save(enrolled, resolved(enrolled))
    kept = cases(enrolled)
    assert len(kept) == CASES_MAX
    assert {each.id for each in old} - {each.id for each in kept} == {"K0"}


@pytest.mark.parametrize("fix", ["", "   ", "x" * 201, "a\x00b"])
def test_a_fix_that_cannot_be_written_is_refused(enrolled: Database, fix: str) -> None:
    publish_master(enrolled)
    call = resolved(enrolled)
    with pytest.raises(CaseRefused):
        save(enrolled, call, fix)
    assert cases(enrolled) == ()


def test_neither_an_open_call_nor_one_of_a_plant_without_data_becomes_a_case(enrolled: Database) -> None:
    call = resolved(enrolled)
    with pytest.raises(CaseRefused):
        save(enrolled, call)
    publish_master(enrolled)
    card = Card("two")
    opened = card.keep(AndonRaised(call_type="quality"))
    put(enrolled, card)
    with pytest.raises(CaseRefused):
        save(enrolled, opened)


@pytest.mark.parametrize(("call_type", "station"), [("no such type!", "S1"), ("quality", "工位 一")])
def test_what_no_row_can_hold_is_refused_and_stops_nothing(enrolled: Database, call_type: str, station: str) -> None:
    publish_master(enrolled)
    card = Card("one")
    call = card.keep(AndonRaised(call_type=call_type), station)
    card.keep(AndonResolved(call=call, call_type=call_type, cause="tool"), station)
    put(enrolled, card)
    with pytest.raises(CaseRefused):
        save(enrolled, call)


def test_the_release_before_gets_snapshots_without_the_table_until_there_is_a_case(enrolled: Database) -> None:
    publish_master(enrolled)
    with enrolled.read() as session:
        envelope = current_envelope(session, "plant")
    assert envelope is not None and "cases" not in json.loads(envelope.body)
