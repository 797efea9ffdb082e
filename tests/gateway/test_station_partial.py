"""Reports in part, and pieces that go back: what is counted, what goes on, and what an undo takes back."""

import json

import pytest

from devices.types import Signal
from floor.events import CONTINUED, ReportCorrected, ReportFinished, WorkStarted
from floor.rows import RulePolicy
from floor.work_events import ReworkReported
from gateway.floor_state import Floor
from gateway.station_desk import Amounts, PageReport
from gateway.station_texts import render
from tests.gateway.floor_desk import Bench, types

PARTIAL = ("report.finished", "work.started")


def working(*more: str, ticket: str = "T-W1-10") -> Bench:
    """Ann is at an operation."""
    bench = Bench()
    bench.scans("B-ANN", ticket, *more)
    return bench


def reports(bench: Bench) -> list[ReportFinished]:
    return [each.event for _, each in bench.kept if isinstance(each.event, ReportFinished)]


def seconds_of(bench: Bench) -> float | None:
    share = bench.state.share("ann", "W1-10")
    assert share is not None
    return share.worked(bench.instant)


# So many are done, and it goes on.


@pytest.mark.parametrize(
    ("cards", "good", "scrap"),
    [
        (["C-PARTIAL", "C-D4A", "C-D0A"], 40, 0),
        (["C-GOOD", "C-D4A", "C-D0A", "C-PARTIAL"], 40, 0),
        (["C-PARTIAL", "C-SCRAP", "C-D3A"], 0, 3),
        (["C-SCRAP", "C-D3A", "C-PARTIAL"], 0, 3),
        (["C-PARTIAL", "C-D9A", "C-SCRAP", "C-D1A"], 9, 1),
    ],
)
def test_a_partial_report_counts_and_the_share_goes_on(cards: list[str], good: int, scrap: int) -> None:
    bench = working(*cards)
    decision = bench.scan("T-W1-10")
    assert (decision.signal, types(decision)) == (Signal.KEPT, PARTIAL)
    assert bench.state.reported("W1-10") == (good, scrap)
    assert bench.state.share("ann", "W1-10") is not None
    assert bench.state.shares_open == 1
    bench.scan("T-W1-10")
    assert reports(bench)[-1].good == 100 - good - scrap, "the rest"
    assert bench.state.share("ann", "W1-10") is None


def test_the_start_that_goes_on_is_told_apart_by_its_flag() -> None:
    bench = working("C-PARTIAL", "C-D4A", "T-W1-10")
    began = bench.kept[-1][1].event
    assert began == WorkStarted(person="ann", operation="W1-10", work_order="W1", flags=(CONTINUED,))
    assert reports(bench)[-1].flags == (), "the report itself is nothing to look into"


def test_a_partial_card_without_a_number_asks_for_it() -> None:
    bench = working("C-PARTIAL")
    assert bench.scan("T-W1-10").message.key == "ask_digits"
    assert types(bench.scans("C-D8A", "C-CONFIRM")) == PARTIAL


def test_a_partial_report_of_paused_work_goes_on_running() -> None:
    bench = working("C-PAUSE", "C-PARTIAL", "C-D4A")
    assert types(bench.scan("T-W1-10")) == PARTIAL
    share = bench.state.share("ann", "W1-10")
    assert share is not None
    assert share.state == "running"


def test_a_partial_report_of_unknown_work_needs_no_planned_quantity() -> None:
    bench = working("C-SCRAP", "C-D2A", "C-PARTIAL", ticket="T-ELSEWHERE")
    assert types(bench.scan("T-ELSEWHERE")) == PARTIAL
    assert bench.state.reported("T-ELSEWHERE") == (0, 2)


def test_each_report_has_the_time_since_the_one_before() -> None:
    bench = working("C-PARTIAL", "C-D4A")
    bench.scan("T-W1-10", after=100)
    bench.scan("T-W1-10", after=70)
    assert [each.seconds for each in reports(bench)] == [120.0, 70.0]


def test_the_minimum_time_counts_the_partial_reports_before() -> None:
    bench = working("C-PARTIAL", "C-D4A", ticket="T-W2-10")
    assert types(bench.scan("T-W2-10", after=30)) == PARTIAL, "a partial report is never too soon"
    assert types(bench.scan("T-W2-10", after=20)) == ("report.finished",)
    assert reports(bench)[-1].flags == ()


def test_a_rule_that_asks_keeps_the_partial_report_partial() -> None:
    bench = working("C-PARTIAL", *["C-D9A"] * 3)
    rules = (RulePolicy(rule="over_quantity", finish="confirm"),)
    bench.master = bench.master.model_copy(update={"error_proofing": rules})
    bench.master.__dict__.pop("policies", None)
    assert bench.scan("T-W1-10").signal is Signal.ASK
    assert types(bench.scan("C-CONFIRM")) == PARTIAL
    assert reports(bench)[-1].flags == ("over_quantity",)


def test_undo_takes_a_partial_report_back_and_gives_its_time_back() -> None:
    bench = working("C-PARTIAL", "C-D4A")
    bench.scan("T-W1-10", after=100)
    identity = next(at for at, each in bench.kept if isinstance(each.event, ReportFinished))
    decision = bench.scan("C-UNDO", after=15)
    gone = ReportCorrected(person="ann", corrects=identity, operation="W1-10", good=-4, scrap=0, reopened=False)
    assert decision.events == (gone,)
    assert bench.state.reported("W1-10") == (0, 0)
    assert seconds_of(bench) == 135.0
    bench.scan("T-W1-10", after=5)
    assert [(each.good, each.seconds) for each in reports(bench)][-1] == (100, 140.0)


def test_undo_of_a_partial_report_leaves_a_later_share_alone() -> None:
    bench = working("C-PARTIAL", "C-D4A", "T-W1-10", "C-GOOD", "C-D5A", "T-W1-10", "T-W1-10")
    bench.scans("C-UNDO", "C-UNDO")
    assert bench.state.reported("W1-10") == (0, 0)
    assert seconds_of(bench) == 20.0


def test_the_page_reports_in_part_without_a_card() -> None:
    bench = working()
    decision = bench.put(PageReport("W1-10", Amounts(good=7, partial=True)))
    assert types(decision) == PARTIAL
    assert render(decision.message, "en") == "Kept: good 7 · W1 车削, goes on"


# Pieces that go back.


def test_rework_is_neither_good_nor_scrap() -> None:
    bench = working("C-REWORK", "C-D3A")
    assert types(bench.scan("T-W1-10")) == ("report.finished", "rework.reported")
    assert bench.state.reported("W1-10") == (97, 0), "all good that is left, without them"
    event = bench.kept[-1][1].event
    assert event == ReworkReported(person="ann", operation="W1-10", work_order="W1", pieces=3, reason="flaw")
    bench.scans("T-W1-10", "T-W1-10")
    assert reports(bench)[-1].good == 3, "they come again"


def test_rework_in_part_and_with_everything_else() -> None:
    bench = working("C-PARTIAL", "C-D5A", "C-SCRAP", "C-D1A", "C-REWORK", "C-D2A")
    decision = bench.scan("T-W1-10")
    assert types(decision) == ("report.finished", "rework.reported", "work.started")
    assert render(decision.message, "en") == "Kept: good 5, scrap 1, rework 2 · W1 车削, goes on"
    assert bench.state.reported("W1-10") == (5, 1)


def test_undo_takes_the_rework_back_with_its_report() -> None:
    bench = working("C-REWORK", "C-D3A", "T-W1-10")
    rework = bench.kept[-1][0]
    decision = bench.scan("C-UNDO")
    assert types(decision) == ("report.corrected", "report.corrected")
    first = decision.events[0]
    assert isinstance(first, ReportCorrected)
    assert (first.corrects, first.good, first.reopened) == (rework, 0, False)
    assert bench.state.inapplicable == 0
    assert bench.state.reported("W1-10") == (0, 0)
    assert bench.scan("C-UNDO").message.key == "nothing_to_undo"


def test_the_state_of_0_1_0_is_in_there_as_it_was() -> None:
    bench = working("C-PARTIAL", "C-D4A", "C-REWORK", "C-D1A", "T-W1-10")
    text = bench.state.to_json()
    found = json.loads(text)
    assert [len(row) for row in found["shares"]] == [8]
    assert [len(row) for _, _, rows in found["reports"] for row in rows] == [6]
    assert Floor.from_json(text) == bench.state
    del found["work"]
    assert Floor.from_json(json.dumps(found)).reported("W1-10") == (4, 0), "a state of 0.1.0 is read as well"
