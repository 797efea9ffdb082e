"""A label tried at the office: how a station would understand it, part by part, and which row of the master data it is.

Pure: values in, values out. It asks the same functions as a station.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from floor.errors import LabelRefused
from floor.gs1 import Element, named_elements
from floor.label_texts import shown_bytes
from floor.labels import Label, LabelKind, classify, decode
from floor.limits import LABEL_BYTES_MAX
from floor.master import MasterData

TYPED: Final = {"<FNC1>": "\x1d", "<GS>": "\x1d", "<RS>": "\x1e", "<EOT>": "\x04"}
"""What a keyboard has no key for, as it may be typed; a control picture (U+241D) stands for its character, too."""
_WRITTEN: Final = re.compile("|".join(map(re.escape, TYPED)) + "|[\u2400-\u241f\u2421]")

SYMBOLOGIES: Final = {
    "A": "Code 39",
    "C": "Code 128",
    "E": "EAN/UPC",
    "F": "Codabar",
    "G": "Code 93",
    "I": "ITF",
    "L": "PDF417",
    "Q": "QR Code",
    "d": "Data Matrix",
    "e": "GS1 DataBar",
    "z": "Aztec",
}
"""Code characters of AIM identifiers (ISO/IEC 15424) that stand on labels of a plant."""

GS1_FORMS: Final = {"]C1": "GS1-128", "]d2": "GS1 DataMatrix", "]Q3": "GS1 QR Code"}
ONLY_REJECTED: Final = (LabelKind.PART, LabelKind.PRODUCT, LabelKind.STATION, LabelKind.UNKNOWN)
"""These a station refuses with `<kind>_label`."""


@dataclass(frozen=True, slots=True)
class Row:
    """The row of the master data that a label stands for: its table and what tells it, each field with its value."""

    table: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a label. `rejection` is a key of `floor.texts.REJECTION_NAMES`, empty where a station takes it.

    `reads` is the text as a station uses it; it differs from what was read where a pattern named one of our own.
    """

    shown: str
    size: int
    symbology: str = ""
    symbology_name: str = ""
    kind: str = ""
    pattern: str = ""
    reads: str = ""
    revoked: bool = False
    rejection: str = ""
    elements: tuple[Element, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    row: Row | None = None


def typed_bytes(text: str, as_hex: bool) -> bytes:
    """What was typed or scanned into a field, as a scanner would send it. Raises ValueError for what is no hex."""
    if as_hex:
        return bytes.fromhex(text)
    return _WRITTEN.sub(_written, text).encode("utf-8", "surrogatepass")


CONTROL_NAMES: Final = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)


def signs(shown_text: str) -> list[tuple[str, bool]]:
    """A shown text in pieces, (piece, is it the name of a control character): few fonts have pictures of those."""
    found = []
    for piece in re.split("([\u2400-\u241f\u2421])", shown_text):
        if _WRITTEN.fullmatch(piece) and piece not in TYPED:
            found.append(("DEL" if piece == "\u2421" else CONTROL_NAMES[ord(piece) - 0x2400], True))
        elif piece:
            found.append((piece, False))
    return found


def _written(found: re.Match[str]) -> str:
    if found[0] in TYPED:
        return TYPED[found[0]]
    return "\x7f" if found[0] == "\u2421" else chr(ord(found[0]) - 0x2400)


def tried(raw: bytes, master: MasterData) -> Trial | None:
    """How a station with this master data understands these bytes; None for an empty label, which is nothing."""
    plain = Trial(shown_bytes(raw, LABEL_BYTES_MAX), len(raw))
    try:
        label = decode(raw)
    except LabelRefused as refused:
        return replace(plain, rejection=refused.reason)
    if label is None:
        return None
    found = classify(label, master)
    revoked = master.revoked_by_badge.get(found.text) if found.person is None else None
    if revoked is not None:
        found = replace(found, kind=LabelKind.BADGE, person=revoked)
    return replace(
        plain,
        symbology=found.symbology,
        symbology_name=GS1_FORMS.get(found.symbology) or SYMBOLOGIES.get(found.symbology[1:2], ""),
        kind=str(found.kind),
        pattern=found.pattern,
        reads=found.text if found.text != label.text else "",
        revoked=revoked is not None,
        rejection=_rejection(found),
        elements=named_elements(label.elements, label.text),
        values=found.elements if found.pattern else (),
        row=_row(found),
    )


def _rejection(label: Label) -> str:
    if label.kind in ONLY_REJECTED:
        return f"{label.kind}_label"
    return str(label.kind) if label.kind in (LabelKind.UNKNOWN_BADGE, LabelKind.UNKNOWN_COMMAND) else ""


def _row(label: Label) -> Row | None:
    if label.person is not None:
        return Row("people", (("id", label.person.id), ("name", label.person.name), ("badge", label.person.badge)))
    if label.operation is not None:
        it = label.operation
        about = (("work_order", it.work_order), ("number", str(it.number)), ("name", it.name), ("ticket", it.ticket))
        return Row("operations", about)
    if label.card is not None:
        return Row(
            "command_cards", (("command", label.card.command), ("value", label.card.value), ("name", label.card.name))
        )
    if label.station is not None:
        return Row("stations", (("id", label.station.id), ("name", label.station.name), ("line", label.station.line)))
    return None
