"""The machine's counter, read at the start and at the end of a share: good pieces are what it went on by. Pure."""

from dataclasses import replace

from devices.types import Signal
from floor.limits import COUNTER_DIGITS_MAX
from floor.work_events import CounterRead
from gateway.station_case import Case, answer, refuse, scanned_operation
from gateway.station_desk import Decision, Prompt
from gateway.station_report import asking_reading, counted, finish
from gateway.station_work import work
from gateway.view import Message


def _asked(case: Case) -> Prompt:
    prompt = case.desk.prompt
    assert prompt is not None
    return prompt


def counter_digit(case: Case) -> Decision:
    """One more digit of the reading."""
    prompt = _asked(case)
    if len(prompt.entered) >= COUNTER_DIGITS_MAX:
        return refuse(case, "too_many_digits", maximum=COUNTER_DIGITS_MAX)
    asked = asking_reading(case, replace(prompt, entered=prompt.entered + case.value))
    return answer(case, Signal.NOTED, asked.message, prompt=asked)


def counter_cancel(case: Case) -> Decision:
    """The cancel card takes wrong digits back; where none are given it lets the question be."""
    prompt = _asked(case)
    if not prompt.entered:
        return answer(case, Signal.NOTED, Message("dropped"), prompt=None)
    asked = asking_reading(case, replace(prompt, entered=""))
    return answer(case, Signal.ASK, asked.message, prompt=asked)


def counter_page(case: Case, text: str) -> Decision:
    """A whole reading from the page."""
    if not (text.isascii() and text.isdigit() and len(text) <= COUNTER_DIGITS_MAX):
        return refuse(case, "bad_quantity")
    return counter_done(replace(case, desk=replace(case.desk, prompt=replace(_asked(case), entered=text))))


def counter_ticket(case: Case) -> Decision:
    """The ticket after the reading. Another ticket, or none of the digits given, is looked at anew: work goes on."""
    prompt = _asked(case)
    if scanned_operation(case)[0] != prompt.operation or (not prompt.entered and not prompt.ending):
        return work(replace(case, desk=replace(case.desk, prompt=None)))
    return counter_done(case)


def counter_done(case: Case) -> Decision:
    """The reading is given: the start is kept, or the end makes the report."""
    prompt = _asked(case)
    if not prompt.entered:
        asked = asking_reading(case, prompt)
        return answer(case, Signal.ASK, asked.message, prompt=asked)
    key = prompt.operation
    if prompt.ending:
        share = case.state.share(case.person, key)
        went_on = counted(share.counter, prompt.entered) if share is not None else 0
        given = replace(prompt.amounts, good=max(0, went_on - prompt.amounts.scrap - prompt.amounts.rework))
        return finish(case, key, given, reading=prompt.entered)
    operation = case.operation(key)
    order = operation.work_order if operation is not None else ""
    event = CounterRead(person=case.person, operation=key, work_order=order, purpose="start", reading=prompt.entered)
    message = Message("counter_kept", {"operation": case.title_of(key), "entered": prompt.entered})
    return answer(case, Signal.KEPT, message, event, prompt=None)
