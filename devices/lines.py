"""Bytes of a serial port or a socket to labels. Pure: any cut of the same bytes into frames gives the same labels."""

from __future__ import annotations

import re

from devices.labels import LabelBuffer, LabelRules
from devices.limits import CROWDED, DROPPED, GARBLED_START_BYTES_MAX, LINE_BUFFERS_MAX
from devices.types import MISSING, Frame, Garbled, Input, MessageEvent

# Latin-1 maps each byte to itself, so a character class can name any byte.


class LineDecoder:
    """Frames of bytes to scans. Each sub-device (a peer of a listening port) has its own unfinished label.

    A frame holding a MessageEvent is the source's own remark that a peer was turned away.
    """

    def __init__(self, rules: LabelRules) -> None:
        self._rules = rules
        marks = "".join(chr(byte) for byte in sorted(rules.terminators))
        # A pattern that never matches when no terminator is configured: then only the gap ends a label.
        self._ends = re.compile(f"[{re.escape(marks)}]".encode("latin-1") if marks else b"(?!)")
        self._buffers: dict[str, LabelBuffer] = {}

    def feed(self, frame: Frame) -> tuple[Input, ...]:
        """The labels that this frame completes, in order."""
        if isinstance(frame.data, MessageEvent):
            return (_turned_away(frame, frame.data),)
        if not isinstance(frame.data, bytes) and frame.data != MISSING:
            return ()
        found: list[Input | None] = []
        buffer = self._buffer(frame.device, found)
        found.append(buffer.expire(frame.at))
        if not isinstance(frame.data, bytes):
            buffer.spoil(DROPPED, frame.at)
            return tuple(item for item in found if item is not None)
        *whole, rest = self._ends.split(frame.data)
        for part in whole:
            found += (buffer.add(part, frame.at), buffer.end(frame.at))
        found.append(buffer.add(rest, frame.at))
        if buffer.idle:
            del self._buffers[frame.device]
        return tuple(item for item in found if item is not None)

    def step(self, now: float) -> tuple[Input, ...]:
        """The labels that ended by silence."""
        found = [buffer.settle(now) for buffer in self._buffers.values()]
        self._buffers = {name: buffer for name, buffer in self._buffers.items() if not buffer.idle}
        return tuple(item for item in found if item is not None)

    def wake(self) -> float | None:
        """When the earliest unfinished label ends by silence."""
        return min((at for buffer in self._buffers.values() if (at := buffer.wake()) is not None), default=None)

    def reset(self, now: float) -> tuple[Input, ...]:
        """The device went away: half a label is refused, not kept for the next one."""
        found = [buffer.cut_off() for buffer in self._buffers.values()]
        self._buffers.clear()
        return tuple(item for item in found if item is not None)

    def _buffer(self, device: str, found: list[Input | None]) -> LabelBuffer:
        """The unfinished label of `device`; the stalest one gives way when there are too many (I10)."""
        if device not in self._buffers:
            if len(self._buffers) >= LINE_BUFFERS_MAX:
                stalest = min(self._buffers, key=lambda name: self._buffers[name].wake() or 0.0)
                found.append(self._buffers.pop(stalest).cut_off())
            self._buffers[device] = LabelBuffer(device, self._rules)
        return self._buffers[device]


def _turned_away(frame: Frame, remark: MessageEvent) -> Garbled:
    return Garbled(frame.device, frame.at, CROWDED, len(remark.payload), remark.payload[:GARBLED_START_BYTES_MAX])
