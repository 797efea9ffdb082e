"""A station of the line as the page lists it, from what its gateway told.

Pure: values in, values out.
"""

from floor.line_state import GatewayState, ToldCall, ToldStation
from gateway.view import LineCall, LineStation, LineWork

IMPACTS = ("stop", "fixed", "slow", "none")
"""What a call does to the line, the worst first."""


def line_station(
    gateway_name: str,
    told: ToldStation,
    presence: str,
    as_of: float,
    *,
    age_known: bool = True,
    refusing: str = "",
) -> LineStation:
    """One row. `as_of`: when it was so, in seconds of our own boot clock."""
    return LineStation(
        station=told.station,
        name=told.name or told.station,
        gateway_name=gateway_name,
        presence=presence,
        as_of=None if presence == "own" else round(as_of, 3),
        age_known=age_known,
        people=told.people,
        work=tuple(
            LineWork(each.title or each.operation, each.planned, each.good, each.scrap, each.running)
            for each in told.work
        ),
        calls=tuple(_call(each, as_of) for each in told.calls),
        more=told.more,
        refusing=refusing,
    )


def heard_stations(said: GatewayState, as_of: float, age_known: bool) -> tuple[LineStation, ...]:
    """The rows of what another gateway said."""
    return tuple(
        line_station(said.gateway, each, "there", as_of, age_known=age_known, refusing=said.refusing)
        for each in said.stations
    )


def _call(told: ToldCall, as_of: float) -> LineCall:
    name = told.name or told.call_type
    return LineCall(
        call_type=told.call_type,
        name=name,
        name_en=told.name_en or name,
        impact=told.impact if told.impact in IMPACTS else "slow",
        acknowledged=told.acknowledged,
        acknowledged_by=told.acknowledged_by,
        tier=told.tier,
        owner=told.owner,
        began=round(as_of - told.elapsed_seconds, 1),
    )
