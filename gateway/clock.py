"""What time it is, as far as this machine knows (I9)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from floor.events import Instant

Clock = Callable[[], Instant]

ERROR_SECONDS_MAX = 1.1
"""A clock that the kernel knows no better than this does not count as synchronised. timesyncd asks at least every
2,048 s, in which the kernel's bound grows by 1.02 s and a bad crystal really loses 0.4 s; another 0.4 s may be slewed:
within the second that the server trusts such a clock with. The kernel itself vouches for nine hours more."""

STEP_SECONDS = 0.1
"""A wall clock that moved so much against the boot clock was set."""


def boottime() -> float:
    """Seconds of CLOCK_BOOTTIME: never steps, goes on in suspend, comparable within one boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """The kernel's random identity of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def synchronised() -> bool:
    """Whether the kernel vouches for its wall clock: what NTP daemons report through adjtimex(2)."""
    from gateway.kernel_clock import error_bound

    return error_bound() <= ERROR_SECONDS_MAX


@dataclass(slots=True)
class MachineClock:
    """The machine's own clock. The synchronised flag is asked again every `interval_seconds`, being a system call, and
    at once when the wall clock was set: what it said before the step vouches for nothing after it."""

    boot: str
    interval_seconds: float = 5.0
    boottime: Callable[[], float] = boottime
    wall: Callable[[], float] = time.time
    synchronised: Callable[[], bool] = synchronised
    _asked: float = float("-inf")
    _ahead: float = 0.0
    _synchronised: bool = False

    def __call__(self) -> Instant:
        # A record keeps microseconds (floor.events.encode); the state that goes on must be the one that is folded (I7).
        now, wall = round(self.boottime(), 6), round(self.wall(), 6)
        if now - self._asked >= self.interval_seconds or abs(wall - now - self._ahead) > STEP_SECONDS:
            good = self.synchronised()
            self._asked, self._ahead = now, self.wall() - self.boottime()
            # What was read before a step is not vouched for by what is said after it.
            self._synchronised = good and abs(wall - now - self._ahead) <= STEP_SECONDS
        return Instant(self.boot, now, wall, self._synchronised)


def machine_clock() -> MachineClock:
    """The clock of this boot."""
    return MachineClock(boot_id())


def rfc3339(wall: float) -> str:
    """Wall seconds as RFC 3339 in UTC with milliseconds, as CloudEvents `time` wants it."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
