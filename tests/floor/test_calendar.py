"""The plant's calendar: which moment is a break, which the end of a shift, and when the next one begins or ends."""

from datetime import UTC, datetime

import pytest

from floor.calendar import SHIFT_END_SECONDS
from floor.master import MasterData
from floor.rows import Shift, Station

EAST = 8 * 3600.0
EARLY = Shift(id="early", start="06:00", end="14:00", breaks=("09:00-09:15", "12:00-12:30"))
NIGHT = Shift(id="night", days="5", start="22:00", end="06:00", breaks=("23:50-00:20",), stations=("S2",))


def plant(*shifts: Shift) -> MasterData:
    return MasterData(shifts=shifts, stations=(Station(id="S1"), Station(id="S2")))


def at(text: str) -> float:
    """The plant's wall clock, eight hours ahead of UTC. 2026-11-27 is a Friday."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() - EAST


@pytest.mark.parametrize(
    ("when", "station", "kind"),
    [
        ("2026-11-27T08:59:59", "S1", None),
        ("2026-11-27T09:00:00", "S1", "break"),
        ("2026-11-27T09:14:59", "S1", "break"),
        ("2026-11-27T09:15:00", "S1", None),
        ("2026-11-27T14:00:00", "S1", "shift_end"),
        ("2026-11-27T14:10:00", "S1", None),
        ("2026-11-28T09:05:00", "S1", None),  # a Saturday
        ("2026-11-27T23:55:00", "S2", "break"),
        ("2026-11-28T00:19:00", "S2", "break"),  # the night of Friday goes on
        ("2026-11-28T00:20:00", "S2", None),
        ("2026-11-28T06:00:30", "S2", "shift_end"),
        ("2026-11-27T06:00:30", "S2", None),  # Thursday had no night shift
        ("2026-11-27T23:55:00", "S1", None),
    ],
)
def test_what_a_moment_is(when: str, station: str, kind: str | None) -> None:
    found = plant(EARLY, NIGHT).calendar.rest_at(station, at(when), EAST)
    assert (found.kind if found else None) == kind


def test_when_the_next_edge_is() -> None:
    next_edge = plant(EARLY).calendar.next_edge
    assert next_edge("S1", at("2026-11-27T08:00:00"), EAST) == at("2026-11-27T09:00:00")
    assert next_edge("S1", at("2026-11-27T09:00:00"), EAST) == at("2026-11-27T09:15:00")
    assert next_edge("S1", at("2026-11-27T13:00:00"), EAST) == at("2026-11-27T14:00:00")
    assert next_edge("S1", at("2026-11-27T14:00:00"), EAST) == at("2026-11-27T14:00:00") + SHIFT_END_SECONDS
    assert plant().calendar.next_edge("S1", at("2026-11-27T14:00:00"), EAST) is None


@pytest.mark.parametrize(
    "wrong", [{"start": "24:00"}, {"end": "6:00"}, {"breaks": ["09:00"]}, {"days": "8"}, {"days": ""}]
)
def test_a_calendar_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Shift.model_validate({"id": "x", "start": "06:00", "end": "14:00", **wrong})
