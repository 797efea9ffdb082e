"""Handing a call to another owner: by card or page, and by a leader, signed in or by the badge then asked for. Pure."""

from typing import Literal

from devices.types import Signal
from floor.calls import CallState
from floor.events import AndonAssigned
from floor.label_texts import shown
from floor.owners import owners
from floor.rights import Right, may
from gateway.open_calls import Call
from gateway.station_case import Case, answer, person_of, refuse, refuse_right
from gateway.station_desk import Decision, Prompt
from gateway.station_stop import signal_of
from gateway.view import Message


def assign(case: Case) -> Decision:
    """The card of an owner: the oldest call here that was taken goes to them, else the oldest that waits."""
    calls = case.state.calls_at(case.station)
    if not calls:
        return refuse(case, "no_open_call")
    return _assign(case, min(calls, key=lambda each: each.state is CallState.RAISED), case.value)


def assign_page(case: Case, identity: str, owner: str) -> Decision:
    """The page's list of owners."""
    call = case.state.calls.get(identity)
    if call is None or call.station != case.station:
        return refuse(case, "call_gone")
    # The page has names as they are shown.
    known = (each for each in owners(case.master, call.call_type) if shown(each, 64) == owner)
    return _assign(case, call, next(known, owner))


def assign_badge(case: Case) -> Decision:
    """The badge that was asked for. A leader's hands the call over and signs nobody in."""
    prompt, person = case.desk.prompt, person_of(case)
    assert prompt is not None and person is not None
    call = case.state.calls.get(prompt.call)
    if call is None:
        return answer(case, Signal.REFUSED, Message("call_gone"), prompt=None)
    if not may(case.roles_of(person), Right.ASSIGN):
        return refuse_right(case, person, Right.ASSIGN)
    return _assigned(case, call, prompt.owner, person.id, "badge")


def _assign(case: Case, call: Call, owner: str) -> Decision:
    if owner not in owners(case.master, call.call_type):
        return refuse(case, "unknown_owner")
    values = _values(case, call, owner)
    if call.owner == owner and call.state is CallState.RAISED:
        return answer(case, Signal.REPEATED, Message("already_assigned", values), prompt=None)
    if may(case.roles, Right.ASSIGN):
        return _assigned(case, call, owner, case.person, case.source)
    message = Message("ask_leader_badge", values)
    asked = Prompt("assign", case.instant.boottime, message, call=call.identity, owner=owner)
    return answer(case, Signal.ASK, message, prompt=asked)


def _assigned(case: Case, call: Call, owner: str, person: str, source: Literal["badge", "card", "page"]) -> Decision:
    event = AndonAssigned(call=call.identity, call_type=call.call_type, owner=owner, person=person, source=source)
    # It waits again, so it is called again.
    signal = signal_of(case.master, call)
    return answer(case, signal, Message("assigned", _values(case, call, owner)), event, prompt=None)


def _values(case: Case, call: Call, owner: str) -> dict[str, str | int]:
    return case.names_of_call(call.call_type) | {"owner": shown(owner, 64)}
