"""The station's brain: an input and what is known give a decision. Pure; time comes in as a value.

`decide` finds the row of `station_table.TABLE` and runs its action. Nothing here changes the folded state: the caller
commits the decision's events, folds them in, adopts the decision's desk, and only then gives its signal (I1).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from devices.types import Signal
from floor.errors import LabelRefused
from floor.events import FactReceived, Instant, LimitReached, RuleBroken, SessionClosed, SessionOpened
from floor.label_texts import shown, shown_bytes
from floor.labels import OWN_TEXT, LabelKind, classify, decode
from floor.master import MasterData
from floor.rows import Person
from gateway import (
    limits,
    station_assign,
    station_calls,
    station_counter,
    station_entry,
    station_handover,
    station_notes,
    station_parts,
    station_reading,
    station_report,
    station_rest,
    station_stop,
    station_work,
)
from gateway.floor_rows import Held
from gateway.floor_state import Floor
from gateway.hearsay import NOBODY, Said
from gateway.station_case import Case, answer, person_of, refuse
from gateway.station_desk import (
    Decision,
    Desk,
    Input,
    PageAcknowledge,
    PageAssign,
    PageCommand,
    PageNote,
    PagePhoto,
    PageReadBack,
    PageReport,
    Pressed,
    Prompt,
    Scanned,
    StationRules,
)
from gateway.station_guards import badge_rules, guarded
from gateway.station_photos import keep_photo
from gateway.station_table import CARDS, TABLE, Key
from gateway.view import Message

# Actions about people and about what the station waits for. Those about work and calls are in their own modules.


def _sign_in(case: Case) -> Decision:
    person = person_of(case)
    assert person is not None
    return _hold(case, person)


def _hold(case: Case, person: Person, confirmed: bool = False) -> Decision:
    broken = badge_rules(case, person)
    prompt = Prompt("confirm_rule", case.instant.boottime, Message("dropped"), person=person.id)
    stopped = guarded(case, broken, "start", prompt, confirmed, name=case.name_of(person.id))
    if stopped is not None:
        return stopped
    told = [RuleBroken(rule=rule, person=person.id) for rule in broken]
    held = person.id in case.state.held.get(case.station, {})
    said = "switched" if held else "signed_in_call_waits" if station_calls.raised_here(case) else "signed_in"
    message = Message(said, {"name": case.name_of(person.id)})
    return answer(case, Signal.NOTED, message, SessionOpened(person=person.id), *told, prompt=None)


def _confirm_rule(case: Case) -> Decision:
    prompt = case.desk.prompt
    assert prompt is not None
    if prompt.part:
        return _part_again(case, prompt)
    if not prompt.person:
        return station_work.confirm_rule(case)
    person = case.master.person_by_id.get(prompt.person)
    return _drop(case) if person is None else _hold(case, person, confirmed=True)


def _part_again(case: Case, prompt: Prompt) -> Decision:
    """The confirm card for a part: its label is decided as though it were scanned now, and is confirmed."""
    again = scanned_case(replace(case, command="", value=""), Scanned(prompt.part.encode()))
    assert again is not None
    return station_parts.scan_part(again, confirmed=True)


def _sign_out(case: Case, reason: str) -> Decision:
    event = SessionClosed.model_validate({"person": case.person, "reason": reason})
    return answer(case, Signal.NOTED, Message("signed_out", {"name": case.name_of(case.person)}), event, prompt=None)


def _sign_out_badge(case: Case) -> Decision:
    return _sign_out(case, "badge")


def _sign_out_card(case: Case) -> Decision:
    return _sign_out(case, case.source)


def _repeat(case: Case) -> Decision:
    return answer(case, Signal.REPEATED, Message("repeated"))


def _drop(case: Case) -> Decision:
    return answer(case, Signal.NOTED, Message("dropped"), prompt=None)


def _anew(case: Case) -> Decision:
    fresh = replace(case, desk=replace(case.desk, prompt=None))
    situation, label, _, _ = row_of(fresh)
    return ACTIONS[TABLE[situation, label, "other", "outside"]](fresh)


def _sign_reading(case: Case) -> Decision:
    return station_reading.accept_handover(case) or _anew(case)


def _ask_same(case: Case) -> Decision:
    message = Message("ask_same")
    prompt = Prompt("same_piece", case.instant.boottime, message)
    # Not remembered as seen: it was not taken yet.
    return answer(replace(case, key=""), Signal.ASK, message, prompt=prompt)


def _count_once(case: Case) -> Decision:
    doubt = case.desk.doubt
    decision = answer(case, Signal.REPEATED, Message("counted_once"), prompt=None, doubt=None)
    if doubt is None:
        return decision
    now, window = case.instant.boottime, case.rules.double_scan_seconds
    return replace(decision, desk=decision.desk.with_seen(doubt.label, case.person, now, window))


def _count_again(case: Case) -> Decision:
    """It is another piece: the label is decided as though it were scanned now."""
    doubt = case.desk.doubt
    if doubt is None:
        return _drop(case)
    desk = replace(case.desk, prompt=None, doubt=None)
    again = scanned_case(replace(case, desk=desk, command="", value=""), Scanned(doubt.label.encode()))
    return _drop(case) if again is None else _act(again)


def _refusal(reason: str) -> Callable[[Case], Decision]:
    def refused(case: Case) -> Decision:
        return refuse(case, reason)

    return refused


ACTIONS: Final[dict[str, Callable[[Case], Decision]]] = {
    "repeat": _repeat,
    "anew": _anew,
    "drop": _drop,
    "sign_in": _sign_in,
    "sign_out_badge": _sign_out_badge,
    "sign_out_card": _sign_out_card,
    "acknowledge": station_calls.acknowledge,
    "raise": station_calls.raise_call,
    "resolve": station_calls.resolve,
    "assign": station_assign.assign,
    "stop": station_stop.stop,
    "assign_badge": station_assign.assign_badge,
    "cancel_call": station_calls.cancel_call,
    "work": station_work.work,
    "enter_good": station_entry.enter_good,
    "enter_scrap": station_entry.enter_scrap,
    "enter_rework": station_entry.enter_rework,
    "enter_partial": station_entry.enter_partial,
    "enter_digit": station_entry.enter_digit,
    "finish_entered": station_entry.finish_entered,
    "confirm_entered": station_entry.confirm_entered,
    "counter_digit": station_counter.counter_digit,
    "counter_ticket": station_counter.counter_ticket,
    "counter_cancel": station_counter.counter_cancel,
    "counter_done": station_counter.counter_done,
    "confirm_rule": _confirm_rule,
    "ask_rule_again": station_work.ask_rule_again,
    "pause": station_work.pause,
    "resume": station_work.resume,
    "set_up": station_work.set_up,
    "choose": station_work.choose,
    "hand_over": station_handover.hand_over,
    "sign_handover": station_handover.sign_handover,
    "sign_reading": _sign_reading,
    "read_digit": station_reading.read_digit,
    "read_confirm": station_reading.read_confirm,
    "read_label": station_reading.read_label,
    "undo": station_report.undo,
    "ask_same": _ask_same,
    "count_once": _count_once,
    "count_again": _count_again,
    "refuse_label": station_parts.refuse_label,
    "scan_part": station_parts.scan_part,
    "refuse_nobody": _refusal("scan_badge_first"),
    "refuse_digit": _refusal("digit_first"),
    "refuse_confirm": _refusal("nothing_to_confirm"),
    "refuse_unasked": _refusal("nothing_asked"),
}
"""Every action the table names."""

# Which row?


def situation_of(case: Case) -> str:
    """The first part of the row's key: what the station waits for."""
    prompt = case.desk.prompt
    if prompt is not None and (case.person or prompt.kind in ("same_piece", "cause", "assign") or prompt.person):
        return "choose" if prompt.kind in ("pause", "resume", "setup") else prompt.kind
    return "signed_in" if case.person else "nobody"


def label_of(case: Case) -> str:
    """The second part: what was scanned."""
    if case.command:
        return case.command
    label = case.label
    assert label is not None
    if case.desk.is_doubtful(label.text, case.instant.boottime, case.rules):
        return "doubtful"
    if label.person is None:
        return str(label.kind)
    if label.person.active and station_calls.leads(label.person) and station_calls.raised_here(case):
        return "leader_badge"
    if label.person.id == case.person:
        return "own_badge"
    return "held_badge" if label.person.id in case.state.held.get(case.station, {}) else "new_badge"


def row_of(case: Case) -> Key:
    """The key of the row this case has in the table."""
    whose, when = "other", "outside"
    if case.key:
        now, window = case.instant.boottime, case.rules.double_scan_seconds
        # "11" is two cards of the same digit; the same card again counts once unless another label came between.
        whose, when = case.desk.memory_of(case.key, case.person, now, window, alone=case.command == "digit")
    return situation_of(case), label_of(case), whose, when


def _act(case: Case) -> Decision:
    return ACTIONS[TABLE[row_of(case)]](case)


def scanned_case(case: Case, what: Scanned) -> Case | None:
    """The case of a scanned label that was looked up; None for an empty one. Raises LabelRefused."""
    label = decode(what.data)
    if label is None:
        return None
    label = classify(label, case.master, case.rules.labels)
    if label.person is None and (revoked := case.master.revoked_by_badge.get(label.text)) is not None:
        # Known, and no longer good: the rule says what to do about it.
        label = replace(label, kind=LabelKind.BADGE, person=revoked)
    case = replace(case, label=label, key=label.text, shown=shown(label.text))
    # A card acts by its command.
    return replace(case, command=label.card.command, value=label.card.value) if label.card is not None else case


def _scanned(case: Case, what: Scanned) -> Decision | None:
    case = replace(case, device=what.device, size=len(what.data))
    try:
        found = scanned_case(case, what)
    except LabelRefused as refused:
        return refuse(replace(case, shown=shown_bytes(what.data)), refused.reason)
    return None if found is None else _act(found)


# The page's inputs: the same actions by another way in.


def _commanded(case: Case, what: PageCommand) -> Decision:
    if what.command not in CARDS:
        return refuse(case, "unknown_command")
    if what.command == "digit" and not (len(what.value) == 1 and what.value in "0123456789"):
        return refuse(case, "bad_quantity")
    if what.command in ("scrap", "rework") and what.value and what.value not in case.master.reason_by_id:
        return refuse(case, "unknown_reason")
    if what.command == "cause" and what.value not in case.master.reason_by_id:
        return refuse(case, "unknown_reason")
    key = "" if what.command == "digit" else f"\x00page command {what.command} {what.value}"
    return _act(replace(case, command=what.command, value=what.value, key=key, shown=shown(what.command, 64)))


def _key_of(case: Case, operation: str) -> str:
    """The share's key for what the page names: a running share's, an operation's id, or a ticket we may not know."""
    if case.state.share(case.person, operation) is not None or operation in case.master.operation_by_id:
        return operation
    known = case.master.operation_by_ticket.get(operation)
    if known is not None:
        return known.id
    return operation if OWN_TEXT.fullmatch(operation) else ""


def _again(case: Case) -> bool:
    """The same from the page within the window: a button that was touched twice."""
    now, window = case.instant.boottime, case.rules.double_scan_seconds
    return case.desk.memory_of(case.key, case.person, now, window, alone=False) == ("same", "inside")


def _page_report(case: Case, what: PageReport) -> Decision:
    amounts = what.amounts
    key = f"\x00page report {what.operation} {amounts}"
    case = replace(case, key=key, shown=shown(what.operation, 64))
    if _again(case):
        return _repeat(case)
    if not case.person:
        return refuse(case, "scan_badge_first")
    if not all(0 <= each <= limits.PIECES_MAX for each in (amounts.good or 0, amounts.scrap, amounts.rework)):
        return refuse(case, "bad_quantity")
    if any(each and each not in case.master.reason_by_id for each in (amounts.scrap_reason, amounts.rework_reason)):
        return refuse(case, "unknown_reason")
    operation = _key_of(case, what.operation)
    if not operation:
        return refuse(case, "unknown_label")
    return station_report.finish(case, operation, amounts)


def _page_note(case: Case, what: PageNote) -> Decision:
    key = f"\x00page note {what.operation} {what.call} {what.text}"
    case = replace(case, key=key, shown=shown(what.text, 64))
    if _again(case):
        return _repeat(case)
    return station_notes.keep_note(case, what, _key_of(case, what.operation) if what.operation else "")


def _page_read(case: Case, what: PageReadBack) -> Decision:
    prompt = case.desk.prompt
    if prompt is None or prompt.kind not in ("read_back", "counter") or not case.person:
        return refuse(case, "nothing_asked")
    if prompt.kind == "counter":
        return station_counter.counter_page(replace(case, shown=shown(what.text, 64)), what.text)
    if len(what.text) > limits.FACT_CHARACTERS_MAX:
        return refuse(case, "too_many_digits", maximum=limits.FACT_CHARACTERS_MAX)
    return station_reading.say(replace(case, shown=shown(what.text, 64)), what.text)


def decide(
    state: Floor,
    desk: Desk,
    what: Input,
    master: MasterData,
    instant: Instant,
    rules: StationRules,
    upstream_known: bool = True,
    said: Said = NOBODY,
) -> Decision | None:
    """What the station does about one input; None for an empty label, which is nothing at all.

    `upstream_known`: whether what other gateways report reaches this one now; `said`: what they say where it does not.
    Changes nothing. Never raises for any content of an input (security checklist, hostile corpus).
    """
    case = Case(state, desk, master, instant, rules, shown="", upstream_known=upstream_known, said=said)
    if isinstance(what, Scanned):
        return _scanned(case, what)
    if isinstance(what, Pressed):
        pressed = replace(case, device=what.device, shown=shown(what.call_type, 64))
        return station_calls.press(pressed, what.call_type, what.long)
    case = replace(case, source="page", device="page")
    if isinstance(what, PageReport):
        return _page_report(case, what)
    if isinstance(what, PageCommand):
        return _commanded(case, what)
    if isinstance(what, PageReadBack):
        return _page_read(case, what)
    if isinstance(what, PageAcknowledge):
        return station_calls.acknowledge_page(case, what.call)
    if isinstance(what, PageNote):
        return _page_note(case, what)
    if isinstance(what, PageAssign):
        return station_assign.assign_page(case, what.call, what.owner)
    if isinstance(what, PagePhoto):
        return keep_photo(case, what)
    return station_calls.resolve_page(case, what.call, what.cause)


# The passing of time.


def _idle_since(held: Held, instant: Instant) -> float:
    """Boottime since when the person has done nothing; from another boot: since this one began, the least it can be."""
    return held.active_at if held.boot == instant.boot else 0.0


def _timed_out(case: Case) -> list[str]:
    now, limit = case.instant.boottime, case.rules.session_timeout_seconds
    rows = case.state.held.get(case.station, {}).values()
    return [row.person for row in rows if _idle_since(row, case.instant) + limit <= now]


def _is_worth_telling(state: Floor) -> bool:
    """The first thing forgotten, and each time they are twice as many: a record for each would fill the card."""
    return state.forgotten > 2 * state.forgotten_told


def step(state: Floor, desk: Desk, instant: Instant, rules: StationRules, master: MasterData) -> Decision | None:
    """What the passing of time alone does at this station; None when there is nothing. Call it until it is None."""
    case = Case(state, desk, master, instant, rules, shown="")
    if _is_worth_telling(state):
        event = LimitReached(limit="floor_kept", count=state.forgotten - state.forgotten_told)
        return Decision((event,), Signal.NOTED, Message("limit_reached"), desk)
    if gone := _timed_out(case):
        names = ", ".join(case.name_of(person) for person in gone[:4])
        events = [SessionClosed(person=person, reason="timeout") for person in gone]
        prompt = None if case.person in gone else desk.prompt
        return answer(case, Signal.NOTED, Message("timed_out", {"name": names}), *events, prompt=prompt)
    if (stopped := station_stop.stop_due(case)) is not None:
        return stopped
    if (escalated := station_calls.escalate(case)) is not None:
        return escalated
    if (rested := station_rest.rest(case)) is not None:
        return rested
    prompt = desk.prompt
    if prompt is not None and prompt.at + rules.prompt_timeout_seconds <= instant.boottime:
        # A number or a confirmation that never came: nothing of it was kept, and the worker is told so.
        lost = prompt.kind in ("quantity", "confirm_rule", "read_back", "handover", "counter")
        return answer(case, Signal.REFUSED if lost else Signal.NOTED, Message("prompt_expired"), prompt=None)
    return None


def wake(state: Floor, desk: Desk, instant: Instant, rules: StationRules, master: MasterData) -> float | None:
    """The boottime at which `step` next has something to do; None: never by itself."""
    if _is_worth_telling(state):
        return instant.boottime
    rows = state.held.get(desk.station, {}).values()
    times = [_idle_since(row, instant) + rules.session_timeout_seconds for row in rows]
    if desk.prompt is not None:
        times.append(desk.prompt.at + rules.prompt_timeout_seconds)
    case = Case(state, desk, master, instant, rules, shown="")
    due = (station_stop.next_stop(case), station_calls.next_escalation(case), station_rest.next_rest(case))
    return min([*times, *(each for each in due if each is not None)], default=None)


def fact_notice(state: Floor, fact: FactReceived, master: MasterData) -> tuple[str, Signal, Message] | None:
    """(station, signal, message) a fact of the office gives to the station it is about; ask before it is folded in."""
    call = state.calls.get(str(fact.content.get("call", "")))
    if call is None or fact.kind not in ("call.acknowledged", "call.assigned", "call.resolved"):
        return None
    row = master.call_type_by_id.get(call.call_type)
    name = shown(row.name if row is not None and row.name else call.call_type, 64)
    name_en = shown((row and row.name_en) or name, 64)
    if fact.kind == "call.resolved":
        return call.station, Signal.RESOLVED, Message("resolved_office", {"call": name, "call_en": name_en})
    if fact.kind == "call.assigned":
        owner = shown(str(fact.content.get("owner") or ""), 64)
        signal = station_stop.signal_of(master, call)
        return call.station, signal, Message("assigned", {"call": name, "call_en": name_en, "owner": owner})
    who = shown(str(fact.content.get("person_name") or fact.content.get("person") or ""), 64)
    return call.station, Signal.ACKNOWLEDGED, Message("acknowledged", {"call": name, "call_en": name_en, "name": who})
