"""What has to be read before work starts, and the key facts that are then read back (反向确认).

Pure: values in, values out.

A notice says what changed. Whoever starts the work it is about repeats its key facts first: that they are on a
screen proves little, that the receiver says them proves that they arrived.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from floor.cells import FactName
from floor.days import is_over
from floor.instructions import instruction_of
from floor.limits import NOTICES_MAX
from floor.master import MasterData
from floor.rows import Instruction, Notice, Operation, WorkOrder

NOTICE, INSTRUCTION = "notice/", "instruction/"
"""How the key of a reading begins, by what is read."""

VERSION_CHARACTERS = 16
CODE_CHARACTERS_MAX = 48


@dataclass(frozen=True, slots=True)
class Reading:
    """Something to be read. `facts`: (name, what is to be said). `version`: another text or fact is read anew."""

    key: str
    title: str
    title_en: str
    text: str
    facts: tuple[tuple[str, str], ...]
    version: str


def readings_for(master: MasterData, operation: Operation, station: str, today: date | None) -> list[Reading]:
    """What is to be read before `operation` starts at `station`; `today` is the plant's day, None: not known."""
    found = [
        _of_notice(master, row, operation)
        for key in ("", operation.work_order)
        for row in master.notices_by_order.get(key, ())
        if _is_about(row, operation, station) and not _is_over(row, today)
    ]
    instruction = instruction_of(master, operation.id)
    return found if instruction is None else [*found, _of_instruction(instruction)]


def notices_at(master: MasterData, station: str, today: date | None) -> Iterator[Notice]:
    """The notices that a station shows, the newest row first: all that may concern what is done there."""
    return (row for row in reversed(master.notices) if _is_for(row, station) and not _is_over(row, today))


def agrees(name: str, expected: str, given: str) -> bool:
    """Is what was given the fact? A quantity is a number; other facts differ in nothing but case and blanks."""
    if name == "quantity":
        return given.isascii() and given.isdigit() and len(given) <= 9 and int(given) == int(expected)
    return given.strip().casefold() == expected.casefold()


def _is_about(row: Notice, operation: Operation, station: str) -> bool:
    return row.operation in ("", operation.id) and _is_for(row, station)


def _is_for(row: Notice, station: str) -> bool:
    return not row.stations or station in row.stations


def _is_over(row: Notice, today: date | None) -> bool:
    return today is not None and is_over(row.until, today)


def _of_notice(master: MasterData, row: Notice, operation: Operation) -> Reading:
    facts = tuple((name, value) for name in row.facts if (value := _fact(master, name, operation)))
    return reading(f"{NOTICE}{row.id}", row.title, row.title_en, row.text, facts)


def _of_instruction(row: Instruction) -> Reading:
    title = row.title or row.id
    return reading(f"{INSTRUCTION}{row.id}", title, title, "", (("revision", row.revision),))


def reading(key: str, title: str, title_en: str, text: str, facts: tuple[tuple[str, str], ...]) -> Reading:
    """A reading with the version of what it says."""
    said = json.dumps([title, title_en, text, facts], ensure_ascii=False)
    version = hashlib.sha256(said.encode()).hexdigest()[:VERSION_CHARACTERS]
    return Reading(key, title, title_en or title, text, facts, version)


def _fact(master: MasterData, name: FactName, operation: Operation) -> str:
    """What has to be said; empty where the master data does not say it, and then it is not asked."""
    if name == "quantity":
        return str(operation.planned)
    order = master.order_by_id.get(operation.work_order)
    if name == "due":
        return month_and_day(order.due) if order is not None else ""
    found = instruction_of(master, operation.id)
    return "" if found is None else found.revision


def month_and_day(due: str) -> str:
    """2026-12-31 as 1231, for digit cards; empty for what is no such day."""
    try:
        return date.fromisoformat(due.strip()[:10]).strftime("%m%d")
    except ValueError:
        return ""


def change_notices(before: MasterData, after: MasterData) -> tuple[Notice, ...]:
    """A notice for each order whose quantity or due day is another.

    A new order changes nothing that somebody knew, and of a closed one nothing starts.
    """
    pairs = ((before.order_by_id.get(each.id), each) for each in after.work_orders)
    return tuple(
        _change_notice(old, new, after.operations_by_order.get(new.id, ()))
        for old, new in pairs
        if old is not None and new.state != "closed" and (old.quantity, old.due) != (new.quantity, new.due)
    )


def _change_notice(old: WorkOrder, new: WorkOrder, operations: tuple[Operation, ...]) -> Notice:
    """One for each order: a later change takes the place of the earlier one.

    The quantity that is asked for is the operation's: where one plans another than the order it is only told.
    """
    facts: list[FactName] = []
    chinese, english = [], []
    if old.quantity != new.quantity:
        if all(each.planned == new.quantity for each in operations):
            facts.append("quantity")
        chinese.append(f"数量 {old.quantity} → {new.quantity}")
        english.append(f"quantity {old.quantity} → {new.quantity}")
    if old.due != new.due:
        facts.append("due")
        chinese.append(f"交期 {old.due or '-'} → {new.due or '-'}")
        english.append(f"due {old.due or '-'} → {new.due or '-'}")
    return Notice(
        id=_change_id(new.id),
        title=f"{new.id}：{'，'.join(chinese)}"[:120],
        title_en=f"{new.id}: {', '.join(english)}"[:120],
        work_order=new.id,
        facts=tuple(facts),
    )


def _change_id(order: str) -> str:
    """Of one order alone, also where its id leaves no room for more."""
    name = f"CHG-{order}"
    return name if len(name) <= CODE_CHARACTERS_MAX else f"CHG-{hashlib.sha256(order.encode()).hexdigest()[:32]}"


def with_notices(master: MasterData, made: tuple[Notice, ...]) -> MasterData:
    """The data with these notices too, each in place of an earlier one of its id."""
    fresh = {row.id for row in made}
    rows = tuple(row for row in master.notices if row.id not in fresh)
    return master.with_tables(notices=(*rows, *made)[-NOTICES_MAX:]) if made else master
