"""What tickets, pause, resume and set-up cards do; reporting is in `station_report` and `station_entry`. Pure."""

from dataclasses import replace

from devices.types import Signal
from floor.errors import WorkRefused
from floor.events import Event, WorkPaused, WorkResumed, WorkStarted
from floor.rows import Operation
from floor.work import WorkAction, WorkState, after
from floor.work_events import SetupStarted
from gateway.floor_rows import Share
from gateway.station_case import Case, answer, refuse, scanned_operation, told
from gateway.station_desk import Decision, Prompt, PromptKind
from gateway.station_guards import guarded, work_rules
from gateway.station_report import counter_prompt, finish, without_setup
from gateway.view import Message


def work(case: Case) -> Decision:
    """A ticket: the first scan starts or joins, the next one of the same person finishes.

    A share that is paused or in set-up goes on instead.
    """
    key, operation = scanned_operation(case)
    share = case.state.share(case.person, key)
    if share is None:
        return start(case, key, operation)
    if share.state in (WorkState.PAUSED, WorkState.SETUP):
        return _resume(case, share)
    return finish(case, key)


def start(
    case: Case, key: str, operation: Operation | None, confirmed: bool = False, in_setup: bool = False
) -> Decision:
    """The person's share begins, unless a rule is in the way. Others may already be at it: then it is joined."""
    state = after(WorkState.NONE, WorkAction.START)
    flags = work_rules(case, "start", key, operation)
    prompt = Prompt("confirm_rule", case.instant.boottime, Message("dropped"), operation=key, setup=in_setup)
    stopped = guarded(case, flags, "start", prompt, confirmed)
    if stopped is not None:
        return stopped
    order = operation.work_order if operation else ""
    totals = case.state.progress.get(key)
    joined = totals is not None and totals.open
    message = told(case, key, "setup_started" if in_setup else "joined" if joined else "started", flags)
    events: list[Event] = [WorkStarted(person=case.person, operation=key, work_order=order, flags=flags)]
    if in_setup:
        after(state, WorkAction.SET_UP)
        events.append(SetupStarted(person=case.person, operation=key))
    asked = counter_prompt(case, key) if operation is not None and operation.counting else None
    return answer(case, Signal.KEPT, message, *events, prompt=asked)


def confirm_rule(case: Case) -> Decision:
    """The confirm card: what was asked about is kept, and flagged."""
    prompt = case.desk.prompt
    assert prompt is not None
    if prompt.good is None:
        return start(case, prompt.operation, case.operation(prompt.operation), confirmed=True, in_setup=prompt.setup)
    return finish(case, prompt.operation, prompt.amounts, confirmed=True, reading=prompt.entered)


def ask_rule_again(case: Case) -> Decision:
    """The ticket again: kept if nothing is in the way by now, else asked again; another one is looked at anew."""
    prompt = case.desk.prompt
    assert prompt is not None
    key, operation = scanned_operation(case)
    if key != prompt.operation or prompt.part:
        return work(replace(case, desk=replace(case.desk, prompt=None)))
    if prompt.good is None:
        return start(case, key, operation, in_setup=prompt.setup)
    return finish(case, prompt.operation, prompt.amounts, reading=prompt.entered)


# Pause, resume, set-up.


def shares_in(case: Case, *states: WorkState) -> list[Share]:
    """The person's open shares in one of these states."""
    return [each for each in case.state.shares_of(case.person) if each.state in states]


def _pause(case: Case, share: Share, reason: str) -> Decision:
    if share.state is WorkState.PAUSED:
        return refuse(case, "not_running")
    ended, state = without_setup(case, share)
    after(state, WorkAction.PAUSE)
    event = WorkPaused(person=case.person, operation=share.operation, reason=reason)
    values = {"operation": case.title_of(share.operation), **case.names_of_reason(reason)}
    message = Message("paused_reason" if reason else "paused", values)
    return answer(case, Signal.KEPT, message, *ended, event, prompt=None)


def _resume(case: Case, share: Share) -> Decision:
    """From a pause or a set-up."""
    try:
        after(share.state, WorkAction.RESUME)
    except WorkRefused:
        return refuse(case, "not_paused")
    ended, _ = without_setup(case, share)
    events = ended or (WorkResumed(person=case.person, operation=share.operation),)
    message = Message("setup_finished" if ended else "resumed", {"operation": case.title_of(share.operation)})
    return answer(case, Signal.KEPT, message, *events, prompt=None)


def _set_up(case: Case, key: str) -> Decision:
    """Where nobody works yet it starts with set-up; a paused share goes on with it."""
    share = case.state.share(case.person, key)
    if share is None:
        return start(case, key, case.operation(key), in_setup=True)
    if share.state is WorkState.SETUP:
        return refuse(case, "in_setup")
    events: list[Event] = []
    state: WorkState = share.state
    if share.state is WorkState.PAUSED:
        state = after(state, WorkAction.RESUME)
        events.append(WorkResumed(person=case.person, operation=key))
    after(state, WorkAction.SET_UP)
    events.append(SetupStarted(person=case.person, operation=key))
    return answer(case, Signal.KEPT, Message("setup_started", {"operation": case.title_of(key)}), *events, prompt=None)


def _ask(case: Case, kind: PromptKind, reason: str = "") -> Decision:
    message = Message(f"ask_{kind}")
    return answer(case, Signal.ASK, message, prompt=Prompt(kind, case.instant.boottime, message, reason=reason))


def pause(case: Case) -> Decision:
    """The pause card, with or without a reason: the person's only running work, or that of the ticket scanned next."""
    reason = case.value if case.value in case.master.reason_by_id else ""
    shares = shares_in(case, WorkState.RUNNING, WorkState.SETUP)
    if not shares:
        return refuse(case, "nothing_running")
    return _pause(case, shares[0], reason) if len(shares) == 1 else _ask(case, "pause", reason)


def resume(case: Case) -> Decision:
    """The resume card: the only work that rests or is in set-up, or that of the ticket scanned next."""
    shares = shares_in(case, WorkState.PAUSED, WorkState.SETUP)
    if not shares:
        return refuse(case, "nothing_paused")
    return _resume(case, shares[0]) if len(shares) == 1 else _ask(case, "resume")


def set_up(case: Case) -> Decision:
    """The set-up card waits for its ticket, so that it is never another operation's; the page names its own."""
    if case.source == "page" and case.state.share(case.person, case.value) is not None:
        return _set_up(case, case.value)
    return _ask(case, "setup")


def choose(case: Case) -> Decision:
    """The ticket that the pause, resume or set-up card waited for."""
    prompt = case.desk.prompt
    assert prompt is not None
    key, _ = scanned_operation(case)
    share = case.state.share(case.person, key)
    if prompt.kind == "setup":
        return _set_up(case, key)
    resting = prompt.kind == "pause"
    if share is None:
        return refuse(case, "not_running" if resting else "not_paused")
    return _pause(case, share, prompt.reason) if resting else _resume(case, share)
