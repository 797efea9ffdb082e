"""Days at the plant: which one it is, and whether a last good day is over.

Pure: values in, values out.
"""

from datetime import UTC, date, datetime


def plant_day(wall: float, utc_offset_seconds: float) -> date:
    """The day at the plant at `wall`, seconds since 1970."""
    return datetime.fromtimestamp(wall + utc_offset_seconds, UTC).date()


def is_over(until: str, today: date) -> bool:
    """Is the day `until` (YYYY-MM-DD, the last good one) over? Empty: it never ends."""
    return bool(until) and today > date.fromisoformat(until)
