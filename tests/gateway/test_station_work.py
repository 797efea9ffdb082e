"""People, tickets, quantities and time at a station: what the rules of the floor say, one by one."""

import pytest

from devices.types import Signal
from floor.events import ReportCorrected, ReportFinished, ScanRejected, SessionClosed, WorkStarted
from floor.master import MasterData
from floor.rows import Station
from gateway.station_desk import PageCommand, Scanned
from gateway.station_texts import render
from gateway.view import Message
from tests.gateway.floor_desk import Bench, types


def signed_in(*more: str) -> Bench:
    bench = Bench()
    bench.scans("B-ANN", *more)
    return bench


def finished(bench: Bench) -> ReportFinished:
    event = bench.kept[-1][1].event
    assert isinstance(event, ReportFinished)
    return event


# Two scans, no taps.


def test_two_scans_report_all_good() -> None:
    bench = signed_in()
    assert bench.scan("T-W1-10").signal is Signal.KEPT
    decision = bench.scan("T-W1-10", after=90)
    assert decision.signal is Signal.KEPT
    assert finished(bench) == ReportFinished(person="ann", operation="W1-10", work_order="W1", good=100, seconds=90.0)
    assert render(decision.message, "zh") == "已保存 合格 100 · W1 车削"


def test_a_ticket_with_nobody_signed_in_is_refused() -> None:
    bench = Bench()
    decision = bench.scan("T-W1-10")
    assert (decision.signal, decision.message.key) == (Signal.REFUSED, "scan_badge_first")
    assert isinstance(decision.events[0], ScanRejected)
    assert bench.scans("B-ANN", "T-W1-10").signal is Signal.KEPT


def test_badge_in_and_out() -> None:
    bench = signed_in()
    assert bench.state.current("S1") == "ann"
    bench.scan("B-ANN")
    assert bench.state.current("S1") == ""
    assert bench.kept[-1][1].event == SessionClosed(person="ann", reason="badge")


def test_the_last_badge_is_current_and_the_earlier_stay_held() -> None:
    bench = signed_in("B-BOB")
    assert list(bench.state.held["S1"]) == ["ann", "bob"]
    bench.scan("B-BOB")
    assert bench.state.current("S1") == "ann"


def test_a_held_persons_badge_makes_them_current() -> None:
    bench = signed_in("B-BOB")
    assert bench.scan("B-ANN").message.key == "switched"
    assert bench.state.current("S1") == "ann"
    assert list(bench.state.held["S1"]) == ["bob", "ann"]


def test_an_inactive_persons_badge_is_refused_by_name() -> None:
    assert Bench().scan("B-OLD").message == Message("refused_badge_revoked", {"operation": "", "name": "旧"})


@pytest.mark.parametrize(("command", "reason"), [("card", "card"), ("page", "page")])
def test_sign_out_by_card_or_page(command: str, reason: str) -> None:
    bench = signed_in()
    bench.scan("C-SIGN_OUT") if command == "card" else bench.put(PageCommand("sign_out"))
    assert bench.kept[-1][1].event == SessionClosed(person="ann", reason=reason)


# The double-scan window.


@pytest.mark.parametrize("label", ["B-ANN", "T-W1-10", "C-PAUSE"])
def test_the_same_label_inside_the_window_is_one_scan_from_any_scanner(label: str) -> None:
    bench = signed_in("T-W3-10") if label != "B-ANN" else Bench()
    bench.scan(label)
    kept = len(bench.kept)
    for after in (0.0, 0.1, 2.9, 3.0):
        decision = bench.put(Scanned(label.encode(), "another scanner"), after)
        assert decision.signal is Signal.REPEATED
    assert len(bench.kept) == kept
    assert bench.scan(label, after=3.1).signal is not Signal.REPEATED


def test_fifty_reads_in_one_second_are_one_report() -> None:
    bench = signed_in()
    signals = [bench.scan("T-W1-10", after=0.02).signal for _ in range(50)]
    assert signals == [Signal.KEPT] + [Signal.REPEATED] * 49


def test_the_window_is_by_label_also_when_another_came_between() -> None:
    bench = signed_in("T-W1-10", "T-W3-10")
    bench.scan("T-W1-10")
    bench.scan("T-W3-10", after=1)
    assert bench.scan("T-W1-10", after=1).signal is Signal.REPEATED


def test_another_person_inside_the_window_is_another_scan() -> None:
    bench = signed_in("T-W1-10")
    bench.scan("B-BOB", after=1)
    decision = bench.scan("T-W1-10", after=1)
    assert (decision.signal, decision.message.key) == (Signal.KEPT, "joined")


def test_a_refused_label_is_looked_at_again_at_once() -> None:
    bench = Bench()
    bench.scan("T-W1-10")
    assert bench.scan("T-W1-10", after=0.5).signal is Signal.REFUSED


def test_the_window_only_knows_the_boot_clock() -> None:
    bench = signed_in("T-W1-10")
    bench.wall -= 86_400
    assert bench.scan("T-W1-10", after=2).signal is Signal.REPEATED


# Several people, several operations.


def test_each_person_has_their_own_share_of_an_operation() -> None:
    bench = signed_in("T-W1-10", "B-BOB", "T-W1-10")
    assert set(bench.state.shares) == {"ann", "bob"}
    bench.scans("C-GOOD", "C-D4A", "C-D0A", "T-W1-10")
    assert finished(bench).good == 40
    bench.scan("B-ANN")
    bench.scan("T-W1-10")
    assert (finished(bench).person, finished(bench).good) == ("ann", 60)


def test_all_good_counts_what_was_reported_elsewhere() -> None:
    bench = signed_in("T-W1-10")
    bench.fact("operation.progress", operation="W1-10", good=70, scrap=5)
    bench.scan("T-W1-10")
    assert finished(bench).good == 25


def test_all_good_is_never_below_nothing() -> None:
    bench = signed_in("T-W1-10")
    bench.fact("operation.progress", operation="W1-10", good=120, scrap=0)
    bench.scan("T-W1-10")
    assert finished(bench).good == 0


def test_work_goes_on_at_another_station_of_the_gateway() -> None:
    bench = signed_in("T-W1-10")
    bench.station = "S2"
    bench.scans("B-ANN", "T-W1-10")
    assert finished(bench).good == 100


# Quantities.


@pytest.mark.parametrize(
    ("cards", "good", "scrap", "reason"),
    [
        (["C-GOOD", "C-D2A", "C-D0A"], 20, 0, ""),
        (["C-SCRAP", "C-D3A"], 97, 3, "flaw"),
        (["C-SCRAP-0", "C-D3A"], 97, 3, ""),
        (["C-SCRAP", "C-D3A", "C-GOOD", "C-D1A", "C-D1B"], 11, 3, "flaw"),
        (["C-GOOD", "C-D9A", "C-GOOD", "C-D1A"], 1, 0, ""),
        (["C-GOOD", "C-D0A"], 0, 0, ""),
    ],
)
def test_quantities_by_card(cards: list[str], good: int, scrap: int, reason: str) -> None:
    bench = signed_in("T-W1-10", *cards, "T-W1-10")
    event = finished(bench)
    assert (event.good, event.scrap, event.scrap_reason) == (good, scrap, reason)
    assert bench.desk.prompt is None


def test_two_copies_of_a_digit_card_give_eleven_inside_the_window() -> None:
    bench = signed_in("T-W1-10", "C-GOOD")
    for card in ("C-D1A", "C-D1B", "C-D1A"):
        assert bench.scan(card, after=0.5).signal is Signal.NOTED
    assert bench.scan("C-D1A", after=0.5).signal is Signal.REPEATED
    assert bench.desk.prompt and bench.desk.prompt.good == "111"


def test_a_card_without_digits_asks_for_them() -> None:
    bench = signed_in("T-W1-10", "C-SCRAP")
    decision = bench.scan("T-W1-10")
    assert (decision.signal, decision.message.key) == (Signal.ASK, "ask_digits")
    bench.scan("C-D2A")
    bench.scan("C-CONFIRM")
    assert (finished(bench).good, finished(bench).scrap) == (98, 2)


def test_a_digit_alone_is_refused() -> None:
    assert signed_in("T-W1-10").scan("C-D1A").message.key == "digit_first"


def test_a_quantity_has_at_most_six_digits() -> None:
    bench = signed_in("T-W1-10", "C-GOOD", *["C-D9A"] * 6)
    assert bench.scan("C-D9A").message.key == "too_many_digits"
    bench.scan("T-W1-10")
    assert finished(bench).good == 999_999
    assert "over_quantity" in finished(bench).flags


def test_a_quantity_for_work_nobody_started_is_kept_with_its_start() -> None:
    bench = signed_in("C-GOOD", "C-D5A")
    assert types(bench.scan("T-W1-10")) == ("work.started", "report.finished")
    assert finished(bench).flags == ("not_started",)
    assert finished(bench).seconds is None


def test_the_confirm_card_finishes_the_only_running_work() -> None:
    bench = signed_in("T-W1-10", "C-GOOD", "C-D5A", "C-CONFIRM")
    assert finished(bench).good == 5
    bench.scans("T-W1-10", "T-W1-20", "C-GOOD", "C-D5A")
    assert bench.scan("C-CONFIRM").message.key == "ask_ticket"


def test_the_cancel_card_forgets_a_half_given_quantity() -> None:
    bench = signed_in("T-W1-10", "C-GOOD", "C-D5A", "C-CANCEL", "T-W1-10")
    assert finished(bench).good == 100


# Guards: kept and flagged (I12).


def flags_of_start(bench: Bench, ticket: str) -> tuple[str, ...]:
    decision = bench.scan(ticket)
    assert decision.signal is Signal.KEPT
    event = decision.events[0]
    assert isinstance(event, WorkStarted)
    assert decision.message.key.endswith("_flagged") is bool(event.flags)
    return event.flags


def test_what_nobody_can_judge_at_a_start_is_kept_and_flagged() -> None:
    bench = signed_in()
    assert flags_of_start(bench, "T-W1-10") == ()
    assert flags_of_start(bench, "T-NOBODY-KNOWS") == ("unknown_operation",)
    bench.upstream_known = False
    stations = (Station(id="S1"), Station(id="S2", gateway="gw2"))
    bench.master = bench.master.model_copy(update={"stations": stations})
    assert flags_of_start(bench, "T-W1-20") == ("earlier_unknown",)


def test_more_than_planned_is_kept_and_flagged() -> None:
    bench = signed_in("T-W1-10", "C-GOOD", "C-D1A", "C-D0A", "C-D1B", "T-W1-10")
    assert (finished(bench).good, finished(bench).flags) == (101, ("over_quantity",))


def test_more_than_the_operation_before_is_kept_and_flagged() -> None:
    bench = signed_in("T-W1-10", "C-GOOD", "C-D5A", "T-W1-10", "T-W1-20", "C-GOOD", "C-D6A", "T-W1-20")
    assert finished(bench).flags == ("earlier_short",)
    bench.scans("C-UNDO", "C-GOOD", "C-D5A", "T-W1-20")
    assert finished(bench).flags == ()


def test_an_unknown_ticket_asks_for_the_quantity() -> None:
    bench = signed_in("T-FOREIGN-1")
    decision = bench.scan("T-FOREIGN-1")
    assert (decision.signal, decision.message.key) == (Signal.ASK, "ask_quantity")
    bench.scans("C-D1A", "C-D2A", "T-FOREIGN-1")
    event = finished(bench)
    assert (event.operation, event.good, event.flags) == ("T-FOREIGN-1", 12, ("unknown_operation",))


def test_a_share_begun_before_its_ticket_was_known_can_be_finished_and_counts() -> None:
    bench = signed_in()
    known = bench.master
    bench.master = MasterData.model_validate({**known.model_dump(), "operations": known.operations[1:]})
    assert flags_of_start(bench, "T-W1-10") == ("unknown_operation",)
    bench.master = known
    bench.scans("C-GOOD", "C-D3A", "C-D0A", "T-W1-10")
    assert (finished(bench).operation, finished(bench).good) == ("T-W1-10", 30)
    assert "unknown_operation" in finished(bench).flags
    bench.scans("T-W1-10", "T-W1-10")
    assert (finished(bench).operation, finished(bench).good) == ("W1-10", 70)


# Too soon.


def test_a_finish_too_soon_wants_the_confirm_card() -> None:
    bench = signed_in("T-W2-10")
    decision = bench.scan("T-W2-10")
    assert (decision.signal, decision.events) == (Signal.ASK, ())
    assert decision.message == Message("ask_early", {"operation": "W2", "seconds": 10, "minimum": 60})
    assert bench.scan("C-CONFIRM").signal is Signal.KEPT
    assert (finished(bench).good, finished(bench).flags) == (50, ("early",))


def test_the_ticket_again_after_the_minimum_finishes_with_the_numbers_given() -> None:
    bench = signed_in("T-W2-10", "C-SCRAP", "C-D2A")
    assert bench.scan("T-W2-10").signal is Signal.ASK
    assert bench.scan("T-W2-10", after=20).signal is Signal.ASK
    assert bench.scan("T-W2-10", after=20).signal is Signal.KEPT
    assert (finished(bench).good, finished(bench).scrap, finished(bench).flags) == (48, 2, ())


def test_another_ticket_drops_the_question() -> None:
    bench = signed_in("T-W2-10", "T-W2-10")
    assert types(bench.scan("T-W1-10")) == ("work.started",)
    assert bench.desk.prompt is None
    assert bench.scan("C-CONFIRM").message.key == "nothing_to_confirm"


def test_after_a_reboot_nobody_can_say_it_was_too_soon() -> None:
    bench = signed_in("T-W2-10")
    bench.boot = "boot-2"
    bench.scan("T-W2-10")
    assert (finished(bench).seconds, finished(bench).flags) == (None, ())


# Pause, resume, durations.


def test_pause_and_resume_the_only_work_and_time_without_the_pause() -> None:
    bench = signed_in("T-W1-10")
    bench.scan("C-PAUSE", after=30)
    bench.scan("C-RESUME", after=1000)
    bench.scan("T-W1-10", after=12)
    assert finished(bench).seconds == 42


def test_pause_with_several_shares_asks_for_the_ticket() -> None:
    bench = signed_in("T-W1-10", "T-W3-10")
    assert bench.scan("C-PAUSE").signal is Signal.ASK
    assert types(bench.scan("T-W3-10")) == ("work.paused",)
    assert types(bench.scan("C-RESUME")) == ("work.resumed",)
    bench.scan("C-PAUSE")
    assert bench.scan("T-W2-10").message.key == "not_running"


def test_the_ticket_of_a_paused_share_goes_on_with_it() -> None:
    bench = signed_in("T-W1-10", "C-PAUSE")
    assert types(bench.scan("T-W1-10")) == ("work.resumed",)
    assert types(bench.scan("T-W1-10")) == ("report.finished",)


def test_a_quantity_finishes_a_paused_share() -> None:
    bench = signed_in("T-W1-10", "C-PAUSE", "C-GOOD", "C-D1A", "T-W1-10")
    assert (finished(bench).good, finished(bench).seconds) == (1, 10.0)


@pytest.mark.parametrize(("card", "key"), [("C-PAUSE", "nothing_running"), ("C-RESUME", "nothing_paused")])
def test_nothing_to_pause_or_resume(card: str, key: str) -> None:
    assert signed_in().scan(card).message.key == key


@pytest.mark.parametrize("stretch", ["start", "pause"])
def test_a_reboot_within_a_share_makes_its_time_unknown(stretch: str) -> None:
    bench = signed_in("T-W1-10")
    if stretch == "pause":
        bench.scan("C-PAUSE")
        bench.boot = "boot-2"
        bench.scan("C-RESUME")
        bench.scan("T-W1-10", after=5)
        assert finished(bench).seconds == 15  # the reboot was in the pause: nothing is unknown
    else:
        bench.boot = "boot-2"
        bench.scan("T-W1-10", after=5)
        assert finished(bench).seconds is None


# Undo.


def test_undo_takes_the_last_report_back_and_the_share_runs_again() -> None:
    bench = signed_in("T-W1-10", "C-SCRAP", "C-D4A", "T-W1-10")
    reported = bench.kept[-1][0]
    bench.scan("C-UNDO")
    corrected = ReportCorrected(person="ann", corrects=reported, operation="W1-10", good=-96, scrap=-4, reopened=True)
    assert bench.kept[-1][1].event == corrected
    assert bench.state.reported("W1-10") == (0, 0)
    bench.scan("T-W1-10")
    assert finished(bench).good == 100


def test_undo_is_of_the_person_and_of_the_station() -> None:
    bench = signed_in("T-W1-10", "T-W1-10", "B-BOB")
    assert bench.scan("C-UNDO").message.key == "nothing_to_undo"
    bench.station = "S2"
    bench.scan("B-ANN")
    assert bench.scan("C-UNDO").message.key == "nothing_to_undo"


def test_undo_again_takes_back_the_one_before() -> None:
    bench = signed_in("T-W1-10", "C-GOOD", "C-D1A", "T-W1-10", "T-W1-10", "C-GOOD", "C-D2A", "T-W1-10")
    bench.scan("C-UNDO")
    bench.scan("C-UNDO")
    event = bench.kept[-1][1].event
    assert isinstance(event, ReportCorrected)
    assert (event.good, event.reopened) == (-1, False)
    assert bench.state.reported("W1-10") == (0, 0)
