"""Contacts wired to pins, by the kernel's edge events; nothing is polled."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from devices.buttons import ButtonDecoder, ButtonRules
from devices.clock import Clock
from devices.errors import DeviceGone
from devices.gpio_chip import load_gpiod, request_inputs
from devices.port_source import PortSource
from devices.settings import GpioButtonSettings, checked
from devices.types import Decoder, EdgeEvent, Frame, Source


class GpioButtonSource(PortSource):
    """Reads the edges of several lines; debouncing is the decoder's."""

    def __init__(self, name: str, settings: GpioButtonSettings, clock: Clock, gpiod: Any) -> None:
        super().__init__(name, clock)
        self._settings = settings
        self._gpiod = gpiod
        self._request: Any = None

    def _connect(self) -> str:
        if not os.path.exists(self._settings.chip) and not hasattr(self._gpiod, "is_virtual"):
            raise DeviceGone(f"{self._settings.chip} is not there.")
        offsets = tuple(sorted(set(self._settings.lines.values())))
        given = self._settings
        self._request = request_inputs(self._gpiod, given.chip, offsets, given.bias, given.active_low)
        return f"{given.chip} lines {', '.join(map(str, offsets))}"

    def _descriptors(self) -> list[int]:
        if self._request is None:
            raise DeviceGone("The lines are released.")
        return [self._request.fd]

    def _drain(self, ready: frozenset[int]) -> list[Frame]:
        # The kernel stamps edges by CLOCK_MONOTONIC; the two clocks differ by the time spent suspended.
        offset = self._clock() - time.monotonic()
        rising = self._gpiod.EdgeEvent.Type.RISING_EDGE
        return [
            Frame(
                self.name,
                event.timestamp_ns / 1e9 + offset,
                EdgeEvent(str(event.line_offset), event.event_type == rising),
            )
            for event in self._request.read_edge_events()
        ]

    def _disconnect(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.release()


def build(name: str, settings: Mapping[str, object], clock: Clock, gpiod: Any | None = None) -> tuple[Source, Decoder]:
    """The kind `gpio_button`. Raises DeviceExtraMissing."""
    given = checked(GpioButtonSettings, settings)
    source = GpioButtonSource(name, given, clock, gpiod if gpiod is not None else load_gpiod())
    buttons = {str(offset): button for button, offset in given.lines.items()}
    return source, ButtonDecoder(name, ButtonRules(buttons, given.debounce_seconds, given.long_press_seconds))
