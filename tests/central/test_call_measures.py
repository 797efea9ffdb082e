"""What calls tell of a period: the figures against a count by hand and against plain SQL over the log."""

import datetime
import json
import statistics

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from central.call_measures import CallFact, measured, spread
from central.context import Plant
from central.pages.measure_pages import DAYS_MAX, period_of
from central.plant_days import day_of
from floor.events import AndonAcknowledged, AndonResolved
from tests.central.local_plant import admin, app
from tests.central.page_client import served
from tests.central.plant_feed import AndonRaised
from tests.central.test_pages_plant import enrolled, publish

__all__ = ["admin", "app"]

TODAY = datetime.date(2026, 3, 31)
HOSTILE = "<script>alert(1)</script>"


def fact(number: int, **told: object) -> CallFact:
    usual: dict[str, object] = {
        "gateway_name": "g",
        "call": f"{'a' * 32}/{number}",
        "call_type": "material",
        "station": "S1",
        "state": "resolved",
        "cause": "shortage",
        "raised": 1000.0 * number,
        "acknowledged": 1000.0 * number + 10 * number,
        "ended": 1000.0 * number + 100,
    }
    return CallFact(**{**usual, **told})  # type: ignore[arg-type]


def test_spans_are_values_that_occurred_and_unknown_ones_are_left_out() -> None:
    assert spread([]).count == 0
    found = spread([None, *(float(each) for each in range(1, 11))])
    assert (found.count, found.median, found.ninety, found.longest) == (10, 5.0, 9.0, 10.0)
    assert spread([7.0]) == spread([None, 7.0]) and spread([7.0]).median == 7.0


def test_calls_are_counted_by_type_cause_and_day() -> None:
    calls = [
        fact(1),
        fact(2, cause="wrong-part"),
        fact(3),
        fact(4, station="S2"),
        fact(5, state="raised", cause="", acknowledged=None, ended=None, call_type="quality"),
        fact(6, state="cancelled", cause="", acknowledged=None),
        fact(7, acknowledged=6_990.0, ended=6_995.0),
    ]
    found = measured(calls, lambda wall: f"day-{int(wall) // 3000}")
    assert (found.count, found.open, found.cancelled) == (7, 1, 1)
    assert found.days == (("day-0", 2), ("day-1", 3), ("day-2", 2))
    assert [(each.cause, each.count, each.share, each.running) for each in found.causes] == [
        ("shortage", 4, 0.8, 0.8),
        ("wrong-part", 1, 0.2, 1.0),
    ]
    assert found.causes[0].seconds == 300.0, "a clock that ran ahead makes no time negative"
    assert [(each.station, each.cause, each.count, each.last) for each in found.repeats] == [
        ("S1", "shortage", 3, 7000.0)
    ]
    assert found.repeats[0].newest == f"g/{'a' * 32}/7"
    assert [(each.call_type, each.count, each.open) for each in found.types] == [("material", 6, 0), ("quality", 1, 1)]
    assert (found.response.count, found.response.median) == (5, 20.0) and found.resolution.count == 5
    assert measured([], day_of).causes == ()


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({}, datetime.date(2026, 3, 2), TODAY),
        ({"first": "2026-03-30", "last": "2026-03-30"}, datetime.date(2026, 3, 30), datetime.date(2026, 3, 30)),
        ({"first": "2026-04-30"}, TODAY, TODAY),
        ({"first": "1999-01-01"}, datetime.date(2026, 3, 2), TODAY),
        ({"first": "2020-01-01"}, TODAY - datetime.timedelta(days=DAYS_MAX - 1), TODAY),
        ({"first": "' OR 1=1", "last": HOSTILE}, datetime.date(2026, 3, 2), TODAY),
    ],
)
def test_a_period_makes_sense_whatever_is_asked(
    asked: dict[str, str], first: datetime.date, last: datetime.date
) -> None:
    period = period_of(asked, TODAY)
    assert (period.first, period.last) == (first, last)
    assert period.until - period.since >= 82_800


def fill(app: Flask, admin: FlaskClient) -> None:
    """Six calls over two hours; one of them is open."""
    with served(app) as address:
        feed = enrolled(admin, address, "gateway")
        for number in range(5):
            ago = 7200.0 - 1000 * number
            kind, cause = ("equipment", "sensor") if number < 3 else ("material", "shortage")
            call = feed.keep(AndonRaised(call_type=kind, person="P02"), "S1", ago)
            feed.keep(
                AndonAcknowledged(call=call, call_type=kind, person="P01", source="badge"), "S1", ago - 30 - number
            )
            feed.keep(AndonResolved(call=call, call_type=kind, person="P01", cause=cause), "S1", ago - 300)
        feed.keep(AndonRaised(call_type=HOSTILE[:60], person="P02"), "S9", 60.0)
        feed.offer()


def test_the_page_agrees_with_sums_over_the_raw_events(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    fill(app, admin)
    admin.set_cookie("lineside_language", "en")
    first = (datetime.date.today() - datetime.timedelta(days=1)).isoformat()
    page = admin.get(f"/calls/analysis?first={first}").text
    plant: Plant = app.extensions["lineside"]
    with plant.database.read() as session:
        events = [json.loads(row[0]) for row in session.execute(text("SELECT content FROM record ORDER BY position"))]
    raised = [each for each in events if each["type"] == "andon.raised"]
    resolved = [each for each in events if each["type"] == "andon.resolved"]
    assert f'<dd class="number">{len(raised)}</dd>' in page and f"{len(raised) - len(resolved)} open" in page
    waits = [float(each["boottime"]) for each in events if each["type"] == "andon.acknowledged"]
    begins = [float(each["boottime"]) for each in raised][: len(waits)]
    median = statistics.median_low([round(end - begin) for begin, end in zip(begins, waits, strict=True)])
    assert f"0:00:{median:02d}" in page
    assert "Sensor fault" in page and page.count(">100 %<") == 1
    assert "&lt;script&gt;" in page and "<script>alert" not in page
    assert "Equipment" in admin.get(f"/calls/analysis?first={first}&type=equipment").text
    assert "No calls in this period" in admin.get("/calls/analysis?first=2020-01-01&last=2020-01-02").text
    assert "No calls in this period" in admin.get(f"/calls/analysis?first={first}&line=none").text


def test_a_period_is_read_by_its_index(app: Flask) -> None:
    plant: Plant = app.extensions["lineside"]
    with plant.database.read() as session:
        plan = session.execute(
            text("EXPLAIN QUERY PLAN SELECT * FROM call WHERE plant='plant' AND raised_at >= 1 AND raised_at < 2")
        ).all()
    assert "call_raised" in str(plan)


def test_strangers_see_none_of_it(app: Flask) -> None:
    for path in ("/calls/analysis", "/gateways/completeness"):
        assert app.test_client().get(path).status_code == 303
