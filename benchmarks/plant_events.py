"""A day at a station as its gateway records it: starts, components, serials, reports, and a call now and then."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from floor.events import AndonRaised, AndonResolved, Event, Happening, Instant, ReportFinished, WorkStarted
from floor.work_events import ComponentUsed, ProductIdentified

STEPS = 5
"""Operations of an order."""

CALL_EVERY = 100
"""Records between two calls, about one an hour of a busy station."""


@dataclass(frozen=True, slots=True)
class Place:
    """Station `number` of `stations`, where the operations of `orders` orders are spread over."""

    number: int
    stations: int
    orders: int
    people: int


def work_at(place: Place, share: int) -> dict[str, str]:
    """The `share`-th work at this station: a person, and an operation that belongs there."""
    step = share % STEPS
    orders = range((place.number - step) % place.stations, place.orders, place.stations)
    order = f"WO{orders[share // STEPS % len(orders)] if orders else place.number % place.orders:05}"
    person = f"P{(place.number + place.stations * (share // 20)) % place.people}"
    return {"person": person, "operation": f"{order}-{step}", "work_order": order}


def happenings(place: Place, epoch: str) -> Iterator[Happening]:
    """Without an end, for records 1, 2, 3 ... of `epoch`."""
    station, boot, seq = f"S{place.number}", secrets.token_hex(16), 0
    for share in range(10**9):
        for event in _events(place, epoch, share, seq):
            seq += 1
            yield Happening(event, station, Instant(boot, time.monotonic(), time.time(), True), 1, seq - 1)


def _events(place: Place, epoch: str, share: int, seq: int) -> Iterator[Event]:
    work = work_at(place, share)
    yield WorkStarted(**work)
    yield ComponentUsed(**work, item="screw", lot=f"L{place.number}-{share // 20}")
    yield ProductIdentified(**work, serial=f"N{place.number}-{share}")
    if share % (CALL_EVERY // 4) == place.number % (CALL_EVERY // 4):
        yield AndonRaised(call_type="quality", person=work["person"], operation=work["operation"])
        yield AndonResolved(call_type="quality", call=f"{epoch}/{seq + 4}", person=work["person"], cause="tool")
    yield ReportFinished(**work, good=1, seconds=180.0)
