"""The plant's clock: the server stands there, so its time zone is the plant's.

Pure: values in, values out; the time zone is the machine's.
"""

from datetime import UTC, date, datetime, time


def moment(wall: float) -> datetime | None:
    """Seconds since 1970 as the plant's time; None for what no calendar holds (a hostile or broken clock)."""
    try:
        return datetime.fromtimestamp(wall, UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return None


def utc_offset(now: float) -> float:
    """Seconds that the plant's clock is ahead of UTC at a moment."""
    offset = datetime.fromtimestamp(now, UTC).astimezone().utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def plant_today(now: float) -> date:
    """The day at the plant at `now`, seconds since 1970."""
    return datetime.fromtimestamp(now, UTC).astimezone().date()


def day_of(wall: float) -> str:
    """The day of a moment, YYYY-MM-DD; empty for what no calendar holds."""
    found = moment(wall)
    return found.date().isoformat() if found else ""


def midnight(day: date) -> float:
    """When a day begins at the plant, seconds since 1970."""
    return datetime.combine(day, time()).astimezone().timestamp()


def asked_day(text: str) -> date | None:
    """A day as a request names it; None for what is none, or so far off that a time zone leaves the calendar."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 < found.year < 9999 else None
