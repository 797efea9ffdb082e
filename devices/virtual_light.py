"""A light that records what it was told, for tests, simulations and demonstrations. Shipped."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping

from devices.clock import Clock
from devices.kind import Report
from devices.settings import VirtualLightSettings, checked
from devices.types import Indicator, Signal


class VirtualLight:
    """Remembers the last `kept_max` signals with their stations."""

    def __init__(self, name: str, kept_max: int = 1000) -> None:
        self.name = name
        self.is_open = False
        self._given: deque[tuple[Signal, str]] = deque(maxlen=kept_max)
        self._changed = threading.Condition()

    @property
    def given(self) -> list[tuple[Signal, str]]:
        """Signals with their stations, oldest first."""
        with self._changed:
            return list(self._given)

    @property
    def signals(self) -> list[Signal]:
        """Signals, oldest first."""
        return [signal for signal, _ in self.given]

    def wait_for(self, wanted: Callable[[list[Signal]], bool], timeout_seconds: float) -> bool:
        """Wait until the recorded signals satisfy `wanted`."""
        with self._changed:
            return self._changed.wait_for(lambda: wanted([signal for signal, _ in self._given]), timeout_seconds)

    def open(self) -> None:
        """Ready."""
        self.is_open = True

    def give(self, signal: Signal, station: str) -> None:
        """Record it."""
        with self._changed:
            self._given.append((signal, station))
            self._changed.notify_all()

    def close(self) -> None:
        """Over."""
        self.is_open = False


def build(name: str, settings: Mapping[str, object], clock: Clock, report: Report) -> Indicator:
    """The kind `virtual_light`."""
    return VirtualLight(name, checked(VirtualLightSettings, settings).kept_max)
