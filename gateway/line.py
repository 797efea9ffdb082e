"""The line at one gateway: what it tells the others, what it has heard of them, and how all of it looks on one page.

`Telling` is the one thing that two threads touch: the main loop puts in what is so, the pump's thread sends it.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from floor.events import Instant
from floor.line_state import GatewayState
from floor.master import MasterData
from floor.rows import Station
from floor.schemas import TOPIC_ROOT
from gateway import limits
from gateway.config import Config
from gateway.keeping import Keeping
from gateway.line_ear import Ear
from gateway.line_telling import told_state
from gateway.line_view import line_view, own_stations
from gateway.view import LineView


def _nobody() -> None:
    """Nobody waits for news."""


@dataclass(slots=True)
class Telling:
    """The state as it was last put in. `clock`: seconds of the boot clock. `wake`: called after a new one."""

    clock: Callable[[], float]
    wake: Callable[[], None] = _nobody
    _said: GatewayState | None = None
    _as_of: float = 0.0
    _version: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, said: GatewayState, as_of: float) -> None:
        """This is so as of that second; it is sent soon."""
        with self._lock:
            self._said, self._as_of = said, as_of
            self._version += 1
        self.wake()

    def version(self) -> int:
        """Grows with each new state."""
        return self._version

    def fields(self) -> Mapping[str, Any]:
        """The members of the document, with the age they have now; none before the first state."""
        with self._lock:
            said, as_of = self._said, self._as_of
        if said is None:
            return {}
        age = min(max(0.0, self.clock() - as_of), limits.LINE_AGE_SECONDS_MAX)
        return {**said.model_dump(mode="json", exclude_defaults=True), "age_seconds": round(age, 3)}


@dataclass(slots=True)
class Line:
    """Built by the composition root; all but `ear` and `telling` belong to the main loop."""

    config: Config
    ear: Ear
    telling: Telling
    _changed: bool = True
    _told_at: float = float("-inf")

    def changed(self) -> None:
        """Something that is told may be different now."""
        self._changed = True

    def hear(self, keeping: Keeping, instant: Instant) -> int:
        """Take what the ear has. Returns how many messages were not taken since the last time."""
        expected = {each.gateway for each in stations_of_line(self.config, keeping.master)}
        for hearing in self.ear.take():
            if not keeping.hearsay.take(hearing, instant, expected):
                self.ear.refuse("crowd")
        return self.ear.take_refused()

    def tell(self, keeping: Keeping, instant: Instant, refusing: str) -> None:
        """Say what is so, at a change and from time to time."""
        wake = self.wake()
        if wake is None or instant.boottime < wake:
            return
        self._changed, self._told_at = False, instant.boottime
        stations = tuple(each.id for each in self.config.station)
        name = self.config.gateway.name
        said = told_state(name, stations, keeping.floor, keeping.master, instant, refusing)
        self.telling.put(said, instant.boottime)

    def wake(self) -> float | None:
        """When `tell` next has something to say; None without a broker."""
        if not self.config.mqtt.host:
            return None
        pause = limits.LINE_TELL_SECONDS_MIN if self._changed else limits.LINE_TELL_SECONDS
        return self._told_at + pause

    def view(self, keeping: Keeping, instant: Instant, refusing: str) -> LineView:
        """Every station of the line, ours among them."""
        place, master = self.config.gateway, keeping.master
        ids = tuple(each.id for each in self.config.station)
        own = own_stations(place.name, ids, keeping.floor, master, instant, refusing)
        return line_view(place.line, own, stations_of_line(self.config, master), master, keeping.hearsay)


def stations_of_line(config: Config, master: MasterData) -> tuple[Station, ...]:
    """What master data has in this gateway's line."""
    place = config.gateway
    here = (place.site, place.area, place.line)
    return tuple(each for each in master.stations if (each.site, each.area, each.line) == here)


def build_line(config: Config, put: Callable[[object], bool], clock: Callable[[], float]) -> Line:
    """The line as this configuration has it. `put`: the inbox of the main loop."""
    place = config.gateway
    levels = "/".join((TOPIC_ROOT, place.site, place.area, place.line))
    return Line(config, Ear(levels, place.name, put, clock), Telling(clock))
