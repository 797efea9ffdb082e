"""When a station rests by the plant's calendar: breaks, and the end of a shift.

Pure: values in, values out. Times of the plant are its wall clock; whoever asks must have one that is set.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from floor.days import plant_day
from floor.rows import Shift

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


class Calendar:
    """The shifts of one version of master data. A day's rests are worked out once: stations look at each wake."""

    def __init__(self, shifts: tuple[Shift, ...]) -> None:
        self._shifts = shifts
        self._days: dict[str, tuple[date, float, tuple[Rest, ...]]] = {}

    def covers(self, station: str) -> bool:
        """Does it say anything of this station?"""
        return any(_is_for(row, station) for row in self._shifts)

    def rest_at(self, station: str, wall: float, utc_offset_seconds: float) -> Rest | None:
        """The rest that this moment falls into; a break goes before the end of another shift."""
        found = [each for each in self._rests(station, wall, utc_offset_seconds) if each.began <= wall < each.ends]
        return min(found, key=lambda each: each.kind != "break", default=None)

    def next_edge(self, station: str, wall: float, utc_offset_seconds: float) -> float | None:
        """When the next rest begins or ends; None where none does within a day."""
        edges = (edge for each in self._rests(station, wall, utc_offset_seconds) for edge in (each.began, each.ends))
        return min((edge for edge in edges if edge > wall), default=None)

    def _rests(self, station: str, wall: float, offset: float) -> tuple[Rest, ...]:
        """Those of the shifts that begin yesterday, today and tomorrow: a night shift began the day before."""
        today = plant_day(wall, offset)
        known = self._days.get(station)
        if known is not None and known[:2] == (today, offset):
            return known[2]
        days = [today + timedelta(days=each) for each in (-1, 0, 1)]
        rests = tuple(
            rest
            for row in self._shifts
            if _is_for(row, station)
            for day in days
            if str(day.isoweekday()) in row.days
            for rest in _of_shift(row, day, offset)
        )
        self._days[station] = today, offset, rests
        return rests


def _is_for(row: Shift, station: str) -> bool:
    return not row.stations or station in row.stations


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
