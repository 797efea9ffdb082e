"""Keys, edges and messages of andon buttons to presses. Pure.

A contact counts once it has been quiet for `debounce_seconds`, so neither bounce nor a spark on a long cable makes a
press; the press is dated with the first moment of that quiet. Short is told on release, long as soon as it is reached.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from devices.limits import GARBLED_START_BYTES_MAX, UNKNOWN_MESSAGE
from devices.types import MISSING, EdgeEvent, Frame, Garbled, Input, KeyEvent, MessageEvent, Press

_REPEAT: Final = 2


@dataclass(slots=True)
class _Contact:
    """One button: the raw level with its instant, and the level believed since."""

    raw: bool = False
    raw_at: float = 0.0
    held: bool = False
    held_at: float = 0.0
    long_told: bool = False


@dataclass(frozen=True, slots=True)
class ButtonRules:
    """`buttons` names the button of each key code (as text) or line; others are none of ours."""

    buttons: Mapping[str, str]
    debounce_seconds: float = 0.03
    long_press_seconds: float = 2.0


class ButtonDecoder:
    """Key and edge events of one device to presses."""

    def __init__(self, device: str, rules: ButtonRules) -> None:
        self._device = device
        self._rules = rules
        self._contacts: dict[str, _Contact] = {}

    def feed(self, frame: Frame) -> tuple[Input, ...]:
        """What was settled before this event; the event itself is believed after the debounce time."""
        found = list(self.step(frame.at))
        if frame.data == MISSING:
            # A release may be among what is missing; a press made of nothing would be worse than pressing again.
            self._contacts.clear()
        known = self._level(frame)
        if known is None:
            return tuple(found)
        button, active = known
        contact = self._contacts.setdefault(button, _Contact())
        if contact.raw != active:
            contact.raw, contact.raw_at = active, frame.at
        return tuple(found) + self.step(frame.at)

    def step(self, now: float) -> tuple[Input, ...]:
        """Presses that the passing of time settles."""
        found: list[Input] = []
        for button, contact in self._contacts.items():
            found += self._settle(button, contact, now)
        return tuple(found)

    def wake(self) -> float | None:
        """The next instant at which a contact has been quiet, or held, for long enough."""
        return min((at for contact in self._contacts.values() for at in self._due(contact)), default=None)

    def reset(self, now: float) -> tuple[Input, ...]:
        """The device was lost: whoever still holds a button has to press it again."""
        self._contacts.clear()
        return ()

    def _level(self, frame: Frame) -> tuple[str, bool] | None:
        event = frame.data
        if isinstance(event, KeyEvent) and event.value != _REPEAT:
            button = self._rules.buttons.get(str(event.code))
            return None if button is None else (button, bool(event.value))
        if isinstance(event, EdgeEvent):
            button = self._rules.buttons.get(event.line)
            return None if button is None else (button, event.active)
        return None

    def _due(self, contact: _Contact) -> list[float]:
        if contact.raw != contact.held:
            return [contact.raw_at + self._rules.debounce_seconds]
        if contact.held and not contact.long_told:
            return [contact.held_at + self._rules.long_press_seconds]
        return []

    def _settle(self, button: str, contact: _Contact, now: float) -> list[Input]:
        found: list[Input] = []
        rules = self._rules
        # A late step must not call a short press long: what had been released by then is judged by its own times.
        until = now if contact.raw else contact.raw_at
        if contact.held and not contact.long_told and until >= contact.held_at + rules.long_press_seconds:
            contact.long_told = True
            found.append(Press(self._device, contact.held_at + rules.long_press_seconds, button, True))
        if contact.raw == contact.held or now < contact.raw_at + rules.debounce_seconds:
            return found
        contact.held = contact.raw
        if contact.held:
            contact.held_at, contact.long_told = contact.raw_at, False
            return found + self._settle(button, contact, now)
        if not contact.long_told:
            found.append(Press(self._device, contact.raw_at, button, False))
        return found


@dataclass(frozen=True, slots=True)
class MessageRules:
    """What the messages of a wireless button mean: `actions` gives (button, long) of each action word.

    `field_name` is where zigbee2mqtt and its kin put the word. `ignored` words are expected and mean nothing.
    """

    actions: Mapping[str, tuple[str, bool]]
    ignored: frozenset[str] = frozenset()
    field_name: str = "action"
    repeat_seconds: float = 0.5


@dataclass(slots=True)
class _LastWord:
    word: str = ""
    at: float = field(default=float("-inf"))


class MessageDecoder:
    """Messages of one wireless button to presses. The same word again within `repeat_seconds` is one press."""

    def __init__(self, device: str, rules: MessageRules) -> None:
        self._device = device
        self._rules = rules
        self._last = _LastWord()

    def feed(self, frame: Frame) -> tuple[Input, ...]:
        """The press of a message; nothing for battery reports; Garbled for what is not understood."""
        if not isinstance(frame.data, MessageEvent):
            return ()
        payload = frame.data.payload
        try:
            word = self._word(payload)
        except ValueError:
            return (self._unknown(frame.at, payload),)
        if not word or word in self._rules.ignored:
            return ()
        if word not in self._rules.actions:
            return (self._unknown(frame.at, payload),)
        repeated = word == self._last.word and frame.at - self._last.at < self._rules.repeat_seconds
        self._last = _LastWord(word, frame.at)
        button, long = self._rules.actions[word]
        return () if repeated else (Press(self._device, frame.at, button, long),)

    def step(self, now: float) -> tuple[Input, ...]:
        """Nothing waits here."""
        return ()

    def wake(self) -> float | None:
        """Nothing waits here."""
        return None

    def reset(self, now: float) -> tuple[Input, ...]:
        """Nothing is unfinished between two messages."""
        return ()

    def _word(self, payload: bytes) -> str:
        """The action word of a JSON object, or "" when it has none. Raises ValueError when it is no such thing."""
        try:
            message = json.loads(payload)
        except RecursionError as deep:
            raise ValueError("nested too deeply") from deep
        if not isinstance(message, dict):
            raise ValueError("not an object")
        word = message.get(self._rules.field_name)
        if word is None:
            return ""
        if not isinstance(word, str):
            raise ValueError("not a word")
        return word

    def _unknown(self, at: float, payload: bytes) -> Garbled:
        return Garbled(self._device, at, UNKNOWN_MESSAGE, len(payload), payload[:GARBLED_START_BYTES_MAX])
