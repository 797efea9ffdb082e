"""A pump steps aside for whoever goes first, and never for long."""

import threading
import time

from sync.limits import ASIDE_SECONDS_MAX
from sync.runner import Runner

SECONDS_MAX = 20.0


def _runner(others_first: bool) -> tuple[Runner, threading.Event, list[BaseException]]:
    stepped, faults = threading.Event(), list[BaseException]()

    def step(now: float) -> float | None:
        stepped.set()
        return None

    runner = Runner(
        "pump", step, time.monotonic, lambda _, fault: faults.append(fault), others_first=lambda: others_first
    )
    return runner, stepped, faults


def test_a_step_comes_although_others_are_always_first() -> None:
    runner, stepped, faults = _runner(True)
    began = time.monotonic()
    runner.start()
    assert stepped.wait(SECONDS_MAX)
    assert time.monotonic() - began >= ASIDE_SECONDS_MAX * 0.9
    runner.close()
    assert runner.join(SECONDS_MAX)
    assert not faults


def test_closing_ends_the_stepping_aside() -> None:
    runner, _, faults = _runner(True)
    runner.close()
    runner.start()
    assert runner.join(SECONDS_MAX)
    assert not faults
