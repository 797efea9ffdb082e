"""Components and serials in the folded state.

Pure: values in, values out.
"""

from typing import TYPE_CHECKING, Any

from floor import work_events
from floor.events import Happening
from gateway import limits
from gateway.floor_rows import Parts

if TYPE_CHECKING:
    from gateway.floor_state import Floor


def to_json(state: "Floor") -> list[list[Any]]:
    """Operation, items, serials, lots."""
    return [[key, row.items, list(row.serials), list(row.lots)] for key, row in state.parts.items()]


def from_json(state: "Floor", found: list[list[Any]]) -> None:
    """Put it back."""
    for key, items, serials, lots in found:
        state.parts[key] = Parts(items, dict.fromkeys(serials), dict.fromkeys(lots))


def _parts_of(state: "Floor", operation: str) -> Parts:
    found = state.parts.pop(operation, None) or Parts()
    state.parts[operation] = found
    if len(state.parts) > limits.PARTS_OPERATIONS_MAX:
        del state.parts[next(iter(state.parts))]
        state.forgotten += 1
    return found


def component_used(state: "Floor", identity: str, happening: Happening) -> None:
    """The item counts as scanned for the operation; a bill is no longer than a table, so the list is bounded."""
    event = happening.event
    assert isinstance(event, work_events.ComponentUsed)
    found = _parts_of(state, event.operation)
    if event.item not in found.items:
        found.items = [*found.items, event.item][-limits.SERIALS_PER_OPERATION_MAX :]


def product_identified(state: "Floor", identity: str, happening: Happening) -> None:
    """A serial or a lot of the product."""
    event = happening.event
    assert isinstance(event, work_events.ProductIdentified)
    found = _parts_of(state, event.operation)
    rows, name = (found.serials, event.serial) if event.serial else (found.lots, event.lot)
    rows[name] = None
    if len(rows) > limits.SERIALS_PER_OPERATION_MAX:
        del rows[next(iter(rows))]
        state.forgotten += 1
