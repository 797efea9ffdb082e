"""What is read of processes and of series: CPU time, memory, medians, and places on a real disk."""

import math
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

VOLATILE = frozenset({"tmpfs", "ramfs", "overlay"})
"""File systems whose flush says nothing about a disk; overlay may be either, so it has to be named with --folder."""

_SCHEDULED_CLOCK = 2
"""CPUCLOCK_SCHED of the kernel's clock ids: user and system time of a whole process, in nanoseconds."""


class NoRealDisk(Exception):
    """The folder is not on a disk, so flushes would cost nothing: name one with --folder."""


class NothingCame(Exception):
    """What was waited for did not happen in time."""


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, all threads and the ended ones, user and system."""
    return time.clock_gettime((~pid << 3) | _SCHEDULED_CLOCK)


def resident_bytes(pid: int) -> int:
    """VmRSS."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise NothingCame(f"process {pid} has no memory")


def percentile(values: Iterable[float], fraction: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * fraction) - 1)]


def median_pair(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The (baseline, value) pair whose ratio is the median one."""
    ordered = sorted(pairs, key=lambda pair: pair[1] / pair[0])
    return ordered[len(ordered) // 2]


def in_turns(rounds: int, baseline: Callable[[], float], subject: Callable[[], float]) -> list[tuple[float, float]]:
    """(baseline, subject) of each round; who goes first alternates, so that a drift of the machine cancels out."""
    pairs = []
    for turn in range(rounds):
        if turn % 2 == 0:
            first = baseline()
            pairs.append((first, subject()))
        else:
            second = subject()
            pairs.append((baseline(), second))
    return pairs


def wait_until(what: str, is_so: Callable[[], bool], seconds_max: float = 120.0, step_seconds: float = 0.005) -> None:
    """Return as soon as it is so. Raises NothingCame."""
    deadline = time.monotonic() + seconds_max
    while not is_so():
        if time.monotonic() > deadline:
            raise NothingCame(f"waited {seconds_max:.0f} s for {what}")
        time.sleep(step_seconds)


def file_system(folder: Path) -> str:
    """The type of the file system that holds `folder`."""
    found, kind = "", "unknown"
    resolved = str(folder.resolve())
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        front, _, back = line.partition(" - ")
        mount = front.split()[4]
        inside = resolved == mount or resolved.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(found):
            found, kind = mount, back.split()[0]
    return kind


@contextmanager
def place(parent: Path | None = None) -> Iterator[Path]:
    """A folder of our own on a real disk, gone afterwards. Raises NoRealDisk."""
    above = parent or Path("/var/tmp")
    kind = file_system(above)
    if parent is None and kind in VOLATILE:
        raise NoRealDisk(f"{above} is on {kind}: name a folder on a disk with --folder")
    with tempfile.TemporaryDirectory(dir=above, prefix="lineside-bench-") as folder:
        yield Path(folder)
