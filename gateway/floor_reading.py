"""What was read and handed over, as part of the floor's state, and the folds of its events (I7).

Pure: no clock, file or socket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from floor import events, reading_events
from floor.events import Happening
from gateway import limits

if TYPE_CHECKING:
    from gateway.floor_state import Floor


@dataclass(frozen=True, slots=True)
class Offer:
    """A station handed over and not yet accepted. Its identity is the record that offered it."""

    identity: str
    person: str
    wall: float
    facts: tuple[tuple[str, str], ...]
    operations: tuple[str, ...]
    calls: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(slots=True)
class Readings:
    """Who read which version of what, oldest first, and the station's open hand-overs."""

    read: dict[tuple[str, str], str] = field(default_factory=dict)
    """(person, key of the notice) -> version."""
    offers: dict[str, Offer] = field(default_factory=dict)
    """Station -> what waits to be accepted there."""

    def has_read(self, person: str, key: str, version: str) -> bool:
        """Did the person read just this?"""
        return self.read.get((person, key)) == version

    def as_rows(self) -> dict[str, Any]:
        """For JSON; `from_rows` gives an equal one back."""
        return {
            "read": [[*key, version] for key, version in self.read.items()],
            "offers": [
                [station, row.identity, row.person, row.wall, row.facts, row.operations, row.calls, row.notices]
                for station, row in self.offers.items()
            ],
        }

    @classmethod
    def from_rows(cls, found: dict[str, Any]) -> Readings:
        """From JSON; what a release before this one wrote holds none of it."""
        return cls(
            {(person, key): version for person, key, version in found.get("read", ())},
            {
                station: Offer(
                    identity,
                    person,
                    wall,
                    tuple((name, value) for name, value in facts),
                    *(tuple(row) for row in rows),
                )
                for station, identity, person, wall, facts, *rows in found.get("offers", ())
            },
        )


def _notice_read(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, reading_events.NoticeRead)
    read = state.readings.read
    read.pop((event.person, event.notice), None)
    read[event.person, event.notice] = event.version
    if len(read) > limits.READINGS_KEPT_MAX:
        del read[next(iter(read))]
        state.forgotten += 1


def _handover_offered(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, reading_events.HandoverOffered)
    facts = tuple((name, value) for name, found, value in (each.partition("=") for each in event.facts) if found)
    state.readings.offers[happening.station] = Offer(
        identity, event.person, happening.instant.wall, facts, event.operations, event.calls, event.notices
    )


def _handover_accepted(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, reading_events.HandoverAccepted)
    found = state.readings.offers.get(happening.station)
    if found is None or found.identity != event.handover:
        state.inapplicable += 1
        return
    del state.readings.offers[happening.station]


READING_FOLDS: dict[type[events.Event], Callable[[Floor, str, Happening], None]] = {
    reading_events.NoticeRead: _notice_read,
    reading_events.HandoverOffered: _handover_offered,
    reading_events.HandoverAccepted: _handover_accepted,
}
"""The events of reading and handing over."""
