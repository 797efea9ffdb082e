"""How many rejected scans are journalled: a broken scanner must not fill the card (I10).

Pure. `now` is seconds of the boot clock.
"""

from dataclasses import dataclass

from gateway.limits import REJECTED_SCANS_PER_MINUTE_MAX

MINUTE_SECONDS = 60.0


@dataclass(slots=True)
class Rejections:
    """A count per minute; what is over the bound is counted and told once the minute is over."""

    per_minute_max: int = REJECTED_SCANS_PER_MINUTE_MAX
    closed: bool = False
    """None gets a record: the room that is left is for reports and calls (I11)."""
    began: float = float("-inf")
    count: int = 0
    over: int = 0

    def admit(self, now: float) -> bool:
        """Whether this rejected scan gets a record of its own."""
        if now - self.began >= MINUTE_SECONDS and self.over == 0:
            self.began, self.count = now, 0
        self.count += 1
        if self.closed or self.count > self.per_minute_max:
            self.over += 1
            return False
        return True

    def take_overflow(self, now: float) -> int:
        """How many got none, once their minute is over; 0 before."""
        if self.over == 0 or now < self.began + MINUTE_SECONDS:
            return 0
        over, self.over = self.over, 0
        self.began, self.count = now, 0
        return over

    def wake(self) -> float | None:
        """When `take_overflow` has something to tell."""
        return self.began + MINUTE_SECONDS if self.over else None
