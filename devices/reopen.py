"""When to look for a lost device again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# A replugged scanner must read again within two seconds, also where the system tells us nothing about plugging.
REOPEN_DELAY_SECONDS_MIN: Final = 0.2
REOPEN_DELAY_SECONDS_MAX: Final = 1.0


@dataclass(frozen=True, slots=True)
class Reopening:
    """The wait before the next look; each one in vain doubles it up to the limit."""

    delay_seconds: float = REOPEN_DELAY_SECONDS_MIN
    delay_seconds_max: float = REOPEN_DELAY_SECONDS_MAX

    def after_failure(self) -> Reopening:
        """The wait after one more look in vain."""
        return Reopening(min(self.delay_seconds * 2, self.delay_seconds_max), self.delay_seconds_max)

    def after_success(self) -> Reopening:
        """The wait when a device that had been found goes away."""
        return Reopening(min(REOPEN_DELAY_SECONDS_MIN, self.delay_seconds_max), self.delay_seconds_max)
