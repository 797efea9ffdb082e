"""The folded state: equal journals give equal state (I7), it survives its text, and it keeps its bounds (I10)."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floor.events import (
    AndonAcknowledged,
    AndonAssigned,
    AndonRaised,
    AndonStopped,
    Event,
    FactReceived,
    Happening,
    Instant,
    LimitReached,
    RecordLost,
    ReportCorrected,
    ReportFinished,
    SessionClosed,
    SessionOpened,
    WorkPaused,
    WorkResumed,
    WorkStarted,
)
from floor.work_events import (
    ComponentUsed,
    CounterRead,
    NoteKept,
    ProductIdentified,
    ReworkReported,
    SetupFinished,
    SetupStarted,
)
from gateway import limits
from gateway.floor_state import Floor
from gateway.station import step, wake
from gateway.station_desk import Desk, StationRules
from tests.gateway.floor_desk import EPOCH, small_plant

PEOPLE = st.sampled_from(["ann", "bob"])
OPERATIONS = st.sampled_from(["W1-10", "W1-20", "T-X"])
IDENTITIES = st.integers(1, 12).map(lambda seq: f"{EPOCH}/{seq}")
SMALL = st.integers(0, 50)
EVENTS = st.one_of(
    st.builds(SessionOpened, person=PEOPLE),
    st.builds(SessionClosed, person=PEOPLE, reason=st.just("badge")),
    st.builds(
        WorkStarted, person=PEOPLE, operation=OPERATIONS, flags=st.sampled_from([(), ("continued",), ("not_started",)])
    ),
    st.builds(WorkPaused, person=PEOPLE, operation=OPERATIONS),
    st.builds(SetupStarted, person=PEOPLE, operation=OPERATIONS),
    st.builds(SetupFinished, person=PEOPLE, operation=OPERATIONS),
    st.builds(WorkResumed, person=PEOPLE, operation=OPERATIONS),
    st.builds(ReportFinished, person=PEOPLE, operation=OPERATIONS, good=SMALL, scrap=SMALL),
    st.builds(ReworkReported, person=PEOPLE, operation=OPERATIONS, pieces=SMALL),
    st.builds(
        ReportCorrected,
        person=PEOPLE,
        corrects=IDENTITIES,
        operation=OPERATIONS,
        good=SMALL.map(lambda count: -count),
        reopened=st.booleans(),
    ),
    st.builds(NoteKept, person=PEOPLE, text=st.sampled_from(["a", "b"])),
    st.builds(
        CounterRead,
        person=PEOPLE,
        operation=OPERATIONS,
        purpose=st.sampled_from(["start", "end"]),
        reading=st.sampled_from(["0", "0998"]),
    ),
    st.builds(ComponentUsed, person=PEOPLE, operation=OPERATIONS, item=st.sampled_from(["a", "b"])),
    st.builds(ProductIdentified, person=PEOPLE, operation=OPERATIONS, serial=st.sampled_from(["", "s"])),
    st.builds(AndonRaised, call_type=st.sampled_from(["quality", "material"])),
    st.builds(AndonAcknowledged, call=IDENTITIES, call_type=st.just("quality"), person=PEOPLE),
    st.builds(AndonStopped, call=IDENTITIES, call_type=st.just("quality"), position=st.just("finish")),
    st.builds(AndonAssigned, call=IDENTITIES, call_type=st.just("quality"), person=PEOPLE, owner=st.just("设备科")),
    st.builds(
        FactReceived,
        fact=st.just(1),
        kind=st.sampled_from(
            ["operation.progress", "call.acknowledged", "call.assigned", "call.resolved", "call.other", "other"]
        ),
        content=st.dictionaries(
            st.sampled_from(["operation", "good", "scrap", "call", "person", "person_name", "owner"]),
            st.one_of(OPERATIONS, IDENTITIES, SMALL, st.none(), st.integers(), st.lists(st.none(), max_size=1)),
        ),
    ),
    st.builds(RecordLost, epoch=st.just(EPOCH), seq=SMALL, reason=st.just("x")),
)
HAPPENINGS = st.builds(
    Happening,
    event=EVENTS,
    station=st.sampled_from(["S1", "S2", ""]),
    instant=st.builds(
        Instant,
        boot=st.sampled_from(["a", "b"]),
        boottime=st.floats(0, 1e6),
        wall=st.just(1.8e9),
        synchronised=st.booleans(),
    ),
    master_version=st.just(1),
)


def folded(happenings: list[Happening], state: Floor | None = None, first: int = 1) -> Floor:
    state = state or Floor()
    for seq, happening in enumerate(happenings, start=first):
        state.apply(f"{EPOCH}/{seq}", happening)
    return state


@settings(deadline=None)
@given(st.lists(HAPPENINGS, max_size=40), st.integers(0, 40))
def test_any_journal_folds_the_same_with_or_without_a_checkpoint(happenings: list[Happening], cut: int) -> None:
    whole = folded(happenings)
    checkpoint = Floor.from_json(folded(happenings[:cut]).to_json())
    resumed = folded(happenings[cut:], checkpoint, first=min(cut, len(happenings)) + 1)
    assert resumed == whole
    assert resumed.to_json() == whole.to_json()


@settings(deadline=None)
@given(st.lists(HAPPENINGS, max_size=40))
def test_the_state_is_whole_after_any_journal(happenings: list[Happening]) -> None:
    state = folded(happenings)
    shares = [share for rows in state.shares.values() for share in rows.values()]
    assert len(shares) == state.shares_open
    listed = {(station, *key) for station, rows in state.at_station.items() for key in rows}
    assert listed == {(share.station, share.person, share.operation) for share in shares}
    for operation, row in state.progress.items():
        assert row.good >= 0
        assert row.scrap >= 0
        assert row.open == sum(share.operation == operation for share in shares)
    assert all(state.held.values())


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format"):
        Floor.from_json('{"format":0}')


def at(event: Event, seconds: float = 1.0, station: str = "S1", boot: str = "a") -> Happening:
    return Happening(event, station, Instant(boot, seconds, 1.8e9, True), 1)


def test_a_report_counts_though_its_start_was_lost() -> None:
    state = folded([at(ReportFinished(person="ann", operation="W1-10", good=5))])
    assert state.reported("W1-10") == (5, 0)
    assert state.inapplicable == 1


def test_a_second_start_changes_nothing() -> None:
    start = WorkStarted(person="ann", operation="W1-10")
    state = folded([at(start, 1), at(start, 9)])
    share = state.share("ann", "W1-10")
    assert share and share.since == 1


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"operation": "W1-10"},
        {"operation": "W1-10", "good": -1},
        {"operation": "W1-10", "good": True},
        {"operation": "W1-10", "good": 1, "scrap": "x"},
        {"operation": 3, "good": 1},
        {"operation": "W1-10", "good": 10**12},
    ],
)
def test_a_misshapen_fact_changes_no_total(content: dict[str, Any]) -> None:
    state = folded([at(FactReceived(fact=1, kind="operation.progress", content=content))])
    assert state.reported("W1-10") == (0, 0)
    assert state.inapplicable == 1


def test_the_totals_elsewhere_are_absolute() -> None:
    facts = [
        at(FactReceived(fact=index, kind="operation.progress", content={"operation": "A", "good": good, "scrap": 1}))
        for index, good in enumerate((5, 9, 7), start=1)
    ]
    assert folded(facts).reported("A") == (7, 1)


def test_time_in_a_pause_does_not_count_and_another_boot_is_unknown() -> None:
    start, pause, again = (
        WorkStarted(person="ann", operation="A"),
        WorkPaused(person="ann", operation="A"),
        WorkResumed(person="ann", operation="A"),
    )
    state = folded([at(start, 10), at(pause, 25), at(again, 100)])
    share = state.share("ann", "A")
    assert share and share.worked(Instant("a", 103, 0, True)) == 18
    assert share.worked(Instant("b", 103, 0, True)) is None
    state = folded([at(start, 10), at(pause, 25, boot="b"), at(again, 100, boot="b")])
    share = state.share("ann", "A")
    assert share and share.worked(Instant("b", 103, 0, True)) is None


def test_the_state_is_bounded_and_says_when_it_forgets() -> None:
    """Every bound is met and passed: what is kept stays below it, and the next step makes an event of it (I10)."""
    state, seq = Floor(), 0
    events: list[Event] = [SessionOpened(person=f"p{index}") for index in range(limits.HELD_MAX + 5)]
    events += [AndonRaised(call_type=f"c{index}") for index in range(limits.CALLS_OPEN_MAX + 5)]
    events += [WorkStarted(person=f"p{index}", operation="W1-10") for index in range(limits.SHARES_OPEN_MAX + 5)]
    events += [
        ReportFinished(person=f"q{index}", operation="A", good=1) for index in range(limits.REPORT_STACKS_MAX + 5)
    ]
    events += [ReportFinished(person="ann", operation="A", good=1)] * (limits.REPORTS_PER_PERSON_MAX + 5)
    events += [
        ReportFinished(person="ann", operation=f"o{index}", good=1) for index in range(limits.OPERATIONS_KEPT_MAX + 5)
    ]
    for event in events:
        seq += 1
        state.apply(f"{EPOCH}/{seq}", at(event))
    assert len(state.held["S1"]) == limits.HELD_MAX
    assert len(state.calls) == limits.CALLS_OPEN_MAX
    assert state.shares_open == limits.SHARES_OPEN_MAX
    assert len(state.reports) == limits.REPORT_STACKS_MAX
    assert len(state.reports["S1", "ann"]) == limits.REPORTS_PER_PERSON_MAX
    assert len(state.progress) == limits.OPERATIONS_KEPT_MAX
    # An operation that somebody is at is never forgotten, however long ago it was touched.
    assert state.progress["W1-10"].open == limits.SHARES_OPEN_MAX
    assert "A" not in state.progress
    rules, desk, now = StationRules(), Desk("S1"), Instant("a", 2.0, 0, True)
    assert wake(state, desk, now, rules, small_plant()) == 2.0
    decision = step(state, desk, now, rules, small_plant())
    assert decision is not None
    told = decision.events[0]
    assert isinstance(told, LimitReached)
    assert told.count == state.forgotten == 22
    state.apply(f"{EPOCH}/{seq + 1}", at(told))
    assert step(state, desk, now, rules, small_plant()) is None


def test_fifty_thousand_operations_cost_nothing_per_event() -> None:
    """Constant time: a hundred thousand more events at full size take no longer each than the first ones."""
    state = Floor()
    for index in range(50_000):
        content = {"operation": f"WO-{index}", "good": 1, "scrap": 0}
        state.apply(f"{EPOCH}/{index + 1}", at(FactReceived(fact=1, kind="operation.progress", content=content)))
    report = at(ReportFinished(person="ann", operation="WO-7", good=1))
    began = time.process_time()
    for seq in range(2_000):
        state.apply(f"{EPOCH}/{seq + 60_000}", report)
    assert (time.process_time() - began) / 2_000 < 0.0005
    text = state.to_json()
    assert len(text) < 3_000_000
    assert Floor.from_json(text) == state
