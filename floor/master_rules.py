"""What must hold between the rows of master data. Every fault is named at once.

Pure: values in, values out.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from floor.duty import duty_faults
from floor.error_proofing import DEFAULTS
from floor.limits import CASES_MAX, LABEL_PATTERNS_MAX, OWNER_CHARACTERS_MAX
from floor.product_rules import product_faults

if TYPE_CHECKING:
    from floor.master import MasterData


def faults(master: "MasterData") -> list[str]:
    """Each fault as a sentence that names the row; empty when the whole holds."""
    return [
        *_doubles(master),
        *_dangling(master),
        *_pattern_faults(master),
        *duty_faults(master),
        *product_faults(master),
    ]


def _repeated(what: str, keys: Iterable[str]) -> list[str]:
    return [f"{what} {key!r} stands {count} times" for key, count in Counter(keys).items() if count > 1]


def _doubles(master: "MasterData") -> list[str]:
    found = []
    tables = ("people", "stations", "work_orders", "operations", "call_types", "reasons", "instructions")
    for table in tables:
        found += _repeated(f"{table} id", (row.id for row in getattr(master, table)))
    found += _repeated("shift id", (row.id for row in master.shifts))
    by_key = ("departments", "duties", "absences", "deputies", "items", "bom_revisions", "routings", "stock")
    for table in by_key:
        found += _repeated(table, (row.key for row in getattr(master, table)))
    found += _repeated("case id", (row.id for row in master.cases))
    if len(master.cases) > CASES_MAX:
        found.append(f"{len(master.cases)} cases, more than {CASES_MAX}")
    found += _repeated("skill", (row.key for row in master.skills))
    found += _repeated("label pattern", (row.key for row in master.label_patterns))
    found += _repeated("component", (row.key for row in master.components))
    found += _repeated("blocked lot", (row.key for row in master.blocked_lots))
    found += _repeated("rule", (row.key for row in master.error_proofing))
    found += _repeated("notice", (row.id for row in master.notices))
    labels = [row.badge for row in master.people if row.active]
    labels += [row.ticket for row in master.operations]
    labels += [row.label for row in master.command_cards]
    return found + _repeated("label", labels)


def _dangling(master: "MasterData") -> list[str]:
    orders = {row.id for row in master.work_orders}
    stations = {row.id for row in master.stations}
    reasons = {row.id for row in master.reasons}
    calls = {row.id for row in master.call_types}
    found = [
        f"operation {row.id!r} names an unknown work order: {row.work_order!r}"
        for row in master.operations
        if row.work_order not in orders
    ]
    for name, rows in (("operation", master.operations), ("notice", master.notices), ("shift", master.shifts)):
        found += [
            f"{name} {row.id!r} names an unknown station: {each!r}"
            for row in rows
            for each in row.stations
            if each not in stations
        ]
    for call in master.call_types:
        found += [
            f"call type {call.id!r} names an unknown cause: {each!r}" for each in call.causes if each not in reasons
        ]
    found += _tier_faults(master, calls)
    found += _notice_faults(master, orders)
    found += _instruction_faults(master)
    people = {row.id for row in master.people}
    found += [
        f"skill {row.skill!r} names an unknown person: {row.person!r}"
        for row in master.skills
        if row.person not in people
    ]
    for policy in master.error_proofing:
        unasked = [moment for moment, _ in policy.chosen if (policy.rule, moment) not in DEFAULTS]
        found += [f"rule {policy.rule!r} is not asked at a {moment}" for moment in unasked]
    tickets = {row.ticket: row.id for row in master.operations}
    # A ticket scanned before its operation was known is kept under the ticket's text, so the two must not cross.
    found += [
        f"operation {row.id!r} has the id that is the ticket of operation {tickets[row.id]!r}"
        for row in master.operations
        if tickets.get(row.id, row.id) != row.id
    ]
    for card in master.command_cards:
        found += _card_faults(card.label, card.command, card.value, reasons, calls)
    return found


def _pattern_faults(master: "MasterData") -> list[str]:
    if len(master.label_patterns) > LABEL_PATTERNS_MAX:
        return [f"label_patterns: {len(master.label_patterns)} rows, more than {LABEL_PATTERNS_MAX}"]
    by_place = [row.name for row in master.label_patterns if "number" in row.compiled.parts]
    if not by_place:
        return []
    places = Counter((row.work_order, row.number) for row in master.operations)
    return [
        f"order {order!r} has {count} operations with number {number}, and label pattern {by_place[0]!r} goes by that"
        for (order, number), count in places.items()
        if count > 1
    ]


def _tier_faults(master: "MasterData", calls: set[str]) -> list[str]:
    found = [
        f"tier {row.tier} names an unknown call type: {row.call_type!r}"
        for row in master.call_tiers
        if row.call_type not in calls
    ]
    for call_type, tiers in master.tiers_of.items():
        found += _repeated(f"call type {call_type!r} tier", (str(row.tier) for row in tiers))
        if any(later.minutes < earlier.minutes for earlier, later in pairwise(tiers)):
            found.append(f"call type {call_type!r}: a later tier comes no sooner than the one before")
    return found


def _notice_faults(master: "MasterData", orders: set[str]) -> list[str]:
    order_of = {row.id: row.work_order for row in master.operations}
    found = []
    for row in master.notices:
        if row.operation and row.operation not in order_of:
            found.append(f"notice {row.id!r} names an unknown operation: {row.operation!r}")
        elif row.work_order and row.work_order not in orders:
            found.append(f"notice {row.id!r} names an unknown work order: {row.work_order!r}")
        elif row.work_order and row.operation and order_of[row.operation] != row.work_order:
            found.append(f"notice {row.id!r}: the order {row.work_order!r} has no operation {row.operation!r}")
    return found


def _instruction_faults(master: "MasterData") -> list[str]:
    """An item may have no order just now; an operation goes with its order, and so does what was written for it."""
    found = [
        f"instruction {row.id!r} names {'both an item and an operation' if row.item else 'no item and no operation'}"
        for row in master.instructions
        if bool(row.item) == bool(row.operation)
    ]
    operations = {row.id for row in master.operations}
    return found + [
        f"instruction {row.id!r} names an unknown operation: {row.operation!r}"
        for row in master.instructions
        if row.operation and row.operation not in operations
    ]


def _card_faults(label: str, command: str, value: str, reasons: set[str], calls: set[str]) -> list[str]:
    if command == "digit" and not (len(value) == 1 and value.isdecimal()):
        return [f"card {label!r}: a digit card's value is one digit, not {value!r}"]
    if command == "cause" and value not in reasons:
        return [f"card {label!r} names an unknown cause: {value!r}"]
    if command in ("scrap", "rework") and value and value not in reasons:
        return [f"card {label!r} names an unknown reason: {value!r}"]
    if command == "assign" and not 0 < len(value) <= OWNER_CHARACTERS_MAX:
        return [
            f"card {label!r}: a card that hands calls over names the owner in at most {OWNER_CHARACTERS_MAX} letters"
        ]
    if command == "call" and value not in calls:
        return [f"card {label!r} names an unknown call type: {value!r}"]
    return []
