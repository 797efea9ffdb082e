"""What a device says and what it is told: the values and the three protocols that everything here keeps to.

Pure. Every `at` and `now` is float seconds of CLOCK_BOOTTIME, so a suspended or re-clocked Pi keeps its order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One key of a keyboard: `code` as in Linux input-event-codes.h, `value` 0 up, 1 down, 2 repeat."""

    code: int
    value: int


@dataclass(frozen=True, slots=True)
class EdgeEvent:
    """One change of an input line: `active` is the logical level after polarity, not the voltage."""

    line: str
    active: bool


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """One message of a wireless button: its payload, unread and already bounded in size."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class MissingEvent:
    """Something that the device said is missing at this point: a queue of the kernel or of the station was full.

    The label around this point is refused. A label with a hole in it could be another, valid one.
    """


MISSING: Final = MissingEvent()


@dataclass(frozen=True, slots=True)
class Frame:
    """What a reader thread took from a device, with the instant it arrived; nothing is interpreted yet."""

    device: str
    at: float
    data: bytes | KeyEvent | EdgeEvent | MessageEvent | MissingEvent


@dataclass(frozen=True, slots=True)
class Scan:
    """One label, terminator removed, 1 to `limits.SCAN_BYTES_MAX` bytes exactly as they were received."""

    device: str
    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Press:
    """One press of an andon button; `long` is told as soon as the button has been held long enough."""

    device: str
    at: float
    button: str
    long: bool


@dataclass(frozen=True, slots=True)
class Garbled:
    """Something arrived that is no label: one per offence, however many bytes it had.

    `reason` is one of the words in `limits.GARBLED_REASONS`, `size` the bytes (or keys) seen, `start` at most the
    first `limits.GARBLED_START_BYTES_MAX` of them.
    """

    device: str
    at: float
    reason: str
    size: int
    start: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """The device is open and being read; `detail` says where it was found, for a person."""

    device: str
    at: float
    detail: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The device went away or cannot be opened; it is looked for again until it is found."""

    device: str
    at: float
    detail: str


Input = Scan | Press | Garbled | Found | Lost


class Signal(StrEnum):
    """What a station tells a worker by light, sound and screen."""

    KEPT = "kept"  # committed to the card (I1)
    NOTED = "noted"  # understood, nothing to keep: a badge, a half-given command
    ASK = "ask"  # the station needs one more scan or number
    REPEATED = "repeated"  # the same label again, already kept
    REFUSED = "refused"  # understood and not allowed, or not understood
    CALLED = "called"  # a call for help is out
    STOPPING = "stopping"  # a call is out, and the line stops at its fixed position unless it is over before
    STOPPED = "stopped"  # the line has stopped there
    ESCALATED = "escalated"  # a call waits so long that the next tier has to know
    ACKNOWLEDGED = "acknowledged"  # somebody is coming
    RESOLVED = "resolved"  # the call is over
    UNKEPT = "unkept"  # the station could not keep it: the loudest of all (I11)
    OFFLINE = "offline"  # the office is out of reach; work goes on
    ONLINE = "online"  # the office is back


class Source(Protocol):
    """A device that speaks. One reader thread calls open, read, read, ..., close; close may come from any thread."""

    name: str

    def open(self) -> str:
        """Open it and return where it was found, for a person. Raises `errors.DeviceGone` when it is not there."""
        ...

    def read(self, timeout_seconds: float) -> Frame | None:
        """The next frame, or None when nothing came in time. Raises `errors.DeviceGone` when it went away."""
        ...

    def close(self) -> None:
        """Let it go. Idempotent; called from another thread it unblocks `read`, which then raises `DeviceGone`."""
        ...


class Decoder(Protocol):
    """Frames in, inputs out. Pure; holds only what is unfinished, within `limits`."""

    def feed(self, frame: Frame) -> tuple[Input, ...]:
        """What this frame completes, in order."""
        ...

    def step(self, now: float) -> tuple[Input, ...]:
        """What the passing of time alone completes: a gap at the end of a label, a long press.

        Call it whenever `now` has reached `wake()`. A call that comes late may only move `wake()` a little, to let
        frames arrive that were held up with it.
        """
        ...

    def wake(self) -> float | None:
        """When `step` next has something to do, or None."""
        ...

    def reset(self, now: float) -> tuple[Input, ...]:
        """The device was lost: what was unfinished is told as Garbled and forgotten, never glued to the next."""
        ...


class Indicator(Protocol):
    """A lamp, a buzzer or a screen line. `give` never waits for it."""

    name: str

    def open(self) -> None:
        """Start it. A lamp that is not there yet is no error: it is looked for while signals go by."""
        ...

    def give(self, signal: Signal, station: str) -> None:
        """Show `signal` of `station`. Never blocks and never raises: a bounded queue inside drops the oldest."""
        ...

    def close(self) -> None:
        """Stop it and put the lamp out. Idempotent."""
        ...
