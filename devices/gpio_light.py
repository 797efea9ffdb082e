"""Lamps and a buzzer on pins."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from devices.clock import Clock
from devices.gpio_chip import load_gpiod, request_outputs
from devices.indicator_thread import LampIndicator
from devices.kind import Report
from devices.settings import GpioLightSettings, checked
from devices.types import Indicator


class GpioLamps:
    """Switches lines; all off at the beginning and the end."""

    def __init__(self, chip: str, lamps: Mapping[str, int], active_low: bool, gpiod: Any) -> None:
        self._chip = chip
        self._lamps = dict(lamps)
        self._active_low = active_low
        self._gpiod = gpiod
        self._request: Any = None

    def open(self) -> None:
        """Take the lines. Raises DeviceGone."""
        self.close()
        offsets = tuple(sorted(set(self._lamps.values())))
        self._request = request_outputs(self._gpiod, self._chip, offsets, self._active_low)

    def show(self, lit: frozenset[str]) -> None:
        """Switch each line."""
        value = self._gpiod.line.Value
        levels = {offset: value.ACTIVE if lamp in lit else value.INACTIVE for lamp, offset in self._lamps.items()}
        self._request.set_values(levels)

    def close(self) -> None:
        """All off, lines released."""
        if self._request is not None:
            with contextlib.suppress(OSError):
                self.show(frozenset())
            self._request.release()
            self._request = None


def build(
    name: str, settings: Mapping[str, object], clock: Clock, report: Report, gpiod: Any | None = None
) -> Indicator:
    """The kind `gpio_light`. Raises DeviceExtraMissing."""
    given = checked(GpioLightSettings, settings)
    lamps = {str(lamp): offset for lamp, offset in given.lamps.items()}
    driver = GpioLamps(given.chip, lamps, given.active_low, gpiod if gpiod is not None else load_gpiod())
    return LampIndicator(name, driver, clock, report)
