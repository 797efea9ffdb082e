"""Labels: bytes to text, text to what it is, and our own labels composed."""

import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from floor.errors import LabelRefused, LabelRulesRefused, LabelTextRefused
from floor.example import example_plant
from floor.gs1 import is_product_number
from floor.label_texts import (
    CODE_39,
    compose_badge,
    compose_command,
    compose_ticket,
    shown,
    shown_bytes,
)
from floor.labels import Label, LabelKind, LabelRules, classify, decode
from floor.limits import SHOWN_CHARACTERS_MAX
from tests.corpus.hostile import labels

MASTER = example_plant()


def kind(raw: bytes | str, rules: LabelRules | None = None) -> LabelKind:
    label = decode(raw.encode() if isinstance(raw, str) else raw)
    assert label is not None
    return classify(label, MASTER, rules or LabelRules()).kind


@pytest.mark.parametrize(
    ("raw", "text", "symbology"),
    [
        (b"ABC", "ABC", ""),
        (b"]C0B-P01", "B-P01", "]C0"),
        (b"]Q1T-X", "T-X", "]Q1"),
        (b"]Z6", "]Z6", ""),
        (b"]", "]", ""),
        (b"]10ABC", "]10ABC", ""),
        (b" B-P01", " B-P01", ""),
        ("工单 1".encode(), "工单 1", ""),
        ("工单 1".encode("gb18030"), "工单 1", ""),
        (b"007", "007", ""),
    ],
)
def test_bytes_become_text_and_nothing_is_normalised(raw: bytes, text: str, symbology: str) -> None:
    assert decode(raw) == Label(LabelKind.TEXT, text, symbology)


@pytest.mark.parametrize("raw", [b"", b" ", b"\r\n", b"\t", b"]C1  "])
def test_an_empty_label_is_none(raw: bytes) -> None:
    assert decode(raw) is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"A" * 513, "label_too_long"),
        (b"\xff\xfe", "label_encoding"),
        (b"A\x00B", "label_control"),
        (b"A\x1dB", "label_control"),
        (b"A\x7fB", "label_control"),
        ("A\x9bB".encode(), "label_control"),
        (b"]C0A\x1dB", "label_control"),
        (b"]C1A\x1bB", "label_control"),
        (b"[)>\x1e06\x1dP1\x00", "label_control"),
        (b"B-P01\r", "label_control"),
    ],
)
def test_what_is_no_label_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        decode(raw)
    assert refused.value.reason == reason
    assert refused.value.hint


def test_512_bytes_are_a_label() -> None:
    assert decode(b"A" * 512) is not None


@pytest.mark.parametrize(
    ("raw", "elements"),
    [
        (b"]C1010400638133393110LOT7", (("01", "04006381333931"), ("10", "LOT7"))),
        (b"]d2010400638133393110LOT7\x1d21S1", (("01", "04006381333931"), ("10", "LOT7"), ("21", "S1"))),
        (b"]Q3010400638133393110LOT7", (("01", "04006381333931"), ("10", "LOT7"))),
        (b"]e0010400638133393110LOT7", (("01", "04006381333931"), ("10", "LOT7"))),
        (b"\x1d010400638133393110LOT7", (("01", "04006381333931"), ("10", "LOT7"))),
        (b"]C1ZZZ", ()),
        (b"[)>\x1e06\x1dPAX-1\x1d1TLOT\x1dQ10\x1e\x04", (("P", "AX-1"), ("1T", "LOT"), ("Q", "10"))),
        (b"[)>\x1e06\x1d12345\x1e\x04", (("", "12345"),)),
        (b"[)>\x1e05\x1d10LOT\x1e\x04", (("05", "10LOT"),)),
    ],
)
def test_part_labels_and_their_elements(raw: bytes, elements: tuple[tuple[str, str], ...]) -> None:
    label = decode(raw)
    assert label is not None
    assert (label.kind, label.elements) == (LabelKind.PART, elements)
    assert classify(label, MASTER).kind is LabelKind.PART


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("B-P01", LabelKind.BADGE),
        ("T-WO-1001-10", LabelKind.TICKET),
        ("C-D1", LabelKind.COMMAND),
        ("C-D1B", LabelKind.COMMAND),
        ("B-P99", LabelKind.UNKNOWN_BADGE),
        ("T-WO-9999-10", LabelKind.UNKNOWN_TICKET),
        ("C-REBOOT", LabelKind.UNKNOWN_COMMAND),
        ("B-", LabelKind.UNKNOWN),
        ("b-P01", LabelKind.UNKNOWN),
        ("B-P01 ", LabelKind.UNKNOWN_BADGE),
        ("T-工单", LabelKind.UNKNOWN),
        ("T-" + "A" * 62, LabelKind.UNKNOWN_TICKET),
        ("T-" + "A" * 63, LabelKind.UNKNOWN),
        ("4006381333931", LabelKind.PRODUCT),
        ("4006381333932", LabelKind.UNKNOWN),
        ("96385074", LabelKind.PRODUCT),
        ("036000291452", LabelKind.PRODUCT),
        ("]E04006381333932", LabelKind.PRODUCT),
        ("hello", LabelKind.UNKNOWN),
    ],
)
def test_what_a_label_is(text: str, found: LabelKind) -> None:
    assert kind(text) is found


def test_an_exact_match_comes_before_every_prefix() -> None:
    people = [MASTER.people[0].model_copy(update={"badge": "4006381333931"})]
    master = MASTER.model_validate({**MASTER.model_dump(), "people": [row.model_dump() for row in people]})
    label = decode(b"]E04006381333931")
    assert label is not None
    found = classify(label, master)
    assert found.person is not None
    assert (found.kind, found.person.id) == (LabelKind.BADGE, "P01")


def test_prefixes_can_be_chosen() -> None:
    rules = LabelRules("P:", "JOB ", "CMD:")
    assert kind("P:X", rules) is LabelKind.UNKNOWN_BADGE
    assert kind("JOB 7", rules) is LabelKind.UNKNOWN_TICKET
    assert kind("CMD:X", rules) is LabelKind.UNKNOWN_COMMAND
    assert kind("B-X", rules) is LabelKind.UNKNOWN


@pytest.mark.parametrize(
    "prefixes", [("A", "A", "C"), ("A", "AB", "C"), ("", "T", "C"), ("A\x00", "T", "C"), ("工", "T", "C")]
)
def test_prefixes_that_could_be_mistaken_are_refused(prefixes: tuple[str, str, str]) -> None:
    with pytest.raises(LabelRulesRefused):
        LabelRules(*prefixes)


def test_check_digits() -> None:
    assert is_product_number("00012345600012")
    assert not is_product_number("١٢٣٤٥٦٧٨")
    assert not is_product_number("1234567")


@given(st.binary(max_size=600))
@example(b"]C1")
@example(b"[)>\x1e")
def test_any_bytes_are_a_label_nothing_or_refused(raw: bytes) -> None:
    try:
        label = decode(raw)
    except LabelRefused:
        return
    if label is not None:
        found = classify(label, MASTER)
        assert found.text == label.text
        assert found.kind is not LabelKind.TEXT


def test_without_the_extra_a_part_is_still_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "biip", None)
    label = decode(b"]C1010400638133393110LOT7")
    assert label is not None
    assert (label.kind, label.elements) == (LabelKind.PART, ())


# Our own labels.


def test_composed_labels() -> None:
    assert compose_badge("P01") == "B-P01"
    assert compose_ticket("WO-1001-10") == "T-WO-1001-10"
    assert compose_command("digit", "1") == "C-D1"
    assert compose_command("digit", "1", "B") == "C-D1B"
    assert compose_command("sign_out") == "C-SIGNOUT"
    assert compose_command("scrap", "R1") == "C-SCRAP-R1"


@pytest.mark.parametrize("text", ["p01", "工", "A_B", "A" * 63, "A\n"])
def test_what_code_39_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(LabelTextRefused):
        compose_badge(text)


def test_every_label_of_the_example_is_code_39_and_reads_back() -> None:
    for row in MASTER.people:
        assert kind(row.badge) is LabelKind.BADGE
        assert CODE_39.issuperset(row.badge)
    for operation in MASTER.operations:
        assert kind(operation.ticket) is LabelKind.TICKET
        assert CODE_39.issuperset(operation.ticket)
    for card in MASTER.command_cards:
        assert kind(card.label) is LabelKind.COMMAND
        assert CODE_39.issuperset(card.label)


# Safe for display.


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("物料 AX-200", "物料 AX-200"),
        ("A\x00B\x1b[2J\x7f", "A␀B␛[2J␡"),
        ("A\nB\r\tC", "A␊B␍␉C"),
        ("\u202eABC\u2066\u200f", "ABC"),
        ("A\u200bB\u00ad\ufeff\ue000", "A◌B◌◌◌"),
        ("A\u2028B", "A␤B"),
        ("A\x9bB", "A◌B"),
        ("\u00a0A\u3000", " A "),
        ("e" + "\u0301" * 400, "e\u0301\u0301"),
        ("<script>", "<script>"),
        ("x" * 128, "x" * 128),
        ("x" * 129, "x" * 127 + "…"),
        ("", ""),
    ],
)
def test_text_made_safe_for_display(text: str, safe: str) -> None:
    assert shown(text) == safe


@given(st.text())
def test_shown_text_is_bounded_and_stays_as_it_is(text: str) -> None:
    safe = shown(text)
    assert len(safe) <= SHOWN_CHARACTERS_MAX
    assert shown(safe) == safe
    assert all(ord(character) >= 0x20 for character in safe)


@pytest.mark.parametrize("raw", labels(), ids=lambda raw: repr(raw[:20]))
def test_any_bytes_can_be_shown(raw: bytes) -> None:
    safe = shown_bytes(raw)
    assert len(safe) <= SHOWN_CHARACTERS_MAX
    safe.encode()


def test_bytes_that_are_no_text_are_shown_by_number() -> None:
    assert shown_bytes(b"\xffA\x00") == "\\xffA␀"
