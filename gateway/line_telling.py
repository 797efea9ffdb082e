"""What this gateway tells the others of its line, from what is known.

Pure: values in, values out.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from floor.calls import CallState, impact_of
from floor.events import Instant
from floor.label_texts import shown
from floor.limits import STATE_BYTES_MAX, STATE_COUNTS_MAX, STATE_LINES_MAX, STATE_TEXT_CHARACTERS_MAX
from floor.line_state import COUNT_MAX, SECONDS_MAX, WALL_MAX, GatewayState, ToldCall, ToldStation, ToldWork
from floor.master import MasterData
from floor.work import WorkState
from gateway.floor_rows import Progress, Share
from gateway.floor_state import Floor
from gateway.open_calls import Call
from gateway.station_case import Case
from gateway.station_desk import Desk, StationRules

_RULES = StationRules()
_FRAME_BYTES = 512
"""Left for what the sending thread puts around: the newest record's identity, ages, the release."""
_LOOKED_AT = 4 * STATE_COUNTS_MAX
"""How far the touched operations are looked through for some of our own count, so that telling stays cheap."""


def _text(text: str) -> str:
    return shown(text, STATE_TEXT_CHARACTERS_MAX)


def _count(number: int) -> int:
    """Within what the document holds: telling must never end the loop that keeps records."""
    return min(number, COUNT_MAX)


def _own(state: Floor, key: str) -> Progress:
    return state.progress.get(key) or Progress()


def _work(case: Case, key: str, shares: Iterable[Share]) -> ToldWork:
    operation = case.operation(key)
    counted = {key} if operation is None else {operation.id, operation.ticket}
    return ToldWork(
        operation=_text(key) or "?",
        title=_text(case.title_of(key)),
        planned=_count(operation.planned) if operation else None,
        good=_count(sum(_own(case.state, each).good for each in counted)),
        scrap=_count(sum(_own(case.state, each).scrap for each in counted)),
        running=any(share.state is WorkState.RUNNING for share in shares),
    )


def _call(case: Case, call: Call) -> ToldCall:
    row = case.master.call_type_by_id.get(call.call_type)
    names = case.names_of_call(call.call_type)
    taken = call.state is CallState.ACKNOWLEDGED
    return ToldCall(
        call_type=_text(call.call_type) or "?",
        name=str(names["call"]),
        name_en=str(names["call_en"]),
        impact=impact_of(row, call.stopped),
        acknowledged=taken,
        acknowledged_by=case.name_of(call.acknowledged_by) if taken and call.acknowledged_by else "",
        tier=_count(call.tier),
        owner=_text(call.owner),
        elapsed_seconds=min(round(call.elapsed.at(case.state.last, case.instant).seconds, 1), SECONDS_MAX),
    )


def told_station(
    state: Floor, master: MasterData, station: str, instant: Instant, lines_max: int = STATE_LINES_MAX
) -> ToldStation:
    """One station: who is there, what is worked on, what is called. Lists keep `lines_max` each."""
    case = Case(state, Desk(station), master, instant, _RULES, shown="")
    row = master.station_by_id.get(station)
    people = list(state.held.get(station, ()))
    shares: dict[str, list[Share]] = {}
    for share in state.shares_at(station):
        shares.setdefault(share.operation, []).append(share)
    calls = state.calls_at(station)
    lists: tuple[Sequence[object], ...] = (people, tuple(shares), calls)
    return ToldStation(
        station=station,
        name=_text(row.name if row and row.name else station),
        people=tuple(_text(case.name_of(each)) for each in people[:lines_max]),
        work=tuple(_work(case, key, each) for key, each in islice(shares.items(), lines_max)),
        calls=tuple(_call(case, each) for each in calls[:lines_max]),
        more=sum(max(0, len(each) - lines_max) for each in lists),
    )


def _counts(state: Floor) -> tuple[tuple[str, int, int], ...]:
    """Our own counts, of the operations touched last."""
    touched = islice(reversed(state.progress.items()), _LOOKED_AT)
    own = ((key, _count(row.good), _count(row.scrap)) for key, row in touched if row.good or row.scrap)
    fitting = (each for each in own if 0 < len(each[0]) <= STATE_TEXT_CHARACTERS_MAX)
    return tuple(islice(fitting, STATE_COUNTS_MAX))


def told_state(
    gateway_name: str, stations: Sequence[str], state: Floor, master: MasterData, instant: Instant, refusing: str = ""
) -> GatewayState:
    """The whole document, its lists shortened until it fits its bound."""
    lines_max, counts = STATE_LINES_MAX, _counts(state)
    while True:
        said = GatewayState(
            gateway=gateway_name,
            online=True,
            walltime=min(round(max(0.0, instant.wall), 3), WALL_MAX),
            clockstate="synchronised" if instant.synchronised else "unsynchronised",
            refusing=refusing,
            stations=tuple(told_station(state, master, each, instant, lines_max) for each in stations),
            counts=counts,
        )
        if lines_max == 0 or len(encoded(said)) + _FRAME_BYTES <= STATE_BYTES_MAX:
            return said
        lines_max //= 2


def encoded(said: GatewayState) -> bytes:
    """The document's bytes; what is as it is by default is left out."""
    return said.model_dump_json(exclude_defaults=True).encode()
