"""What buttons, cause cards and leaders' badges do: raise, take, resolve and cancel a call. Pure actions."""

from collections.abc import Iterator

from devices.types import Signal
from floor.calls import CallAction, CallState, allowed
from floor.events import AndonAcknowledged, AndonCancelled, AndonEscalated, AndonRaised, AndonResolved
from floor.label_texts import shown
from floor.rights import Right, may, may_somewhere
from floor.rows import CallTier, Person
from floor.work import WorkState
from gateway.elapsed import Elapsed
from gateway.open_calls import Call
from gateway.station_case import Case, answer, person_of, refuse, refuse_right
from gateway.station_desk import Decision, Prompt
from gateway.station_stop import POSITION_BUTTON, pass_position
from gateway.view import Message

ROUNDING_SECONDS = 1e-3
"""A tier is due so much sooner: a wake that is worked out in other steps may come a hair early, again and again."""


def raised_here(case: Case) -> list[Call]:
    """Calls of this station that nobody has taken yet, oldest first."""
    return [each for each in case.state.calls_at(case.station) if each.state is CallState.RAISED]


def press(case: Case, call_type: str, long: bool) -> Decision:
    """A button. Pressed long while its call waits: a mistake taken back; long without one is still a call for help."""
    name = shown(call_type, 64)
    if not name:
        return refuse(case, "unknown_call")
    if name == POSITION_BUTTON and name not in case.master.call_type_by_id:
        return pass_position(case)
    found = next((each for each in case.state.calls_at(case.station) if each.call_type == name), None)
    if found is None:
        return _raise(case, name)
    if long:
        return _cancel(case, found)
    values = case.names_of_call(name)
    if found.state is CallState.RAISED:
        return answer(case, Signal.REPEATED, Message("already_called", values))
    message = Message("ask_cause", values | {"name": case.name_of(found.acknowledged_by)})
    return answer(
        case, Signal.REPEATED, message, prompt=Prompt("cause", case.instant.boottime, message, call=found.identity)
    )


def _raise(case: Case, call_type: str) -> Decision:
    """One open call per type and station; what the person was doing goes with it when there is no doubt about it."""
    running = [each.operation for each in case.state.shares_of(case.person) if each.state is WorkState.RUNNING]
    event = AndonRaised(
        call_type=call_type,
        person=case.person,
        operation=running[0] if len(running) == 1 else "",
        device=shown(case.device, 64),
    )
    row = case.master.call_type_by_id.get(call_type)
    values = case.names_of_call(call_type)
    if row is not None and row.fixed_position:
        return answer(case, Signal.STOPPING, Message("called_fixed", values), event)
    return answer(case, Signal.CALLED, Message("called", values), event)


def escalate(case: Case) -> Decision | None:
    """The next tier of a call that still waits here, once its minutes are over; None when none is due."""
    for call, tier, elapsed in _going_up(case):
        if elapsed.seconds + ROUNDING_SECONDS < tier.minutes * 60:
            continue
        event = AndonEscalated(
            call=call.identity,
            call_type=call.call_type,
            tier=tier.tier,
            owner=tier.owner,
            elapsed_seconds=round(elapsed.seconds, 3),
            uncertain=elapsed.uncertain,
        )
        values = case.names_of_call(call.call_type) | {"owner": shown(tier.owner, 64) or str(tier.tier)}
        return answer(case, Signal.ESCALATED, Message("escalated", values), event)
    return None


def next_escalation(case: Case) -> float | None:
    """The boottime at which `escalate` next has something to do."""
    now = case.instant.boottime
    return min((now + tier.minutes * 60 - elapsed.seconds for _, tier, elapsed in _going_up(case)), default=None)


def _going_up(case: Case) -> Iterator[tuple[Call, CallTier, Elapsed]]:
    """Each call that still waits here and has a next tier, with that and how long it has waited."""
    for call in raised_here(case):
        rows = case.master.tiers_of.get(call.call_type, ())
        tier = next((row for row in rows if row.tier > call.tier), None)
        if tier is not None:
            yield call, tier, call.elapsed.at(case.state.last, case.instant)


def raise_call(case: Case) -> Decision:
    """A call card: like its button."""
    return press(case, case.value, long=False)


def _cancel(case: Case, call: Call) -> Decision:
    values = case.names_of_call(call.call_type)
    if not allowed(call.state, CallAction.CANCEL):
        return refuse(case, "already_taken", **values, name=case.name_of(call.acknowledged_by))
    event = AndonCancelled(call=call.identity, call_type=call.call_type, person=case.person)
    return answer(case, Signal.RESOLVED, Message("call_cancelled", values), event)


def cancel_call(case: Case) -> Decision:
    """The cancel card when the station waits for nothing: the newest call that nobody has taken is taken back."""
    waiting = raised_here(case)
    if case.value:
        waiting = [each for each in waiting if case.value in (each.identity, each.call_type)]
    if not waiting:
        return refuse(case, "nothing_to_cancel")
    return _cancel(case, waiting[-1])


def _take(case: Case, call: Call, person: str, source: str) -> Decision:
    values = case.names_of_call(call.call_type) | {"name": case.name_of(person)}
    event = AndonAcknowledged.model_validate(
        {"call": call.identity, "call_type": call.call_type, "person": person, "source": source}
    )
    return answer(case, Signal.ACKNOWLEDGED, Message("acknowledged", values), event)


def leads(person: Person) -> bool:
    """Whether they are a leader anywhere: their badge is about the call that waits, whatever comes of it here."""
    return may_somewhere(person.grants, Right.ACKNOWLEDGE)


def acknowledge(case: Case) -> Decision:
    """A leader's badge takes the oldest waiting call of this station, instead of signing in.

    The call is a decision, so a leader of other lines alone, or with a badge that is over, is refused and told why.
    """
    person = person_of(case)
    assert person is not None
    if not may(case.roles_of(person), Right.ACKNOWLEDGE):
        return refuse_right(case, person, Right.ACKNOWLEDGE)
    return _take(case, raised_here(case)[0], person.id, "badge")


def acknowledge_page(case: Case, identity: str) -> Decision:
    """The page's button: the current person must be a leader."""
    call = case.state.calls.get(identity)
    if call is None or call.station != case.station:
        return refuse(case, "call_gone")
    if not may(case.roles, Right.ACKNOWLEDGE):
        return refuse_right(case, case.master.person_by_id.get(case.person), Right.ACKNOWLEDGE)
    if not allowed(call.state, CallAction.ACKNOWLEDGE):
        values = case.names_of_call(call.call_type) | {"name": case.name_of(call.acknowledged_by)}
        return answer(case, Signal.REPEATED, Message("already_taken", values))
    return _take(case, call, case.person, "page")


def _fits(case: Case, call: Call, cause: str) -> bool:
    row = case.master.call_type_by_id.get(call.call_type)
    return row is None or not row.causes or cause in row.causes


def _closing(call: Call) -> Right:
    """A call that nobody has taken is closed by a leader only."""
    return Right.RESOLVE_RAISED if call.state is CallState.RAISED else Right.RESOLVE_ACKNOWLEDGED


def resolvable(case: Case, call: Call) -> bool:
    """May whoever is here close it?"""
    return may(case.roles, _closing(call))


def _refuse_closing(case: Case, call: Call) -> Decision:
    return refuse_right(case, case.master.person_by_id.get(case.person), _closing(call))


def _resolve(case: Case, call: Call, cause: str) -> Decision:
    event = AndonResolved(call=call.identity, call_type=call.call_type, person=case.person, cause=cause)
    values = case.names_of_call(call.call_type) | case.names_of_reason(cause)
    prompt = case.desk.prompt
    done = prompt is not None and prompt.kind == "cause"
    return answer(case, Signal.RESOLVED, Message("resolved", values), event, prompt=None if done else "keep")


def resolve(case: Case) -> Decision:
    """A cause card: closes the call it was asked for, else the oldest taken one it fits, else a leader's oldest."""
    cause = case.value
    prompt = case.desk.prompt
    calls = case.state.calls_at(case.station)
    if prompt is not None and prompt.kind == "cause":
        calls = [each for each in calls if each.identity == prompt.call] or calls
    if not calls:
        return refuse(case, "no_open_call")
    fitting = [each for each in calls if _fits(case, each, cause)]
    if not fitting:
        return refuse(case, "cause_unfit", **case.names_of_reason(cause))
    closable = [each for each in fitting if resolvable(case, each)]
    if not closable:
        return _refuse_closing(case, fitting[0])
    return _resolve(case, min(closable, key=lambda each: each.state is CallState.RAISED), cause)


def resolve_page(case: Case, identity: str, cause: str) -> Decision:
    """The page's list of causes."""
    call = case.state.calls.get(identity)
    if call is None or call.station != case.station:
        return refuse(case, "call_gone")
    if cause not in case.master.reason_by_id or not _fits(case, call, cause):
        return refuse(case, "cause_unfit", **case.names_of_reason(cause))
    if not resolvable(case, call):
        return _refuse_closing(case, call)
    return _resolve(case, call, cause)
