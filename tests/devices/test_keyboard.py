"""Key events to labels, in the scanner's own layout."""

import evdev.ecodes
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import keymap
from devices.intake import settled
from devices.key_names import key_code
from devices.keyboard import KeyboardDecoder, KeyboardRules
from devices.keymap import KEYPAD, LAYOUTS
from devices.labels import LabelRules
from devices.types import MISSING, Frame, Garbled, Input, KeyEvent, Scan

SHIFT, CTRL, ALT, ALTGR, META, CAPS, ENTER, SPACE = 42, 29, 56, 100, 125, 58, 28, 57
A, Q, L, F1, GRAVE = 30, 16, 38, 59, 41
KP = {char: code for code, char in KEYPAD.items()}


class Typing:
    """Types keys into a decoder a millisecond apart."""

    def __init__(self, **rules: object) -> None:
        self.decoder = KeyboardDecoder("hand", KeyboardRules(**rules))  # type: ignore[arg-type]
        self.at = 1.0
        self.found: list[Input] = []

    def key(self, code: int, value: int) -> None:
        self.at += 0.001
        self.found += self.decoder.feed(Frame("hand", self.at, KeyEvent(code, value)))

    def tap(self, *codes: int) -> "Typing":
        for code in codes:
            self.key(code, 1)
        for code in reversed(codes):
            self.key(code, 0)
        return self

    def alt(self, digits: str) -> "Typing":
        self.key(ALT, 1)
        for digit in digits:
            self.tap(KP[digit])
        self.key(ALT, 0)
        return self

    def text(self) -> str:
        self.tap(ENTER)
        assert len(self.found) == 1, self.found
        assert isinstance(self.found[0], Scan), self.found
        return self.found[0].data.decode()

    def reasons(self) -> list[str]:
        self.tap(ENTER)
        return [each.reason for each in self.found if isinstance(each, Garbled)]


def test_shift_and_caps_lock() -> None:
    assert Typing().tap(CAPS).tap(A).tap(SHIFT, A).tap(SHIFT, 3).tap(SPACE).tap(A).text() == "aA@ a"


def test_german_third_level_and_dead_keys() -> None:
    typing = Typing(layout="de").tap(ALTGR, Q).tap(21).tap(GRAVE).tap(SPACE).tap(GRAVE).tap(A).tap(13).tap(49)
    assert typing.text() == "@z^âń"


def test_a_dead_key_at_the_end_and_before_what_it_cannot_join() -> None:
    assert Typing(layout="de").tap(GRAVE).tap(2).tap(GRAVE).text() == "^1^"


def test_ctrl_alt_is_altgr() -> None:
    assert Typing(layout="de").tap(CTRL, ALT, Q).text() == "@"


def test_group_separator_by_control_and_by_number() -> None:
    assert Typing().tap(A).tap(CTRL, 27).tap(A).alt("029").tap(A).text() == "a\x1da\x1da"
    assert Typing(layout="de").tap(A).tap(CTRL, 27).tap(A).text() == "a\x1da"


@pytest.mark.parametrize(
    ("digits", "alt_codes", "text"),
    [
        ("65", "unicode", "A"),
        ("0228", "unicode", "ä"),
        ("132", "unicode", "ä"),
        ("24037", "unicode", "工"),
        ("47524", "gbk", "工"),
        ("128640", "unicode", "🚀"),
    ],
)
def test_characters_typed_by_their_number(digits: str, alt_codes: str, text: str) -> None:
    assert Typing(alt_codes=alt_codes).alt(digits).text() == text


@pytest.mark.parametrize("digits", ["1114112", "55296", "999999999"])
def test_numbers_of_no_character_are_refused(digits: str) -> None:
    assert Typing().tap(A).alt(digits).reasons() == ["unknown_key"]


def test_the_keypad_types_digits_whatever_num_lock_says() -> None:
    assert Typing().tap(69).tap(KP["7"]).tap(KP["."]).tap(KP["5"]).text() == "7.5"


def test_hot_keys_spoil_their_label_once_and_only_theirs() -> None:
    typing = Typing().tap(A).tap(F1).tap(ALT, F1).tap(META, L).tap(A)
    assert typing.reasons() == ["unknown_key"]
    typing.found.clear()
    assert typing.tap(A).text() == "a"


def test_other_control_characters_are_refused() -> None:
    assert Typing().tap(A).tap(CTRL, 46).reasons() == ["control"]


def test_repeats_and_lone_releases_mean_nothing() -> None:
    typing = Typing()
    typing.key(A, 0)
    typing.key(A, 1)
    typing.key(A, 2)
    typing.key(A, 2)
    typing.key(A, 0)
    assert typing.text() == "a"


def test_silence_ends_a_label_and_a_dead_key() -> None:
    typing = Typing(layout="de").tap(A).tap(GRAVE)
    wake = typing.decoder.wake()
    assert wake is not None
    assert [type(each) for each in typing.decoder.step(wake)] == [Garbled]
    typing.at = wake + 1
    assert typing.tap(A).text() == "a"


def test_silence_accepts_where_there_is_no_terminator() -> None:
    rules = LabelRules(terminators=frozenset(), gap_seconds=0.2, gap_ends_label=True)
    typing = Typing(labels=rules).tap(A).tap(A)
    assert [each.data for each in settled(typing.decoder) if isinstance(each, Scan)] == [b"aa"]


def test_unplugging_forgets_modifiers_and_half_labels() -> None:
    typing = Typing()
    typing.key(SHIFT, 1)
    typing.tap(A)
    assert [type(each) for each in typing.decoder.reset(2.0)] == [Garbled]
    assert typing.tap(A).text() == "a"


def test_dropped_keys_refuse_the_label_and_release_modifiers() -> None:
    typing = Typing()
    typing.key(SHIFT, 1)
    typing.found += typing.decoder.feed(Frame("hand", typing.at, MISSING))
    assert typing.tap(A).reasons() == ["dropped"]
    typing.found.clear()
    assert typing.tap(A).text() == "a"


def test_too_long_is_told_once() -> None:
    typing = Typing()
    for _ in range(2000):
        typing.tap(A)
    assert typing.reasons() == ["too_long"]


def test_the_keys_of_the_tables_are_those_of_the_kernel() -> None:
    codes = evdev.ecodes.ecodes
    assert codes["KEY_CNT"] == keymap.KEY_CODES
    assert (codes["KEY_ENTER"], codes["KEY_KPENTER"], codes["KEY_TAB"]) == (
        keymap.ENTER,
        keymap.KEYPAD_ENTER,
        keymap.TAB,
    )
    assert (codes["KEY_LEFTALT"], codes["KEY_RIGHTALT"]) == (keymap.LEFT_ALT, keymap.RIGHT_ALT)
    for name, kept in (("SHIFT", keymap.SHIFTS), ("CTRL", keymap.CONTROLS), ("META", keymap.METAS)):
        assert {codes[f"KEY_LEFT{name}"], codes[f"KEY_RIGHT{name}"]} == kept
    assert {codes[f"KEY_{name}LOCK"] for name in ("CAPS", "NUM", "SCROLL")} == keymap.LOCKS
    assert {char: codes[f"KEY_KP{char}"] for char in "0123456789"}.items() <= KP.items()
    us = LAYOUTS["us"].plain
    assert {codes[f"KEY_{char.upper()}"]: char for char in us.values() if char.isalnum()}.items() <= us.items()


def test_key_names_are_those_of_the_library() -> None:
    assert [key_code(name) for name in ("KEY_F1", "KEY_PLAYPAUSE", "BTN_0", "BTN_MISC")] == [59, 164, 256, 256]
    for name in ("KEY_NONE_SUCH", "KEY_MAX", "KEY_CNT", "KEY_RESERVED", "EV_KEY", "ABS_X", "__doc__", ""):
        with pytest.raises(ValueError, match="unknown key"):
            key_code(name)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_layouts_are_one_character_a_key(name: str) -> None:
    layout = LAYOUTS[name]
    assert all(len(text) == 1 for row in (layout.plain, layout.shifted, layout.third) for text in row.values())
    assert layout.plain.keys() == layout.shifted.keys()
    printable = set(map(chr, range(0x20, 0x7F)))
    typed = {text for row in (layout.plain, layout.shifted, layout.third) for text in row.values()}
    if name != "fr":
        assert printable <= typed | layout.dead
    assert printable - typed <= set("`~")


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 3), st.floats(0, 1)), max_size=200))
def test_any_keys_give_scans_and_refusals_only(keys: list[tuple[int, int, float]]) -> None:
    typing = Typing(layout="de")
    for code, value, pause in keys:
        typing.at += pause
        typing.key(code, value)
    typing.found += settled(typing.decoder)
    assert typing.decoder.wake() is None
    assert all(isinstance(each, Scan | Garbled) for each in typing.found)
