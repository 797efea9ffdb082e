"""How fast a provider lets us send: asked before each attempt, so that its limit, and the ban behind it, is not met.

Pure: the time comes in as a value, seconds of a clock that never goes back.
"""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `count` in any `seconds`."""

    count: int
    seconds: float


class Pace:
    """Counts what was let through. Not a bucket that refills: one lets nearly twice its size through in a first minute.

    `margin_seconds` is kept beyond each window, because a message arrives later than it is sent.
    """

    def __init__(self, *allowances: Allowance, margin_seconds: float = 2.0) -> None:
        self._windows = [(each.seconds + margin_seconds, deque[float](maxlen=each.count)) for each in allowances]
        self._held_until = float("-inf")

    def ask(self, now: float) -> float:
        """0: go, and it is counted. Else the seconds to wait; nothing is counted."""
        wait = max([self._held_until - now, *(self._wait(sent, window, now) for window, sent in self._windows)])
        if wait > 0:
            return wait
        for _, sent in self._windows:
            sent.append(now)
        return 0.0

    def hold(self, now: float, seconds: float) -> None:
        """The provider said: not before `seconds` are over."""
        self._held_until = max(self._held_until, now + seconds)

    @staticmethod
    def _wait(sent: deque[float], window: float, now: float) -> float:
        return sent[0] + window - now if len(sent) == sent.maxlen else 0.0
