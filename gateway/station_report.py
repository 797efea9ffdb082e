"""Reports: a share is done, or so many are and it goes on; and what takes a report back. Pure actions."""

from dataclasses import replace
from typing import Literal

from devices.types import Signal
from floor.events import CONTINUED, Event, ReportCorrected, ReportFinished, WorkStarted
from floor.work import WorkAction, WorkState, after
from floor.work_events import CounterRead, ReworkReported, SetupFinished
from gateway.floor_rows import Share
from gateway.station_case import Case, answer, refuse, told
from gateway.station_desk import Amounts, Decision, Prompt
from gateway.station_guards import guarded, reported, work_rules
from gateway.station_part_rules import missing_rules
from gateway.view import Message


def counted(start: str, end: str) -> int:
    """What a counter went on by. A smaller end has rolled over: a counter is as wide as its readings."""
    went_on = int(end) - int(start or 0)
    return went_on if went_on >= 0 else went_on + 10 ** max(len(start), len(end))


def asking_reading(case: Case, prompt: Prompt) -> Prompt:
    """The question for the counter's reading, with the digits given so far."""
    key = "ask_counter_end" if prompt.ending else "ask_counter_start"
    message = Message(key, {"operation": case.title_of(prompt.operation), "entered": prompt.entered or "-"})
    return replace(prompt, at=case.instant.boottime, message=message)


def counter_prompt(case: Case, key: str, given: Amounts | None = None) -> Prompt:
    """Asks for the reading at the start of a share, or at its end, where there are amounts."""
    found = replace(_prompt(case, key, given or Amounts()), kind="counter", good=None, ending=given is not None)
    return asking_reading(case, found)


def _ask_good(case: Case, key: str, share: Share | None, given: Amounts) -> Decision | None:
    """What has to be asked before anybody knows how many are good; None: all that is left are."""
    operation = case.operation(key)
    if operation is not None and operation.counting:
        if share is None or not share.counter:
            return _ask_quantity(case, key, given)
        asked = counter_prompt(case, key, given)
        return answer(case, Signal.ASK, asked.message, prompt=asked)
    return _ask_quantity(case, key, given) if operation is None and not given.partial else None


def finish(case: Case, key: str, given: Amounts | None = None, confirmed: bool = False, reading: str = "") -> Decision:
    """The person's share is done; a partial report leaves it running. `reading`: the counter's, which gave the number.

    Without a good number it is all that is left after what was reported everywhere, never below 0.
    """
    given = given or Amounts()
    operation = case.operation(key)
    share = case.state.share(case.person, key)
    if given.good is None:
        if (asked := _ask_good(case, key, share, given)) is not None:
            return asked
        planned = operation.planned if operation is not None and not given.partial else 0
        left = planned - sum(reported(case, key, operation)) - given.scrap - given.rework
        given = replace(given, good=max(0, left))
    good = given.good or 0
    seconds = share.worked(case.instant) if share is not None else None
    early = not given.partial and _is_early(share, seconds, operation.minimum_seconds if operation else 0)
    flags = (
        *work_rules(case, "finish", key, operation, good, given.scrap),
        *missing_rules(case, key, operation, good),
        *(("counter_rolled",) if reading and share is not None and int(reading) < int(share.counter or 0) else ()),
        *(("early",) if early else ()),
        *(("not_started",) if share is None else ()),
    )
    minimum = int(operation.minimum_seconds) if operation is not None else 0
    prompt = replace(_prompt(case, key, given), entered=reading)
    stopped = guarded(case, flags, "finish", prompt, confirmed, seconds=int(seconds or 0), minimum=minimum)
    if stopped is not None:
        return stopped
    events = report_events(case, share, key, given, seconds, flags, reading)
    return answer(case, Signal.KEPT, _message(case, key, given, flags), *events, prompt=None)


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
        partial=given.partial,
    )
    return answer(case, Signal.ASK, message, prompt=asked)


def without_setup(case: Case, share: Share) -> tuple[tuple[Event, ...], WorkState]:
    """What ends a set-up the share may be in, and its state then."""
    if share.state is not WorkState.SETUP:
        return (), share.state
    seconds = share.set_up(case.instant)
    ended = SetupFinished(person=case.person, operation=share.operation, seconds=seconds)
    return (ended,), after(share.state, WorkAction.RESUME)


def report_events(
    case: Case,
    share: Share | None,
    key: str,
    given: Amounts,
    seconds: float | None,
    flags: tuple[str, ...],
    reading: str = "",
) -> list[Event]:
    """Everything that a report keeps, in its order: a set-up that ends, a start that was missing, readings, rework."""
    operation = case.operation(key)
    order = operation.work_order if operation else ""
    ended, state = without_setup(case, share) if share is not None else ((), WorkState.NONE)
    events: list[Event] = [*ended]
    if share is None:
        # Reported without a start: the start is kept with it, so that every share has one (I12).
        state = after(state, WorkAction.START)
        events.append(WorkStarted(person=case.person, operation=key, work_order=order, flags=("not_started",)))
    state = after(state, WorkAction.FINISH)
    if reading:
        events.append(_reading(case, key, order, "end", reading))
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
        if reading:
            events.append(_reading(case, key, order, "start", reading))
    return events


def _reading(case: Case, key: str, order: str, purpose: Literal["start", "end"], reading: str) -> CounterRead:
    return CounterRead(person=case.person, operation=key, work_order=order, purpose=purpose, reading=reading)


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
