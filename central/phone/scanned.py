"""What a label means to a leader: the operation, order, person or station that it stands for.

Pure: values in, values out. A station asks the same functions, so office and floor never disagree about a label.
"""

from dataclasses import dataclass
from typing import Final

from floor.errors import LabelRefused
from floor.label_texts import shown_bytes
from floor.labels import Label, LabelKind, classify, decode
from floor.limits import LABEL_BYTES_MAX
from floor.master import MasterData
from floor.rows import Operation, Person, Station, WorkOrder

KINDS: Final = ("operation", "order", "person", "station", "card", "part", "unknown", "unreadable")

_CARDS: Final = (LabelKind.COMMAND, LabelKind.UNKNOWN_COMMAND)
_PARTS: Final = (LabelKind.PART, LabelKind.PRODUCT)


@dataclass(frozen=True, slots=True)
class Scanned:
    """A label looked up. `kind` is one of KINDS; `text` is what was read, as it may be shown.

    An operation's order is None where the master data has only the operation.
    """

    kind: str
    text: str
    operation: Operation | None = None
    order: WorkOrder | None = None
    person: Person | None = None
    station: Station | None = None


def scanned(raw: bytes, master: MasterData) -> Scanned | None:
    """What these bytes stand for; None for an empty label."""
    text = shown_bytes(raw, LABEL_BYTES_MAX)
    try:
        label = decode(raw)
    except LabelRefused:
        return Scanned("unreadable", text)
    if label is None:
        return None
    return _of_label(classify(label, master), text, master)


def _of_label(label: Label, text: str, master: MasterData) -> Scanned:
    # What was typed has no prefix: an operation's own id, an order's number, a station's id.
    operation = label.operation or master.operation_by_id.get(label.text)
    if operation is not None:
        return Scanned("operation", text, operation, master.order_by_id.get(operation.work_order))
    if label.person is not None:
        return Scanned("person", text, person=label.person)
    station = label.station or master.station_by_id.get(label.text)
    if station is not None:
        return Scanned("station", text, station=station)
    if order := master.order_by_id.get(label.text):
        return Scanned("order", text, order=order)
    if label.kind in _CARDS:
        return Scanned("card", text)
    return Scanned("part" if label.kind in _PARTS else "unknown", text)
