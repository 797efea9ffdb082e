"""What every source over descriptors has in common: one lock, one watch, pending frames, an idempotent close."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque

from devices.clock import Clock
from devices.errors import DeviceGone
from devices.types import Frame
from devices.waiting import Watch


class PortSource(ABC):
    """A source over file descriptors. A subclass says how to connect, what to wait for, and how to drain it.

    `_connect` returns where the device was found, `_descriptors` what to wait for, `_drain` the frames that the ready
    ones hold (bounded), `_disconnect` gives everything back and never raises. All four run under the lock; they raise
    DeviceGone, or OSError, which is told as DeviceGone.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._watch = Watch()
        self._lock = threading.Lock()
        self._pending: deque[Frame] = deque()

    @abstractmethod
    def _connect(self) -> str: ...

    @abstractmethod
    def _descriptors(self) -> list[int]: ...

    @abstractmethod
    def _drain(self, ready: frozenset[int]) -> list[Frame]: ...

    @abstractmethod
    def _disconnect(self) -> None: ...

    def open(self) -> str:
        """Open the device; opening an open one only tells where it is. Raises DeviceGone."""
        self.close()
        with self._lock:
            self._watch.start()
            try:
                return self._connect()
            except BaseException as fault:
                self._shut()
                if isinstance(fault, OSError):
                    raise DeviceGone(describe(fault)) from fault
                raise

    def read(self, timeout_seconds: float) -> Frame | None:
        """The next frame, or None when nothing came in time. Raises DeviceGone."""
        with self._lock:
            if self._watch.ended:
                raise DeviceGone("The device is closed.")
            if not self._pending:
                try:
                    ready = self._watch.wait(self._descriptors(), timeout_seconds)
                    self._pending.extend(self._drain(ready) if ready else ())
                except OSError as fault:
                    raise DeviceGone(describe(fault)) from fault
            return self._pending.popleft() if self._pending else None

    def close(self) -> None:
        """Let the device go; whoever reads it is unblocked first. Idempotent, from any thread."""
        self._watch.end()
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        self._disconnect()
        self._watch.release()
        self._pending.clear()


def describe(fault: OSError) -> str:
    """A fault of the system in one line for a person."""
    return f"{fault.strerror or fault} ({type(fault).__name__})"
