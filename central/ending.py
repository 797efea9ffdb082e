"""How a process of the office ends: a signal asks for it, and no lock is taken where the signal arrives.

A handler runs between two steps of the main thread; one that sets an Event there may wait for a lock that the main
thread itself holds. What is written into a pipe is seen whenever it is looked for.
"""

import os
import select
import signal
import threading
from collections.abc import Callable
from types import FrameType

END_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Ending:
    """Whether a signal asked the process to end; waited for instead of sleeping."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in END_SIGNALS:
            signal.signal(number, self._ask)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether the end was asked for within so many seconds; None waits for it."""
        # What was asked stays in the pipe: every later call sees it too.
        return bool(select.select([self._reading], [], [], None if seconds is None else max(0.0, seconds))[0])

    def _ask(self, _: int, __: FrameType | None) -> None:
        if not self.wait(0):
            os.write(self._writing, b".")


class Ended(SystemExit):
    """A signal asks the process to end."""


class RaisedEnding(Ending):
    """SIGTERM and SIGINT raise Ended in the main thread; `first` then runs beside it, in a thread of its own."""

    def __init__(self, first: Callable[[], None]) -> None:
        super().__init__()

        def run() -> None:
            self.wait()
            first()

        threading.Thread(target=run, name="ending", daemon=True).start()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        super()._ask(number, frame)
        raise Ended(0)
