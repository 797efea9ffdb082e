"""One label in the making: what bytes, keys and gaps have in common. Pure.

A label ends with a terminator. What has no terminator ends with a gap, and is then refused, or, for scanners set up
without a terminator, accepted. Nothing unfinished is ever glued to what comes next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from devices.limits import (
    CONTROL,
    GARBLED_START_BYTES_MAX,
    INCOMPLETE,
    SCAN_BYTES_MAX,
    TOO_LONG,
)
from devices.types import Garbled, Scan

CR: Final = 0x0D
LF: Final = 0x0A
# The group separator is part of GS1 labels; every other control character is a hot key or an attack.
GS: Final = 0x1D
DEL: Final = 0x7F
# A call of `settle` this much after the end of the gap was held up, and so may be frames on their way here.
LATE_SECONDS: Final = 0.05
GRACE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class LabelRules:
    """How the labels of one scanner begin, end and are bounded. `terminators` and `controls` are byte values."""

    prefix: bytes = b""
    suffix: bytes = b""
    terminators: frozenset[int] = frozenset({CR, LF})
    gap_seconds: float = 0.5
    gap_ends_label: bool = False
    controls: frozenset[int] = frozenset({GS})
    scan_bytes_max: int = SCAN_BYTES_MAX

    @property
    def held_bytes_max(self) -> int:
        """What is held of one label: the label and what is stripped from it."""
        return self.scan_bytes_max + len(self.prefix) + len(self.suffix)


class LabelBuffer:
    """Collects one label of one device; holds at most `held_bytes_max` bytes whatever arrives."""

    def __init__(self, device: str, rules: LabelRules) -> None:
        self._device = device
        self._rules = rules
        self._held = bytearray()
        self._size = 0
        self._reason = ""
        self._told = False
        self._last_at = 0.0
        self._waited_until: float | None = None

    @property
    def idle(self) -> bool:
        """Nothing is unfinished."""
        return self._size == 0

    def wake(self) -> float | None:
        """When to settle next: when the gap is over, or the grace after it; None when nothing is unfinished."""
        if self.idle:
            return None
        return self._waited_until if self._waited_until is not None else self._gap_end()

    def add(self, data: bytes, at: float) -> Garbled | None:
        """Take more of the label. Returns one Garbled in the moment it becomes too long; the rest is swallowed."""
        if not data:
            return None
        self._heard(at)
        room = self._rules.held_bytes_max - len(self._held)
        self._held += data[:room]
        self._size += len(data)
        if len(data) <= room or self._told:
            return None
        # Told at the first byte too many, so the figure does not depend on how the bytes were cut into frames.
        self._told = True
        return self._garbled(self._reason or TOO_LONG, self._rules.held_bytes_max + 1)

    def spoil(self, reason: str, at: float) -> None:
        """Something arrived that has no place in a label: the whole label is refused when it ends."""
        self._heard(at)
        self._size += 1
        self._reason = self._reason or reason

    def end(self, at: float) -> Scan | Garbled | None:
        """A terminator arrived: the label, its refusal, or None for an empty one."""
        self._heard(at)
        result = None if self._told else self._judge()
        self._clear()
        return result

    def expire(self, at: float) -> Scan | Garbled | None:
        """The next frame has the stamp `at`: what is unfinished ends here when the gap between them is too long."""
        if self.idle or at < self._gap_end():
            return None
        return self.cut_off() if not self._rules.gap_ends_label else self.end(self._last_at)

    def settle(self, now: float) -> Scan | Garbled | None:
        """The same by the clock alone. A call that comes late waits once more for frames that came in the meantime.

        When the whole process was held up, by a slow card for instance, the rest of the label lies unread in a queue:
        ending it now would refuse its first half and accept its second as another label.
        """
        wake = self.wake()
        if wake is None or now < wake:
            return None
        if self._waited_until is None and now - wake > LATE_SECONDS:
            self._waited_until = now + GRACE_SECONDS
            return None
        return self.expire(now)

    def cut_off(self) -> Garbled | None:
        """What is unfinished will not be finished: told once as incomplete and forgotten."""
        empty = not self._held.strip(b" ") and not self._reason
        result = None if self._told or empty else self._garbled(self._reason or INCOMPLETE, self._size)
        self._clear()
        return result

    def _heard(self, at: float) -> None:
        self._last_at = at
        self._waited_until = None

    def _gap_end(self) -> float:
        return self._last_at + self._rules.gap_seconds

    def _judge(self) -> Scan | Garbled | None:
        if self._reason:
            return self._garbled(self._reason, self._size)
        data = bytes(self._held).removeprefix(self._rules.prefix).removesuffix(self._rules.suffix)
        if not data.strip(b" "):
            return None
        if len(data) > self._rules.scan_bytes_max:
            return self._garbled(TOO_LONG, self._size)
        if any((byte < 0x20 or byte == DEL) and byte not in self._rules.controls for byte in data):
            return self._garbled(CONTROL, self._size)
        return Scan(self._device, self._last_at, data)

    def _garbled(self, reason: str, size: int) -> Garbled:
        return Garbled(self._device, self._last_at, reason, size, bytes(self._held[:GARBLED_START_BYTES_MAX]))

    def _clear(self) -> None:
        self._held.clear()
        self._size = 0
        self._reason = ""
        self._told = False
        self._waited_until = None
