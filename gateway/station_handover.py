"""Handing the station over: what is open is listed, and whoever goes signs with their badge. Pure actions."""

from devices.types import Signal
from floor.events import Event, SessionClosed
from floor.notices import notices_at
from floor.reading_events import HandoverOffered
from gateway import limits
from gateway.station_case import Case, answer
from gateway.station_desk import Amounts, Decision, Prompt
from gateway.station_guards import ask_to_read, reading_of, reported
from gateway.station_report import report_events
from gateway.view import Message


def hand_over(case: Case) -> Decision:
    """The hand-over card: accepts what another handed over here, else asks for the badge that hands over."""
    offer = case.state.readings.offers.get(case.station)
    if offer is not None:
        prompt = Prompt("read_back", case.instant.boottime, Message("dropped"), reading=reading_of(offer))
        return ask_to_read(case, prompt)
    message = Message("ask_handover", {name: int(value) for name, value in _facts(case)})
    return answer(case, Signal.ASK, message, prompt=Prompt("handover", case.instant.boottime, message))


def sign_handover(case: Case) -> Decision:
    """The badge of whoever goes.

    Their shares here end, so that the time they worked is kept; what they did not report is left to the next. Then
    they are signed out.
    """
    events: list[Event] = [
        event
        for share in case.state.shares_at(case.station)
        if share.person == case.person
        for event in report_events(
            case, share, share.operation, Amounts(good=0), share.worked(case.instant), ("handed_over",)
        )
    ]
    events.append(
        HandoverOffered(
            person=case.person,
            operations=_operations(case)[: limits.HANDOVER_LINES_MAX],
            calls=tuple(each.identity for each in case.state.calls_at(case.station))[: limits.HANDOVER_LINES_MAX],
            notices=_notices(case)[: limits.HANDOVER_LINES_MAX],
            facts=tuple(f"{name}={value}" for name, value in _facts(case)),
        )
    )
    events.append(SessionClosed(person=case.person, reason="badge"))
    message = Message("handed_over", {"name": case.name_of(case.person)})
    return answer(case, Signal.KEPT, message, *events, prompt=None)


def _operations(case: Case) -> tuple[str, ...]:
    """Operations with an open share at this station, oldest first."""
    return tuple(dict.fromkeys(share.operation for share in case.state.shares_at(case.station)))


def _notices(case: Case) -> tuple[str, ...]:
    return tuple(row.id for row in notices_at(case.master, case.station, case.today))[::-1]


def _facts(case: Case) -> tuple[tuple[str, str], ...]:
    """What the next person says back: open operations, open calls, and what is left of the first operation."""
    operations = _operations(case)
    facts = [("operations", str(len(operations))), ("calls", str(len(case.state.calls_at(case.station))))]
    first = case.operation(operations[0]) if operations else None
    if first is not None:
        facts.append(("left", str(max(0, first.planned - sum(reported(case, operations[0], first))))))
    return tuple(facts)
