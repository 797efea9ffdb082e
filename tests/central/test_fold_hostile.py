"""Records of a hostile or broken gateway under the fold: none of them stops the board, however the log is cut."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.board import Board, current_board
from central.config import CentralConfig
from central.database import Database
from central.ingest import ingest
from central.opening import open_database
from central.projector import catch_up
from floor.events import EVENTS, AndonRaised, ReportCorrected, ReportFinished
from tests.central.card import Card, record_text
from tests.central.conftest import enrol_gateway

NOW = 1_800_000_000.0
WORDS = st.sampled_from(["", "A", "B", "P1", "\x00", "\ud800", "a\ud83d\x00", "\u202e<b>", "x" * 64, "x" * 65])
NUMBERS = st.sampled_from([0, 1, -1, 7, 1_000_000, 1_000_001, -(10**30), 2**63, 1.5, float("nan"), True, None])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=10,
)


def put(database: Database, card: Card) -> Board:
    card.drain(lambda batch: ingest(database, card.name, batch, NOW))
    return current_board(database, NOW)


def test_half_a_surrogate_pair_in_a_record_does_not_stop_the_board(enrolled: Database) -> None:
    card = Card("one")
    started = {"person": "P1", "operation": "OP1", "work_order": "W\ud800"}
    card.keep_text(record_text("work.started", started))
    card.keep_text(record_text("andon.raised", {"call_type": "quality", "person": "\udfff", "operation": "\ud800"}))
    card.keep(ReportFinished(person="P1", operation="OP1", good=3))
    board = put(enrolled, card)
    assert board.complete
    assert [(each.order, each.good) for each in board.operations] == [("W?", 3)]
    assert [each.person for each in board.calls] == ["?"]


def test_a_correction_that_names_another_operation_takes_back_what_was_reported(enrolled: Database) -> None:
    card = Card("one")
    reported = card.keep(ReportFinished(person="P1", operation="OP1", good=5))
    put(enrolled, card)
    card.keep(ReportCorrected(person="P1", corrects=reported, operation="OP2", good=-5))
    card.keep(AndonRaised(call_type="quality"))
    board = put(enrolled, card)
    assert board.complete and len(board.calls) == 1
    assert {each.operation: each.good for each in board.operations} == {"OP1": 0, "OP2": 0}


@st.composite
def contents(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, object]]:
    """(type, data, head members) of one record: mostly of the right members, with any values in them."""
    name = draw(st.sampled_from([*EVENTS, "", "x", "\ud800"]))
    fields = EVENTS[name].model_fields if name in EVENTS else {}
    data: dict[str, Any] = {}
    for key in fields:
        data[key] = draw(st.one_of(WORDS, NUMBERS, JSON_VALUES))
    words = {"person": ["P1", "P2", "\ud800"], "operation": ["A", "B", "C"], "call_type": ["quality", "other"]}
    for key, values in words.items():
        if key in fields and draw(st.integers(0, 9)):
            data[key] = draw(st.sampled_from(values))
    for key in ("good", "scrap"):
        if key in fields and draw(st.integers(0, 9)):
            data[key] = draw(st.integers(1, 9)) * (-1 if name == "report.corrected" else 1)
    if draw(st.integers(0, 9)):
        data = {key: value for key, value in data.items() if fields[key].is_required()}
    head = {"subject": draw(WORDS)} if draw(st.booleans()) else {}
    if not draw(st.integers(0, 9)):
        key = draw(st.sampled_from(["bootid", "boottime", "walltime", "clockstate", "data", "type"]))
        head[key] = draw(JSON_VALUES)
    return name, data, head


EARLIER = st.integers(1, 12)
"""Which record a correction or an answer to a call names: one before it, itself, or one that has not come."""


def keep_hostile(card: Card, drawn: tuple[str, dict[str, Any], dict[str, object]], earlier: int) -> None:
    name, data, head = drawn
    epoch = card.running.epoch if card.running else "f" * 32
    for key in ("call", "corrects"):
        if name in EVENTS and key in EVENTS[name].model_fields:
            data = {**data, key: f"{epoch}/{earlier}"}
    card.keep_text(record_text(name, data, head))


@pytest.fixture(scope="module")
def file_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated file in which each example has a plant of its own."""
    config = CentralConfig.model_validate({"folder": tmp_path_factory.mktemp("plants") / "central", "port": 0})
    open_database(config).close()
    return config.database_url


@contextmanager
def fresh_plant(file_url: str) -> Iterator[Database]:
    """An empty plant with gateway `one`."""
    database = Database(file_url, secrets.token_hex(8))
    try:
        database.begin_plant(NOW)
        enrol_gateway(database, "one")
        yield database
    finally:
        database.close()


def sums(board: Board) -> list[tuple[str, int, int, int]]:
    return sorted((each.operation, each.good, each.scrap, each.flagged) for each in board.operations)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(contents(), EARLIER), min_size=1, max_size=12), st.lists(st.integers(1, 3), min_size=1))
def test_any_records_are_folded_and_cutting_the_log_changes_nothing(
    file_url: str, drawn: list[tuple[tuple[str, dict[str, Any], dict[str, object]], int]], pieces: list[int]
) -> None:
    card = Card("one")
    card.keep(ReportFinished(person="P1", operation="A", good=2))
    for each, earlier in drawn:
        keep_hostile(card, each, earlier)
    with fresh_plant(file_url) as database:
        card.copy().drain(lambda batch: ingest(database, "one", batch, NOW))
        for limit in itertools.cycle(pieces):
            with database.write() as session:
                if not catch_up(session, database.plant, limit):
                    break
        cut = current_board(database, NOW)
    with fresh_plant(file_url) as database:
        whole = put(database, card)
    assert cut.complete and whole.complete
    assert sums(cut) == sums(whole)
    assert len(cut.calls) == len(whole.calls)
