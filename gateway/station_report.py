"""Reports: a share is done, or so many are and it goes on; and what takes a report back. Pure actions."""

from dataclasses import replace

from devices.types import Signal
from floor.events import CONTINUED, Event, ReportCorrected, ReportFinished, WorkStarted
from floor.work import WorkAction, WorkState, after
from floor.work_events import ReworkReported, SetupFinished
from gateway.floor_rows import Share
from gateway.station_case import Case, answer, refuse, told
from gateway.station_desk import Amounts, Decision, Prompt
from gateway.station_guards import guarded, reported, work_rules
from gateway.station_part_rules import missing_rules
from gateway.view import Message


def finish(case: Case, key: str, given: Amounts | None = None, confirmed: bool = False) -> Decision:
    """The person's share is done; a partial report leaves it running.

    Without a good number it is all that is left after what was reported everywhere, never below 0.
    """
    given = given or Amounts()
    operation = case.operation(key)
    share = case.state.share(case.person, key)
    if given.good is None:
        if operation is None and not given.partial:
            return _ask_quantity(case, key, given)
        planned = operation.planned if operation is not None and not given.partial else 0
        left = planned - sum(reported(case, key, operation)) - given.scrap - given.rework
        given = replace(given, good=max(0, left))
    good = given.good or 0
    seconds = share.worked(case.instant) if share is not None else None
    early = not given.partial and _is_early(share, seconds, operation.minimum_seconds if operation else 0)
    flags = (
        *work_rules(case, "finish", key, operation, good, given.scrap),
        *missing_rules(case, key, operation, good),
        *(("early",) if early else ()),
        *(("not_started",) if share is None else ()),
    )
    minimum = int(operation.minimum_seconds) if operation is not None else 0
    prompt = _prompt(case, key, given)
    stopped = guarded(case, flags, "finish", prompt, confirmed, seconds=int(seconds or 0), minimum=minimum)
    return stopped or _finished(case, share, key, given, seconds, flags)


def _is_early(share: Share | None, seconds: float | None, minimum: float) -> bool:
    """Sooner than the operation can be done, with the time of the partial reports before."""
    if share is None or seconds is None or share.before is None:
        return False
    return seconds + share.before < minimum


def _prompt(case: Case, key: str, given: Amounts) -> Prompt:
    """What the confirm card would go on with."""
    return Prompt(
        "confirm_rule",
        case.instant.boottime,
        Message("dropped"),
        operation=key,
        good=str(given.good or 0),
        scrap=str(given.scrap),
        scrap_reason=given.scrap_reason,
        rework=str(given.rework),
        rework_reason=given.rework_reason,
        partial=given.partial,
    )


def _ask_quantity(case: Case, key: str, given: Amounts) -> Decision:
    """Nobody knows how many were planned: the number has to be given. What else was given stays given."""
    message = Message("ask_quantity", {"operation": case.title_of(key)})
    asked = Prompt(
        "quantity",
        case.instant.boottime,
        message,
        operation=key,
        scrap=str(given.scrap) if given.scrap else None,
        scrap_reason=given.scrap_reason,
        rework=str(given.rework) if given.rework else None,
        rework_reason=given.rework_reason,
    )
    return answer(case, Signal.ASK, message, prompt=asked)


def without_setup(case: Case, share: Share) -> tuple[tuple[Event, ...], WorkState]:
    """What ends a set-up the share may be in, and its state then."""
    if share.state is not WorkState.SETUP:
        return (), share.state
    seconds = share.set_up(case.instant)
    ended = SetupFinished(person=case.person, operation=share.operation, seconds=seconds)
    return (ended,), after(share.state, WorkAction.RESUME)


def _finished(
    case: Case, share: Share | None, key: str, given: Amounts, seconds: float | None, flags: tuple[str, ...]
) -> Decision:
    operation = case.operation(key)
    order = operation.work_order if operation else ""
    ended, state = without_setup(case, share) if share is not None else ((), WorkState.NONE)
    events: list[Event] = [*ended]
    if share is None:
        # Reported without a start: the start is kept with it, so that every share has one (I12).
        state = after(state, WorkAction.START)
        events.append(WorkStarted(person=case.person, operation=key, work_order=order, flags=("not_started",)))
    state = after(state, WorkAction.FINISH)
    events.append(
        ReportFinished(
            person=case.person,
            operation=key,
            work_order=order,
            good=given.good or 0,
            scrap=given.scrap,
            scrap_reason=given.scrap_reason,
            seconds=seconds,
            flags=flags,
        )
    )
    if given.rework:
        events.append(_rework(case, key, order, given))
    if given.partial:
        # Two records that every release knows, in one transaction: no release counts a partial report wrongly.
        after(state, WorkAction.START)
        events.append(WorkStarted(person=case.person, operation=key, work_order=order, flags=(CONTINUED,)))
    return answer(case, Signal.KEPT, _message(case, key, given, flags), *events, prompt=None)


def _rework(case: Case, key: str, order: str, given: Amounts) -> ReworkReported:
    """Counted apart: whoever does not know it counts good and scrap all the same."""
    return ReworkReported(
        person=case.person, operation=key, work_order=order, pieces=given.rework, reason=given.rework_reason
    )


def _message(case: Case, key: str, given: Amounts, flags: tuple[str, ...]) -> Message:
    counts = {name: count for name, count in (("scrap", given.scrap), ("rework", given.rework)) if count}
    said = "_".join(("partial" if given.partial else "finished", *counts))
    return told(case, key, said, flags, good=given.good or 0, **counts)


def undo(case: Case) -> Decision:
    """The undo card: the person's last report here no longer counts, and its share is running again."""
    report = case.state.last_report(case.station, case.person)
    if report is None:
        return refuse(case, "nothing_to_undo")
    events = [
        ReportCorrected(
            person=case.person,
            corrects=report.identity,
            operation=report.operation,
            good=-report.good,
            scrap=-report.scrap,
            reopened=case.state.share(case.person, report.operation) is None,
        )
    ]
    if report.rework_identity:
        gone = ReportCorrected(
            person=case.person, corrects=report.rework_identity, operation=report.operation, good=0, reopened=False
        )
        events.insert(0, gone)
    values: dict[str, str | int] = {"operation": case.title_of(report.operation), "good": report.good}
    values |= {"scrap": report.scrap, "rework": report.rework}
    message = Message("undone_rework" if report.rework else "undone", values)
    return answer(case, Signal.KEPT, message, *events, prompt=None)
