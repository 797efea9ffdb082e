"""The open calls as a phone is told of them: every word in the reader's language, every label that opens one."""

from typing import Any

from central.context import Plant
from central.limits import PHONE_CALLS_MAX
from central.pages.board_selection import pressing_calls
from central.pages.formats import visible
from central.pages.office import Account, CallLine
from central.pages.port import Office
from central.rights import Action
from central.snapshots import current_master
from central.texts import text, text_or
from floor.labels import STATION_PREFIX
from floor.master import MasterData
from floor.owners import owners
from floor.texts import Language


def calls_told(office: Office, here: Plant, who: Account, chosen: Language) -> tuple[list[dict[str, Any]], int]:
    """The most pressing open calls as JSON, and how many more there are."""
    open_calls = pressing_calls(office.open_calls())
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
    told = [_told(call, master, who, chosen) for call in open_calls[:PHONE_CALLS_MAX]]
    return told, max(0, len(open_calls) - PHONE_CALLS_MAX)


def _told(call: CallLine, master: MasterData, who: Account, chosen: Language) -> dict[str, Any]:
    name = (call.name_en or call.name) if chosen == "en" else call.name
    causes = [
        (identity, visible((name_en or own) if chosen == "en" else own)) for identity, own, name_en in call.causes
    ]
    impact = text_or(chosen, f"impact.{call.impact}", call.impact)
    return {
        "gateway": call.gateway_name,
        "call": call.call,
        "name": visible(name or call.call_type),
        "station": visible(call.station),
        "where": " · ".join(filter(None, (visible(call.station), visible(call.operation), impact))),
        "impact": call.impact,
        "state": call.state,
        "may": who.can(Action.ACKNOWLEDGE, call.place),
        "told": _state_word(call, chosen),
        "raised": call.raised,
        "causes": [*causes, ("other", text(chosen, "cause.other"))],
        "owners": [(each, visible(each)) for each in owners(master, call.call_type)],
        "labels": _labels(call, master),
    }


def _state_word(call: CallLine, chosen: Language) -> str:
    if call.state == "acknowledged" and call.acknowledged_by:
        return text(chosen, "call.taken_by", who=visible(call.acknowledged_by))
    if call.state == "raised" and call.handed_by:
        return text(chosen, "call.handed", who=visible(call.owner))
    if call.state == "raised" and call.tier:
        return text(chosen, "call.escalated", who=visible(call.owner) or call.tier)
    return text_or(chosen, f"call.{call.state}", call.state)


def _labels(call: CallLine, master: MasterData) -> list[str]:
    """What stands beside the call on paper: the ticket of its operation, and its station's sign."""
    operation = master.operation_by_id.get(call.operation)
    signs = [STATION_PREFIX + each.id for each in master.stations if call.station in (each.name, each.id)]
    return [*([operation.ticket] if operation is not None else []), *signs]
