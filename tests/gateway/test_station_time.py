"""The page's inputs, the question after a start, and what the passing of time does at a station."""

import pytest

from devices.types import Signal
from floor.events import ReportFinished, SessionClosed
from gateway.station import wake
from gateway.station_desk import Amounts, Desk, PageCommand, PageReport, StationRules
from gateway.station_texts import label_of
from tests.gateway.floor_desk import Bench, types


def signed_in(*more: str) -> Bench:
    bench = Bench()
    bench.scans("B-ANN", *more)
    return bench


def finished(bench: Bench) -> ReportFinished:
    event = bench.kept[-1][1].event
    assert isinstance(event, ReportFinished)
    return event


# The page does what the cards do.


def test_the_page_reports() -> None:
    bench = signed_in("T-W1-10")
    bench.put(PageReport("W1-10", Amounts(good=7, scrap=2, scrap_reason="flaw")))
    assert (finished(bench).good, finished(bench).scrap, finished(bench).scrap_reason) == (7, 2, "flaw")


def test_the_page_reports_all_that_is_left_by_ticket_text() -> None:
    bench = signed_in("T-W1-10")
    bench.put(PageReport("T-W1-10"))
    assert (finished(bench).operation, finished(bench).good) == ("W1-10", 100)


def test_a_double_click_is_one_report() -> None:
    bench = signed_in("T-W1-10")
    bench.put(PageReport("W1-10", Amounts(7)))
    assert bench.put(PageReport("W1-10", Amounts(7)), after=1).signal is Signal.REPEATED


@pytest.mark.parametrize(
    ("report", "key"),
    [
        (PageReport("W1-10", Amounts(good=-1)), "bad_quantity"),
        (PageReport("W1-10", Amounts(good=1_000_001)), "bad_quantity"),
        (PageReport("W1-10", Amounts(good=1, scrap=-1)), "bad_quantity"),
        (PageReport("W1-10", Amounts(good=1, scrap=1, scrap_reason="no such")), "unknown_reason"),
        (PageReport("\u202e", Amounts(good=1)), "unknown_label"),
        (PageReport("", Amounts(good=1)), "unknown_label"),
        (PageReport("x" * 65, Amounts(good=1)), "unknown_label"),
    ],
)
def test_the_page_cannot_report_nonsense(report: PageReport, key: str) -> None:
    bench = signed_in("T-W1-10")
    decision = bench.put(report)
    assert (decision.signal, decision.message.key, decision.events) == (Signal.REFUSED, key, ())


def test_the_page_wants_a_person() -> None:
    assert Bench().put(PageReport("W1-10", Amounts(1))).message.key == "scan_badge_first"


def test_the_pages_keypad_needs_no_window() -> None:
    bench = signed_in("T-W1-10")
    bench.put(PageCommand("good"))
    for _ in range(2):
        bench.put(PageCommand("digit", "1"), after=0.1)
    bench.scan("T-W1-10")
    assert finished(bench).good == 11


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (PageCommand("reboot"), "unknown_command"),
        (PageCommand("digit", "12"), "bad_quantity"),
        (PageCommand("digit", "²"), "bad_quantity"),
        (PageCommand("scrap", "no such"), "unknown_reason"),
        (PageCommand("cause", ""), "unknown_reason"),
        (PageCommand("call", ""), "unknown_call"),
    ],
)
def test_the_page_cannot_command_nonsense(command: PageCommand, key: str) -> None:
    decision = signed_in("T-W1-10").put(command)
    assert (decision.signal, decision.message.key, decision.events) == (Signal.REFUSED, key, ())


# After a start (P4).


def after_restart(bench: Bench, beep_unknown: bool = True) -> Bench:
    identity, happening = bench.kept[-1]
    bench.desk = Desk.after_start(
        "S1", label_of(happening.event, bench.master), identity, beep_unknown, bench.now, happening.instant.wall
    )
    return bench


def test_after_a_start_the_same_label_asks_once_and_counts_once() -> None:
    bench = after_restart(signed_in("T-W1-10"))
    assert bench.desk.recent[0].beep_unknown
    decision = bench.scan("T-W1-10")
    assert (decision.signal, decision.message.key, decision.events) == (Signal.ASK, "ask_same", ())
    assert bench.scan("C-SAME").signal is Signal.REPEATED
    assert bench.scan("T-W1-10", after=1).signal is Signal.REPEATED
    assert types(bench.scan("T-W1-10")) == ("report.finished",)


def test_after_a_start_another_piece_is_taken() -> None:
    bench = after_restart(signed_in("T-W1-10"))
    bench.scan("T-W1-10")
    assert types(bench.scan("C-ANOTHER")) == ("report.finished",)
    assert bench.desk.doubt is None


def test_after_a_start_a_badge_asks_too() -> None:
    bench = after_restart(signed_in())
    assert bench.scan("B-ANN").message.key == "ask_same"
    assert types(bench.scan("C-ANOTHER")) == ("session.closed",)


def test_another_label_is_taken_while_the_question_is_open() -> None:
    bench = after_restart(signed_in("T-W1-10"))
    bench.scan("T-W1-10")
    assert types(bench.scan("T-W3-10")) == ("work.started",)
    assert bench.scan("T-W1-10").message.key == "ask_same"


@pytest.mark.parametrize(("beep_unknown", "after"), [(False, 1.0), (True, 600.1)])
def test_no_question_when_the_beep_is_known_or_long_after_the_start(beep_unknown: bool, after: float) -> None:
    bench = after_restart(signed_in("T-W1-10"), beep_unknown)
    assert types(bench.scan("T-W1-10", after)) == ("report.finished",)


def test_same_and_another_without_a_question_are_refused() -> None:
    assert signed_in().scan("C-SAME").message.key == "nothing_asked"


# The passing of time.


def test_a_badge_times_out_and_the_work_goes_on() -> None:
    bench = Bench(rules=StationRules(session_timeout_seconds=100))
    bench.scans("B-ANN", "T-W1-10")
    assert wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master) == bench.now + 100
    assert bench.step(after=99.9) is None
    decision = bench.step(after=0.1)
    assert decision and decision.events == (SessionClosed(person="ann", reason="timeout"),)
    assert bench.state.share("ann", "W1-10") is not None
    assert bench.step() is None
    assert wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master) is None


def test_several_badges_time_out_together() -> None:
    bench = Bench(rules=StationRules(session_timeout_seconds=100))
    bench.scans("B-ANN", "B-BOB")
    decision = bench.step(after=200)
    assert decision and types(decision) == ("session.closed", "session.closed")


def test_a_badge_of_another_boot_times_out_by_this_boots_clock() -> None:
    bench = Bench(rules=StationRules(session_timeout_seconds=100))
    bench.scan("B-ANN")
    bench.boot, bench.now = "boot-2", 99.0
    assert bench.step() is None
    assert wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master) == 100
    assert bench.step(after=1) is not None


@pytest.mark.parametrize(
    ("cards", "signal"), [(["C-GOOD", "C-D1A"], Signal.REFUSED), (["T-W3-10", "C-PAUSE"], Signal.NOTED)]
)
def test_a_prompt_times_out_and_says_whether_anything_is_lost(cards: list[str], signal: Signal) -> None:
    bench = signed_in("T-W1-10", *cards)
    assert bench.desk.prompt is not None
    at = wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master)
    assert at == bench.desk.prompt.at + bench.rules.prompt_timeout_seconds
    decision = bench.step(after=at - bench.now)
    assert decision and (decision.signal, decision.message.key, decision.events) == (signal, "prompt_expired", ())
    assert bench.step() is None


@pytest.mark.parametrize("offset", [0.1, 0.3, 1e7 + 0.7])
def test_step_has_something_to_do_exactly_when_wake_says(offset: float) -> None:
    bench = Bench(now=offset, rules=StationRules(session_timeout_seconds=0.7, prompt_timeout_seconds=0.3))
    bench.scan("B-ANN", after=0.1)
    bench.scan("C-GOOD", after=0.1)
    for _ in range(2):
        at = wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master)
        assert at is not None
        bench.now = at
        assert bench.step() is not None
