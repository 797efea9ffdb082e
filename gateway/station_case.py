"""One input in its surroundings, and how a decision about it is put together. Pure."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from devices.types import Signal
from floor.days import is_over, plant_day
from floor.events import Event, Instant, ScanRejected, SessionClosed, SessionOpened
from floor.label_texts import shown
from floor.labels import Label
from floor.master import MasterData
from floor.rights import Right, may_somewhere, roles_at
from floor.rows import Operation, Person
from floor.texts import flag_names
from gateway.floor_state import Floor
from gateway.hearsay import NOBODY, Said
from gateway.station_desk import Decision, Desk, Prompt, StationRules
from gateway.view import LastScan, Message

Keep = Literal["keep"]


@dataclass(frozen=True, slots=True)
class Case:
    """What an action looks at. `key`: the text the double-scan memory knows the input by; empty: not remembered."""

    state: Floor
    desk: Desk
    master: MasterData
    instant: Instant
    rules: StationRules
    shown: str
    key: str = ""
    device: str = ""
    source: Literal["card", "page"] = "card"
    label: Label | None = None
    command: str = ""
    value: str = ""
    size: int = 0
    upstream_known: bool = True
    """Whether the reports of other gateways reach this one now."""
    said: Said = NOBODY
    """What the others of the line say where they do not."""
    read: tuple[str, ...] = ()
    """Keys of what was read back by this very input."""

    @property
    def today(self) -> date | None:
        """The plant's day; None while the clock is not set."""
        if not self.instant.synchronised:
            return None
        return plant_day(self.instant.wall, self.rules.utc_offset_seconds)

    @property
    def station(self) -> str:
        """The station's id."""
        return self.desk.station

    @property
    def person(self) -> str:
        """The current person's id; empty when nobody is signed in."""
        return self.state.current(self.desk.station)

    @property
    def roles(self) -> tuple[str, ...]:
        """The current person's roles, those that hold here and now."""
        return self.roles_of(self.master.person_by_id.get(self.person))

    def roles_of(self, person: Person | None) -> tuple[str, ...]:
        """Somebody's roles at this station, as the office gave them; none once their badge is revoked or over."""
        if person is None or not person.active or self.expired(person.badge_until):
            return ()
        return roles_at(person.grants, self.master.place_of(self.station))

    def expired(self, until: str) -> bool | None:
        """Is the last good day over? None where nobody knows: the clock is not set."""
        if not until:
            return False
        return None if self.today is None else is_over(until, self.today)

    def name_of(self, person: str) -> str:
        """A person's name for the screen; the id where master data has none."""
        row = self.master.person_by_id.get(person)
        return shown(row.name if row is not None and row.name else person, 64)

    def title_of(self, operation: str) -> str:
        """An operation's name for the screen; its key where master data has none."""
        row = self.operation(operation)
        return shown(f"{row.work_order} {row.name}".strip() if row is not None else operation, 64)

    def operation(self, key: str) -> Operation | None:
        """The operation a share's key stands for: an id, or the text of a ticket scanned before it was known."""
        return self.master.operation_of(key)

    def names_of_call(self, call_type: str) -> dict[str, str | int]:
        """The values `call` and `call_en` of a message."""
        row = self.master.call_type_by_id.get(call_type)
        name = row.name if row is not None and row.name else call_type
        return {"call": shown(name, 64), "call_en": shown((row and row.name_en) or name, 64)}

    def names_of_reason(self, reason: str) -> dict[str, str | int]:
        """The values `reason` and `reason_en` of a message."""
        row = self.master.reason_by_id.get(reason)
        name = row.name if row is not None and row.name else reason
        return {"reason": shown(name, 64), "reason_en": shown((row and row.name_en) or name, 64)}


def _person_after(case: Case, events: tuple[Event, ...]) -> str:
    """Who is current once these events are folded in."""
    held = list(case.state.held.get(case.station, {}))
    for event in events:
        if isinstance(event, SessionOpened):
            held = [each for each in held if each != event.person] + [event.person]
        elif isinstance(event, SessionClosed):
            held = [each for each in held if each != event.person]
    return held[-1] if held else ""


def answer(
    case: Case,
    signal: Signal,
    message: Message,
    *events: Event,
    prompt: Prompt | Keep | None = "keep",
    doubt: Keep | None = "keep",
) -> Decision:
    """The decision: events to keep, what the worker is told, and the desk for when they are kept.

    A refused label is not remembered: scanned again, it is looked at again.
    """
    desk = case.desk
    if case.key and signal is not Signal.REFUSED:
        person = _person_after(case, events)
        desk = desk.with_seen(case.key, person, case.instant.boottime, case.rules.double_scan_seconds)
    if prompt != "keep":
        desk = replace(desk, prompt=prompt)
    if doubt is None:
        desk = replace(desk, doubt=None)
    desk = desk.with_result(LastScan(case.shown, str(signal), message, case.instant.wall))
    return Decision(events, signal, message, desk)


def refuse(case: Case, why: str, /, **values: str | int) -> Decision:
    """Refused, with the reason kept as an event where a label was scanned. The prompt stays as it is."""
    message = Message(why, dict(values))
    if case.source == "page":
        return answer(case, Signal.REFUSED, message)
    event = ScanRejected(reason=why, device=shown(case.device, 64), shown=case.shown, size=case.size)
    return answer(case, Signal.REFUSED, message, event)


def refuse_right(case: Case, person: Person | None, right: Right) -> Decision:
    """Who lacks a right here is told what they lack: the role, the role for this line, or a badge that is good."""
    if person is None or not may_somewhere(person.grants, right):
        return refuse(case, "leader_only")
    over = not person.active or case.expired(person.badge_until)
    return refuse(case, "leader_badge_over" if over else "leader_elsewhere")


def scanned_operation(case: Case) -> tuple[str, Operation | None]:
    """(key of the share, operation) of the scanned ticket.

    A share begun before its ticket was known goes on under the ticket's text, so that it can be finished (I12).
    """
    label = case.label
    assert label is not None
    if label.operation is None or case.state.share(case.person, label.text) is not None:
        return label.text, label.operation
    return label.operation.id, label.operation


def told(case: Case, key: str, message: str, flags: tuple[str, ...], **values: str | int) -> Message:
    """The message about a share, in its variant with the flags where there are any."""
    values = {"operation": case.title_of(key), **values}
    if not flags:
        return Message(message, values)
    words: dict[str, str | int] = {"flags": flag_names(flags, "zh"), "flags_en": flag_names(flags, "en")}
    return Message(message + "_flagged", values | words)


def person_of(case: Case) -> Person | None:
    """The person on the badge that was scanned."""
    return case.label.person if case.label is not None else None
