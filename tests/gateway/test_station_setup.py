"""Pauses with a reason, and set-up: time of its own beside the time worked."""

import json

import pytest

from devices.types import Signal
from floor.events import Happening, WorkPaused, encode
from floor.work import WorkState
from floor.work_events import SetupFinished
from gateway.floor_state import Floor
from gateway.station_desk import PageCommand
from gateway.station_texts import render
from gateway.station_view import station_view
from tests.gateway.floor_desk import Bench, types
from tests.gateway.test_station_partial import reports, working


def state_of(bench: Bench) -> WorkState:
    share = bench.state.share("ann", "W1-10")
    return WorkState.NONE if share is None else share.state


# Why it rests.


def test_a_pause_card_with_a_reason_keeps_it() -> None:
    bench = working()
    decision = bench.scan("C-PAUSE-2")
    assert decision.events == (WorkPaused(person="ann", operation="W1-10", reason="shortage"),)
    assert render(decision.message, "en") == "Paused, Shortage: W1 车削"
    assert types(bench.scan("T-W1-10")) == ("work.resumed",)


def test_the_reason_waits_with_the_question_which_ticket() -> None:
    bench = working("T-W3-10", "C-PAUSE-2")
    decision = bench.scan("T-W3-10")
    assert decision.events == (WorkPaused(person="ann", operation="W3-10", reason="shortage"),)


def test_a_reason_nobody_knows_is_a_pause_without_one() -> None:
    bench = working()
    assert bench.put(PageCommand("pause", "no such")).events == (WorkPaused(person="ann", operation="W1-10"),)


def test_a_pause_without_a_reason_reads_as_in_0_1_0() -> None:
    bench = working("C-PAUSE")
    event = bench.kept[-1][1].event
    text = encode(Happening(event, "S1", bench.instant, 1), "x")
    assert json.loads(text)["data"] == {"person": "ann", "operation": "W1-10"}


# Set-up.


def test_set_up_has_its_own_time_and_the_ticket_begins_the_run() -> None:
    bench = working("C-SETUP")
    assert types(bench.scan("T-W1-10", after=20)) == ("setup.started",)
    assert state_of(bench) is WorkState.SETUP
    decision = bench.scan("T-W1-10", after=300)
    assert decision.events == (SetupFinished(person="ann", operation="W1-10", seconds=300.0),)
    bench.scan("T-W1-10", after=50)
    assert [each.seconds for each in reports(bench)] == [80.0], "10 + 20 before the set-up and 50 after"


def test_work_can_begin_with_set_up() -> None:
    bench = Bench()
    bench.scans("B-ANN", "C-SETUP")
    assert types(bench.scan("T-W1-10")) == ("work.started", "setup.started")
    assert types(bench.scan("C-RESUME", after=60)) == ("setup.finished",)
    bench.scan("T-W1-10", after=5)
    assert [each.seconds for each in reports(bench)] == [5.0]


def test_a_start_in_set_up_is_held_to_the_rules_of_a_start() -> None:
    bench = Bench()
    bench.scans("B-ANN", "C-SETUP")
    assert types(bench.scan("T-WH-10")) == ("scan.refused",)


@pytest.mark.parametrize(
    ("cards", "events", "state"),
    [
        (["C-PAUSE"], ("setup.finished", "work.paused"), WorkState.PAUSED),
        (["C-GOOD", "C-D5A", "T-W1-10"], ("setup.finished", "report.finished"), WorkState.NONE),
        (
            ["C-PARTIAL", "C-D5A", "T-W1-10"],
            ("setup.finished", "report.finished", "work.started"),
            WorkState.RUNNING,
        ),
        (["C-GOOD", "C-D5A", "C-CONFIRM"], ("setup.finished", "report.finished"), WorkState.NONE),
    ],
)
def test_whatever_ends_a_set_up_says_so_first(cards: list[str], events: tuple[str, ...], state: WorkState) -> None:
    bench = working("C-SETUP", "T-W1-10")
    assert types(bench.scans(*cards)) == events
    assert state_of(bench) is state
    assert bench.state.inapplicable == 0


def test_paused_work_goes_on_with_set_up() -> None:
    bench = working("C-PAUSE", "C-SETUP")
    assert types(bench.scan("T-W1-10")) == ("work.resumed", "setup.started")
    assert bench.state.inapplicable == 0


def test_set_up_twice_is_refused() -> None:
    bench = working("C-SETUP", "T-W1-10", "C-SETUP")
    decision = bench.scan("T-W1-10")
    assert (decision.signal, decision.message.key) == (Signal.REFUSED, "in_setup")


def test_a_reboot_within_makes_the_time_of_the_set_up_unknown() -> None:
    bench = working("C-SETUP", "T-W1-10")
    bench.boot = "boot-2"
    assert bench.scan("T-W1-10").events == (SetupFinished(person="ann", operation="W1-10"),)
    bench.scan("T-W1-10", after=7)
    assert [each.seconds for each in reports(bench)] == [27.0], "the time worked is known all the same"


def test_undo_leaves_a_share_in_set_up_there() -> None:
    bench = working("C-PARTIAL", "C-D4A", "T-W1-10", "C-SETUP", "T-W1-10")
    assert types(bench.scan("C-UNDO")) == ("report.corrected",)
    assert state_of(bench) is WorkState.SETUP


def test_the_page_sets_up_the_operation_it_shows() -> None:
    bench = working()
    assert types(bench.put(PageCommand("setup", "W1-10"))) == ("setup.started",)
    view = station_view(bench.state, bench.desk, bench.master, "S1", bench.instant)
    assert [(each.state, each.seconds) for each in view.work] == [("setup", 0.0)]
    assert "setup" in view.commands
    assert view.pause_reasons == (("shortage", "缺料", "Shortage"),)


def test_a_gateway_of_0_1_0_reads_a_share_in_set_up_as_running() -> None:
    bench = working("C-SETUP", "T-W1-10")
    text = bench.state.to_json()
    found = json.loads(text)
    assert [row[4] for row in found["shares"]] == ["running"]
    assert Floor.from_json(text) == bench.state
