"""The thread of a lamp: signals wait in a short queue, so no lamp can delay a scan (I6)."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections import deque
from typing import Final, Protocol

from devices.clock import Clock, boottime
from devices.errors import DeviceError
from devices.kind import Report
from devices.limits import SIGNAL_QUEUE_MAX
from devices.patterns import LampState
from devices.port_source import describe
from devices.types import Signal

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 2.0
STOP_TIMEOUT_SECONDS: Final = 5.0


def log_report(text: str) -> None:
    """Where reports go when nobody asked for them."""
    _log.warning("%s", text)


class QueuedIndicator(ABC):
    """Takes signals without waiting and shows them from its own thread.

    A subclass takes signals in (`_accept`, which never fails), starts, shows (`_show`, returning when it wants to be
    called again) and ends. `_start` and `_show` may raise OSError or DeviceError: the lamp is then ended, reported
    once, and started again after RETRY_SECONDS, so what stands is shown again when the lamp is back.
    `dropped` counts the signals that a slow lamp never saw.
    """

    def __init__(self, name: str, clock: Clock = boottime, report: Report = log_report) -> None:
        self.name = name
        self.dropped = 0
        self._clock = clock
        self._report = report
        self._wanted = threading.Condition()
        self._queue: deque[tuple[Signal, str]] = deque()
        self._stopping = False
        self._reachable = True
        self._thread: threading.Thread | None = None

    @abstractmethod
    def _accept(self, given: list[tuple[Signal, str]], now: float) -> None: ...

    @abstractmethod
    def _start(self) -> None: ...

    @abstractmethod
    def _show(self, now: float) -> float | None: ...

    @abstractmethod
    def _end(self) -> None: ...

    def open(self) -> None:
        """Start the thread. Idempotent."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name=f"light-{self.name}", daemon=True)
            self._thread.start()

    def give(self, signal: Signal, station: str) -> None:
        """Queue the signal. Full: the oldest one goes, but never "could not be kept" for the sake of a lesser one."""
        with self._wanted:
            self._queue.append((signal, station))
            full = len(self._queue) > SIGNAL_QUEUE_MAX
            if full:
                lesser = (index for index, (kind, _) in enumerate(self._queue) if kind is not Signal.UNKEPT)
                del self._queue[next(lesser, 0)]
                self.dropped += 1
            first = full and self.dropped == 1
            self._wanted.notify()
        if first:
            self._report(f"The light {self.name} is too slow; signals are dropped.")

    def close(self) -> None:
        """Show what is queued, stop the thread, put the lamp out. Idempotent."""
        with self._wanted:
            self._stopping = True
            self._wanted.notify()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(STOP_TIMEOUT_SECONDS)

    def _run(self) -> None:
        started = False
        wake: float | None = self._clock()
        while True:
            given, stopping = self._take(wake)
            self._accept(given, self._clock())
            try:
                if not started:
                    self._start()
                    started = True
                wake = self._show(self._clock())
                self._reached(True, "")
            except (OSError, DeviceError) as fault:
                self._end()
                started, wake = False, self._clock() + RETRY_SECONDS
                self._reached(False, describe(fault) if isinstance(fault, OSError) else str(fault))
            if stopping:
                break
        self._end()

    def _take(self, wake: float | None) -> tuple[list[tuple[Signal, str]], bool]:
        with self._wanted:
            if not self._queue and not self._stopping:
                self._wanted.wait(None if wake is None else max(0.0, wake - self._clock()))
            given = list(self._queue)
            self._queue.clear()
            return given, self._stopping

    def _reached(self, reachable: bool, why: str) -> None:
        """Tell the change, not each attempt."""
        if reachable != self._reachable:
            self._reachable = reachable
            self._report(f"The light {self.name} is back." if reachable else f"The light {self.name}: {why}")


class LampDriver(Protocol):
    """Lamps that can be switched. `show` gets all lamps that are on; each call may raise OSError or DeviceError."""

    def open(self) -> None: ...

    def show(self, lit: frozenset[str]) -> None: ...

    def close(self) -> None:
        """Put all out and let go. Never raises; idempotent."""
        ...


class LampIndicator(QueuedIndicator):
    """A stack light: signals become beats, beats become switched lamps."""

    def __init__(self, name: str, driver: LampDriver, clock: Clock = boottime, report: Report = log_report) -> None:
        super().__init__(name, clock, report)
        self._driver = driver
        self._lamps = LampState()
        self._shown: frozenset[str] | None = None

    def _start(self) -> None:
        self._driver.open()
        self._shown = None

    def _accept(self, given: list[tuple[Signal, str]], now: float) -> None:
        for signal, station in given:
            self._lamps.give(signal, station, now)

    def _show(self, now: float) -> float | None:
        lit = self._lamps.lit(now)
        if lit != self._shown:
            self._driver.show(lit)
            self._shown = lit
        return self._lamps.wake(now)

    def _end(self) -> None:
        self._driver.close()
