"""How often an address has tried something that needs a secret. In memory: a restart forgives a minute."""

import threading
from collections import OrderedDict

from central.errors import TooManyAttempts
from central.limits import ADDRESSES_WATCHED_MAX, ENROL_ATTEMPTS_PER_MINUTE_MAX


class Attempts:
    """Counts by address and minute, at most `per_minute_max`. Thread-safe."""

    def __init__(self, per_minute_max: int = ENROL_ATTEMPTS_PER_MINUTE_MAX) -> None:
        self._per_minute_max = per_minute_max
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def count(self, address: str, now: float) -> None:
        """One more attempt. Raises TooManyAttempts beyond the bound of this minute."""
        minute = int(now // 60)
        with self._lock:
            then, count = self._counts.pop(address, (minute, 0))
            count = count + 1 if then == minute else 1
            self._counts[address] = (minute, count)
            if len(self._counts) > ADDRESSES_WATCHED_MAX:
                self._counts.popitem(last=False)
        if count > self._per_minute_max:
            raise TooManyAttempts

    def refuse(self, address: str, now: float) -> None:
        """Raises TooManyAttempts for an address that has used up this minute; counts nothing."""
        with self._lock:
            minute, count = self._counts.get(address, (0, 0))
        if minute == int(now // 60) and count >= self._per_minute_max:
            raise TooManyAttempts
