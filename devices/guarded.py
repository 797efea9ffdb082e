"""Drivers that others wrote, behind a guard: a fault of theirs costs their device, never the station (I6).

Whatever they raise is told once as what a lost device is told; whatever they hand on is checked first.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Final

from devices.clock import Clock
from devices.errors import DeviceError, DeviceGone, DeviceKindBroken, IndicatorUnreachable
from devices.indicator_thread import QueuedIndicator
from devices.kind import Report
from devices.limits import (
    BUTTON_CHARS_MAX,
    DROPPED,
    GARBLED_REASONS,
    GARBLED_START_BYTES_MAX,
    INPUTS_PER_FRAME_MAX,
    NAME_CHARS_MAX,
    READ_BYTES_MAX,
    SCAN_BYTES_MAX,
)
from devices.port_source import describe
from devices.types import (
    Decoder,
    EdgeEvent,
    Frame,
    Garbled,
    Indicator,
    Input,
    KeyEvent,
    MessageEvent,
    MissingEvent,
    Press,
    Scan,
    Signal,
    Source,
)

_log = logging.getLogger(__name__)

# A driver that failed is left alone so long; failing again and again must not fill the journal.
REST_SECONDS: Final = 30.0
# A frame stamped further from our clock than this was stamped by another clock.
STAMP_ERROR_SECONDS_MAX: Final = 5.0
# A decoder that is always due would keep the main loop busy.
STEP_SECONDS_MIN: Final = 0.01

_FRAME_CONTENTS = (bytes, KeyEvent, EdgeEvent, MessageEvent, MissingEvent)
_SOURCE = ("open", "read", "close")
_DECODER = ("feed", "step", "wake", "reset")
_INDICATOR = ("open", "give", "close")


def guarded_source(kind: str, name: str, built: object, clock: Clock) -> tuple[Source, Decoder]:
    """What the kind's `build` gave, behind a guard. Raises DeviceKindBroken when it is no source and decoder."""
    source, decoder = built if isinstance(built, tuple) and len(built) == 2 else (None, None)
    if not (_has(source, _SOURCE) and _has(decoder, _DECODER)):
        raise DeviceKindBroken(f"The kind of device {kind!r} builds no source and decoder.")
    return GuardedSource(kind, name, source, clock), GuardedDecoder(kind, name, decoder)


def guarded_indicator(kind: str, name: str, built: object, clock: Clock, report: Report) -> Indicator:
    """What the kind's `build` gave, with a thread of its own. Raises DeviceKindBroken when it is no indicator."""
    if not _has(built, _INDICATOR):
        raise DeviceKindBroken(f"The kind of device {kind!r} builds no indicator.")
    return GuardedIndicator(kind, name, built, clock, report)


def _has(built: object, methods: tuple[str, ...]) -> bool:
    return all(callable(getattr(built, method, None)) for method in methods)


class GuardedSource:
    """A source whose faults are DeviceGone. After one that is not, it rests before it is opened again."""

    def __init__(self, kind: str, name: str, inner: Any, clock: Clock) -> None:
        self.name = name
        self._kind = kind
        self._inner = inner
        self._clock = clock
        self._rests_until = float("-inf")
        self._fault = ""

    def open(self) -> str:
        """Open it. Raises DeviceGone."""
        if self._clock() < self._rests_until:
            raise DeviceGone(self._fault)
        return str(self._called(self._inner.open))

    def read(self, timeout_seconds: float) -> Frame | None:
        """The next frame, checked. Raises DeviceGone."""
        frame = self._called(lambda: self._inner.read(timeout_seconds))
        if frame is None:
            return None
        if not (isinstance(frame, Frame) and self._is_ours(frame) and isinstance(frame.data, _FRAME_CONTENTS)):
            raise self._failed(TypeError("what it read is no frame of this device"))
        if isinstance(frame.data, bytes) and len(frame.data) > READ_BYTES_MAX:
            raise self._failed(ValueError(f"a frame has more than {READ_BYTES_MAX} bytes"))
        now = self._clock()
        return frame if abs(frame.at - now) <= STAMP_ERROR_SECONDS_MAX else Frame(frame.device, now, frame.data)

    def close(self) -> None:
        """Let it go. Never raises."""
        try:
            self._inner.close()
        except Exception as fault:
            self._failed(fault)

    def _called(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except DeviceGone:
            raise
        except DeviceError as fault:
            raise DeviceGone(str(fault), hint=fault.hint) from fault
        except OSError as fault:
            raise DeviceGone(describe(fault)) from fault
        except Exception as fault:
            raise self._failed(fault) from fault

    def _failed(self, fault: Exception) -> DeviceGone:
        text = f"The driver of the kind {self._kind!r} failed: {fault!r}"[:400]
        if text != self._fault:
            _log.error("%s: %s", self.name, text, exc_info=fault)
        self._fault, self._rests_until = text, self._clock() + REST_SECONDS
        return DeviceGone(text, hint="The maintainer tells the makers of the driver, with the gateway's log.")

    def _is_ours(self, frame: Frame) -> bool:
        return isinstance(frame.at, float | int) and _is_ours(frame.device, self.name)


class GuardedDecoder:
    """A decoder whose faults are one refusal each: the worker hears that this scan was not taken."""

    def __init__(self, kind: str, name: str, inner: Any) -> None:
        self._kind = kind
        self._name = name
        self._inner = inner
        self._stepped = float("-inf")
        self._quiet = False
        self._fault = ""

    def feed(self, frame: Frame) -> tuple[Input, ...]:
        """What this frame completes."""
        self._quiet = False
        return self._called(lambda: self._inner.feed(frame), frame.at)

    def step(self, now: float) -> tuple[Input, ...]:
        """What the passing of time alone completes."""
        self._stepped = now
        return self._called(lambda: self._inner.step(now), now)

    def wake(self) -> float | None:
        """When `step` next has something to do; None also after a fault, until the next frame."""
        if self._quiet:
            return None
        try:
            wake = self._inner.wake()
            return None if wake is None else max(float(wake), self._stepped + STEP_SECONDS_MIN)
        except Exception as fault:
            self._failed(fault)
            return None

    def reset(self, now: float) -> tuple[Input, ...]:
        """Forget what was unfinished."""
        self._quiet = False
        return self._called(lambda: self._inner.reset(now), now)

    def _called(self, call: Callable[[], Any], at: float) -> tuple[Input, ...]:
        try:
            found = tuple(call())
            if len(found) > INPUTS_PER_FRAME_MAX:
                raise ValueError(f"more than {INPUTS_PER_FRAME_MAX} inputs at once")
            for each in found:
                _check_input(each, self._name)
            return found
        except Exception as fault:
            self._failed(fault)
            return (Garbled(self._name, at, DROPPED, 1, b""),)

    def _failed(self, fault: Exception) -> None:
        self._quiet = True
        text = repr(fault)
        if text != self._fault:
            _log.error("%s: the decoder of the kind %r failed: %s", self._name, self._kind, text, exc_info=fault)
        self._fault = text


class GuardedIndicator(QueuedIndicator):
    """An indicator that is called from a thread of its own: it may wait or fail, and no scan waits for it."""

    def __init__(self, kind: str, name: str, inner: Any, clock: Clock, report: Report) -> None:
        super().__init__(name, clock, report)
        self._kind = kind
        self._inner = inner
        self._given: list[tuple[Signal, str]] = []

    def _accept(self, given: list[tuple[Signal, str]], now: float) -> None:
        self._given = given

    def _start(self) -> None:
        self._called(self._inner.open)

    def _show(self, now: float) -> float | None:
        given, self._given = self._given, []
        for signal, station in given:
            self._called(functools.partial(self._inner.give, signal, station))
        return None

    def _end(self) -> None:
        try:
            self._inner.close()
        except Exception as fault:
            self._report(f"The light {self.name}: the driver of the kind {self._kind!r} failed: {fault!r}")

    def _called(self, call: Callable[[], object]) -> None:
        try:
            call()
        except (OSError, DeviceError):
            raise
        except Exception as fault:
            raise IndicatorUnreachable(f"the driver of the kind {self._kind!r} failed: {fault!r}") from fault


def _is_ours(device: object, name: str) -> bool:
    """The device's own name, or that of a peer behind a colon."""
    if not isinstance(device, str) or len(device) > 2 * NAME_CHARS_MAX:
        return False
    return device == name or device.startswith(name + ":")


def _check_input(given: object, name: str) -> None:
    """Raises TypeError or ValueError for what a decoder may not give."""
    if not isinstance(given, Scan | Press | Garbled):
        raise TypeError(f"a decoder gives Scan, Press or Garbled, not {type(given).__name__}")
    if not (_is_ours(given.device, name) and isinstance(given.at, float | int)):
        raise ValueError("the input is not of this device, or has no time")
    match given:
        case Scan(data=data):
            valid = isinstance(data, bytes) and 1 <= len(data) <= SCAN_BYTES_MAX
        case Press(button=button, long=long):
            valid = isinstance(button, str) and 1 <= len(button) <= BUTTON_CHARS_MAX and isinstance(long, bool)
        case Garbled(reason=reason, size=size, start=start):
            valid = reason in GARBLED_REASONS and isinstance(size, int) and isinstance(start, bytes)
            valid = valid and len(start) <= GARBLED_START_BYTES_MAX
    if not valid:
        raise ValueError(f"a {type(given).__name__} that is out of bounds")
