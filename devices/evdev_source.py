"""Keyboard scanners and button boxes through the kernel's input devices.

The descriptor is read directly: twelve lines of struct against a library that has to be compiled on a Pi.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from typing import Final

from devices.buttons import ButtonDecoder, ButtonRules
from devices.clock import Clock
from devices.errors import DeviceGone
from devices.input_device import InputIdentity, InputPort, KernelInput
from devices.keyboard import KeyboardDecoder
from devices.keymap import ENTER
from devices.port_source import PortSource
from devices.settings import EvdevKeysSettings, EvdevSettings, InputDeviceSettings, checked
from devices.types import MISSING, Decoder, Frame, KeyEvent, Source

# struct input_event: two longs of time, type, code, value. The kernel's long has the size of the process's own.
INPUT_EVENT: Final = struct.Struct("@llHHi")
EV_SYN: Final = 0
EV_KEY: Final = 1
SYN_REPORT: Final = 0
SYN_DROPPED: Final = 3
REPEAT: Final = 2
EVENTS_PER_READ: Final = 64
# A stamp further from our clock than this was made by another clock, and is not believed.
STAMP_ERROR_SECONDS_MAX: Final = 5.0


class EvdevSource(PortSource):
    """Finds, grabs and reads one input device; key events become frames, everything else is left out."""

    def __init__(self, name: str, identity: InputIdentity, grab: bool, clock: Clock, port: InputPort) -> None:
        super().__init__(name, clock)
        self._identity = identity
        self._grab = grab
        self._port = port
        self._descriptor: int | None = None
        self._rest = b""
        self._skipping = False

    def _connect(self) -> str:
        path = self._port.find(self._identity)
        self._descriptor = self._port.open(path)
        self._port.take_over(self._descriptor, self._grab)
        self._rest, self._skipping = b"", False
        return os.path.realpath(path)

    def _descriptors(self) -> list[int]:
        if self._descriptor is None:
            raise DeviceGone("The device is closed.")
        return [self._descriptor]

    def _drain(self, ready: frozenset[int]) -> list[Frame]:
        data = os.read(next(iter(ready)), EVENTS_PER_READ * INPUT_EVENT.size)
        if not data:
            raise DeviceGone("The device was unplugged.")
        data = self._rest + data
        whole = len(data) - len(data) % INPUT_EVENT.size
        self._rest = data[whole:]
        now = self._clock()
        frames = (self._frame(fields, now) for fields in INPUT_EVENT.iter_unpack(data[:whole]))
        return [frame for frame in frames if frame is not None]

    def _disconnect(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _frame(self, fields: tuple[int, int, int, int, int], now: float) -> Frame | None:
        """The frame of one event. After SYN_DROPPED the kernel's queue is broken up to the next SYN_REPORT."""
        seconds, microseconds, kind, code, value = fields
        stamp = seconds + microseconds / 1e6
        at = stamp if abs(stamp - now) <= STAMP_ERROR_SECONDS_MAX else now
        if kind == EV_SYN and code == SYN_DROPPED:
            self._skipping = True
            return Frame(self.name, at, MISSING)
        if kind == EV_SYN and code == SYN_REPORT:
            self._skipping = False
        # Repeats of a key that is held down tell nothing, and there are thirty of them a second.
        if kind != EV_KEY or value == REPEAT or self._skipping:
            return None
        return Frame(self.name, at, KeyEvent(code, value))


def _identity(given: InputDeviceSettings, keys: frozenset[int]) -> InputIdentity:
    return InputIdentity(given.vendor, given.product, given.serial, given.phys, given.device_name, given.path, keys)


def build_scanner(
    name: str, settings: Mapping[str, object], clock: Clock, port: InputPort | None = None
) -> tuple[Source, Decoder]:
    """The kind `evdev`."""
    given = checked(EvdevSettings, settings)
    identity = _identity(given, frozenset({ENTER}))
    source = EvdevSource(name, identity, given.grab, clock, port or KernelInput())
    return source, KeyboardDecoder(name, given.keyboard_rules())


def build_keys(
    name: str, settings: Mapping[str, object], clock: Clock, port: InputPort | None = None
) -> tuple[Source, Decoder]:
    """The kind `evdev_keys`."""
    given = checked(EvdevKeysSettings, settings)
    buttons = given.buttons()
    identity = _identity(given, frozenset(int(code) for code in buttons))
    source = EvdevSource(name, identity, given.grab, clock, port or KernelInput())
    rules = ButtonRules(buttons, given.debounce_seconds, given.long_press_seconds)
    return source, ButtonDecoder(name, rules)
