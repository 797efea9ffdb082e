"""A call is handed to another owner: by a leader, at the station or from the office, and its clock goes on (N03)."""

import pytest

from devices.types import Signal
from floor.calls import CallState
from floor.events import AndonAssigned, AndonEscalated, FactReceived
from floor.master import MasterData
from gateway.floor_state import Floor
from gateway.station import fact_notice
from gateway.station_desk import PageAssign
from tests.gateway.floor_desk import Bench, small_plant, types

TIERS = [
    {"call_type": "quality", "tier": 1, "minutes": 5, "owner": "班组长"},
    {"call_type": "quality", "tier": 2, "minutes": 15, "owner": "车间主任"},
]


def plant() -> MasterData:
    return MasterData.model_validate({**small_plant().model_dump(), "call_tiers": TIERS})


@pytest.fixture
def bench() -> Bench:
    return Bench(master=plant())


def called(bench: Bench, call_type: str = "quality") -> str:
    bench.press(call_type)
    return bench.kept[-1][0]


def test_the_card_of_an_owner_asks_for_a_leaders_badge(bench: Bench) -> None:
    call = called(bench)
    decision = bench.scan("C-ASSIGN")
    assert (decision.signal, decision.message.key, decision.events) == (Signal.ASK, "ask_leader_badge", ())
    assert bench.scan("B-ANN").message.key == "leader_only"
    decision = bench.scan("B-LEE")
    assert decision.signal is Signal.CALLED
    assert decision.events == (
        AndonAssigned(call=call, call_type="quality", owner="设备科", person="lee", source="badge"),
    )
    assert (bench.state.calls[call].owner, bench.state.calls[call].handed_by) == ("设备科", "lee")
    assert bench.state.current("S1") == "", "the badge signs nobody in"
    assert bench.desk.prompt is None


def test_a_leader_who_is_signed_in_hands_over_at_once(bench: Bench) -> None:
    bench.scan("B-LEE")
    call = called(bench)
    assert types(bench.scan("C-ASSIGN")) == ("andon.assigned",)
    assert bench.scan("C-ASSIGN").message.key == "already_assigned"
    decision = bench.put(PageAssign(call, "车间主任"))
    assert decision.events == (
        AndonAssigned(call=call, call_type="quality", owner="车间主任", person="lee", source="page"),
    )


def test_a_taken_call_waits_again_for_its_new_owner_and_can_be_taken_anew(bench: Bench) -> None:
    call = called(bench)
    bench.scan("B-LEE")
    assert bench.state.calls[call].state is CallState.ACKNOWLEDGED
    bench.scans("C-ASSIGN", "B-LEE")
    found = bench.state.calls[call]
    assert (found.state, found.acknowledged_by, found.owner) == (CallState.RAISED, "", "设备科")
    assert types(bench.scan("B-LEE")) == ("andon.acknowledged",)


def test_a_taken_call_goes_before_one_that_waits(bench: Bench) -> None:
    called(bench, "material")
    taken = called(bench)
    bench.fact("call.acknowledged", call=taken, person="王")
    bench.scans("C-ASSIGN", "B-LEE")
    assert bench.state.calls[taken].owner == "设备科"


def test_what_cannot_be_handed_over(bench: Bench) -> None:
    assert bench.scan("C-ASSIGN").message.key == "no_open_call"
    call = called(bench)
    assert bench.put(PageAssign(call, "nobody at all")).message.key == "unknown_owner"
    assert bench.put(PageAssign("a" * 32 + "/9", "车间主任")).message.key == "call_gone"
    bench.put(PageAssign(call, "车间主任"))
    bench.press("quality", long=True)
    assert bench.scan("B-LEE").message.key == "call_gone"
    assert bench.desk.prompt is None


def test_the_office_hands_a_call_over(bench: Bench) -> None:
    call = called(bench)
    bench.scan("B-LEE")
    content = {"call": call, "call_type": "quality", "owner": "厂长", "person": "P9", "person_name": "王"}
    notice = fact_notice(bench.state, FactReceived(fact=1, kind="call.assigned", content=content), bench.master)
    assert notice and (notice[0], notice[1], notice[2].values["owner"]) == ("S1", Signal.CALLED, "厂长")
    bench.fact("call.assigned", **content)
    found = bench.state.calls[call]
    assert (found.state, found.owner, found.handed_by) == (CallState.RAISED, "厂长", "王")


@pytest.mark.parametrize("owner", [None, 7, "", "x" * 121])
def test_a_misshapen_fact_hands_nothing_over(bench: Bench, owner: object) -> None:
    call = called(bench)
    bench.scan("B-LEE")
    bench.fact("call.assigned", call=call, owner=owner)
    assert bench.state.calls[call].state is CallState.ACKNOWLEDGED


def test_the_clock_stands_while_somebody_has_the_call_and_never_goes_back(bench: Bench) -> None:
    """Waits 4 minutes, is worked on for an hour over a reboot, is handed over: the first tier is a minute away."""
    called(bench)
    bench.step(240.0)
    bench.scan("B-LEE", after=0)
    bench.now += 1800
    bench.boot, bench.now = "boot-2", 30.0
    bench.scan("B-ANN", after=1770)
    bench.state = Floor.from_json(bench.state.to_json())
    bench.scans("C-ASSIGN", "B-LEE")
    assert bench.step(59.0) is None
    assert bench.step(1.0) is not None
    event = bench.kept[-1][1].event
    assert isinstance(event, AndonEscalated)
    assert (event.tier, event.elapsed_seconds, event.uncertain) == (1, 300.0, False)


def test_handing_over_gives_no_time_away(bench: Bench) -> None:
    """Handed round every two minutes, both tiers come when they would have come anyway."""
    bench.scan("B-LEE")
    call = called(bench)
    began = bench.now
    for turn in range(8):
        bench.now = began + 120 * (turn + 1)
        while bench.step() is not None:
            pass
        bench.put(PageAssign(call, ("设备科", "李")[turn % 2]), after=0)
    told = [each.event for _, each in bench.kept if isinstance(each.event, AndonEscalated)]
    assert [(each.tier, each.elapsed_seconds) for each in told] == [(1, 360.0), (2, 960.0)]


def test_a_handed_over_call_of_the_folded_state_is_read_again(bench: Bench) -> None:
    call = called(bench)
    bench.scans("C-ASSIGN", "B-LEE")
    text = bench.state.to_json()
    assert Floor.from_json(text) == bench.state
    assert text.replace('"handed"', '"old_handed"') != text
    assert Floor.from_json(text.replace('"handed"', '"old_handed"')).calls[call].handed_by == ""
