"""What calls tell of a plant: how fast they are taken and solved, what causes them, and which come back.

Pure but for `calls_between`, which reads the calls. A call counts on the day it was raised. Definitions:

* response: from raising until whoever has the call took it; for one that was handed on, its newest owner.
* resolution: from raising until it was resolved; cancelled calls have none.
* median and 90 % are by nearest rank: a value that occurred, never one in between.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.limits import CALLS_MEASURED_MAX, REPEATS_SHOWN_MAX
from central.models import Call

NO_CAUSE = ""
"""Of a call that is not resolved, or was closed without a cause."""


@dataclass(frozen=True, slots=True)
class CallFact:
    """One call. Times are seconds since 1970; None where it has not happened."""

    gateway_name: str
    call: str
    call_type: str
    station: str
    state: str
    cause: str
    raised: float
    acknowledged: float | None
    ended: float | None

    @property
    def response_seconds(self) -> float | None:
        """Never below zero: two clocks may disagree by their error."""
        return None if self.acknowledged is None else max(0.0, self.acknowledged - self.raised)

    @property
    def resolution_seconds(self) -> float | None:
        """None for a call that is open or was cancelled."""
        return max(0.0, self.ended - self.raised) if self.ended is not None and self.state == "resolved" else None


@dataclass(frozen=True, slots=True)
class Spread:
    """How some spans lie, in seconds; `count` 0 where there is none."""

    count: int = 0
    median: float = 0.0
    ninety: float = 0.0
    longest: float = 0.0


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One type of call."""

    call_type: str
    count: int
    open: int
    response: Spread
    resolution: Spread


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One cause, the most frequent first. `share` and `running`: of all calls with a cause, 0 to 1."""

    cause: str
    count: int
    share: float
    running: float
    seconds: float
    """From raising to resolving, of all its calls together."""


@dataclass(frozen=True, slots=True)
class RepeatRow:
    """The same type at the same station for the same cause, more than once."""

    call_type: str
    station: str
    cause: str
    count: int
    first: float
    last: float
    newest: str
    """gateway/epoch/seq of the newest one."""


@dataclass(frozen=True, slots=True)
class CallMeasures:
    """The whole of a period. `days`: (day as YYYY-MM-DD, calls), each day that has some, in order."""

    count: int
    open: int
    cancelled: int
    response: Spread
    resolution: Spread
    types: tuple[TypeRow, ...]
    causes: tuple[CauseRow, ...]
    repeats: tuple[RepeatRow, ...]
    days: tuple[tuple[str, int], ...]


def calls_between(
    session: Session, plant: str, since: float, until: float, stations: Sequence[str] | None = None, call_type: str = ""
) -> tuple[list[CallFact], bool]:
    """(calls raised from `since` to before `until`, the newest first; whether there are more than are measured).

    `stations`: only at these. A call whose raising has not come yet has no time and is not among them.
    """
    wanted = select(Call).where(Call.plant == plant, Call.raised_at >= since, Call.raised_at < until)
    if stations is not None:
        wanted = wanted.where(Call.station.in_(stations))
    if call_type:
        wanted = wanted.where(Call.call_type == call_type)
    rows = session.scalars(wanted.order_by(Call.raised_at.desc()).limit(CALLS_MEASURED_MAX + 1)).all()
    return [_fact(row) for row in rows[:CALLS_MEASURED_MAX]], len(rows) > CALLS_MEASURED_MAX


def _fact(row: Call) -> CallFact:
    assert row.raised_at is not None
    return CallFact(
        row.gateway,
        f"{row.epoch}/{row.seq}",
        row.call_type,
        row.station,
        row.state,
        row.cause,
        row.raised_at,
        row.acknowledged_at,
        row.ended_at,
    )


def spread(spans: Iterable[float | None]) -> Spread:
    """Of those spans that are known."""
    known = sorted(each for each in spans if each is not None)
    if not known:
        return Spread()
    return Spread(len(known), _rank(known, 0.5), _rank(known, 0.9), known[-1])


def _rank(known: Sequence[float], part: float) -> float:
    return known[max(0, math.ceil(part * len(known)) - 1)]


def measured(calls: Sequence[CallFact], day_of: Callable[[float], str]) -> CallMeasures:
    """What the calls tell. `day_of`: the plant's day of a time, as YYYY-MM-DD."""
    types: dict[str, list[CallFact]] = defaultdict(list)
    for each in calls:
        types[each.call_type].append(each)
    return CallMeasures(
        count=len(calls),
        open=sum(1 for each in calls if each.ended is None),
        cancelled=sum(1 for each in calls if each.state == "cancelled"),
        response=spread(each.response_seconds for each in calls),
        resolution=spread(each.resolution_seconds for each in calls),
        types=tuple(sorted((_type_row(name, rows) for name, rows in types.items()), key=_by_count)),
        causes=_causes(calls),
        repeats=_repeats(calls),
        days=tuple(sorted(Counter(day_of(each.raised) for each in calls).items())),
    )


def _by_count(row: TypeRow) -> tuple[int, str]:
    return -row.count, row.call_type


def _type_row(call_type: str, calls: Sequence[CallFact]) -> TypeRow:
    return TypeRow(
        call_type,
        len(calls),
        sum(1 for each in calls if each.ended is None),
        spread(each.response_seconds for each in calls),
        spread(each.resolution_seconds for each in calls),
    )


def _causes(calls: Sequence[CallFact]) -> tuple[CauseRow, ...]:
    """Pareto: resolved calls that name a cause."""
    named = [each for each in calls if each.state == "resolved" and each.cause != NO_CAUSE]
    counts = Counter(each.cause for each in named)
    seconds: dict[str, float] = defaultdict(float)
    for each in named:
        seconds[each.cause] += each.resolution_seconds or 0.0
    rows, running = [], 0
    for cause, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        running += count
        rows.append(CauseRow(cause, count, count / len(named), running / len(named), seconds[cause]))
    return tuple(rows)


def _repeats(calls: Sequence[CallFact]) -> tuple[RepeatRow, ...]:
    """At most REPEATS_SHOWN_MAX, the most frequent first."""
    groups: dict[tuple[str, str, str], list[CallFact]] = defaultdict(list)
    for each in calls:
        if each.state == "resolved" and each.cause != NO_CAUSE:
            groups[each.call_type, each.station, each.cause].append(each)
    rows = []
    for key, members in groups.items():
        if len(members) > 1:
            newest = max(members, key=lambda each: each.raised)
            first = min(each.raised for each in members)
            rows.append(RepeatRow(*key, len(members), first, newest.raised, f"{newest.gateway_name}/{newest.call}"))
    rows.sort(key=lambda each: (-each.count, -each.last))
    return tuple(rows[:REPEATS_SHOWN_MAX])
