"""Virtual time: a heap of what is going to happen, and the clocks of machines that tell it each in their own way."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from floor.events import Instant

EPOCH_SECONDS = 1_800_000_000.0
"""True time 0 in seconds since 1970."""

ROUNDING_SECONDS = 2e-6
"""Added to a wake-up, so that the clock that asked for it has passed it when it comes."""


@dataclass(slots=True)
class Timeline:
    """What happens when. `now` is true seconds since the day began."""

    now: float = 0.0
    _heap: list[tuple[float, int, str, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0

    def after(self, seconds: float, what: str, act: Callable[[], None]) -> None:
        """Let something happen. Of two at the same instant the first one told comes first."""
        self._number += 1
        heapq.heappush(self._heap, (self.now + seconds, self._number, what, act))

    def next_at(self) -> float:
        """When the next thing happens."""
        return self._heap[0][0] if self._heap else float("inf")

    def take(self) -> tuple[str, Callable[[], None]]:
        """The next thing; time moves to it."""
        at, _, what, act = heapq.heappop(self._heap)
        self.now = max(self.now, at)
        return what, act


@dataclass(slots=True)
class PiClock:
    """The clock of one boot. `wall_offset` is how far its wall clock is off, `drift` how fast its boot clock parts."""

    timeline: Timeline
    boot: str
    booted_at: float
    drift: float = 0.0
    wall_offset: float = 0.0
    synchronised: bool = True

    def boottime(self) -> float:
        """Seconds of CLOCK_BOOTTIME; a boot takes five seconds until the gateway starts."""
        return 5.0 + (self.timeline.now - self.booted_at) * (1 + self.drift)

    def __call__(self) -> Instant:
        wall = EPOCH_SECONDS + self.timeline.now + (0.0 if self.synchronised else self.wall_offset)
        return Instant(self.boot, round(self.boottime(), 6), round(wall, 6), self.synchronised)

    def true_of(self, boottime: float) -> float:
        """The true time at which this clock shows so much."""
        return self.booted_at + (boottime - 5.0) / (1 + self.drift) + ROUNDING_SECONDS
