"""Contacts and messages to presses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import contract_labels as hostile
from devices.buttons import ButtonDecoder, ButtonRules, MessageDecoder, MessageRules
from devices.types import MISSING, EdgeEvent, Frame, Garbled, Input, KeyEvent, MessageEvent, Press

RULES = ButtonRules({"17": "call", "59": "material"}, debounce_seconds=0.03, long_press_seconds=2.0)


def run(events: list[tuple[float, bool]], until: float, line: str = "17") -> list[tuple[float, str, bool]]:
    """Feed edges, stepping exactly when asked."""
    decoder = ButtonDecoder("post", RULES)
    found: list[Input] = []
    for at, active in events:
        while (wake := decoder.wake()) is not None and wake < at:
            found += decoder.step(wake)
        found += decoder.feed(Frame("post", at, EdgeEvent(line, active)))
    while (wake := decoder.wake()) is not None and wake <= until:
        found += decoder.step(wake)
    return [(round(each.at, 3), each.button, each.long) for each in found if isinstance(each, Press)]


def test_a_short_press_is_told_on_release_and_a_long_one_when_reached() -> None:
    assert run([(1.0, True), (1.5, False)], 9) == [(1.5, "call", False)]
    assert run([(1.0, True)], 9) == [(3.0, "call", True)]
    assert run([(1.0, True), (8.0, False)], 9) == [(3.0, "call", True)]


def test_bounce_is_one_press_and_a_spark_is_none() -> None:
    bouncing = [(1.0, True), (1.002, False), (1.004, True), (1.5, False), (1.503, True), (1.505, False)]
    assert run(bouncing, 9) == [(1.505, "call", False)]
    assert run([(1.0, True), (1.01, False)], 9) == []
    assert run([(1.0, True), (2.0, False), (2.01, True), (4.0, False)], 9) == [(3.0, "call", True)]


def test_a_late_step_does_not_make_a_short_press_long() -> None:
    decoder = ButtonDecoder("post", RULES)
    decoder.feed(Frame("post", 1.0, KeyEvent(59, 1)))
    decoder.feed(Frame("post", 1.5, KeyEvent(59, 0)))
    assert decoder.step(60.0) == (Press("post", 1.5, "material", False),)


def test_a_late_step_still_finds_a_long_press_and_only_once() -> None:
    decoder = ButtonDecoder("post", RULES)
    decoder.feed(Frame("post", 1.0, KeyEvent(59, 1)))
    assert decoder.step(60.0) == (Press("post", 3.0, "material", True),)
    assert decoder.feed(Frame("post", 61.0, KeyEvent(59, 2))) == ()
    assert decoder.feed(Frame("post", 62.0, KeyEvent(59, 0))) == ()
    assert decoder.step(99.0) == () and decoder.wake() is None


def test_strange_lines_dropped_keys_and_lost_devices_press_nothing() -> None:
    decoder = ButtonDecoder("post", RULES)
    assert decoder.feed(Frame("post", 1.0, EdgeEvent("99", True))) == ()
    decoder.feed(Frame("post", 1.0, KeyEvent(59, 1)))
    decoder.feed(Frame("post", 1.1, MISSING))
    assert decoder.wake() is None
    decoder.feed(Frame("post", 2.0, KeyEvent(59, 1)))
    assert decoder.reset(2.1) == () and decoder.wake() is None


@given(st.lists(st.tuples(st.floats(0.001, 5), st.booleans()), max_size=40))
def test_presses_never_outnumber_what_was_held(steps: list[tuple[float, bool]]) -> None:
    at, events = 1.0, []
    for pause, active in steps:
        at += pause
        events.append((at, active))
    assert len(run(events, at + 10)) <= sum(active for _, active in events)


ACTIONS = MessageRules({"single": ("call", False), "hold": ("call", True)}, frozenset({"release"}))


def message(decoder: MessageDecoder, payload: bytes, at: float = 1.0) -> tuple[Input, ...]:
    return decoder.feed(Frame("radio", at, MessageEvent(payload)))


def action(word: object) -> bytes:
    return json.dumps({"action": word, "battery": 90}).encode()


def test_words_are_presses() -> None:
    decoder = MessageDecoder("radio", ACTIONS)
    assert message(decoder, action("single")) == (Press("radio", 1.0, "call", False),)
    assert message(decoder, action("hold"), 2.0) == (Press("radio", 2.0, "call", True),)
    assert message(decoder, action("release"), 3.0) == ()
    assert message(decoder, b'{"battery": 90}') == () == message(decoder, action(None)) == message(decoder, action(""))


def test_the_same_word_delivered_again_is_one_press() -> None:
    decoder = MessageDecoder("radio", ACTIONS)
    found = [press for at in (1.0, 1.2, 1.8, 2.6) for press in message(decoder, action("single"), at)]
    assert [press.at for press in found] == [1.0, 1.8, 2.6]


@pytest.mark.parametrize("payload", [b"{", b"[" * 2000, b"[]", b"7", b"\xff", action("sudo"), action(["single"])])
def test_what_is_not_understood_is_refused(payload: bytes) -> None:
    (garbled,) = message(MessageDecoder("radio", ACTIONS), payload)
    assert isinstance(garbled, Garbled) and garbled.reason == "unknown_message" and len(garbled.start) <= 32


def test_the_hostile_corpus_presses_nothing() -> None:
    decoder = MessageDecoder("radio", ACTIONS)
    for raw in hostile.inputs():
        assert not any(
            isinstance(found, Press) for found in message(decoder, raw) + message(decoder, action(repr(raw)))
        )
