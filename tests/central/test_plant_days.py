"""Days and offsets of the plant, whose time zone is the server's."""

import time
from collections.abc import Iterator
from datetime import date

import pytest

from central.plant_days import asked_day, day_of, midnight, moment, plant_today, utc_offset


@pytest.fixture(params=["Asia/Shanghai", "America/St_Johns", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 3, 8), date(2026, 7, 1), date(2026, 11, 1)])
def test_a_day_begins_at_its_midnight_also_where_clocks_are_put_forward(zone: str, day: date) -> None:
    begins = midnight(day)
    assert plant_today(begins) == day and plant_today(begins - 1) < day, zone
    assert day_of(begins) == day.isoformat()
    assert (begins + utc_offset(begins)) % 86_400 == 0


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "1970-12-31", "", "x", "2026-02-30", "２０２６-01-01"])
def test_what_is_no_day_or_off_the_calendar_is_none(zone: str, text: str) -> None:
    assert asked_day(text) is None, zone


def test_what_no_calendar_holds_has_no_day() -> None:
    for wall in (1e18, -1e18, float("nan"), float("inf")):
        assert moment(wall) is None and day_of(wall) == ""
