"""Counter mode: readings at start and end give the good pieces, over the roll-over and over partial reports."""

import pytest

from devices.types import Signal
from floor.events import ReportFinished
from floor.master import MasterData
from floor.work_events import CounterRead
from gateway.floor_state import Floor
from gateway.station_desk import PageReadBack
from gateway.station_texts import render
from tests.gateway.floor_desk import Bench, small_plant, types


def plant() -> MasterData:
    whole = small_plant().model_dump()
    for row in whole["operations"]:
        row["counting"] = "counter" if row["id"] == "W3-10" else ""
    return MasterData.model_validate(whole)


def digits(text: str) -> list[str]:
    return [f"C-D{each}{'AB'[place % 2]}" for place, each in enumerate(text)]


def counting(start: str = "0120") -> Bench:
    """Ann is at an operation that counts, from this reading."""
    bench = Bench(master=plant())
    bench.scans("B-ANN", "T-W3-10", *digits(start))
    if start:
        bench.scan("T-W3-10")
    return bench


def reports(bench: Bench) -> list[ReportFinished]:
    return [each.event for _, each in bench.kept if isinstance(each.event, ReportFinished)]


def test_the_start_is_kept_at_once_and_its_reading_is_asked_for() -> None:
    bench = Bench(master=plant())
    decision = bench.scans("B-ANN", "T-W3-10")
    assert (decision.signal, types(decision)) == (Signal.KEPT, ("work.started",))
    assert bench.desk.prompt is not None
    assert render(bench.desk.prompt.message, "zh").startswith("起始读数 -")
    decision = bench.scans(*digits("0120"), "C-CONFIRM")
    assert decision.events == (
        CounterRead(person="ann", operation="W3-10", work_order="W3", purpose="start", reading="0120"),
    )


def test_good_is_what_the_counter_went_on_by() -> None:
    bench = counting()
    decision = bench.scan("T-W3-10")
    assert (decision.signal, decision.message.key) == (Signal.ASK, "ask_counter_end")
    decision = bench.scans(*digits("0150"), "T-W3-10")
    assert types(decision) == ("counter.read", "report.finished")
    assert (reports(bench)[-1].good, reports(bench)[-1].flags) == (30, ())


def test_scrap_and_rework_are_part_of_what_was_counted() -> None:
    bench = counting()
    bench.scans("C-SCRAP", "C-D4A", "C-REWORK", "C-D1A", "T-W3-10", *digits("0150"), "C-CONFIRM")
    assert (reports(bench)[-1].good, reports(bench)[-1].scrap) == (25, 4)


def test_a_smaller_end_asks_and_counts_over_the_roll_over() -> None:
    bench = counting("9990")
    bench.scan("T-W3-10")
    decision = bench.scans(*digits("0005"), "T-W3-10")
    assert (decision.signal, decision.message.key, decision.events) == (Signal.ASK, "ask_counter_rolled", ())
    assert types(bench.scan("C-CONFIRM")) == ("counter.read", "report.finished")
    assert (reports(bench)[-1].good, reports(bench)[-1].flags) == (15, ("counter_rolled",))


def test_a_partial_report_begins_to_count_anew() -> None:
    bench = counting()
    bench.scans("C-PARTIAL", "C-SCRAP", "C-D1A", "T-W3-10")
    decision = bench.scans(*digits("0130"), "T-W3-10")
    assert types(decision) == ("counter.read", "report.finished", "work.started", "counter.read")
    bench.scans("T-W3-10", *digits("0135"), "T-W3-10")
    assert [each.good for each in reports(bench)] == [9, 5]


def test_a_number_that_is_given_is_taken_without_the_counter() -> None:
    bench = counting()
    assert types(bench.scans("C-GOOD", "C-D7A", "T-W3-10")) == ("report.finished",)
    assert reports(bench)[-1].good == 7


def test_without_a_start_reading_the_number_is_asked_for() -> None:
    bench = counting("")
    decision = bench.scan("T-W3-10")
    assert (decision.signal, decision.message.key) == (Signal.ASK, "ask_quantity")
    assert types(bench.scans("C-D3A", "T-W3-10")) == ("report.finished",)


def test_undo_gives_the_start_reading_back() -> None:
    bench = counting()
    bench.scans("T-W3-10", *digits("0150"), "T-W3-10", "C-UNDO", "T-W3-10", *digits("0160"), "T-W3-10")
    assert reports(bench)[-1].good == 40
    assert bench.state.reported("W3-10") == (40, 0)


def test_an_end_without_digits_is_asked_for_again() -> None:
    bench = counting()
    bench.scan("T-W3-10")
    assert bench.scan("C-CONFIRM").signal is Signal.ASK
    assert bench.scan("T-W3-10").message.key == "ask_counter_end"


def test_a_counter_has_at_most_nine_digits() -> None:
    bench = counting("")
    decision = bench.scans(*digits("1234567890"))
    assert (decision.signal, decision.message.key) == (Signal.REFUSED, "too_many_digits")


def test_the_page_gives_a_whole_reading() -> None:
    bench = counting()
    bench.scan("T-W3-10")
    assert bench.put(PageReadBack("12x")).message.key == "bad_quantity"
    assert types(bench.put(PageReadBack("0150"))) == ("counter.read", "report.finished")
    assert reports(bench)[-1].good == 30


def test_the_cancel_card_takes_wrong_digits_back_first() -> None:
    bench = counting()
    bench.scans("T-W3-10", *digits("99"))
    assert bench.scan("C-CANCEL").signal is Signal.ASK
    bench.scans(*digits("0121"), "C-CONFIRM")
    assert reports(bench)[-1].good == 1


@pytest.mark.parametrize("what", ["confirm", "step"])
def test_the_question_can_be_let_be(what: str) -> None:
    bench = counting("")
    decision = bench.step(after=1000.0) if what == "step" else bench.scan("C-CANCEL")
    assert decision is not None
    assert bench.desk.prompt is None
    assert bench.state.share("ann", "W3-10") is not None


def test_the_reading_survives_a_start() -> None:
    bench = counting()
    assert Floor.from_json(bench.state.to_json()) == bench.state
    share = bench.state.share("ann", "W3-10")
    assert share is not None
    assert share.counter == "0120"
