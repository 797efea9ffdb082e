"""Many simulated days: over processes, with a result file that a later call goes on from."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from floor import __version__
from simulation.days import Day, Days
from simulation.planted import BUGS, Honest

FAILED_DAYS_KEPT_MAX = 100
"""Failing seeds whose stories a result holds."""

SAVE_DAYS = 20
"""Days after which the result file is written anew."""

_days: Days | None = None


@dataclass(slots=True)
class Result:
    """What a campaign came to. `next_seed`: every seed from `first_seed` up to it has been lived."""

    commit: str
    first_seed: int
    next_seed: int
    planted: str = ""
    days: int = 0
    inputs: int = 0
    acknowledged: int = 0
    faults: int = 0
    boots: int = 0
    records: int = 0
    forgiven: int = 0
    virtual_seconds: float = 0.0
    seconds: float = 0.0
    failed: list[dict[str, object]] = field(default_factory=list)

    def take(self, day: Day) -> None:
        """Add one day."""
        self.days += 1
        self.inputs += day.inputs
        self.acknowledged += day.acknowledged
        self.faults += day.faults
        self.boots += day.boots
        self.records += day.records
        self.forgiven += day.forgiven
        self.virtual_seconds += day.virtual_seconds
        if day.violation and len(self.failed) < FAILED_DAYS_KEPT_MAX:
            self.failed.append(asdict(day))

    def summary(self) -> str:
        """One line for a person."""
        each = max(1, self.days)
        return (
            f"{self.days} plant-days, seeds {self.first_seed} to {self.next_seed - 1}: "
            f"{self.acknowledged / each:.0f} acknowledged inputs, {self.faults / each:.0f} faults and "
            f"{self.boots / each:.0f} boots a day; {self.records} records kept, {len(self.failed)} violations"
        )

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.new")
        aside.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(path)


def commit_here() -> str:
    """The commit of this checkout; the release where it is none."""
    with suppress(OSError, subprocess.CalledProcessError):
        told = subprocess.run(
            ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.strip()
    return __version__


def resumed(path: Path | None, first_seed: int, planted: str) -> Result:
    """The result to go on with: the file's, where it is of this commit and this beginning."""
    fresh = Result(commit_here(), first_seed, first_seed, planted)
    if path is None or not path.exists():
        return fresh
    known = Result(**json.loads(path.read_text(encoding="utf-8")))
    same = (known.commit, known.first_seed, known.planted) == (fresh.commit, first_seed, planted)
    return known if same else fresh


def run_campaign(
    result: Result,
    days_max: int,
    seconds_max: float,
    jobs: int,
    told: Callable[[Day], None],
    path: Path | None = None,
    stop_at_violation: bool = False,
) -> Result:
    """Live days until there are `days_max` of them, or for `seconds_max`; every begun day is finished."""
    began, before = time.monotonic(), result.seconds
    wanted = max(0, days_max - result.days)

    def on() -> bool:
        stop = stop_at_violation and bool(result.failed)
        return not stop and time.monotonic() - began < seconds_max

    for day in _lived(range(result.next_seed, result.next_seed + wanted), result.planted, jobs, on):
        result.take(day)
        result.next_seed = day.seed + 1
        result.seconds = before + time.monotonic() - began
        told(day)
        if path is not None and result.days % SAVE_DAYS == 0:
            result.save(path)
    if path is not None:
        result.save(path)
    return result


def _lived(seeds: range, planted: str, jobs: int, on: Callable[[], bool]) -> Iterator[Day]:
    """Days in the order of their seeds; no new one is begun once `on()` says no."""
    if jobs <= 1:
        with Days() as days:
            for seed in seeds:
                if not on():
                    return
                yield days.run(seed, BUGS.get(planted, Honest))
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _begin) as pool:
        waiting: dict[Future[Day], int] = {}
        ready: dict[int, Day] = {}
        ahead = iter(seeds)
        for due in count(seeds.start):
            while due not in ready:
                while len(waiting) < 2 * jobs and on() and (seed := next(ahead, 0)):
                    waiting[pool.submit(_live_one, seed, planted)] = seed
                if not waiting:
                    return
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    ready[waiting.pop(done)] = done.result()
            yield ready.pop(due)


def _begin() -> None:
    global _days
    import atexit
    import logging

    logging.disable(logging.CRITICAL)
    os.nice(5)
    _days = Days()
    atexit.register(_days.__exit__)


def _live_one(seed: int, planted: str) -> Day:
    assert _days is not None
    return _days.run(seed, BUGS.get(planted, Honest))
