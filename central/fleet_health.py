"""How well a gateway is, from what it says of itself.

Pure: values in, values out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DISK_FREE_PERCENT_MIN: Final = 10
DISK_WORN_PERCENT_MAX: Final = 80
TEMPERATURE_MAX: Final = 80.0
"""A Pi slows down at 80 °C."""

LEVELS: Final = ("bad", "warn", "good", "unseen")
"""From what one looks at first."""


@dataclass(frozen=True, slots=True)
class Health:
    """`level`: one of LEVELS. `faults`: keys of `fleet.fault.*`, the worst first."""

    level: str
    faults: tuple[str, ...] = ()


def health_of(
    seen: bool,
    online: bool,
    clock_good: bool | None,
    status: Mapping[str, Any],
    figures: Mapping[str, Any],
    update_state: str,
    settings_state: str,
) -> Health:
    """`figures`: of the machine (gateway/machine.py)."""
    if not seen:
        return Health("unseen")
    free: Any = figures.get("disk_free_bytes")
    whole: Any = figures.get("disk_bytes")
    bad = {
        "offline": not online,
        "refusing": bool(status.get("refusing")),
        "under_voltage": figures.get("under_voltage") == "now",
        "returned": update_state == "returned",
    }
    warn = {
        "devices": bool(status.get("missing")),
        "clock": clock_good is False,
        "disk": _is_number(free) and _is_number(whole) and free < whole * DISK_FREE_PERCENT_MIN / 100,
        "worn": _is_over(figures.get("disk_worn_percent"), DISK_WORN_PERCENT_MAX),
        "hot": _is_over(figures.get("temperature"), TEMPERATURE_MAX),
        "refused": update_state == "refused",
        "settings": settings_state == "refused",
    }
    faults = tuple(name for name, holds in (bad | warn).items() if holds)
    level = "bad" if any(bad.values()) else "warn" if faults else "good"
    return Health(level, faults)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_over(value: Any, bound: float) -> bool:
    return _is_number(value) and value >= bound
