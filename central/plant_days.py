"""Which day it is at the plant: the server stands there."""

from datetime import UTC, date, datetime


def plant_today(now: float) -> date:
    """The day of the server's own time zone at `now`, seconds since 1970."""
    return datetime.fromtimestamp(now, UTC).astimezone().date()
