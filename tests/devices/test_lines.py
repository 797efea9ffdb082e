"""Bytes to labels: any cut of the same bytes gives the same labels, and nothing unfinished is glued to the next."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from devices import contract_labels as hostile
from devices.intake import settled
from devices.labels import LabelRules
from devices.limits import LINE_BUFFERS_MAX, SCAN_BYTES_MAX
from devices.lines import LineDecoder
from devices.types import Frame, Garbled, Input, MessageEvent, Scan

STREAM = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from([b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"\x1d", b" "]),
        st.integers(SCAN_BYTES_MAX - 3, SCAN_BYTES_MAX + 3).map(lambda size: b"A" * size),
    ),
    max_size=12,
).map(b"".join)
RULES = st.sampled_from(
    [
        LabelRules(),
        LabelRules(prefix=b"\x02", terminators=frozenset({3})),
        LabelRules(prefix=b"S:", suffix=b"!", terminators=frozenset({13})),
        LabelRules(terminators=frozenset(), gap_ends_label=True),
        LabelRules(scan_bytes_max=4),
    ]
)


def fed(decoder: LineDecoder, parts: list[bytes], at: float = 1.0) -> list[Input]:
    return [found for part in parts for found in decoder.feed(Frame("gate", at, part))]


@given(RULES, STREAM, st.lists(st.integers(0, 3000)))
def test_any_cut_gives_the_same_labels(rules: LabelRules, stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    parts = [stream[start:end] for start, end in itertools.pairwise(edges)]
    whole, cut = LineDecoder(rules), LineDecoder(rules)
    assert fed(whole, [stream]) == fed(cut, parts)
    assert settled(whole) == settled(cut)
    assert whole.wake() is None and cut.wake() is None


@given(STREAM)
def test_what_is_held_is_bounded_and_what_is_told_is_valid(stream: bytes) -> None:
    decoder = LineDecoder(LabelRules())
    for found in (*fed(decoder, [stream]), *settled(decoder)):
        if isinstance(found, Scan):
            assert 1 <= len(found.data) <= SCAN_BYTES_MAX
            assert found.data in stream
        else:
            assert isinstance(found, Garbled) and found.size >= 1 and stream.find(found.start) >= 0


@given(STREAM)
def test_a_good_label_follows_anything_after_silence(stream: bytes) -> None:
    decoder = LineDecoder(LabelRules())
    fed(decoder, [stream])
    assert decoder.feed(Frame("gate", 10.0, b"GOOD\r"))[-1] == Scan("gate", 10.0, b"GOOD")


def test_crlf_ends_one_label_even_when_it_is_cut_in_two() -> None:
    decoder = LineDecoder(LabelRules())
    assert fed(decoder, [b"A\r", b"\nB\r\n", b"\r\n", b"C\n"]) == [
        Scan("gate", 1.0, each) for each in (b"A", b"B", b"C")
    ]


def test_one_refusal_for_a_flood_and_the_next_label_works() -> None:
    decoder = LineDecoder(LabelRules())
    found = fed(decoder, [b"A" * 4096] * 2500 + [b"\r", b"GOOD\r"])
    assert found == [Garbled("gate", 1.0, "too_long", SCAN_BYTES_MAX + 1, b"A" * 32), Scan("gate", 1.0, b"GOOD")]


def test_exactly_the_longest_label_is_accepted() -> None:
    decoder = LineDecoder(LabelRules(prefix=b"\x02", terminators=frozenset({3})))
    assert fed(decoder, [b"\x02" + b"A" * SCAN_BYTES_MAX + b"\x03"]) == [Scan("gate", 1.0, b"A" * SCAN_BYTES_MAX)]
    (garbled,) = fed(decoder, [b"A" * (SCAN_BYTES_MAX + 1) + b"\x03"])
    assert isinstance(garbled, Garbled) and garbled.reason == "too_long"


def test_control_characters_are_refused_unless_allowed() -> None:
    assert [type(found) for found in fed(LineDecoder(LabelRules()), [b"A\x1bB\r", b"A\x1dB\r"])] == [Garbled, Scan]


def test_silence_ends_a_label_where_there_is_no_terminator() -> None:
    decoder = LineDecoder(LabelRules(terminators=frozenset(), gap_ends_label=True, gap_seconds=0.2))
    assert decoder.feed(Frame("gate", 1.0, b"AB")) == ()
    assert decoder.feed(Frame("gate", 1.1, b"C")) == ()
    wake = decoder.wake()
    assert wake is not None and abs(wake - 1.3) < 1e-9
    assert decoder.step(wake - 0.01) == ()
    assert decoder.step(wake) == (Scan("gate", 1.1, b"ABC"),)
    assert decoder.feed(Frame("gate", 2.0, b"D")) == ()
    assert decoder.feed(Frame("gate", 3.0, b"E")) == (Scan("gate", 2.0, b"D"),)


def test_half_a_label_is_refused_when_the_device_is_lost() -> None:
    decoder = LineDecoder(LabelRules())
    decoder.feed(Frame("gate", 1.0, b"HALF"))
    assert decoder.reset(1.1) == (Garbled("gate", 1.0, "incomplete", 4, b"HALF"),)
    assert decoder.feed(Frame("gate", 1.2, b"WHOLE\r")) == (Scan("gate", 1.2, b"WHOLE"),)


def test_peers_have_their_own_labels_and_their_number_is_bounded() -> None:
    decoder = LineDecoder(LabelRules())
    found = [
        each
        for peer in range(LINE_BUFFERS_MAX + 2)
        for each in decoder.feed(Frame(f"dock:{peer}", 1 + peer / 1e3, b"x"))
    ]
    assert [(each.device, type(each)) for each in found] == [("dock:0", Garbled), ("dock:1", Garbled)]
    assert decoder.feed(Frame("dock:9", 1.1, b"y\r")) == (Scan("dock:9", 1.1, b"xy"),)


def test_a_remark_of_the_port_is_told() -> None:
    (garbled,) = LineDecoder(LabelRules()).feed(Frame("dock", 1.0, MessageEvent(b"too many scanners: 192.0.2.1:9")))
    assert isinstance(garbled, Garbled) and garbled.reason == "crowded" and len(garbled.start) == 30


def test_the_hostile_corpus_line_by_line() -> None:
    for raw in hostile.inputs():
        decoder = LineDecoder(LabelRules())
        found = [*fed(decoder, [raw]), *settled(decoder), *fed(decoder, [b"GOOD\r"], 10.0)]
        assert found[-1] == Scan("gate", 10.0, b"GOOD")
        assert len([each for each in found if isinstance(each, Garbled)]) <= 2


def test_a_late_step_waits_once_for_what_was_held_up_with_it() -> None:
    decoder = LineDecoder(LabelRules(gap_seconds=0.3))
    decoder.feed(Frame("gate", 1.0, b"40063"))
    assert decoder.step(1.5) == ()
    assert decoder.wake() == 1.6
    assert decoder.feed(Frame("gate", 1.01, b"81333931\r")) == (Scan("gate", 1.01, b"4006381333931"),)
    decoder.feed(Frame("gate", 2.0, b"HALF"))
    assert decoder.step(9.0) == ()
    assert decoder.step(99.0) == (Garbled("gate", 2.0, "incomplete", 4, b"HALF"),)
