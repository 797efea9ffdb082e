"""The one clock that devices are stamped with. Read by thread shells only; pure modules are handed its values."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]


def boottime() -> float:
    """Seconds since this boot, suspend included; unmoved by anybody setting the wall clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
