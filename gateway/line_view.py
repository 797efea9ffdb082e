"""How the line looks: our own stations as they are, the others' as they were said to be.

Pure: values in, values out.
"""

from collections.abc import Iterator, Sequence

from floor.events import Instant
from floor.label_texts import shown
from floor.master import MasterData
from floor.rows import Station
from gateway.floor_state import Floor
from gateway.hearsay import Hearsay, Neighbour
from gateway.limits import LINE_SILENT_SECONDS, LINE_STATIONS_SHOWN_MAX
from gateway.line_rows import line_station
from gateway.line_telling import told_station
from gateway.view import LineStation, LineView


def own_stations(
    gateway_name: str, own: Sequence[str], state: Floor, master: MasterData, instant: Instant, refusing: str
) -> tuple[LineStation, ...]:
    """The rows of this gateway's own stations."""
    told = (told_station(state, master, each, instant) for each in own)
    return tuple(line_station(gateway_name, each, "own", instant.boottime, refusing=refusing) for each in told)


def line_view(
    line: str, own: Sequence[LineStation], rows: Sequence[Station], master: MasterData, hearsay: Hearsay
) -> LineView:
    """`rows`: the line's stations in master data; their order is the page's, and others come behind them."""
    found = {each.station: each for each in own}
    strangers = []
    owners = {row.id: row.gateway for row in rows}
    for name, each in _heard(hearsay):
        if each.station in found and found[each.station].presence == "own":
            continue
        # A gateway speaks for its own stations of this line alone, as far as master data says whose they are.
        if owners.get(each.station) == name:
            found[each.station] = each
        elif each.station not in master.station_by_id:
            strangers.append(each)
    named = [found.get(row.id) or _unheard(row, hearsay.neighbours.get(row.gateway)) for row in rows]
    elsewhere = [each for each in found.values() if each.station not in owners]
    strangers.sort(key=lambda each: (each.gateway_name, each.station))
    stations = [*named, *elsewhere, *strangers]
    return LineView(
        line,
        tuple(stations[:LINE_STATIONS_SHOWN_MAX]),
        more=max(0, len(stations) - LINE_STATIONS_SHOWN_MAX),
        silent_seconds=LINE_SILENT_SECONDS,
    )


def _heard(hearsay: Hearsay) -> Iterator[tuple[str, LineStation]]:
    """(gateway, one of the stations it spoke of)."""
    for name, neighbour in hearsay.neighbours.items():
        for each in neighbour.stations:
            yield name, each


def _unheard(row: Station, neighbour: Neighbour | None) -> LineStation:
    """A station of master data of which nothing was said, though its gateway may have spoken."""
    presence = "unheard" if neighbour is None else "untold" if neighbour.online else "gone"
    return LineStation(
        station=row.id,
        name=shown(row.name or row.id),
        gateway_name=row.gateway,
        presence=presence,
        as_of=None if neighbour is None else round(neighbour.as_of, 3),
        age_known=neighbour is not None and neighbour.age_known,
    )
