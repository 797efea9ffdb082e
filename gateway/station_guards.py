"""Error-proofing at the station: which rules an input breaks, and how one is refused or asked about. Pure."""

from dataclasses import replace
from typing import Final

from devices.types import Signal
from floor.error_proofing import READ_BACK, UNKNOWN, Moment, asked, split
from floor.events import ScanRefused
from floor.label_texts import shown
from floor.notices import INSTRUCTION, NOTICE, Reading, reading, readings_for
from floor.rows import Operation, Person
from gateway.floor_reading import Offer
from gateway.station_case import Case, answer
from gateway.station_desk import Decision, Prompt
from gateway.view import Message


def reported(case: Case, key: str, operation: Operation | None) -> tuple[int, int]:
    """(good, scrap) reported everywhere known, also under the ticket's text while it was unknown."""
    good = scrap = 0
    for each in {key} if operation is None else {operation.id, operation.ticket}:
        totals = case.state.reported(each)
        good, scrap = good + totals[0], scrap + totals[1]
    return good, scrap


def _previous(case: Case, operation: Operation) -> Operation | None:
    rows = case.master.operations_by_order.get(operation.work_order, ())
    return max((row for row in rows if row.number < operation.number), key=lambda row: row.number, default=None)


def badge_rules(case: Case, person: Person) -> tuple[str, ...]:
    """What speaks against holding this person."""
    over = case.expired(person.badge_until)
    found = {"badge_revoked": not person.active, "badge_expired": over, "expiry_unknown": over is None}
    return tuple(rule for rule, holds in found.items() if holds)


def _badge_rule(case: Case) -> str:
    """Of who was signed in before the office took their badge back, or before its last day was over."""
    person = case.master.person_by_id.get(case.person)
    broken = () if person is None else badge_rules(case, person)
    return next((rule for rule in broken if rule not in UNKNOWN), "")


def _skill_rule(case: Case, operation: Operation) -> str:
    if not operation.skill:
        return ""
    skill = case.master.skill_of.get((case.person, operation.skill))
    if skill is None:
        return "skill_missing"
    over = case.expired(skill.until)
    return "expiry_unknown" if over is None else "skill_expired" if over else ""


def _earlier_rule(case: Case, operation: Operation, needed: int) -> str:
    """Startable is what the operation before has delivered. Where its reports do not reach us, nobody knows (I12), but
    the others of the line may have said: hearsay lifts the doubt or makes it firmer, and never refuses."""
    before = _previous(case, operation)
    if before is None or reported(case, before.id, before)[0] >= needed:
        return ""
    served = _served(case, before)
    if case.upstream_known or _only_here(case, served):
        return "earlier_short"
    if _good_by_hearsay(case, before) >= needed:
        return ""
    return "earlier_short_hearsay" if _all_speak(case, served) else "earlier_unknown"


def _served(case: Case, operation: Operation) -> set[str]:
    """The gateways at which it can be reported, and our own; as far as master data knows."""
    places = operation.stations or tuple(case.master.station_by_id)
    return {
        case.master.station_by_id[each].gateway for each in (*places, case.station) if each in case.master.station_by_id
    }


def _only_here(case: Case, served: set[str]) -> bool:
    """Whether it can be reported at this gateway alone."""
    return len(served) == 1 and case.station in case.master.station_by_id


def _all_speak(case: Case, served: set[str]) -> bool:
    """Whether every gateway that may have reported it is heard now."""
    own = case.master.station_by_id.get(case.station)
    return own is not None and all(case.said.speaks(each) for each in served - {own.gateway})


def _good_by_hearsay(case: Case, operation: Operation) -> int:
    """Our own count, and the larger of what the office once told of the others and what they say themselves."""
    keys = {operation.id, operation.ticket}
    own = [case.state.progress[each] for each in keys if each in case.state.progress]
    return sum(each.good for each in own) + max(sum(each.elsewhere_good for each in own), case.said.good(keys))


def work_rules(
    case: Case, moment: Moment, key: str, operation: Operation | None, good: int = 0, scrap: int = 0
) -> tuple[str, ...]:
    """The rules that starting this now breaks, or finishing it with these pieces."""
    if operation is None:
        return ("unknown_operation",)
    done = sum(reported(case, key, operation))
    order = case.master.order_by_id.get(operation.work_order)
    found = [
        (_badge_rule(case), True),
        ("order_held", order is not None and order.state == "held"),
        ("order_closed", order is not None and order.state == "closed"),
        ("wrong_station", bool(operation.stations) and case.station not in operation.stations),
        (_skill_rule(case, operation), True),
        (_earlier_rule(case, operation, max(done + good + scrap, 1)), True),
        ("over_quantity", done + good + scrap > operation.planned),
        ("nothing_left", not (good or scrap) and done >= operation.planned),
        ("unknown_operation", key != operation.id),
        ("calendar_unknown", moment == "finish" and _calendar_unknown(case)),
        *((_read_rule(each), True) for each in (unread(case, operation) if moment == "start" else ())),
    ]
    return asked((rule for rule, holds in found if holds), moment)


def _calendar_unknown(case: Case) -> bool:
    """Breaks were not taken out of the time worked: the clock is not set, so nobody knows when they were."""
    return not case.instant.synchronised and case.master.calendar.covers(case.station)


def guarded(
    case: Case, broken: tuple[str, ...], moment: Moment, prompt: Prompt, confirmed: bool, **values: str | int
) -> Decision | None:
    """What a broken rule makes of the input; None: it is kept. `prompt`: what the confirm card would go on with."""
    by_policy = split(case.master, broken, moment)
    if by_policy["refuse"]:
        rule = by_policy["refuse"][0]
        return _read_first(case, rule, prompt) if rule in READ_BACK else _refused(case, rule, prompt, moment)
    if by_policy["confirm"] and not confirmed:
        rule = by_policy["confirm"][0]
        message = Message(f"ask_{rule}", {"operation": case.title_of(prompt.operation), **values})
        return answer(case, Signal.ASK, message, prompt=replace(prompt, message=message))
    return None


def _refused(case: Case, rule: str, prompt: Prompt, moment: Moment) -> Decision:
    """Nothing is started or counted; that it was tried is kept, for the leader to see.

    A part that is refused disturbs nothing else that the station waits for.
    """
    person = prompt.person or case.person
    event = ScanRefused(
        rule=rule,
        person=person,
        operation=shown(prompt.operation, 64),
        device=shown(case.device, 64),
        shown=case.shown,
    )
    values: dict[str, str | int] = {"operation": case.title_of(prompt.operation), "name": case.name_of(person)}
    return answer(
        case, Signal.REFUSED, Message(f"refused_{rule}", values), event, prompt="keep" if moment == "use" else None
    )


# What has to be read first. These rules come last: nobody reads a notice of an order that is closed.


def unread(case: Case, operation: Operation) -> list[Reading]:
    """What stands between the person and this work: an open hand-over of the station, then notices."""
    offer = case.state.readings.offers.get(case.station)
    found = [] if offer is None else [reading_of(offer)]
    found += readings_for(case.master, operation, case.station, case.today)
    return [
        each
        for each in found
        if each.key not in case.read and not case.state.readings.has_read(case.person, each.key, each.version)
    ]


HANDOVER = "handover/"
RULES: Final = {HANDOVER: "handover_open", NOTICE: "notice_unread", INSTRUCTION: "instruction_unread"}


def _read_rule(found: Reading) -> str:
    return next(rule for start, rule in RULES.items() if found.key.startswith(start))


def reading_of(offer: Offer) -> Reading:
    """A hand-over as something to be read."""
    return reading(HANDOVER + offer.identity, "交接", "Hand-over", "", offer.facts)


def titles_of(found: Reading) -> dict[str, str | int]:
    """The values `title` and `title_en` of a message."""
    return {"title": shown(found.title, 40), "title_en": shown(found.title_en, 40)}


def _read_first(case: Case, rule: str, prompt: Prompt) -> Decision:
    operation = case.operation(prompt.operation)
    assert operation is not None
    first = next(each for each in unread(case, operation) if _read_rule(each) == rule)
    return ask_to_read(case, replace(prompt, kind="read_back", reading=first, given=(), entered=""))


def ask_to_read(case: Case, prompt: Prompt, signal: Signal = Signal.ASK) -> Decision:
    """Ask for the next fact; when all are said, for the badge of a hand-over or the confirm card of a mere notice."""
    found = prompt.reading
    assert found is not None
    values = titles_of(found)
    if len(prompt.given) < len(found.facts):
        name = found.facts[len(prompt.given)][0]
        message = Message(f"ask_fact_{name}", values | {"entered": prompt.entered or "-"})
    else:
        message = Message("ask_handover_badge" if found.key.startswith(HANDOVER) else "ask_read", values)
    return answer(case, signal, message, prompt=replace(prompt, at=case.instant.boottime, message=message))
