"""What a person does to say key facts back, card by card or on the page: of a notice, or of a hand-over. Pure."""

from dataclasses import replace

from devices.types import Signal
from floor.events import Event
from floor.label_texts import shown
from floor.notices import Reading, agrees
from floor.reading_events import HandoverAccepted, HandoverMisread, NoticeMisread, NoticeRead
from gateway import limits
from gateway.station_case import Case, answer, refuse
from gateway.station_desk import Decision, Prompt
from gateway.station_guards import HANDOVER, ask_to_read, titles_of
from gateway.station_work import start
from gateway.view import Message


def _asked(case: Case) -> tuple[Prompt, Reading]:
    prompt = case.desk.prompt
    assert prompt is not None
    assert prompt.reading is not None
    return prompt, prompt.reading


def read_digit(case: Case) -> Decision:
    """One more digit of the fact that is asked for."""
    prompt, found = _asked(case)
    if len(prompt.given) >= len(found.facts):
        return refuse(case, "digit_first")
    if len(prompt.entered) >= limits.FACT_CHARACTERS_MAX:
        return refuse(case, "too_many_digits", maximum=limits.FACT_CHARACTERS_MAX)
    return ask_to_read(case, replace(prompt, entered=prompt.entered + case.value), Signal.NOTED)


def read_confirm(case: Case) -> Decision:
    """The confirm card: the digits are the fact. Where none is asked for, it says that the notice was read."""
    prompt, found = _asked(case)
    if len(prompt.given) < len(found.facts):
        return say(case, prompt.entered) if prompt.entered else ask_to_read(case, prompt)
    return ask_to_read(case, prompt) if _is_handover(found) else _read(case, prompt, found)


def read_label(case: Case) -> Decision:
    """A label that is nothing else: a fact that is printed, as the revision on an instruction."""
    assert case.label is not None
    return say(case, case.label.text)


def say(case: Case, given: str) -> Decision:
    """What was given against what is written: the next fact, or the same again with a record of the mistake."""
    prompt, found = _asked(case)
    if len(prompt.given) >= len(found.facts):
        return refuse(case, "nothing_asked")
    name, expected = found.facts[len(prompt.given)]
    if not agrees(name, expected, given):
        return _misread(case, prompt, found, name, given)
    prompt = replace(prompt, given=(*prompt.given, expected), entered="")
    if len(prompt.given) < len(found.facts) or _is_handover(found):
        return ask_to_read(case, prompt)
    return _read(case, prompt, found)


def _is_handover(found: Reading) -> bool:
    return found.key.startswith(HANDOVER)


def _misread(case: Case, prompt: Prompt, found: Reading, fact: str, given: str) -> Decision:
    said = shown(given, 64)
    event: Event
    if _is_handover(found):
        event = HandoverMisread(handover=found.key[len(HANDOVER) :], person=case.person, asked=fact, given=said)
    else:
        event = NoticeMisread(
            notice=found.key,
            version=found.version,
            person=case.person,
            operation=shown(prompt.operation, 64),
            asked=fact,
            given=said,
        )
    again = replace(prompt, at=case.instant.boottime, entered="")
    return answer(case, Signal.REFUSED, Message("misread", {"given": said, **titles_of(found)}), event, prompt=again)


def _facts(found: Reading) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in found.facts)


def _read(case: Case, prompt: Prompt, found: Reading) -> Decision:
    event = NoticeRead(
        notice=found.key,
        version=found.version,
        person=case.person,
        operation=shown(prompt.operation, 64),
        facts=_facts(found),
    )
    return _go_on(case, prompt, found, event, "notice_read")


def _go_on(case: Case, prompt: Prompt, found: Reading, event: Event, told: str) -> Decision:
    """The start that was held up goes on; what else has to be read is asked for next."""
    if not prompt.operation:
        return answer(case, Signal.KEPT, Message(told, titles_of(found)), event, prompt=None)
    case = replace(case, read=(*case.read, found.key), desk=replace(case.desk, prompt=None))
    decision = start(case, prompt.operation, case.operation(prompt.operation), in_setup=prompt.setup)
    return replace(decision, events=(event, *decision.events))


def accept_handover(case: Case) -> Decision | None:
    """The next person's own badge, once every fact is said; None: it is not for this."""
    prompt, found = _asked(case)
    if not _is_handover(found) or len(prompt.given) < len(found.facts):
        return None
    offer = case.state.readings.offers.get(case.station)
    if offer is None or HANDOVER + offer.identity != found.key:
        return None
    event = HandoverAccepted(handover=offer.identity, offered_by=offer.person, person=case.person, facts=_facts(found))
    return _go_on(case, prompt, found, event, "handover_accepted")
