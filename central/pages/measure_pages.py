"""How calls went over a period, and whether everything the gateways kept is here. Filters stay in the address."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from central.call_measures import calls_between, measured
from central.completeness import completeness
from central.context import plant
from central.limits import CALLS_MEASURED_MAX
from central.pages.asking import named_in
from central.pages.frame import for_accounts, language, render
from central.pages.port import Office
from central.plant_days import asked_day, day_of, midnight, plant_today
from central.projector import catch_up_all
from central.snapshots import current_master
from floor.master import MasterData

DAYS_AT_FIRST = 30
"""The period of the page when nobody chose one."""

DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of a day to the end of another, both of the plant, with what is asked about."""

    first: datetime.date
    last: datetime.date
    line: str = ""
    call_type: str = ""

    @property
    def since(self) -> float:
        """Seconds since 1970, by this server's time zone."""
        return midnight(self.first)

    @property
    def until(self) -> float:
        """The moment behind the last one."""
        return midnight(self.last + datetime.timedelta(days=1))


def _day(text: str, otherwise: datetime.date) -> datetime.date:
    found = asked_day(text)
    return found if found and 2000 <= found.year <= 2100 else otherwise


def period_of(asked: Mapping[str, str], today: datetime.date) -> Period:
    """What a request asks for; what makes no sense becomes the usual, and a longer period is cut at DAYS_MAX."""
    last = _day(asked.get("last", ""), today)
    first = _day(asked.get("first", ""), last - datetime.timedelta(days=DAYS_AT_FIRST - 1))
    first = min(max(first, last - datetime.timedelta(days=DAYS_MAX - 1)), last)
    return Period(first, last, asked.get("line", "")[:48], asked.get("type", "")[:48])


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/calls/analysis")
    @for_accounts
    def call_analysis() -> Response:
        return _analysis()

    @pages.get("/gateways/completeness")
    @for_accounts
    def gateway_completeness() -> Response:
        here = plant()
        catch_up_all(here.database)
        with here.database.read() as session:
            found = completeness(session, here.database.plant)
        return render(
            "completeness.html",
            gateways=found,
            verdicts=[each.verdict for each in found],
            command="lineside central prove",
            address="/api/v1/completeness",
        )


def _analysis() -> Response:
    here = plant()
    catch_up_all(here.database)
    today = plant_today(here.now())
    period = period_of(request.args, today)
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
        calls, more = calls_between(
            session,
            here.database.plant,
            period.since,
            period.until,
            [each.id for each in master.stations if each.line == period.line] if period.line else None,
            period.call_type,
        )
    found = measured(calls, day_of)
    days = {day: count for day, count in found.days}
    span = (period.last - period.first).days + 1
    every = [(period.first + datetime.timedelta(days=each)).isoformat() for each in range(span)]
    return render(
        "call_analysis.html",
        period=period,
        found=found,
        more=more,
        calls_max=CALLS_MEASURED_MAX,
        days=[(day, days.get(day, 0)) for day in every],
        top=max(days.values(), default=0),
        lines=sorted({each.line for each in master.stations}),
        call_types=master.call_types,
        type_word=lambda name: named_in(master.call_type_by_id)(name, language()),
        cause_word=lambda name: named_in(master.reason_by_id)(name, language()),
        spots=[
            (label, _query(period, first=each.isoformat(), last=today.isoformat())) for label, each in _spots(today)
        ],
        station_word=lambda name: _station(master, name),
    )


def _spots(today: datetime.date) -> list[tuple[str, datetime.date]]:
    """Periods that are one touch away."""
    return [
        ("today", today),
        ("week", today - datetime.timedelta(days=6)),
        ("month", today - datetime.timedelta(days=DAYS_AT_FIRST - 1)),
    ]


def _query(period: Period, **values: str) -> str:
    kept = {"first": period.first.isoformat(), "last": period.last.isoformat(), "line": period.line}
    asked = {**kept, "type": period.call_type, **values}
    return "/calls/analysis?" + urlencode({name: value for name, value in asked.items() if value})


def _station(master: MasterData, station: str) -> str:
    row = master.station_by_id.get(station)
    return row.name if row and row.name else station
