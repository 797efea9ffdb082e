"""Which work instruction holds for an operation.

Pure: values in, values out.
"""

from floor.master import Instruction, MasterData


def instruction_of(master: MasterData, operation: str) -> Instruction | None:
    """The instruction of an operation, by its id: its own, or else that of the item its order makes; None: none holds.

    Where several rows name the same, the last one holds.
    """
    if (own := master.instruction_by_operation.get(operation)) is not None:
        return own
    known = master.operation_by_id.get(operation)
    order = None if known is None else master.order_by_id.get(known.work_order)
    return None if order is None else master.instruction_by_item.get(order.item)
