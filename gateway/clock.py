"""What time it is, as far as this machine knows (I9)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from floor.events import Instant

Clock = Callable[[], Instant]

_STA_UNSYNC = 0x0040
"""adjtimex(2) status bit: the kernel's clock is not synchronised."""


def boottime() -> float:
    """Seconds of CLOCK_BOOTTIME: never steps, goes on in suspend, comparable within one boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """The kernel's random identity of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def synchronised() -> bool:
    """Whether the kernel calls its wall clock synchronised: what NTP daemons report through adjtimex(2)."""
    from gateway.kernel_clock import adjtimex_status

    return not adjtimex_status() & _STA_UNSYNC


@dataclass(slots=True)
class MachineClock:
    """The machine's own clock. The synchronised flag is asked again every `interval_seconds`, being a system call."""

    boot: str
    interval_seconds: float = 5.0
    _asked: float = float("-inf")
    _synchronised: bool = False

    def __call__(self) -> Instant:
        # A record keeps microseconds (floor.events.encode); the state that goes on must be the one that is folded (I7).
        now = round(boottime(), 6)
        if now - self._asked >= self.interval_seconds:
            self._synchronised, self._asked = synchronised(), now
        return Instant(self.boot, now, round(time.time(), 6), self._synchronised)


def machine_clock() -> MachineClock:
    """The clock of this boot."""
    return MachineClock(boot_id())


def rfc3339(wall: float) -> str:
    """Wall seconds as RFC 3339 in UTC with milliseconds, as CloudEvents `time` wants it."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
