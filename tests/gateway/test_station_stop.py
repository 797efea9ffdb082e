"""Fixed-position stop: the call goes out at once, the line stops at the end of the cycle, unless the call is over."""

from pathlib import Path

import pytest

from devices.types import Signal
from floor.events import AndonEscalated, AndonStopped, FactReceived, decode
from floor.master import MasterData
from floor.rows import CallType
from gateway.floor_state import Floor
from gateway.line_telling import told_state
from gateway.screen.inputs import PageCall
from gateway.station import fact_notice, wake
from gateway.station_desk import PageAssign, PageCommand
from gateway.station_stop import POSITION_BUTTON, STOP_AFTER_SECONDS
from gateway.station_view import station_view
from gateway.trial import signal_of_call, standing
from tests.gateway.floor_desk import Bench, small_plant, types
from tests.gateway.station import Bench as RealBench

FIT = {"id": "fit", "name": "装配不到位", "name_en": "Does not fit", "impact": "stop", "fixed_position": True}


def plant() -> MasterData:
    whole = small_plant().model_dump()
    return MasterData.model_validate(whole | {"call_types": [*whole["call_types"], FIT]})


@pytest.fixture
def bench() -> Bench:
    """Ann is at an operation, and has called."""
    bench = Bench(master=plant())
    bench.scans("B-ANN", "T-W1-10")
    decision = bench.press("fit")
    assert (decision.signal, decision.message.key) == (Signal.STOPPING, "called_fixed")
    return bench


def stops(bench: Bench) -> list[AndonStopped]:
    return [each.event for _, each in bench.kept if isinstance(each.event, AndonStopped)]


def impact(bench: Bench) -> tuple[str, bool]:
    [call] = station_view(bench.state, bench.desk, bench.master, "S1", bench.instant).calls
    return call.impact, call.stopped


def test_the_next_finish_stops_the_line_once_and_the_reports_own_signal_comes_first(bench: Bench) -> None:
    call = next(iter(bench.state.calls))
    assert impact(bench) == ("fixed", False)
    assert bench.step(3600.0) is None, "the line runs on until somebody finishes"
    assert bench.scan("T-W1-10").signal is Signal.KEPT
    assert bench.step() is None
    assert wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master) == bench.now + STOP_AFTER_SECONDS
    decision = bench.step(STOP_AFTER_SECONDS)
    assert decision is not None and (decision.signal, decision.message.key) == (Signal.STOPPED, "stopped")
    assert stops(bench) == [AndonStopped(call=call, call_type="fit", person="ann", position="finish")]
    assert impact(bench) == ("stop", True)
    bench.scans("T-W3-10", "T-W3-10")
    assert bench.step(10.0) is None
    assert len(stops(bench)) == 1


@pytest.mark.parametrize("end", ["resolved", "cancelled", "office"])
def test_a_call_that_is_over_before_stops_nothing(bench: Bench, end: str) -> None:
    if end == "resolved":
        bench.scans("B-LEE", "C-CAUSE")
    elif end == "cancelled":
        bench.press("fit", long=True)
    else:
        bench.fact("call.resolved", call=next(iter(bench.state.calls)))
    assert bench.state.calls == {}
    bench.scan("T-W1-10")
    assert bench.step(10.0) is None
    assert stops(bench) == []


def test_resolved_within_the_second_after_the_finish_stops_nothing(bench: Bench) -> None:
    bench.scans("B-LEE", "T-W1-10")
    bench.scan("C-CAUSE", after=STOP_AFTER_SECONDS / 2)
    assert bench.step(10.0) is None
    assert stops(bench) == []


def test_somebody_who_came_does_not_keep_the_line_running(bench: Bench) -> None:
    """As at Toyota: whoever comes has until the fixed position to end the call."""
    bench.scans("B-LEE", "T-W1-10")
    assert bench.step(STOP_AFTER_SECONDS) is not None
    assert impact(bench) == ("stop", True)


def test_another_stations_finish_is_not_this_position(bench: Bench) -> None:
    bench.station = "S2"
    bench.scans("B-BOB", "T-W3-10", "T-W3-10")
    bench.station = "S1"
    assert bench.step(10.0) is None


def test_other_types_never_stop_at_a_position() -> None:
    bench = Bench(master=plant())
    bench.scans("B-ANN", "T-W1-10")
    assert bench.press("quality").signal is Signal.CALLED
    bench.scan("T-W1-10")
    assert bench.step(10.0) is None
    assert bench.scan("C-STOP").message.key == "nothing_to_stop"


def test_the_stop_card_stops_at_once(bench: Bench) -> None:
    decision = bench.scan("C-STOP")
    assert (decision.signal, types(decision)) == (Signal.STOPPED, ("andon.stopped",))
    assert stops(bench)[0].position == "card"
    assert bench.scan("C-STOP").message.key == "nothing_to_stop"
    bench.scan("T-W1-10")
    assert bench.step(10.0) is None


def test_the_page_stops_the_call_it_names(bench: Bench) -> None:
    assert bench.put(PageCommand("stop", "0" * 32 + "/1")).message.key == "nothing_to_stop"
    assert types(bench.put(PageCommand("stop", next(iter(bench.state.calls))))) == ("andon.stopped",)
    assert stops(bench)[0].position == "page"


def test_the_sensor_at_the_position_stops_a_call_and_is_else_nothing(bench: Bench) -> None:
    assert types(bench.press(POSITION_BUTTON)) == ("andon.stopped",)
    for _ in range(3):
        decision = bench.press(POSITION_BUTTON)
        assert (decision.signal, decision.events) == (Signal.NOTED, ())


def test_a_type_of_that_name_is_a_call_like_any_other() -> None:
    named = {**FIT, "id": POSITION_BUTTON, "fixed_position": False}
    whole = small_plant().model_dump()
    bench = Bench(master=MasterData.model_validate(whole | {"call_types": [*whole["call_types"], named]}))
    assert types(bench.press(POSITION_BUTTON)) == ("andon.raised",)


def test_handing_over_keeps_the_signal_of_what_the_call_does_to_the_line(bench: Bench) -> None:
    call = next(iter(bench.state.calls))
    bench.scan("B-LEE")
    fact = FactReceived(fact=1, kind="call.assigned", content={"call": call, "owner": "设备科"})
    notice = fact_notice(bench.state, fact, bench.master)
    assert notice is not None and notice[1] is Signal.STOPPING
    bench.scan("C-STOP")
    bench.scan("B-LEE", after=20)
    assert bench.put(PageAssign(call, "设备科")).signal is Signal.STOPPED


@pytest.mark.parametrize("reboots", [0, 1])
def test_a_finish_just_before_the_power_went_stops_the_line_after_it(bench: Bench, reboots: int) -> None:
    bench.scan("T-W1-10")
    bench.state = Floor.from_json(bench.state.to_json())
    if reboots:
        bench.boot, bench.now = "boot-2", 5.0
    else:
        bench.now += STOP_AFTER_SECONDS
    assert bench.step() is not None
    assert bench.step(10.0) is None
    assert len(stops(bench)) == 1
    assert Floor.from_json(bench.state.to_json()) == bench.state


def test_on_a_real_card_the_line_stops_once_over_cuts(tmp_path: Path) -> None:
    station = RealBench(tmp_path)
    station.keeping.master = station.keeping.master.model_copy(
        update={"call_types": (CallType.model_validate(FIT), *station.keeping.master.call_types)}
    )
    whole = MasterData.model_validate(station.keeping.master.model_dump())
    station.keeping.master = whole
    station.scan("B-P02", "T-WO-1001-10")
    station.step(PageCall("S1", "fit", False))
    station.scan("T-WO-1001-10")
    for boot in ("boot-2", "boot-3"):
        station = station.again(boot)
        station.keeping.master = whole
        station.now += 5
        station.step()
    found = [decode(each.content).event for each in station.records() if '"andon.stopped"' in each.content]
    assert len(found) == 1
    assert Signal.STOPPED not in station.lamp.given
    station.close()


def test_a_plant_without_it_sends_nothing_that_the_first_release_refuses() -> None:
    assert "fixed_position" not in small_plant().model_dump_json()
    assert '"fixed_position":true' in plant().model_dump_json()


def test_a_trial_of_the_lights_ends_with_what_the_worst_call_says(bench: Bench) -> None:
    def stands() -> Signal:
        calls = (signal_of_call(bench.master, each) for each in bench.state.calls_at("S1"))
        return standing("call", calls, False, False)

    assert stands() is Signal.STOPPING
    bench.press("material")
    assert stands() is Signal.CALLED
    material = next(each for each in bench.state.calls_at("S1") if each.call_type == "material")
    bench.keep(AndonEscalated(call=material.identity, call_type="material", tier=1, owner="x", elapsed_seconds=1))
    assert stands() is Signal.ESCALATED
    fit = next(each for each in bench.state.calls_at("S1") if each.call_type == "fit")
    bench.keep(AndonStopped(call=fit.identity, call_type="fit", person="ann", position="card"))
    assert stands() is Signal.STOPPED


def test_the_other_gateways_of_the_line_hear_how_far_the_stop_is(bench: Bench) -> None:
    def told() -> str:
        [station] = told_state("gw1", ("S1",), bench.state, bench.master, bench.instant).stations
        return station.calls[0].impact

    assert told() == "fixed"
    bench.keep(AndonStopped(call=next(iter(bench.state.calls)), call_type="fit", person="ann", position="card"))
    assert told() == "stop"
