"""Breaks and shift ends: work rests by itself and goes on, and time is never made up where the clock is not set."""

from datetime import UTC, datetime

from devices.types import Signal
from floor.events import ReportFinished, WorkPaused, WorkResumed
from floor.master import MasterData
from floor.work import WorkState
from gateway.floor_state import Floor
from gateway.station import wake
from tests.gateway.floor_desk import Bench, small_plant

NINE = datetime(2026, 11, 27, 9, 0, tzinfo=UTC).timestamp()
SHIFT = {"id": "early", "days": "1234567", "start": "06:00", "end": "14:00", "breaks": ["09:00-09:15"]}


def working(minutes_before: float = 30) -> Bench:
    """Ann runs W3-10 since so long before nine."""
    master = MasterData.model_validate({**small_plant().model_dump(), "shifts": [SHIFT]})
    bench = Bench(master=master)
    bench.scans("B-ANN", "T-W3-10")
    bench.wall = NINE - minutes_before * 60 - bench.now
    return bench


def state_of(bench: Bench) -> WorkState:
    share = bench.state.share("ann", "W3-10")
    assert share is not None
    return share.state


def due(bench: Bench) -> float:
    at = wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master)
    assert at is not None
    return at - bench.now


def test_a_break_pauses_what_runs_and_lets_it_go_on() -> None:
    bench = working()
    assert bench.step(1) is None
    assert abs(due(bench) - (1800 - 1)) < 0.01
    paused = bench.step(1799)
    assert paused is not None and paused.message.key == "rests_break"
    assert paused.events == (WorkPaused(person="ann", operation="W3-10", reason="break"),)
    assert bench.step(1) is None and abs(due(bench) - 899) < 0.01
    resumed = bench.step(899)
    assert resumed is not None and resumed.events == (WorkResumed(person="ann", operation="W3-10"),)
    assert bench.step(1) is None
    (report,) = bench.scan("T-W3-10", after=99).events
    assert isinstance(report, ReportFinished) and report.seconds == 1800 + 100
    assert report.flags == ()


def test_who_goes_on_or_begins_in_a_break_is_left_alone() -> None:
    bench = working()
    bench.step(1800)
    assert bench.scan("T-W3-10").events == (WorkResumed(person="ann", operation="W3-10"),)
    assert bench.step(60) is None and state_of(bench) is WorkState.RUNNING
    assert bench.step(900) is None, "what did not rest has nothing to go on with"


def test_a_pause_by_hand_does_not_end_with_the_break() -> None:
    bench = working()
    bench.scan("C-PAUSE")
    assert bench.step(1800) is None and bench.step(900) is None
    assert state_of(bench) is WorkState.PAUSED


def test_the_end_of_a_shift_pauses_and_nothing_goes_on_by_itself() -> None:
    bench = working(minutes_before=-60)
    paused = bench.step(4 * 3600)
    assert paused is not None and paused.message.key == "rests_shift_end"
    assert bench.step(700) is None and state_of(bench) is WorkState.PAUSED
    assert bench.scan("T-W3-10").signal is Signal.KEPT and state_of(bench) is WorkState.RUNNING


def test_a_gateway_that_starts_in_the_break_pauses_then() -> None:
    bench = working()
    bench.boot, bench.now = "boot-2", 5.0
    bench.wall = NINE + 120 - bench.now
    paused = bench.step()
    assert paused is not None and paused.message.key == "rests_break"


def test_without_a_clock_nothing_rests_and_the_report_says_so() -> None:
    bench = working()
    bench.synchronised = False
    assert bench.step(1800) is None
    (report,) = bench.scan("T-W3-10", after=60).events
    assert isinstance(report, ReportFinished) and report.flags == ("calendar_unknown",)


def test_what_rests_survives_a_restart() -> None:
    bench = working()
    bench.step(1800)
    assert Floor.from_json(bench.state.to_json()) == bench.state
