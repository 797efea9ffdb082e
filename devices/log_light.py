"""The light of a station that has none: each signal is a line of the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from devices.clock import Clock, boottime
from devices.indicator_thread import QueuedIndicator, log_report
from devices.kind import Report
from devices.settings import LogLightSettings, checked
from devices.types import Indicator, Signal

_log = logging.getLogger(__name__)


class LogLight(QueuedIndicator):
    """Writes signals; a log that stalls delays nobody."""

    def __init__(self, name: str, clock: Clock = boottime, report: Report = log_report) -> None:
        super().__init__(name, clock, report)
        self._unwritten: list[tuple[Signal, str]] = []

    def _accept(self, given: list[tuple[Signal, str]], now: float) -> None:
        self._unwritten = given

    def _start(self) -> None:
        """Nothing to start."""

    def _show(self, now: float) -> float | None:
        for signal, station in self._unwritten:
            # ascii() keeps whatever a station is called on one line, without control characters.
            _log.info("light %s: %s at station %s", ascii(self.name), signal.value, ascii(station))
        self._unwritten = []
        return None

    def _end(self) -> None:
        """Nothing to end."""


def build(name: str, settings: Mapping[str, object], clock: Clock, report: Report) -> Indicator:
    """The kind `log`."""
    checked(LogLightSettings, settings)
    return LogLight(name, clock, report)
