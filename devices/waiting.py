"""Waiting on descriptors without polling, and being called off from another thread.

Every source of this folder waits here, so an idle station costs no CPU and closing one never waits for its timeout.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Iterable
from typing import Final

from devices.errors import DeviceGone

_READABLE: Final = select.POLLIN | select.POLLPRI


class Watch:
    """A pipe beside the descriptors that are waited for; `end` writes to it once, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: tuple[int, int] | None = None
        self._ended = True

    def start(self) -> None:
        """Begin anew after an `end` or `release`."""
        with self._lock:
            self._release()
            self._ends = os.pipe()
            self._ended = False

    @property
    def ended(self) -> bool:
        """It was called off, or not started."""
        return self._ended

    def end(self) -> None:
        """Call off whoever waits, now and from here on. Idempotent."""
        with self._lock:
            self._ended = True
            if self._ends is not None:
                os.write(self._ends[1], b"\0")

    def release(self) -> None:
        """Give the pipe back; only when nobody waits any more."""
        with self._lock:
            self._ended = True
            self._release()

    def wait(
        self, readable: Iterable[int], timeout_seconds: float | None, writable: Iterable[int] = ()
    ) -> frozenset[int]:
        """The descriptors that are ready or broken; empty when the time is over. Raises DeviceGone when called off."""
        if self._ended or self._ends is None:
            raise DeviceGone("The device was closed.")
        poll = select.poll()
        poll.register(self._ends[0], select.POLLIN)
        for descriptor in readable:
            poll.register(descriptor, _READABLE)
        for descriptor in writable:
            poll.register(descriptor, select.POLLOUT)
        ready = poll.poll(None if timeout_seconds is None else max(0.0, timeout_seconds) * 1000)
        if self._ended:
            raise DeviceGone("The device was closed.")
        return frozenset(descriptor for descriptor, _ in ready)

    def _release(self) -> None:
        ends, self._ends = self._ends, None
        for descriptor in ends or ():
            with contextlib.suppress(OSError):
                os.close(descriptor)
