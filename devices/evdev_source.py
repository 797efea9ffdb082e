"""Keyboard scanners and button boxes through the kernel's input devices, opened and read by the library evdev."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from devices.buttons import ButtonDecoder, ButtonRules
from devices.clock import Clock
from devices.errors import DeviceGone
from devices.evdev_library import InputDevice, ecodes, evdev
from devices.input_device import InputIdentity, InputPort, KernelInput, find, take_over
from devices.keyboard import KeyboardDecoder
from devices.keymap import ENTER
from devices.port_source import PortSource
from devices.settings import EvdevKeysSettings, EvdevSettings, InputDeviceSettings, checked
from devices.types import MISSING, Decoder, Frame, KeyEvent, Source

# A stamp further from our clock than this was made by another clock, and is not believed.
STAMP_ERROR_SECONDS_MAX: Final = 5.0


class EvdevSource(PortSource):
    """Finds, grabs and reads one input device; key events become frames, everything else is left out."""

    def __init__(self, name: str, identity: InputIdentity, grab: bool, clock: Clock, port: InputPort) -> None:
        super().__init__(name, clock)
        self._identity = identity
        self._grab = grab
        self._port = port
        self._device: InputDevice | None = None
        self._skipping = False

    def _connect(self) -> str:
        self._device = find(self._port, self._identity)
        take_over(self._port, self._device, self._grab)
        self._skipping = False
        return os.path.realpath(str(self._device.path))

    def _descriptors(self) -> list[int]:
        return [self._opened().fd]

    def _drain(self, ready: frozenset[int]) -> list[Frame]:
        try:
            # One read of the library takes at most 64 events.
            events = list(self._opened().read())
        except BlockingIOError:
            return []
        if not events:
            raise DeviceGone("The device was unplugged.")
        now = self._clock()
        frames = (self._frame(event, now) for event in events)
        return [frame for frame in frames if frame is not None]

    def _disconnect(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _opened(self) -> InputDevice:
        if self._device is None:
            raise DeviceGone("The device is closed.")
        return self._device

    def _frame(self, event: evdev.InputEvent, now: float) -> Frame | None:
        """The frame of one event. After SYN_DROPPED the kernel's queue is broken up to the next SYN_REPORT."""
        stamp = event.timestamp()
        at = stamp if abs(stamp - now) <= STAMP_ERROR_SECONDS_MAX else now
        if event.type == ecodes.EV_SYN and event.code == ecodes.SYN_DROPPED:
            self._skipping = True
            return Frame(self.name, at, MISSING)
        if event.type == ecodes.EV_SYN and event.code == ecodes.SYN_REPORT:
            self._skipping = False
        # Repeats of a key that is held down tell nothing, and there are thirty of them a second.
        if event.type != ecodes.EV_KEY or event.value == evdev.KeyEvent.key_hold or self._skipping:
            return None
        return Frame(self.name, at, KeyEvent(event.code, event.value))


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
