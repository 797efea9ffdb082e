"""A thread around something with `step(now)`. The only place of this folder where threads are made."""

import threading
from collections.abc import Callable
from typing import Protocol

from sync.limits import ASIDE_SECONDS, ASIDE_SECONDS_MAX, QUICK_STEPS_MAX


class Waiter(Protocol):
    """How a thread waits between two steps."""

    def wait(self, seconds: float | None) -> None:
        """Return when woken or after `seconds`; None: only when woken."""

    def wake(self) -> None:
        """End the wait, or the next one. Called by any thread."""

    def close(self) -> None:
        """Called last, by the thread that waited."""


class EventWaiter:
    """Waits for nothing but being woken."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def wait(self, seconds: float | None) -> None:
        """See Waiter."""
        self._event.wait(seconds)
        self._event.clear()

    def wake(self) -> None:
        """See Waiter."""
        self._event.set()

    def close(self) -> None:
        """See Waiter."""


def _nothing() -> None:
    """Nothing to finish."""


def _nobody() -> bool:
    """Nobody goes first."""
    return False


class Runner:
    """Calls `step(now)` until closed; it returns the next wake in the clock's seconds, or None to wait for `wake`.

    Any exception goes to `died(name, exception)`, which ends the process: a pump that is silently gone would look
    like an office that is silently away. `finish` runs in the thread after the last step (to say good-bye and close).

    `others_first`: while it says so, a step waits, though never longer than ASIDE_SECONDS_MAX. Python runs one thread
    at a time, so a drain at full speed would make a commit of the main loop three times as long (I6).
    """

    def __init__(
        self,
        name: str,
        step: Callable[[float], float | None],
        clock: Callable[[], float],
        died: Callable[[str, BaseException], None],
        *,
        waiter: Waiter | None = None,
        finish: Callable[[], None] = _nothing,
        others_first: Callable[[], bool] = _nobody,
    ) -> None:
        self.name = name
        self._step = step
        self._clock = clock
        self._died = died
        self._waiter = waiter or EventWaiter()
        self._finish = finish
        self._others_first = others_first
        self._planned: float | None = None
        self._quick_steps = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to step."""
        self._thread.start()

    def wake(self) -> None:
        """Step soon. From any thread; never waits."""
        self._waiter.wake()

    def wake_within(self, seconds: float) -> None:
        """Step within so many seconds, which may be planned already. From any thread; never waits."""
        planned = self._planned
        if planned is None or planned > self._clock() + seconds:
            self._waiter.wake()

    def close(self) -> None:
        """End after the step that is running. From any thread; never waits."""
        self._closing.set()
        self._waiter.wake()

    def join(self, timeout_seconds: float) -> bool:
        """Whether the thread has ended within the time-out."""
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._step_aside()
                self._planned = None
                wake = self._step(self._clock())
                if self._closing.is_set():
                    break
                self._wait(wake)
            self._finish()
        except BaseException as error:
            self._died(self.name, error)
        finally:
            self._waiter.close()

    def _wait(self, wake: float | None) -> None:
        self._planned = wake
        began = self._clock()
        self._waiter.wait(None if wake is None else max(0.0, wake - began))
        self._quick_steps = self._quick_steps + 1 if self._clock() - began < ASIDE_SECONDS else 0

    def _step_aside(self) -> None:
        """Only a thread that steps again and again does it: a single record is sent at once."""
        if self._quick_steps < QUICK_STEPS_MAX:
            return
        for _ in range(int(ASIDE_SECONDS_MAX / ASIDE_SECONDS)):
            if not self._others_first() or self._closing.wait(ASIDE_SECONDS):
                return
