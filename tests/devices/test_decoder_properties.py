"""Any device can say anything: decoders never raise, hold little, tell little, and take the next good scan or press."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.buttons import ButtonDecoder, ButtonRules, MessageDecoder, MessageRules
from devices.intake import decode, settled
from devices.keyboard import KeyboardDecoder, KeyboardRules
from devices.keymap import ENTER, KEY_CODES, KEYPAD, LAYOUTS, LEFT_ALT, LOCKS, RIGHT_ALT, SHIFTS
from devices.labels import LabelRules
from devices.limits import GARBLED_REASONS, GARBLED_START_BYTES_MAX, LINE_BUFFERS_MAX, MESSAGE_BYTES_MAX, SCAN_BYTES_MAX
from devices.lines import LineDecoder
from devices.types import MISSING, Decoder, EdgeEvent, Found, Frame, Garbled, Input, KeyEvent, Lost, MessageEvent, Scan
from devices.types import Press as Pressed

QUIET_SECONDS = 10.0
GOOD = "LOT-2024-7"
SHIFT = min(SHIFTS)
LINE_RULES = (
    LabelRules(),
    LabelRules(prefix=b"\x02", terminators=frozenset({3})),
    LabelRules(prefix=b"S:", suffix=b"!"),
    LabelRules(terminators=frozenset(), gap_ends_label=True),
    LabelRules(gap_ends_label=True),
    LabelRules(scan_bytes_max=12),
)
PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"\x1d", b" ", b"S:", b"!", b"\x00", b"A" * 600]),
)
PAUSES = st.sampled_from([0.0, 0.001, 0.2, 0.499, 0.5, 0.501, 3.0])


def is_valid(found: Input) -> bool:
    """What any decoder may tell."""
    if isinstance(found, Scan):
        return 1 <= len(found.data) <= SCAN_BYTES_MAX
    if isinstance(found, Garbled):
        return (
            found.reason in GARBLED_REASONS
            and len(found.start) <= GARBLED_START_BYTES_MAX
            and found.size >= len(found.start)
        )
    return isinstance(found, Pressed | Found | Lost)


def written(rules: LabelRules) -> bytes:
    """The good label as a scanner with these rules sends it."""
    end = bytes(sorted(rules.terminators)[:1])
    return rules.prefix + GOOD.encode() + rules.suffix + end


@given(st.sampled_from(LINE_RULES), st.lists(st.tuples(PAUSES, PIECES), max_size=12), st.data())
def test_frames_cut_anywhere_give_the_same_labels(
    rules: LabelRules, sent: list[tuple[float, bytes]], data: st.DataObject
) -> None:
    """The gaps stay where they are: a cut makes two frames with one stamp, as two reads in a row do."""
    whole, cut = LineDecoder(rules), LineDecoder(rules)
    first, second, at = [], [], 1.0
    for pause, piece in sent:
        at += pause
        first += whole.feed(Frame("gate", at, piece))
        edge = data.draw(st.integers(0, len(piece)))
        for part in (piece[:edge], piece[edge:]):
            # An empty read is none: sources never hand one on.
            second += cut.feed(Frame("gate", at, part)) if part or not piece else ()
    assert first + list(settled(whole)) == second + list(settled(cut))


LINE_EVENTS = st.one_of(
    PIECES,
    st.just(MISSING),
    st.binary(max_size=80).map(MessageEvent),
    st.builds(KeyEvent, st.integers(), st.integers()),
    st.builds(EdgeEvent, st.text(max_size=3), st.booleans()),
    st.sampled_from(["lost", "found", "step"]),
)


def told_of(decoder: Decoder, device: str, at: float, event: Any) -> tuple[Input, ...]:
    if event == "step":
        return decoder.step(at)
    if event in ("lost", "found"):
        return decode(decoder, (Lost if event == "lost" else Found)(device, at, ""))
    return decode(decoder, Frame(device, at, event))


@given(st.sampled_from(LINE_RULES), st.lists(st.tuples(PAUSES, st.integers(0, 40), LINE_EVENTS), max_size=60))
def test_a_good_line_follows_any_garbage(rules: LabelRules, sent: list[tuple[float, int, Any]]) -> None:
    decoder, at = LineDecoder(rules), 1.0
    for pause, peer, event in sent:
        at += pause
        found = told_of(decoder, f"gate:{peer}", at, event)
        ends = sum(event.count(end) for end in rules.terminators) if isinstance(event, bytes) else 0
        assert all(map(is_valid, found)) and len(found) <= ends + LINE_BUFFERS_MAX + 2
        assert len(decoder._buffers) <= LINE_BUFFERS_MAX
    at += QUIET_SECONDS
    after = [*decoder.feed(Frame("gate:1", at, written(rules))), *settled(decoder)]
    assert Scan("gate:1", at, GOOD.encode()) in after


KEYBOARD_RULES = (
    LabelRules(terminators=frozenset(), gap_seconds=0.3),
    LabelRules(terminators=frozenset(), gap_seconds=0.3, gap_ends_label=True),
    LabelRules(terminators=frozenset(), gap_seconds=0.3, prefix=b"S:"),
)
KEY_CODES_OFTEN = [*KEYPAD, ENTER, LEFT_ALT, RIGHT_ALT, *SHIFTS, *LOCKS, 29, 97, 125, 15, 13, 41, 30, 31, 57, 59]
KEYS = st.builds(
    KeyEvent, st.one_of(st.sampled_from(KEY_CODES_OFTEN), st.integers(-1, KEY_CODES + 1)), st.integers(-1, 3)
)
KEY_EVENTS = st.one_of(KEYS, KEYS, KEYS, KEYS, LINE_EVENTS)
KEYBOARDS = st.builds(
    KeyboardRules,
    layout=st.sampled_from(sorted(LAYOUTS)),
    alt_codes=st.sampled_from(["unicode", "gbk"]),
    labels=st.sampled_from(KEYBOARD_RULES),
)


def strokes(layout: str, text: str) -> list[KeyEvent]:
    """The keys of a text, as a scanner set to this layout sends them."""
    table = LAYOUTS[layout]
    found = []
    for character in text:
        for row, held in ((table.plain, []), (table.shifted, [SHIFT]), (table.third, [RIGHT_ALT])):
            code = next((code for code, typed in row.items() if typed == character), None)
            if code is not None:
                keys = [*held, code]
                found += [KeyEvent(each, 1) for each in keys] + [KeyEvent(each, 0) for each in reversed(keys)]
                found += [KeyEvent(57, 1), KeyEvent(57, 0)] if character in table.dead else []
                break
    return found


def typed(decoder: KeyboardDecoder, keys: list[KeyEvent], at: float) -> list[Input]:
    return [found for key in keys for found in decoder.feed(Frame("hand", at, key))]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@given(data=st.data())
def test_what_a_scanner_types_arrives_in_every_layout(layout: str, data: st.DataObject) -> None:
    table = LAYOUTS[layout]
    letters = sorted({*table.plain.values(), *table.shifted.values(), *table.third.values()})
    text = data.draw(st.text(st.sampled_from(letters), min_size=1, max_size=60).filter(str.strip))
    decoder = KeyboardDecoder("hand", KeyboardRules(layout=layout))
    keys = [*strokes(layout, text), KeyEvent(ENTER, 1), KeyEvent(ENTER, 0)]
    locked = data.draw(st.lists(st.sampled_from(sorted(LOCKS)).map(lambda code: KeyEvent(code, 1)), max_size=3))
    assert typed(decoder, [*locked, *keys], 1.0) == [Scan("hand", 1.0, text.encode())]


@settings(max_examples=200)
@given(
    KEYBOARDS, st.lists(st.tuples(PAUSES, KEY_EVENTS), max_size=60), st.sampled_from(["released", "lost", "missing"])
)
def test_a_good_label_follows_any_keys(rules: KeyboardRules, sent: list[tuple[float, Any]], ended: str) -> None:
    """The keys are up again: released, forgotten with their device, or unknown and so believed to be up."""
    decoder, at = KeyboardDecoder("hand", rules), 1.0
    for pause, event in sent:
        at += pause
        found = told_of(decoder, "hand", at, event)
        assert all(map(is_valid, found)) and len(found) <= 3
        assert len(decoder._held) <= 8 and len(decoder._dead) <= 1
    if ended == "released":
        typed(decoder, [KeyEvent(code, 0) for code in range(KEY_CODES)], at)
    elif ended == "lost":
        decode(decoder, Lost("hand", at, ""))
    else:
        decoder.feed(Frame("hand", at, MISSING))
    at += QUIET_SECONDS
    keys = [*strokes(rules.layout, rules.labels.prefix.decode() + GOOD), KeyEvent(ENTER, 1), KeyEvent(ENTER, 0)]
    assert Scan("hand", at, GOOD.encode()) in typed(decoder, keys, at)


@settings(max_examples=200)
@given(KEYBOARDS, st.lists(KEYS, max_size=40))
def test_nothing_before_an_end_reaches_the_next_label(rules: KeyboardRules, keys: list[KeyEvent]) -> None:
    """Whatever was typed before Enter, the label behind it has nothing of it, also without a silence between."""
    decoder = KeyboardDecoder("hand", rules)
    typed(decoder, [*keys, KeyEvent(ENTER, 1)], 1.0)
    typed(decoder, [KeyEvent(code, 0) for code in range(KEY_CODES)], 1.0)
    good = [*strokes(rules.layout, rules.labels.prefix.decode() + GOOD), KeyEvent(ENTER, 1)]
    assert typed(decoder, good, 1.0) == [Scan("hand", 1.0, GOOD.encode())]


BUTTONS = ButtonRules({"17": "call", "59": "material"}, debounce_seconds=0.03, long_press_seconds=2.0)
CONTACTS = st.lists(st.tuples(st.floats(0, 4), st.sampled_from(["17", "59", "9"]), st.booleans()), max_size=40)


@given(CONTACTS, st.booleans(), st.lists(st.floats(0, 200), max_size=20))
def test_keys_and_lines_press_alike_however_often_time_is_told(
    sent: list[tuple[float, str, bool]], by_key: bool, looks: list[float]
) -> None:
    rare, often = ButtonDecoder("post", BUTTONS), ButtonDecoder("post", BUTTONS)
    first, second, at = [], [], 1.0
    for pause, line, active in sent:
        for look in sorted(each for each in looks if at <= each < at + pause):
            second += often.step(look)
        at += pause
        first += rare.feed(Frame("post", at, EdgeEvent(line, active)))
        second += often.feed(Frame("post", at, KeyEvent(int(line), int(active)) if by_key else EdgeEvent(line, active)))
    # The contact that closed first is told first when one step settles several, so only the order may differ.
    tail = [each for decoder, found in ((rare, first), (often, second)) for each in (found, decoder.step(at + 9))]
    told = [sorted([*tail[0], *tail[1]], key=repr), sorted([*tail[2], *tail[3]], key=repr)]
    assert told[0] == told[1]
    assert len(told[0]) <= sum(active for _, _, active in sent)


@given(st.lists(st.tuples(PAUSES, KEY_EVENTS), max_size=60))
def test_a_good_press_follows_anything(sent: list[tuple[float, Any]]) -> None:
    decoder, at = ButtonDecoder("post", BUTTONS), 1.0
    for pause, event in sent:
        at += pause
        found = told_of(decoder, "post", at, event)
        assert all(map(is_valid, found)) and len(found) <= 5 and len(decoder._contacts) <= 2
    for code in (17, 59):
        decoder.feed(Frame("post", at, KeyEvent(code, 0)))
    decoder.step(at + QUIET_SECONDS)
    at += QUIET_SECONDS
    for after, value in ((0.0, 1), (0.5, 0)):
        decoder.feed(Frame("post", at + after, KeyEvent(17, value)))
    assert decoder.step(at + 1.0) == (Pressed("post", at + 0.5, "call", False),)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["action", "a"]), inner)),
    max_leaves=8,
)
PAYLOADS = st.one_of(
    st.binary(max_size=MESSAGE_BYTES_MAX),
    JSON.map(lambda value: json.dumps(value).encode()),
    JSON.map(lambda value: json.dumps({"action": value}, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    st.sampled_from(["utf-16", "utf-32", "utf-8-sig"]).map(lambda code: '{"action":"single"}'.encode(code)),
    st.sampled_from([b"[" * MESSAGE_BYTES_MAX, b'{"a":' * 400, b"9" * MESSAGE_BYTES_MAX, b"-" + b"9" * 5000, b"1e999"]),
)


@given(st.lists(PAYLOADS, max_size=8))
def test_a_good_message_follows_any(payloads: list[bytes]) -> None:
    decoder = MessageDecoder("radio", MessageRules({"single": ("call", False)}))
    for number, payload in enumerate(payloads):
        found = decoder.feed(Frame("radio", number / 10, MessageEvent(payload)))
        assert all(map(is_valid, found)) and len(found) <= 1
    good = Frame("radio", 100.0, MessageEvent(b'{"action":"single"}'))
    assert decoder.feed(good) == (Pressed("radio", 100.0, "call", False),)


def test_every_cut_of_one_good_line() -> None:
    """All of them, not only those that are drawn."""
    for rules in LINE_RULES:
        sent = written(rules)
        for first, second in itertools.combinations_with_replacement(range(len(sent) + 1), 2):
            decoder = LineDecoder(rules)
            parts = (sent[:first], sent[first:second], sent[second:])
            found = [each for part in parts if part for each in decoder.feed(Frame("gate", 1.0, part))]
            assert [*found, *settled(decoder)] == [Scan("gate", 1.0, GOOD.encode())]
