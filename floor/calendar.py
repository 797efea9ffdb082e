"""When a station rests by the plant's calendar: breaks, and the end of a shift.

Pure: values in, values out. Times of the plant are its wall clock; whoever asks must have one that is set.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from floor.master import MasterData, Shift

RestKind = Literal["break", "shift_end"]
REST_KINDS: Final = frozenset({"break", "shift_end"})

SHIFT_END_SECONDS: Final = 600.0
"""How long after the end of a shift work that began before it is paused: a gateway that was off then still does it."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A break, or the minutes after a shift. `began` and `ends`: seconds since 1970."""

    kind: RestKind
    began: float
    ends: float


def rest_at(master: MasterData, station: str, wall: float, utc_offset_seconds: float) -> Rest | None:
    """The rest that this moment falls into; a break goes before the end of another shift."""
    found = [each for each in _rests(master, station, wall, utc_offset_seconds) if each.began <= wall < each.ends]
    return min(found, key=lambda each: each.kind != "break", default=None)


def next_edge(master: MasterData, station: str, wall: float, utc_offset_seconds: float) -> float | None:
    """When the next rest begins or ends; None where none does within a day."""
    edges = (edge for each in _rests(master, station, wall, utc_offset_seconds) for edge in (each.began, each.ends))
    return min((edge for edge in edges if edge > wall), default=None)


def has_calendar(master: MasterData, station: str) -> bool:
    """Does the calendar say anything of this station?"""
    return any(not row.stations or station in row.stations for row in master.shifts)


def _rests(master: MasterData, station: str, wall: float, offset: float) -> Iterator[Rest]:
    """Those of the shifts that begin yesterday, today and tomorrow: a night shift began the day before."""
    today = datetime.fromtimestamp(wall + offset, UTC).date()
    for row in master.shifts:
        if row.stations and station not in row.stations:
            continue
        for day in (today + timedelta(days=each) for each in (-1, 0, 1)):
            if str(day.isoweekday()) in row.days:
                yield from _of_shift(row, day, offset)


def _of_shift(row: Shift, day: date, offset: float) -> Iterator[Rest]:
    start = _wall(day, row.start, offset)
    end = _behind(_wall(day, row.end, offset), start)
    for each in row.breaks:
        begins, _, ends = each.partition("-")
        began = _behind(_wall(day, begins, offset), start, same=True)
        yield Rest("break", began, _behind(_wall(day, ends, offset), began))
    yield Rest("shift_end", end, end + SHIFT_END_SECONDS)


def _wall(day: date, clock: str, offset: float) -> float:
    hour, _, minute = clock.partition(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=UTC).timestamp() - offset


def _behind(wall: float, earlier: float, same: bool = False) -> float:
    """The time of day at or after `earlier`: past midnight it is the next day's."""
    return wall if wall > earlier or (same and wall == earlier) else wall + 86_400.0
