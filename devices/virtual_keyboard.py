"""A keyboard scanner or button box without hardware: recorded `struct input_event` over a socket pair. Shipped.

The station's end is the library's own device, read by the library's own code; only its calls to the kernel (describe,
grab, stamp) are answered here.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from devices.clock import Clock, boottime
from devices.errors import DeviceGone
from devices.evdev_library import InputDevice, ecodes, evdev
from devices.keyboard import DOWN, UP
from devices.keymap import CONTROLS, ENTER, KEY_CODES, KEYPAD, LAYOUTS, LEFT_ALT, RIGHT_ALT, SHIFTS
from devices.virtual import WRITE_TIMEOUT_SECONDS

CHARACTERS_PER_WRITE: Final = 64
# As many as one read of the library takes: what is beyond them would be cut off, since packets keep their borders.
EVENTS_PER_READ: Final = 64
# What the kernel writes for each event: two longs of time, type, code, value.
INPUT_EVENT: Final = struct.Struct("@llHHi")
_REPORT: Final = (ecodes.EV_SYN, ecodes.SYN_REPORT, 0)
_KEYPAD_CODES: Final = {char: code for code, char in KEYPAD.items()}


@dataclass(frozen=True, slots=True)
class InputDescription:
    """What a virtual device says about itself, in the library's terms."""

    path: str = "/dev/input/virtual"
    vendor: int = 0x05E0
    product: int = 0x1200
    name: str = "Virtual keyboard"
    phys: str = "usb-virtual-1/input0"
    uniq: str = ""
    keys: frozenset[int] = frozenset(range(1, KEY_CODES))


class VirtualInputDevice(InputDevice):
    """The library's device over any descriptor; the kernel is not asked what it is, and grabbing is only told."""

    def __init__(self, descriptor: int, described: InputDescription, grabbed: Callable[[], None]) -> None:
        # What the constructor of the library would have asked the kernel.
        self.fd = descriptor
        self.path = described.path
        self.info = evdev.DeviceInfo(ecodes.BUS_VIRTUAL, described.vendor, described.product, 1)
        self.name, self.phys, self.uniq = described.name, described.phys, described.uniq
        self._rawcapabilities = {ecodes.EV_KEY: sorted(described.keys)}
        self._grabbed = grabbed

    def grab(self) -> None:
        """Tell that it was grabbed."""
        self._grabbed()


class VirtualKeyboard:
    """A keyboard scanner or a button box. It is also the `InputPort` of the station's end."""

    def __init__(self, layout: str = "us", clock: Clock = boottime, described: InputDescription | None = None) -> None:
        self.described = described or InputDescription()
        self.grabbed = False
        self._clock = clock
        self._plugged = True
        self._far_end: socket.socket | None = None
        self._typed = _typed_characters(layout)

    def paths(self) -> Sequence[str]:
        """Where it is; nowhere while it is unplugged."""
        return [self.described.path] if self._plugged else []

    def withheld(self) -> Sequence[str]:
        """Nothing is kept from anybody."""
        return []

    def open(self, path: str) -> InputDevice:
        """The station's end of the socket pair. Packets, because the kernel never gives a part of an event."""
        if path not in self.paths():
            raise FileNotFoundError(2, "No such file or directory", path)
        if self._far_end is not None:
            self._far_end.close()
        near_end, self._far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        near_end.setblocking(False)
        self._far_end.settimeout(WRITE_TIMEOUT_SECONDS)
        return VirtualInputDevice(near_end.detach(), self.described, self._note_grab)

    def stamp_by_boottime(self, device: InputDevice) -> None:
        """Nothing to do: events are stamped by the clock that was given."""

    def _note_grab(self) -> None:
        self.grabbed = True

    def plug(self) -> None:
        """Appear."""
        self._plugged = True

    def unplug(self) -> None:
        """Vanish: the station's end reads the end of the stream."""
        self._plugged = False
        if self._far_end is not None:
            self._far_end.close()
        self._far_end = None
        self.grabbed = False

    close = unplug

    def scan(self, label: bytes, terminator: bytes = b"\r") -> None:
        """Type a label in UTF-8. Characters that the layout has no key for are typed as Alt and their number."""
        self.write(label + terminator)

    def write(self, data: bytes) -> None:
        """Type any text; CR and LF are the Enter key. Raises ValueError for what no keyboard types."""
        text = data.decode()
        for start in range(0, len(text), CHARACTERS_PER_WRITE):
            taps = [tap for character in text[start : start + CHARACTERS_PER_WRITE] for tap in self._taps(character)]
            self.events([event for tap in taps for event in _tapped(*tap)])

    def _taps(self, character: str) -> list[tuple[int, ...]]:
        """The keys of one character; a tuple is pressed in order and released in the opposite one."""
        if character in "\r\n":
            return [(ENTER,)]
        if character in self._typed:
            return [self._typed[character]]
        number = ord(character)
        if 0x80 <= number < 0xA0:
            raise ValueError("No keyboard types C1 control characters.")
        # Windows reads 128..255 without a leading zero by code page 437; 0nnn is code page 1252.
        digits = f"0{number}" if number in range(160, 256) else str(number)
        return [(LEFT_ALT, *(_KEYPAD_CODES[digit] for digit in digits))]

    def tap(self, *codes: int) -> None:
        """Press keys in order and release them in the opposite one."""
        self.events(_tapped(*codes))

    def key(self, code: int, value: int) -> None:
        """One key event, followed by the report mark as the kernel does."""
        self.events(_key(code, value))

    def drop_events(self) -> None:
        """Tell that the kernel's queue overflowed."""
        self.events([(ecodes.EV_SYN, ecodes.SYN_DROPPED, 0), _REPORT])

    def events(self, events: Iterable[tuple[int, int, int]], at: float | None = None) -> None:
        """Any events (type, code, value), stamped `at` or now."""
        seconds, fraction = divmod(self._clock() if at is None else at, 1)
        stamp = (int(seconds), int(fraction * 1e6))
        self.replay(b"".join(INPUT_EVENT.pack(*stamp, *event) for event in events))

    def replay(self, recorded: bytes) -> None:
        """Any recorded `struct input_event`s, whole ones, as `cat` of an event device gives them."""
        if self._far_end is None:
            raise DeviceGone("The virtual keyboard is not read by a station.")
        step = EVENTS_PER_READ * INPUT_EVENT.size
        for start in range(0, len(recorded), step):
            self._far_end.sendall(recorded[start : start + step])


def _tapped(*codes: int) -> list[tuple[int, int, int]]:
    """Keys pressed in order and released in the opposite one; keypad digits under Alt are tapped one by one."""
    if codes[0] == LEFT_ALT and len(codes) > 1 and codes[1] in KEYPAD:
        inner = [event for code in codes[1:] for event in _tapped(code)]
        return [*_key(LEFT_ALT, DOWN), *inner, *_key(LEFT_ALT, UP)]
    down = [event for code in codes for event in _key(code, DOWN)]
    return down + [event for code in reversed(codes) for event in _key(code, UP)]


def _key(code: int, value: int) -> list[tuple[int, int, int]]:
    """One key event and the report mark that the kernel puts behind it."""
    return [(ecodes.EV_KEY, code, value), _REPORT]


def _typed_characters(layout: str) -> dict[str, tuple[int, ...]]:
    """The keys of every character that a layout types directly; dead keys are followed by the space bar elsewhere."""
    table = LAYOUTS[layout]
    shift, control = min(SHIFTS), min(CONTROLS)
    typed: dict[str, tuple[int, ...]] = {char: (RIGHT_ALT, code) for code, char in table.third.items()}
    typed |= {char: (shift, code) for code, char in table.shifted.items()}
    typed |= {char: (code,) for code, char in table.plain.items()}
    typed |= {chr(ord(char) & 0x1F): (control, code) for code, char in LAYOUTS["us"].plain.items() if char in "[\\]"}
    return {char: keys for char, keys in typed.items() if char not in table.dead}
