"""The bounded hand-over from all threads to the main loop. Overflow is counted, never silent (I10)."""

import threading
from collections import deque
from typing import Any

from gateway import limits


class Inbox:
    """First in, first out. `put` never blocks: it answers False when the inbox is full."""

    def __init__(self, items_max: int = limits.INBOX_INPUTS_MAX) -> None:
        self._items: deque[Any] = deque()
        self._items_max = items_max
        self._changed = threading.Condition()
        self._overflow = 0
        self._woken = False

    def put(self, item: object) -> bool:
        """Hand over an item; False when it was not taken, which is counted."""
        with self._changed:
            if len(self._items) >= self._items_max:
                self._overflow += 1
                return False
            self._items.append(item)
            self._changed.notify()
            return True

    def wake(self) -> None:
        """Let a waiting `take` return without an item."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def take(self, count_max: int, timeout_seconds: float | None) -> list[Any]:
        """Up to `count_max` items in order; waits for the first one, at most the given time."""
        with self._changed:
            if not self._items and not self._woken:
                self._changed.wait(timeout_seconds)
            self._woken = False
            return [self._items.popleft() for _ in range(min(count_max, len(self._items)))]

    def take_overflow(self) -> int:
        """How many items were refused since the last call."""
        with self._changed:
            count, self._overflow = self._overflow, 0
            return count

    def __len__(self) -> int:
        return len(self._items)
