"""Quantities, card by card: good, scrap and rework cards, digits, and what ends them. Pure actions."""

from dataclasses import replace

from devices.types import Signal
from floor.work import WorkState
from gateway import limits
from gateway.station_case import Case, answer, refuse, scanned_operation
from gateway.station_desk import Decision, Entering, Prompt
from gateway.station_report import finish
from gateway.station_work import shares_in, work
from gateway.view import Message


def _entering(case: Case, prompt: Prompt, signal: Signal = Signal.NOTED) -> Decision:
    values: dict[str, str | int] = {"good": prompt.good or "-", "scrap": prompt.scrap or "-"}
    key = "entering_partial" if prompt.partial else "entering"
    if prompt.rework is not None:
        key, values = key + "_rework", values | {"rework": prompt.rework or "-"}
    message = Message(key, values)
    asked = replace(prompt, at=case.instant.boottime, message=message)
    return answer(case, signal, message, prompt=asked)


def _entry(case: Case) -> Prompt:
    prompt = case.desk.prompt
    if prompt is not None and prompt.kind == "quantity":
        return prompt
    return Prompt("quantity", case.instant.boottime, Message("entering"))


def _other(prompt: Prompt) -> Prompt:
    """Another number than good pieces is given: those are not asked for where only the partial card asked."""
    return replace(prompt, good=prompt.good or None) if prompt.partial else prompt


def enter_good(case: Case) -> Decision:
    """The good card: the digits that follow are good pieces, from the first."""
    return _entering(case, replace(_entry(case), good="", entering="good"), Signal.ASK)


def enter_scrap(case: Case) -> Decision:
    """A scrap card, with or without a reason: the digits that follow are scrap, from the first."""
    prompt = _other(_entry(case))
    return _entering(case, replace(prompt, scrap="", scrap_reason=case.value, entering="scrap"), Signal.ASK)


def enter_rework(case: Case) -> Decision:
    """A rework card, with or without a reason: the digits that follow go back, from the first."""
    prompt = _other(_entry(case))
    return _entering(case, replace(prompt, rework="", rework_reason=case.value, entering="rework"), Signal.ASK)


def enter_partial(case: Case) -> Decision:
    """The partial card, before or after the number: so many are done, and the share goes on."""
    prompt = replace(_entry(case), partial=True)
    if prompt.good is None and prompt.scrap is None and prompt.rework is None:
        prompt = replace(prompt, good="", entering="good")
    return _entering(case, prompt, Signal.ASK)


def enter_digit(case: Case) -> Decision:
    """One more digit."""
    prompt = _entry(case)
    digits = _digits(prompt, prompt.entering) or ""
    if len(digits) >= limits.QUANTITY_DIGITS_MAX:
        return refuse(case, "too_many_digits", maximum=limits.QUANTITY_DIGITS_MAX)
    digits += case.value
    if prompt.entering == "scrap":
        return _entering(case, replace(prompt, scrap=digits))
    if prompt.entering == "rework":
        return _entering(case, replace(prompt, rework=digits))
    return _entering(case, replace(prompt, good=digits))


def _digits(prompt: Prompt, which: Entering) -> str | None:
    return {"good": prompt.good, "scrap": prompt.scrap, "rework": prompt.rework}[which]


def _finish_with_entry(case: Case, key: str) -> Decision:
    prompt = _entry(case)
    names: tuple[Entering, ...] = ("good", "scrap", "rework")
    wanting = next((name for name in names if _digits(prompt, name) == ""), None)
    if wanting is not None:
        message = Message("ask_digits")
        asked = replace(prompt, at=case.instant.boottime, message=message, operation=key, entering=wanting)
        return answer(case, Signal.ASK, message, prompt=asked)
    return finish(case, key, prompt.amounts)


def finish_entered(case: Case) -> Decision:
    """The ticket after a quantity: it is reported. Another ticket than asked about is looked at anew."""
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
    running = shares_in(case, WorkState.RUNNING, WorkState.SETUP)
    if len(running) != 1:
        return refuse(case, "ask_ticket")
    return _finish_with_entry(case, running[0].operation)
