"""Quiet hours: whether a moment is in them, and when they end.

Pure: values in, values out. Times of the plant are its wall clock; `utc_offset_seconds` is what it is ahead of UTC.
"""

from datetime import UTC, datetime, timedelta


def quiet_until(start: str, end: str, wall: float, utc_offset_seconds: float) -> float | None:
    """The end, seconds since 1970, of the quiet hours `start` to `end` (HH:MM) that hold at `wall`; None: none do.

    An `end` at or before `start` is the next day's; two equal times are no quiet hours.
    """
    if not start or not end or start == end:
        return None
    local = datetime.fromtimestamp(wall + utc_offset_seconds, UTC)
    clock = local.strftime("%H:%M")
    within = start <= clock < end if start < end else clock >= start or clock < end
    if not within:
        return None
    hour, minute = int(end[:2]), int(end[3:])
    until = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if until <= local:
        until += timedelta(days=1)
    return until.timestamp() - utc_offset_seconds
