"""A desk that a device stands at: reader thread, decoder and inbox, wired as a station wires them."""

import queue
import time
from collections.abc import Callable
from typing import TypeVar

from devices.clock import boottime
from devices.intake import decode
from devices.reader import Posted, Reader
from devices.types import Decoder, Found, Input, Lost, Press, Scan, Source

PATIENCE_SECONDS = 20.0
Kind = TypeVar("Kind")


class Desk:
    """Collects what a device says. `until` waits on a condition, never on time alone."""

    def __init__(self, source: Source, decoder: Decoder) -> None:
        self.inputs: list[Input] = []
        self.deaths: list[BaseException] = []
        self._decoder = decoder
        self._posted: queue.SimpleQueue[Posted] = queue.SimpleQueue()
        self.reader = Reader(source, self._posted.put, boottime, lambda _, fault: self.deaths.append(fault))

    def __enter__(self) -> "Desk":
        self.reader.start()
        self.until(lambda: bool(self.of(Found)))
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.stop()
        assert not self.reader.alive
        assert not self.deaths

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The inputs of one kind so far."""
        return [each for each in self.inputs if isinstance(each, kind)]

    def states(self) -> list[Found | Lost]:
        """Whether it was found or lost, as told so far."""
        return [each for each in self.inputs if isinstance(each, Found | Lost)]

    @property
    def labels(self) -> list[bytes]:
        """The labels scanned so far."""
        return [scan.data for scan in self.of(Scan)]

    @property
    def presses(self) -> list[tuple[str, bool]]:
        """The presses so far."""
        return [(press.button, press.long) for press in self.of(Press)]

    def until(self, reached: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Take what is posted until `reached`; AssertionError with what came when it is not."""
        deadline = time.monotonic() + seconds
        while not reached():
            left = deadline - time.monotonic()
            assert left > 0, f"not reached; last inputs: {self.inputs[-5:]}"
            now = boottime()
            wake = self._decoder.wake()
            wait = left if wake is None else min(left, max(0.0, wake - now))
            try:
                self.inputs += decode(self._decoder, self._posted.get(timeout=wait))
            except queue.Empty:
                self.inputs += self._decoder.step(boottime())

    def until_lost(self) -> None:
        """The device is told to be lost."""
        self.until(lambda: bool(self.states()) and isinstance(self.states()[-1], Lost))

    def until_found(self, seconds: float = PATIENCE_SECONDS) -> None:
        """The device is told to be there."""
        self.until(lambda: isinstance(self.states()[-1], Found), seconds)
