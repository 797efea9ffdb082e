"""Nothing that can be scanned, pressed or posted harms a station: the hostile corpus and any sequence of inputs."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.types import Signal
from floor.events import Instant, ScanRejected, encode
from floor.limits import SHOWN_CHARACTERS_MAX
from gateway import limits
from gateway.floor_state import Floor
from gateway.station import decide
from gateway.station_desk import (
    Amounts,
    Decision,
    Desk,
    Input,
    PageAcknowledge,
    PageAssign,
    PageCommand,
    PageNote,
    PageReadBack,
    PageReport,
    PageResolve,
    Pressed,
    Scanned,
    StationRules,
)
from gateway.station_texts import render
from gateway.station_view import station_view
from sync.wire import CONTENT_CHARACTERS_MAX
from tests.corpus.hostile import labels
from tests.gateway.floor_desk import EPOCH, Bench, types

FORBIDDEN = {*map(chr, range(32)), "\x7f", "\u202e", "\u2028", "\u200b"}
POSITIVE = (Signal.KEPT, Signal.CALLED, Signal.STOPPING, Signal.STOPPED, Signal.ACKNOWLEDGED, Signal.RESOLVED)


def decided(bench: Bench, what: Input) -> Decision | None:
    return decide(bench.state, bench.desk, what, bench.master, bench.instant, bench.rules)


def inert(decision: Decision) -> None:
    """Everything a screen would show is plain, short text in both languages."""
    texts = [decision.desk.recent[0].shown, render(decision.message, "zh"), render(decision.message, "en")]
    for text in texts:
        assert not FORBIDDEN & set(text)
        assert len(text) <= 2 * SHOWN_CHARACTERS_MAX


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("raw", labels(), ids=lambda raw: repr(raw[:24]))
def test_a_hostile_label_is_refused_or_kept_once_and_the_next_scan_is_good(raw: bytes, signed_in: bool) -> None:
    bench = Bench()
    if signed_in:
        bench.scans("B-ANN", "T-W1-10")
    before = bench.state.to_json()
    decision = decided(bench, Scanned(raw, "scanner"))
    assert bench.state.to_json() == before
    if decision is not None:
        inert(decision)
        assert decision.signal in (Signal.REFUSED, Signal.KEPT)
        # Only what could stand on a ticket of ours is ever taken for one.
        assert (decision.signal is Signal.KEPT) <= (raw.startswith(b"T-") and len(raw) <= 64 and signed_in)
        bench.take(decision)
        for _, happening in bench.kept:
            assert len(encode(happening, "2026-01-01T00:00:00Z")) < CONTENT_CHARACTERS_MAX
    else:
        assert not raw.strip()
    assert types(bench.scan("B-BOB")) == ("session.opened",)


def test_an_empty_label_is_no_event() -> None:
    for raw in (b"", b" ", b"\r", b"\n\n", b"\t"):
        assert decided(Bench(), Scanned(raw)) is None


def test_a_rejected_scan_says_what_it_was() -> None:
    event = Bench().put(Scanned("物料\u202e<b>".encode() + b"\xef\xbb\xbf", "scanner-1")).events[0]
    assert isinstance(event, ScanRejected)
    assert (event.reason, event.device, event.shown, event.size) == ("unknown_label", "scanner-1", "物料<b>\u25cc", 15)


TEXTS = [
    *("B-ANN", "B-BOB", "B-LEE", "B-NOBODY", "T-W1-10", "T-W1-20", "T-W2-10", "T-WH-10", "T-FOREIGN"),
    *("C-D0A", "C-D1A", "C-D1B", "C-D9A", "C-GOOD", "C-SCRAP", "C-SCRAP-0", "C-CONFIRM", "C-CANCEL", "C-UNDO"),
    *("C-PAUSE", "C-RESUME", "C-SIGN_OUT", "C-SAME", "C-ANOTHER", "C-CAUSE", "C-CAUSE-2", "C-CALL", "4006381333931"),
    *("C-PARTIAL", "C-REWORK", "C-SETUP", "C-PAUSE-2"),
]
CALLS = st.integers(1, 30).map(lambda seq: f"{EPOCH}/{seq}")
INPUTS: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(TEXTS).map(lambda text: Scanned(text.encode())),
    st.sampled_from(TEXTS).map(lambda text: Scanned(text.encode())),
    st.binary(max_size=600).map(Scanned),
    st.builds(
        Pressed, call_type=st.sampled_from(["quality", "material", "fixed_position", "\x1b", ""]), long=st.booleans()
    ),
    st.builds(
        PageReport,
        operation=st.one_of(st.sampled_from(["W1-10", "T-W1-10", "T-FOREIGN", "\x00"]), st.text(max_size=80)),
        amounts=st.builds(
            Amounts,
            good=st.one_of(st.none(), st.integers()),
            scrap=st.integers(),
            scrap_reason=st.sampled_from(["", "flaw", "\x00"]),
            rework=st.one_of(st.just(0), st.integers()),
            rework_reason=st.sampled_from(["", "flaw", "\x00"]),
            partial=st.booleans(),
        ),
    ),
    st.builds(
        PageNote,
        text=st.text(max_size=400),
        operation=st.one_of(st.sampled_from(["", "W1-10"]), st.text(max_size=80)),
        call=st.one_of(st.just(""), st.integers(1, 30).map(lambda seq: f"{EPOCH}/{seq}"), st.text(max_size=40)),
    ),
    st.builds(
        PageCommand,
        command=st.sampled_from(
            [
                "digit",
                "good",
                "undo",
                "pause",
                "confirm",
                "cancel",
                "same",
                "another",
                "call",
                "handover",
                "partial",
                "rework",
                "setup",
                "assign",
                "stop",
                "x",
            ]
        ),
        value=st.text(max_size=3),
    ),
    st.builds(PageReadBack, text=st.one_of(st.sampled_from(["0", "1", "100", "\x00"]), st.text(max_size=40))),
    st.builds(PageAcknowledge, call=CALLS),
    st.builds(PageAssign, call=CALLS, owner=st.sampled_from(["设备科", "李", "", "nobody"])),
    st.builds(PageResolve, call=CALLS, cause=st.sampled_from(["flaw", "shortage", "x"])),
    st.tuples(st.just("fact"), st.integers(0, 300)),
    st.just("reboot"),
    st.just("restart"),
    st.just("step"),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(INPUTS, st.sampled_from([0.1, 2.0, 4.0, 200.0, 40_000.0])), max_size=40))
def test_any_sequence_of_inputs_keeps_the_promises(inputs: list[tuple[Any, float]]) -> None:
    bench = Bench()
    for what, after in inputs:
        bench.now += after
        if what == "reboot":
            bench.boot, bench.now = bench.boot + "'", 1.0
        elif what == "restart" and bench.kept:
            bench.desk = Desk.after_start("S1", "T-W1-10", bench.kept[-1][0], True, bench.now)
        elif what == "step":
            while bench.step() is not None:
                pass
        elif isinstance(what, tuple):
            bench.fact("operation.progress", operation="W1-10", good=what[1], scrap=1)
        elif not isinstance(what, str):
            decision = decided(bench, what)
            if decision is not None:
                assert decision.signal not in POSITIVE or decision.events  # I1
                inert(decision)
                bench.take(decision)
        whole_at(bench)
    refolded = Floor()
    for identity, happening in bench.kept:
        refolded.apply(identity, happening)
    assert refolded.to_json() == bench.state.to_json()  # I7


def whole_at(bench: Bench) -> None:
    state, desk = bench.state, bench.desk
    assert state.inapplicable == 0, "a decision made an event that does not fit the state"
    assert all(row.good >= 0 and row.scrap >= 0 for row in state.progress.values())
    assert len(desk.seen) <= limits.LABELS_SEEN_MAX
    assert len(desk.recent) <= limits.RECENT_RESULTS_MAX
    kinds = [call.call_type for call in state.calls_at("S1")]
    assert len(kinds) == len(set(kinds)), "two open calls of one type"
    station_view(state, desk, bench.master, "S1", bench.instant)


@settings(deadline=None, max_examples=50)
@given(st.floats(0, 3), st.floats(3.001, 1000))
def test_the_window_is_exactly_what_the_rules_say(inside: float, outside: float) -> None:
    bench = Bench(rules=StationRules(double_scan_seconds=3.0), now=0.0)
    bench.scan("B-ANN", after=0)
    instant = Instant(bench.boot, inside, 0, False)
    again = decide(bench.state, bench.desk, Scanned(b"B-ANN"), bench.master, instant, bench.rules)
    assert again and again.signal is Signal.REPEATED
    instant = Instant(bench.boot, outside, 0, False)
    later = decide(bench.state, bench.desk, Scanned(b"B-ANN"), bench.master, instant, bench.rules)
    assert later and types(later) == ("session.closed",)
