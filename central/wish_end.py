"""How long a wished release is wished: what a gateway whose line is cut afterwards goes by.

Pure: values in, values out.
"""

from datetime import datetime, timedelta

from sync.wire import WISH_GOOD_SECONDS


def good_seconds(here: datetime | None, begins: int | None, ends: int | None) -> int:
    """From a moment within a window (minutes of the plant's day) on: to the window's end, never longer than any wish.
    None for the moment, or no window: as long as any wish."""
    if here is None or begins is None or ends is None or begins == ends:
        return WISH_GOOD_SECONDS
    since_midnight = timedelta(hours=here.hour, minutes=here.minute, seconds=here.second)
    left = (timedelta(minutes=ends) - since_midnight) % timedelta(days=1)
    return min(WISH_GOOD_SECONDS, max(1, int(left.total_seconds())))
