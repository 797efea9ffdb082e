"""Key events of a keyboard scanner to labels. Pure.

The layout is the scanner's own setting, never the desktop's, and Caps Lock and Num Lock mean nothing. A key that types
nothing (a function key, an arrow, Alt+F4) spoils its label: such labels are hot-key attacks or a wrong set-up.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Final, Literal

from devices.keymap import (
    CONTROLS,
    ENTER,
    KEYPAD,
    KEYPAD_ENTER,
    LAYOUTS,
    LEFT_ALT,
    LOCKS,
    METAS,
    RIGHT_ALT,
    SHIFTS,
    TAB,
    Layout,
)
from devices.labels import LabelBuffer, LabelRules
from devices.limits import ALT_DIGITS_MAX, DROPPED, UNKNOWN_KEY
from devices.types import MISSING, Frame, Input, KeyEvent

UP: Final = 0
DOWN: Final = 1

_ACCENTS: Final = {"´": "\u0301", "`": "\u0300", "^": "\u0302", "¨": "\u0308"}
_MODIFIERS: Final = SHIFTS | CONTROLS | METAS | {LEFT_ALT, RIGHT_ALT}


@dataclass(frozen=True, slots=True)
class KeyboardRules:
    """The scanner's keyboard set-up. `alt_codes` says what a number above 255 typed with Alt means."""

    layout: str = "us"
    end_keys: frozenset[int] = frozenset({ENTER, KEYPAD_ENTER, TAB})
    alt_codes: Literal["unicode", "gbk"] = "unicode"
    labels: LabelRules = field(default_factory=lambda: LabelRules(terminators=frozenset(), gap_seconds=0.3))


class KeyboardDecoder:
    """Key events of one device to scans."""

    def __init__(self, device: str, rules: KeyboardRules) -> None:
        self._rules = rules
        self._layout: Layout = LAYOUTS[rules.layout]
        self._label = LabelBuffer(device, rules.labels)
        self._held: set[int] = set()
        self._alt_digits = ""
        self._dead = ""
        self._key_at = float("-inf")

    def feed(self, frame: Frame) -> tuple[Input, ...]:
        """The label that this key ends, or a refusal. Repeats are ignored: no scanner types by them."""
        event = frame.data
        if event != MISSING and not (isinstance(event, KeyEvent) and event.value in (UP, DOWN)):
            return ()
        found: list[Input | None] = [self._label.expire(frame.at)]
        if frame.at >= self._key_at + self._rules.labels.gap_seconds:
            self._dead = ""
        self._key_at = frame.at
        if not isinstance(event, KeyEvent):
            self._held.clear()
            self._alt_digits = self._dead = ""
            self._label.spoil(DROPPED, frame.at)
        elif event.code in _MODIFIERS:
            found.append(self._modifier(event, frame.at))
        elif event.value == DOWN:
            found += self._key(event.code, frame.at)
        return tuple(item for item in found if item is not None)

    def step(self, now: float) -> tuple[Input, ...]:
        """The label that ended by silence."""
        found = self._label.settle(now)
        return () if found is None else (found,)

    def wake(self) -> float | None:
        """When the unfinished label ends by silence."""
        return self._label.wake()

    def reset(self, now: float) -> tuple[Input, ...]:
        """The scanner was unplugged: half a label is refused and no modifier stays down."""
        self._held.clear()
        self._alt_digits = self._dead = ""
        found = self._label.cut_off()
        return () if found is None else (found,)

    def _modifier(self, event: KeyEvent, at: float) -> Input | None:
        if event.value == DOWN:
            self._held.add(event.code)
            return None
        self._held.discard(event.code)
        if event.code == LEFT_ALT and self._alt_digits:
            digits, self._alt_digits = self._alt_digits, ""
            return self._type(_alt_text(digits, self._rules.alt_codes), at)
        return None

    def _key(self, code: int, at: float) -> list[Input | None]:
        if code in LOCKS:
            return []
        if code in self._rules.end_keys:
            found = [self._type(self._dead, at)] if self._dead else []
            self._dead = ""
            return [*found, self._label.end(at)]
        if LEFT_ALT in self._held and not self._held & CONTROLS:
            self._alt(code, at)
            return []
        return [self._type(self._text(code), at)]

    def _alt(self, code: int, at: float) -> None:
        """Alt with the keypad spells a character by its number; Alt with anything else is a hot key."""
        typed = KEYPAD.get(code, "")
        if typed.isdigit() and len(self._alt_digits) < ALT_DIGITS_MAX:
            self._alt_digits += typed
        else:
            self._label.spoil(UNKNOWN_KEY, at)

    def _text(self, code: int) -> str | None:
        if self._held & METAS:
            return None
        if code in KEYPAD:
            return KEYPAD[code]
        shift = bool(self._held & SHIFTS)
        # Ctrl+Alt is AltGr on the keyboards that scanners imitate.
        third = RIGHT_ALT in self._held or (LEFT_ALT in self._held and bool(self._held & CONTROLS))
        if self._held & CONTROLS and not third:
            return _control(self._layout, code, shift) or _control(LAYOUTS["us"], code, shift)
        text = self._layout.text(code, shift=shift, third=third)
        return self._compose(text) if text is not None else None

    def _compose(self, text: str) -> str:
        """Join a waiting dead key with this one: accent and letter, or the accent itself before a space."""
        dead, self._dead = self._dead, ""
        if text in self._layout.dead and not dead:
            self._dead = text
            return ""
        if not dead:
            return text
        if text == " " or text == dead:
            return dead
        joined = unicodedata.normalize("NFC", text + _ACCENTS[dead])
        return joined if len(joined) == 1 else dead + text

    def _type(self, text: str | None, at: float) -> Input | None:
        if text is None:
            self._label.spoil(UNKNOWN_KEY, at)
            return None
        try:
            return self._label.add(text.encode(), at)
        except UnicodeEncodeError:
            self._label.spoil(UNKNOWN_KEY, at)
            return None


def _control(layout: Layout, code: int, shift: bool) -> str | None:
    """Ctrl with a letter or one of @[\\]^_ types the control character 0..31, as Ctrl+] is the GS of GS1 labels."""
    text = layout.text(code, shift=shift, third=False) or ""
    upper = text.upper()
    return chr(ord(upper) & 0x1F) if len(upper) == 1 and "@" <= upper <= "_" else None


def _alt_text(digits: str, alt_codes: str) -> str | None:
    """The character of a number typed with Alt, as Windows reads it: 0nnn is code page 1252, nnn is 437."""
    number = int(digits)
    if number < 128:
        return chr(number)
    if number < 256:
        page = "cp1252" if digits.startswith("0") else "cp437"
        return bytes((number,)).decode(page, errors="ignore") or None
    if alt_codes == "gbk":
        return number.to_bytes(2, "big").decode("gbk", errors="ignore") or None if number < 0x10000 else None
    return chr(number) if number <= 0x10FFFF else None
