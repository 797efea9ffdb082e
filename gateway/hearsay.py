"""What the other gateways of the line say about themselves: hearsay, with its age.

Pure: values in, values out. It lives in memory alone; it is shown, and may keep a flag away or on, but nothing of it is
counted, journalled or a reason to refuse. Times are seconds of this gateway's own boot clock.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from floor.events import Instant
from floor.line_state import GatewayState
from gateway.limits import LINE_GATEWAYS_MAX, LINE_SILENT_SECONDS
from gateway.line_rows import heard_stations
from gateway.view import LineStation


@dataclass(frozen=True, slots=True)
class Hearing:
    """One message, read. `said` None: its retained state was taken away. `retained`: nobody knows since when."""

    gateway_name: str
    said: GatewayState | None
    at: float
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The last that is known of a gateway. `as_of`: when it was so; `age_known` False: it may be older than that."""

    as_of: float
    age_known: bool
    online: bool
    stations: tuple[LineStation, ...] = ()
    counts: tuple[tuple[str, int, int], ...] = ()

    def speaks(self, now: float) -> bool:
        """Whether it is there and what it said is fresh."""
        return self.online and self.age_known and now - self.as_of < LINE_SILENT_SECONDS


@dataclass(slots=True)
class Hearsay:
    """All of it, by the gateway's name."""

    neighbours: dict[str, Neighbour] = field(default_factory=dict)

    def take(self, hearing: Hearing, instant: Instant, expected: Collection[str] = ()) -> bool:
        """Whether there was room. `expected`: gateways that master data puts in this line; others give way to them."""
        name, said = hearing.gateway_name, hearing.said
        if said is None:
            self.neighbours.pop(name, None)
            return True
        if name not in self.neighbours and not self._make_room(name, expected):
            return False
        before = self.neighbours.get(name)
        if said.online:
            as_of, known = _as_of(hearing, said, instant)
            rows = heard_stations(said, as_of, known)
            self.neighbours[name] = Neighbour(as_of, known, True, rows, said.counts)
        elif before is not None:
            # The will says no more than that it is gone: what was known before stays, and grows old.
            rows = tuple(replace(each, presence="gone") for each in before.stations)
            self.neighbours[name] = replace(before, online=False, stations=rows)
        else:
            self.neighbours[name] = Neighbour(hearing.at, not hearing.retained, online=False)
        return True

    def _make_room(self, name: str, expected: Collection[str]) -> bool:
        if len(self.neighbours) < LINE_GATEWAYS_MAX:
            return True
        strangers = [each for each in self.neighbours if each not in expected]
        if name not in expected or not strangers:
            return False
        del self.neighbours[strangers[0]]
        return True

    def at(self, now: float) -> "Said":
        """What it comes to at this moment."""
        return Said(self, now)


@dataclass(frozen=True, slots=True)
class Said:
    """The hearsay at one moment. `good` is a sum of other gateways' own counts; each tells all of its count at once, so
    repeating it changes nothing."""

    hearsay: Hearsay
    now: float

    def speaks(self, name: str) -> bool:
        """Whether the gateway is there and what it said is fresh."""
        found = self.hearsay.neighbours.get(name)
        return found is not None and found.speaks(self.now)

    def good(self, keys: Iterable[str]) -> int:
        """Good pieces of an operation, by any of the texts it is counted under, from those who speak."""
        wanted = set(keys)
        speaking = (each for each in self.hearsay.neighbours.values() if each.speaks(self.now))
        return sum(good for each in speaking for key, good, _ in each.counts if key in wanted)


NOBODY = Said(Hearsay(), 0.0)
"""No other gateway is heard."""


def _as_of(hearing: Hearing, said: GatewayState, instant: Instant) -> tuple[float, bool]:
    """When it was so by our boot clock, and whether that is known.

    A message that came by itself is as old as its sender said. One the broker had kept has only wall times to tell,
    which count where both clocks were vouched for (I9).
    """
    as_of = hearing.at - said.age_seconds
    if not hearing.retained:
        return as_of, True
    if not instant.synchronised or said.clockstate != "synchronised":
        return as_of, False
    return min(as_of, instant.boottime - (instant.wall - said.walltime)), True
