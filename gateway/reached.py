"""Bounds that were met, counted until they are told (I10).

Pure. `now` is seconds of the boot clock. Each limit is told at once and then at most once a minute, so that what a full
card gives up is told without filling it further.
"""

from dataclasses import dataclass, field

from floor.events import LimitReached

MINUTE_SECONDS = 60.0


@dataclass(slots=True)
class Reached:
    """How often each limit was met since it was last told."""

    counts: dict[str, int] = field(default_factory=dict)
    told_at: dict[str, float] = field(default_factory=dict)

    def note(self, limit: str, count: int = 1) -> None:
        """It was met again."""
        if count:
            self.counts[limit] = self.counts.get(limit, 0) + count

    def take(self, now: float) -> list[LimitReached]:
        """What is to be told now."""
        due = [limit for limit in self.counts if self._due(limit) <= now]
        self.told_at |= dict.fromkeys(due, now)
        return [LimitReached(limit=limit, count=self.counts.pop(limit)) for limit in due]

    def wake(self) -> float | None:
        """When `take` has something to tell."""
        return min((self._due(limit) for limit in self.counts), default=None)

    def _due(self, limit: str) -> float:
        return self.told_at.get(limit, float("-inf")) + MINUTE_SECONDS
