"""What tickets and quantity cards do: start, join, finish, pause, resume, take back. Pure actions."""

from dataclasses import replace
from typing import Literal

from devices.types import Signal
from floor.errors import WorkRefused
from floor.events import Event, ReportCorrected, ReportFinished, WorkPaused, WorkResumed, WorkStarted
from floor.master import Operation
from floor.texts import flag_names
from floor.work import WorkAction, WorkState, after
from gateway import limits
from gateway.floor_state import Share
from gateway.station_case import Case, answer, refuse
from gateway.station_desk import Decision, Prompt, PromptKind
from gateway.station_guards import guarded, reported, work_rules
from gateway.view import Message


def scanned_operation(case: Case) -> tuple[str, Operation | None]:
    """(key of the share, operation) of the scanned ticket.

    A share begun before its ticket was known goes on under the ticket's text, so that it can be finished (I12).
    """
    label = case.label
    assert label is not None
    if label.operation is None or case.state.share(case.person, label.text) is not None:
        return label.text, label.operation
    return label.operation.id, label.operation


def _told(case: Case, key: str, message: str, flags: tuple[str, ...], **values: str | int) -> Message:
    values = {"operation": case.title_of(key), **values}
    if not flags:
        return Message(message, values)
    words: dict[str, str | int] = {"flags": flag_names(flags, "zh"), "flags_en": flag_names(flags, "en")}
    return Message(message + "_flagged", values | words)


def work(case: Case) -> Decision:
    """A ticket: the first scan starts or joins, the next one of the same person finishes; a paused share goes on."""
    key, operation = scanned_operation(case)
    share = case.state.share(case.person, key)
    if share is None:
        return start(case, key, operation)
    if share.state is WorkState.PAUSED:
        return _move(case, share, WorkAction.RESUME)
    return finish(case, key)


def start(case: Case, key: str, operation: Operation | None, confirmed: bool = False) -> Decision:
    """The person's share begins, unless a rule is in the way. Others may already be at it: then it is joined."""
    after(WorkState.NONE, WorkAction.START)
    flags = work_rules(case, "start", key, operation)
    stopped = guarded(case, flags, "start", _prompt(case, key), confirmed)
    if stopped is not None:
        return stopped
    order = operation.work_order if operation else ""
    totals = case.state.progress.get(key)
    message = _told(case, key, "joined" if totals is not None and totals.open else "started", flags)
    event = WorkStarted(person=case.person, operation=key, work_order=order, flags=flags)
    return answer(case, Signal.KEPT, message, event, prompt=None)


def _prompt(case: Case, key: str, good: int | None = None, scrap: int = 0, scrap_reason: str = "") -> Prompt:
    """What the confirm card would go on with: a start where no quantity is given."""
    return Prompt(
        "confirm_rule",
        case.instant.boottime,
        Message("dropped"),
        operation=key,
        good=None if good is None else str(good),
        scrap=None if good is None else str(scrap),
        scrap_reason=scrap_reason,
    )


def _ask_quantity(case: Case, key: str, scrap: int, scrap_reason: str) -> Decision:
    """Nobody knows how many were planned: the number has to be given. What was given as scrap stays given."""
    message = Message("ask_quantity", {"operation": case.title_of(key)})
    asked = Prompt(
        "quantity",
        case.instant.boottime,
        message,
        operation=key,
        scrap=str(scrap) if scrap else None,
        scrap_reason=scrap_reason,
    )
    return answer(case, Signal.ASK, message, prompt=asked)


def finish(
    case: Case,
    key: str,
    good: int | None = None,
    scrap: int = 0,
    scrap_reason: str = "",
    confirmed: bool = False,
) -> Decision:
    """The person's share is done. `good` None: all that is left after what was reported everywhere, never below 0."""
    operation = case.operation(key)
    share = case.state.share(case.person, key)
    if good is None:
        if operation is None:
            return _ask_quantity(case, key, scrap, scrap_reason)
        good = max(0, operation.planned - sum(reported(case, key, operation)) - scrap)
    seconds = share.worked(case.instant) if share is not None else None
    early = operation is not None and seconds is not None and seconds < operation.minimum_seconds
    flags = (
        *work_rules(case, "finish", key, operation, good, scrap),
        *(("early",) if early else ()),
        *(("not_started",) if share is None else ()),
    )
    minimum = int(operation.minimum_seconds) if operation is not None else 0
    prompt = _prompt(case, key, good, scrap, scrap_reason)
    stopped = guarded(case, flags, "finish", prompt, confirmed, seconds=int(seconds or 0), minimum=minimum)
    return stopped or _finished(case, share, key, good, scrap, scrap_reason, seconds, flags)


def _finished(
    case: Case,
    share: Share | None,
    key: str,
    good: int,
    scrap: int,
    scrap_reason: str,
    seconds: float | None,
    flags: tuple[str, ...],
) -> Decision:
    operation = case.operation(key)
    order = operation.work_order if operation else ""
    events: list[Event] = []
    state = share.state if share is not None else WorkState.NONE
    if share is None:
        # Reported without a start: the start is kept with it, so that every share has one (I12).
        state = after(state, WorkAction.START)
        events.append(WorkStarted(person=case.person, operation=key, work_order=order, flags=("not_started",)))
    after(state, WorkAction.FINISH)
    events.append(
        ReportFinished(
            person=case.person,
            operation=key,
            work_order=order,
            good=good,
            scrap=scrap,
            scrap_reason=scrap_reason,
            seconds=seconds,
            flags=flags,
        )
    )
    told = "finished_scrap" if scrap else "finished"
    message = _told(case, key, told, flags, good=good, **({"scrap": scrap} if scrap else {}))
    return answer(case, Signal.KEPT, message, *events, prompt=None)


def confirm_rule(case: Case) -> Decision:
    """The confirm card: what was asked about is kept, and flagged."""
    prompt = case.desk.prompt
    assert prompt is not None
    if prompt.good is None:
        return start(case, prompt.operation, case.operation(prompt.operation), confirmed=True)
    return finish(case, prompt.operation, int(prompt.good), int(prompt.scrap or 0), prompt.scrap_reason, confirmed=True)


def ask_rule_again(case: Case) -> Decision:
    """The ticket again: kept if nothing is in the way by now, else asked again; another one is looked at anew."""
    prompt = case.desk.prompt
    assert prompt is not None
    key, operation = scanned_operation(case)
    if key != prompt.operation:
        return work(replace(case, desk=replace(case.desk, prompt=None)))
    if prompt.good is None:
        return start(case, key, operation)
    return finish(case, prompt.operation, int(prompt.good), int(prompt.scrap or 0), prompt.scrap_reason)


# Quantities, card by card.


def _entering(case: Case, prompt: Prompt, signal: Signal = Signal.NOTED) -> Decision:
    message = Message("entering", {"good": prompt.good or "-", "scrap": prompt.scrap or "-"})
    asked = replace(prompt, at=case.instant.boottime, message=message)
    return answer(case, signal, message, prompt=asked)


def _entry(case: Case) -> Prompt:
    prompt = case.desk.prompt
    if prompt is not None and prompt.kind == "quantity":
        return prompt
    return Prompt("quantity", case.instant.boottime, Message("entering"))


def enter_good(case: Case) -> Decision:
    """The good card: the digits that follow are good pieces, from the first."""
    return _entering(case, replace(_entry(case), good="", entering="good"), Signal.ASK)


def enter_scrap(case: Case) -> Decision:
    """A scrap card, with or without a reason: the digits that follow are scrap, from the first."""
    return _entering(case, replace(_entry(case), scrap="", scrap_reason=case.value, entering="scrap"), Signal.ASK)


def enter_digit(case: Case) -> Decision:
    """One more digit."""
    prompt = _entry(case)
    digits = (prompt.scrap if prompt.entering == "scrap" else prompt.good) or ""
    if len(digits) >= limits.QUANTITY_DIGITS_MAX:
        return refuse(case, "too_many_digits", maximum=limits.QUANTITY_DIGITS_MAX)
    digits += case.value
    changed = replace(prompt, scrap=digits) if prompt.entering == "scrap" else replace(prompt, good=digits)
    return _entering(case, changed)


def _finish_with_entry(case: Case, key: str) -> Decision:
    prompt = _entry(case)
    wanting: Literal["good", "scrap", ""] = "good" if prompt.good == "" else "scrap" if prompt.scrap == "" else ""
    if wanting:
        message = Message("ask_digits")
        asked = replace(prompt, at=case.instant.boottime, message=message, operation=key, entering=wanting)
        return answer(case, Signal.ASK, message, prompt=asked)
    good = int(prompt.good) if prompt.good is not None else None
    return finish(case, key, good, int(prompt.scrap or 0), prompt.scrap_reason)


def finish_entered(case: Case) -> Decision:
    """The ticket after a quantity: the share is finished with it. Another ticket than asked about is looked at anew."""
    key, _ = scanned_operation(case)
    bound = _entry(case).operation
    if bound and bound != key:
        return work(replace(case, desk=replace(case.desk, prompt=None)))
    return _finish_with_entry(case, key)


def confirm_entered(case: Case) -> Decision:
    """The confirm card after a quantity: it goes to the operation asked about, or to the only running one."""
    bound = _entry(case).operation
    if bound:
        return _finish_with_entry(case, bound)
    running = _shares(case, WorkState.RUNNING)
    if len(running) != 1:
        return refuse(case, "ask_ticket")
    return _finish_with_entry(case, running[0].operation)


# Pause, resume, undo.


def _shares(case: Case, state: WorkState) -> list[Share]:
    return [each for each in case.state.shares_of(case.person) if each.state is state]


def _move(case: Case, share: Share, action: WorkAction) -> Decision:
    try:
        after(share.state, action)
    except WorkRefused:
        return refuse(case, "not_running" if action is WorkAction.PAUSE else "not_paused")
    kind, key = (WorkPaused, "paused") if action is WorkAction.PAUSE else (WorkResumed, "resumed")
    event = kind(person=case.person, operation=share.operation)
    return answer(case, Signal.KEPT, Message(key, {"operation": case.title_of(share.operation)}), event, prompt=None)


def _move_only(case: Case, action: WorkAction, state: WorkState, kind: PromptKind) -> Decision:
    """To the person's only such work, or to the ticket scanned next."""
    shares = _shares(case, state)
    if not shares:
        return refuse(case, "nothing_" + state)
    if len(shares) == 1:
        return _move(case, shares[0], action)
    message = Message(f"ask_{kind}")
    return answer(case, Signal.ASK, message, prompt=Prompt(kind, case.instant.boottime, message))


def pause(case: Case) -> Decision:
    """The pause card."""
    return _move_only(case, WorkAction.PAUSE, WorkState.RUNNING, "pause")


def resume(case: Case) -> Decision:
    """The resume card."""
    return _move_only(case, WorkAction.RESUME, WorkState.PAUSED, "resume")


def choose(case: Case) -> Decision:
    """The ticket that the pause or resume card waited for."""
    prompt = case.desk.prompt
    assert prompt is not None
    action = WorkAction.PAUSE if prompt.kind == "pause" else WorkAction.RESUME
    share = case.state.share(case.person, scanned_operation(case)[0])
    if share is None:
        return refuse(case, "not_running" if action is WorkAction.PAUSE else "not_paused")
    return _move(case, share, action)


def undo(case: Case) -> Decision:
    """The undo card: the person's last report here no longer counts, and its share is running again."""
    report = case.state.last_report(case.station, case.person)
    if report is None:
        return refuse(case, "nothing_to_undo")
    event = ReportCorrected(
        person=case.person,
        corrects=report.identity,
        operation=report.operation,
        good=-report.good,
        scrap=-report.scrap,
        reopened=case.state.share(case.person, report.operation) is None,
    )
    values: dict[str, str | int] = {"operation": case.title_of(report.operation), "good": report.good}
    return answer(case, Signal.KEPT, Message("undone", values | {"scrap": report.scrap}), event, prompt=None)
