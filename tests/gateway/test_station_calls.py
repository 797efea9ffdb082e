"""Calls for help at a station: raised, taken, resolved, cancelled, by button, badge, card, page and office."""

import pytest

from devices.types import Signal
from floor.calls import CallState
from floor.events import AndonAcknowledged, AndonCancelled, AndonRaised, AndonResolved, FactReceived
from gateway.station import fact_notice
from gateway.station_desk import PageAcknowledge, PageCommand, PageResolve
from tests.gateway.floor_desk import EPOCH, Bench, types


def called(bench: Bench, call_type: str = "quality") -> str:
    """A call is out; its identity."""
    assert bench.press(call_type).signal is Signal.CALLED
    return bench.kept[-1][0]


def test_a_press_raises_a_call_with_what_is_known() -> None:
    bench = Bench()
    bench.scans("B-ANN", "T-W1-10")
    called(bench)
    assert bench.kept[-1][1].event == AndonRaised(call_type="quality", person="ann", operation="W1-10", device="button")


def test_anybody_may_call_and_any_button_is_heard() -> None:
    bench = Bench()
    called(bench, "no such type")
    assert bench.state.calls_at("S1")[0].call_type == "no such type"


def test_with_several_operations_running_the_call_names_none() -> None:
    bench = Bench()
    bench.scans("B-ANN", "T-W1-10", "T-W3-10")
    called(bench)
    event = bench.kept[-1][1].event
    assert isinstance(event, AndonRaised)
    assert event.operation == ""


def test_pressed_again_is_already_called() -> None:
    bench = Bench()
    called(bench)
    for after in (0.1, 100.0):
        decision = bench.press("quality", after=after)
        assert (decision.signal, decision.message.key, decision.events) == (Signal.REPEATED, "already_called", ())
    called(bench, "material")


def test_one_open_call_per_type_and_station() -> None:
    bench = Bench()
    called(bench)
    bench.station = "S2"
    called(bench)
    assert len(bench.state.calls) == 2


def test_a_long_press_takes_a_waiting_call_back() -> None:
    bench = Bench()
    call = called(bench)
    decision = bench.press("quality", long=True)
    assert decision.signal is Signal.RESOLVED
    assert decision.events == (AndonCancelled(call=call, call_type="quality"),)
    assert bench.state.calls == {}


def test_a_long_press_without_a_call_is_still_a_call_for_help() -> None:
    assert Bench().press("quality", long=True).signal is Signal.CALLED


def test_a_taken_call_cannot_be_taken_back() -> None:
    bench = Bench()
    called(bench)
    bench.scan("B-LEE")
    assert bench.press("quality", long=True).message.key == "already_taken"
    assert bench.scan("C-CANCEL").message.key == "nothing_to_cancel"


def test_the_cancel_card_takes_the_newest_waiting_call_back() -> None:
    bench = Bench()
    called(bench)
    newest = called(bench, "material")
    bench.scan("C-CANCEL")
    assert bench.kept[-1][1].event == AndonCancelled(call=newest, call_type="material")


def test_the_page_cancels_the_call_it_names() -> None:
    bench = Bench()
    oldest = called(bench)
    called(bench, "material")
    bench.put(PageCommand("cancel", oldest))
    assert bench.kept[-1][1].event == AndonCancelled(call=oldest, call_type="quality")


def test_a_leaders_badge_takes_the_oldest_waiting_call_instead_of_signing_in() -> None:
    bench = Bench()
    first, second = called(bench), called(bench, "material")
    decision = bench.scan("B-LEE")
    assert decision.signal is Signal.ACKNOWLEDGED
    assert decision.events == (AndonAcknowledged(call=first, call_type="quality", person="lee", source="badge"),)
    assert bench.scan("B-LEE", after=1).signal is Signal.REPEATED
    bench.scan("B-LEE")
    assert bench.state.calls[second].state is CallState.ACKNOWLEDGED
    assert bench.state.current("S1") == ""
    assert types(bench.scan("B-LEE")) == ("session.opened",)


def test_a_leaders_badge_at_another_station_signs_in() -> None:
    bench = Bench()
    called(bench)
    bench.station = "S2"
    assert types(bench.scan("B-LEE")) == ("session.opened",)


def test_an_operators_badge_does_not_take_a_call() -> None:
    bench = Bench()
    called(bench)
    assert types(bench.scan("B-ANN")) == ("session.opened",)


def test_a_cause_card_resolves_a_taken_call() -> None:
    bench = Bench()
    call = called(bench)
    bench.scan("B-LEE")
    decision = bench.scan("C-CAUSE")
    assert decision.signal is Signal.RESOLVED
    assert decision.events == (AndonResolved(call=call, call_type="quality", cause="flaw"),)
    assert bench.scan("C-CAUSE").message.key == "no_open_call"


def test_a_waiting_call_is_only_resolved_by_a_leader() -> None:
    bench = Bench()
    call = called(bench)
    bench.scan("B-ANN")
    assert bench.scan("C-CAUSE").message.key == "leader_only"
    bench.scans("B-LEE", "B-LEE")  # takes it, then signs in
    called(bench, "material")
    bench.scan("C-CAUSE-2")
    event = bench.kept[-1][1].event
    assert isinstance(event, AndonResolved)
    assert (event.call_type, event.person) == ("material", "lee")
    assert call in bench.state.calls


def test_a_cause_must_fit_the_call() -> None:
    bench = Bench()
    called(bench)
    bench.scan("B-LEE")
    assert bench.scan("C-CAUSE-2").message.key == "cause_unfit"


def test_pressing_a_taken_calls_button_asks_for_its_cause() -> None:
    bench = Bench()
    called(bench, "material")
    second = called(bench)
    bench.scans("B-LEE", "B-LEE")
    decision = bench.press("quality")
    assert (decision.signal, decision.message.key) == (Signal.REPEATED, "ask_cause")
    bench.scan("C-CAUSE")
    event = bench.kept[-1][1].event
    assert isinstance(event, AndonResolved)
    assert event.call == second
    assert bench.desk.prompt is None


def test_a_call_does_not_disturb_a_half_given_quantity() -> None:
    bench = Bench()
    bench.scans("B-ANN", "T-W1-10", "C-GOOD", "C-D5A")
    called(bench)
    bench.scans("B-LEE", "C-CAUSE")
    assert types(bench.scan("T-W1-10")) == ("report.finished",)
    assert bench.state.reported("W1-10") == (5, 0)


def test_a_call_card_is_like_its_button() -> None:
    bench = Bench()
    assert bench.scan("C-CALL").signal is Signal.CALLED


def test_the_page_wants_a_leader_and_a_call_of_its_station() -> None:
    bench = Bench()
    call = called(bench)
    assert bench.put(PageAcknowledge(call)).message.key == "leader_only"
    assert bench.put(PageResolve(call, "flaw")).message.key == "leader_only"
    bench.station = "S2"
    bench.scan("B-LEE")
    assert bench.put(PageAcknowledge(call)).message.key == "call_gone"


def test_the_page_of_a_signed_in_leader() -> None:
    bench = Bench()
    bench.scan("B-LEE")
    call = called(bench)
    decision = bench.put(PageAcknowledge(call))
    assert decision.events == (AndonAcknowledged(call=call, call_type="quality", person="lee", source="page"),)
    assert bench.put(PageAcknowledge(call)).message.key == "already_taken"
    assert bench.put(PageResolve(call, "shortage")).message.key == "cause_unfit"
    assert bench.put(PageResolve(call, "no such")).message.key == "cause_unfit"
    assert bench.put(PageResolve(call, "flaw")).signal is Signal.RESOLVED
    assert bench.put(PageResolve(call, "flaw")).message.key == "call_gone"


@pytest.mark.parametrize("who", ["person_name", "person"])
def test_the_office_takes_a_call_and_the_badge_after_it_changes_nothing(who: str) -> None:
    bench = Bench()
    call = called(bench)
    fact = FactReceived(fact=1, kind="call.acknowledged", content={"call": call, who: "王"})
    notice = fact_notice(bench.state, fact, bench.master)
    assert notice and (notice[0], notice[1], notice[2].values["name"]) == ("S1", Signal.ACKNOWLEDGED, "王")
    bench.keep(fact)
    assert (bench.state.calls[call].state, bench.state.calls[call].acknowledged_by) == (CallState.ACKNOWLEDGED, "王")
    assert types(bench.scan("B-LEE")) == ("session.opened",)


def test_the_office_resolves_a_call() -> None:
    bench = Bench()
    call = called(bench)
    fact = FactReceived(fact=1, kind="call.resolved", content={"call": call})
    notice = fact_notice(bench.state, fact, bench.master)
    assert notice and notice[1] is Signal.RESOLVED
    bench.keep(fact)
    assert bench.state.calls == {}
    assert fact_notice(bench.state, fact, bench.master) is None


def test_facts_of_unknown_calls_and_kinds_say_nothing() -> None:
    bench = Bench()
    for kind, content in (("call.acknowledged", {"call": f"{EPOCH}/9"}), ("weather", {}), ("call.resolved", {})):
        assert fact_notice(bench.state, FactReceived(fact=1, kind=kind, content=content), bench.master) is None
