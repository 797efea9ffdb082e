"""A pump steps aside for whoever goes first, and never for long."""

import queue
import threading
import time

from sync.limits import ASIDE_SECONDS_MAX, QUICK_STEPS_MAX
from sync.runner import Runner

SECONDS_MAX = 20.0


class Stepped:
    """A pump that wants to step again at once; `count` of its steps."""

    def __init__(self, others_first: bool) -> None:
        self.count = 0
        self.enough = threading.Event()
        self.faults: list[BaseException] = []
        self.runner = Runner("pump", self._step, time.monotonic, self._died, others_first=lambda: others_first)

    def _step(self, now: float) -> float | None:
        self.count += 1
        if self.count == QUICK_STEPS_MAX + 4:
            self.enough.set()
        return now

    def _died(self, name: str, fault: BaseException) -> None:
        self.faults.append(fault)


def test_a_step_comes_although_others_are_always_first() -> None:
    pump = Stepped(True)
    began = time.monotonic()
    pump.runner.start()
    assert pump.enough.wait(SECONDS_MAX)
    assert time.monotonic() - began >= 3 * ASIDE_SECONDS_MAX * 0.9
    pump.runner.close()
    assert pump.runner.join(SECONDS_MAX)
    assert not pump.faults


def test_closing_ends_the_stepping_aside() -> None:
    pump = Stepped(True)
    pump.runner.start()
    assert pump.enough.wait(SECONDS_MAX)
    pump.runner.close()
    assert pump.runner.join(SECONDS_MAX)
    assert not pump.faults


def test_only_a_step_that_is_planned_later_is_woken() -> None:
    stepped: queue.SimpleQueue[float] = queue.SimpleQueue()

    def step(now: float) -> float | None:
        stepped.put(now)
        return now + 3600.0

    runner = Runner("pump", step, time.monotonic, lambda *_: None)
    runner.start()
    stepped.get(timeout=SECONDS_MAX)
    runner.wake_within(1.0)
    stepped.get(timeout=SECONDS_MAX)
    runner.close()
    assert runner.join(SECONDS_MAX)
    assert stepped.empty()
