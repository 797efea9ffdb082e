"""Which work instruction holds for an operation, and which of them a gateway should have at hand.

Pure: values in, values out.
"""

from collections.abc import Collection

from floor.master import MasterData
from floor.rows import Instruction


def instruction_of(master: MasterData, operation: str) -> Instruction | None:
    """The instruction of an operation, by its id: its own, or else that of the item its order makes; None: none holds.

    Where several rows name the same, the last one holds.
    """
    if (own := master.instruction_by_operation.get(operation)) is not None:
        return own
    known = master.operation_by_id.get(operation)
    order = None if known is None else master.order_by_id.get(known.work_order)
    return None if order is None else master.instruction_by_item.get(order.item)


def wanted_instructions(master: MasterData, stations: Collection[str]) -> tuple[Instruction, ...]:
    """Those with a file, each file once, in the order in which stations will want them.

    First what holds for operations of released orders that may be done at one of the stations; then the others.
    """
    found: dict[str, Instruction] = {}
    for operation in master.operations:
        order = master.order_by_id.get(operation.work_order)
        if order is None or order.state != "released":
            continue
        if operation.stations and not set(operation.stations) & set(stations):
            continue
        row = instruction_of(master, operation.id)
        if row is not None and row.sha256:
            found.setdefault(row.sha256, row)
    for row in master.instructions:
        if row.sha256:
            found.setdefault(row.sha256, row)
    return tuple(found.values())


def with_instruction(master: MasterData, row: Instruction) -> MasterData:
    """The master data with this row in the place of the one of its id, as the last, so that it holds. Raises
    ValidationError, a ValueError, when it does not fit the rest."""
    others = tuple(each for each in master.instructions if each.id != row.id)
    return master.with_tables(instructions=(*others, row))


def without_instruction(master: MasterData, identity: str) -> MasterData:
    """The master data without the row of this id."""
    return master.with_tables(instructions=tuple(each for each in master.instructions if each.id != identity))


def carried_over(found: MasterData, before: MasterData | None) -> MasterData:
    """A file of a planner that says nothing of instructions leaves those in force; one of an operation that is gone
    goes with it."""
    if before is None or found.instructions or not before.instructions:
        return found
    rows = (each for each in before.instructions if not each.operation or each.operation in found.operation_by_id)
    return found.with_tables(instructions=tuple(rows))
