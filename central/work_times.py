"""How long people ran, set up and paused, from what stations recorded.

Pure: values in, values out. Within one boot of a gateway its boot clock counts; over a boot the corrected wall clock
does where it is known, else the time is not known and is counted as such, never guessed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

FOLLOWS: Final = {
    "work.started": "running",
    "work.resumed": "running",
    "work.paused": "paused",
    "setup.started": "setup",
    "setup.finished": "running",
    "report.finished": "",
    "report.corrected": "running",
}
"""The state of a share after an event of it; empty: none. A correction that does not reopen is left out beforehand."""


@dataclass(frozen=True, slots=True)
class ShareEvent:
    """Something that a person did with their share of an operation. `wall` None: not known by any clock."""

    gateway_name: str
    ordinal: int
    seq: int
    type: str
    person: str
    operation: str
    station: str
    boot: str
    boottime: float
    wall: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """A share in one state. `seconds` None: not known. `ended` False: it lasts until now."""

    operation: str
    person: str
    station: str
    state: str
    begun: float | None
    seconds: float | None
    ended: bool


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds by state; `unknown`: spans whose length no clock tells."""

    running_seconds: float = 0.0
    setup_seconds: float = 0.0
    paused_seconds: float = 0.0
    unknown: int = 0


def spans_of(events: Iterable[ShareEvent], now: float) -> list[Span]:
    """Every span, in the order of the floor (I9): by share, epoch chain and seq."""
    shares: dict[tuple[str, str, str], list[ShareEvent]] = defaultdict(list)
    for each in events:
        shares[each.gateway_name, each.person, each.operation].append(each)
    found = []
    for share in shares.values():
        share.sort(key=lambda each: (each.ordinal, each.seq))
        found += _spans_of_share(share, now)
    return found


def _spans_of_share(share: Sequence[ShareEvent], now: float) -> list[Span]:
    found, state, begun = [], "", share[0]
    for each in share:
        follows = FOLLOWS[each.type]
        if follows == state:
            continue
        if state:
            found.append(_span(begun, state, _between(begun, each), True))
        state, begun = follows, each
    if state:
        found.append(_span(begun, state, None if begun.wall is None else max(0.0, now - begun.wall), False))
    return found


def _span(begun: ShareEvent, state: str, seconds: float | None, ended: bool) -> Span:
    return Span(begun.operation, begun.person, begun.station, state, begun.wall, seconds, ended)


def _between(begun: ShareEvent, ended: ShareEvent) -> float | None:
    if begun.boot and begun.boot == ended.boot:
        return max(0.0, ended.boottime - begun.boottime)
    if begun.wall is None or ended.wall is None:
        return None
    return max(0.0, ended.wall - begun.wall)


def times_of(spans: Iterable[Span]) -> Times:
    """The sums of some spans."""
    sums: dict[str, float] = defaultdict(float)
    unknown = 0
    for each in spans:
        if each.seconds is None:
            unknown += 1
        else:
            sums[each.state] += each.seconds
    return Times(sums["running"], sums["setup"], sums["paused"], unknown)
