"""What a label says: bytes to text, and text to badge, ticket, command card, part or stranger.

Pure: values in, values out. A code is text: nothing is folded, trimmed or normalised, so look-alikes never merge.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from floor.errors import LabelRefused, LabelRulesRefused
from floor.gs1 import (
    ENVELOPE_CONTROLS,
    FNC1_SYMBOLOGIES,
    GS,
    Elements,
    envelope_elements,
    gs1_elements,
    is_envelope,
    is_product_number,
)
from floor.label_patterns import matched
from floor.limits import LABEL_BYTES_MAX
from floor.master import MasterData
from floor.rows import CommandCard, Operation, Person, Station

TOO_LONG = "label_too_long"
ENCODING = "label_encoding"
CONTROL = "label_control"

AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
STATION_PREFIX = "S-"
"""A station's own sign says this and its id. No station acts on one: it says what it is."""
BLANK = " \t\r\n"
OWN_TEXT = re.compile(r"[\x20-\x7e]{1,64}")


class LabelKind(StrEnum):
    """What a label is."""

    TEXT = "text"  # read, not yet looked up
    BADGE = "badge"
    TICKET = "ticket"
    COMMAND = "command"
    UNKNOWN_BADGE = "unknown_badge"
    UNKNOWN_TICKET = "unknown_ticket"
    UNKNOWN_COMMAND = "unknown_command"
    PART = "part"
    PRODUCT = "product"
    STATION = "station"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Label:
    """A label. `symbology` is its AIM identifier if the scanner sends one; `elements` those of a part label.

    `pattern` names the row of `label_patterns` by which it was understood; its text is then that of our own label for
    the same thing, so that both are one label to a station.
    """

    kind: LabelKind
    text: str
    symbology: str = ""
    elements: Elements = ()
    person: Person | None = None
    operation: Operation | None = None
    card: CommandCard | None = None
    station: Station | None = None
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class LabelRules:
    """The prefixes of our own labels. Raises LabelRulesRefused where two could be mistaken for one another."""

    badge_prefix: str = "B-"
    ticket_prefix: str = "T-"
    command_prefix: str = "C-"

    def __post_init__(self) -> None:
        prefixes = (self.badge_prefix, self.ticket_prefix, self.command_prefix)
        clash = any(one.startswith(two) for one in prefixes for two in prefixes if one is not two)
        if clash or len(set(prefixes)) != 3 or not all(OWN_TEXT.fullmatch(each) for each in prefixes):
            raise LabelRulesRefused


DEFAULT_RULES = LabelRules()


def _text_of(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LabelRefused(ENCODING)


def _is_control(character: str) -> bool:
    return character < "\x20" or "\x7f" <= character <= "\x9f"


def _split(text: str) -> tuple[str, str]:
    """(AIM identifier, content). A label that is nothing but three such characters is its own content."""
    if len(text) > 3 and AIM.match(text):
        return text[:3], text[3:]
    return "", text


def decode(raw: bytes) -> Label | None:
    """The label in these bytes, of kind TEXT or PART; None for an empty one, which is no event.

    Raises LabelRefused for more than 512 bytes, for bytes that are neither UTF-8 nor GB18030, and for control
    characters outside a GS1 or ISO 15434 content.
    """
    if len(raw) > LABEL_BYTES_MAX:
        raise LabelRefused(TOO_LONG)
    symbology, text = _split(_text_of(raw))
    if not text.strip(BLANK):
        return None
    controls = {each for each in text if _is_control(each)}
    if is_envelope(text) and controls <= ENVELOPE_CONTROLS:
        return Label(LabelKind.PART, text, symbology, envelope_elements(text))
    gs1 = symbology in FNC1_SYMBOLOGIES or (controls == {GS} and not symbology and text.lstrip(GS)[:2].isdecimal())
    if controls - ({GS} if gs1 else set()):
        raise LabelRefused(CONTROL)
    if gs1:
        return Label(LabelKind.PART, text, symbology, gs1_elements(text, symbology))
    return Label(LabelKind.TEXT, text, symbology)


def _by_prefix(label: Label, master: MasterData, rules: LabelRules) -> Label:
    """What an unlisted text claims to be. Only what could stand on a label of ours is believed to be one."""
    if OWN_TEXT.fullmatch(label.text):
        for prefix, kind in (
            (rules.badge_prefix, LabelKind.UNKNOWN_BADGE),
            (rules.ticket_prefix, LabelKind.UNKNOWN_TICKET),
            (rules.command_prefix, LabelKind.UNKNOWN_COMMAND),
        ):
            if label.text.startswith(prefix) and len(label.text) > len(prefix):
                return replace(label, kind=kind)
    is_sign = label.text.startswith(STATION_PREFIX)
    if is_sign and (station := master.station_by_id.get(label.text.removeprefix(STATION_PREFIX))):
        return replace(label, kind=LabelKind.STATION, station=station)
    if label.symbology.startswith("]E") or is_product_number(label.text):
        return replace(label, kind=LabelKind.PRODUCT)
    return replace(label, kind=LabelKind.UNKNOWN)


def _of_ticket(label: Label, values: dict[str, str], master: MasterData, rules: LabelRules) -> Label:
    if "ticket" in values:
        found, text = None, values["ticket"]
    elif "operation" in values:
        found, text = master.operation_by_id.get(values["operation"]), rules.ticket_prefix + values["operation"]
    else:
        number = int(values["number"])
        found = master.operation_by_place.get((values["order"], number))
        text = f"{rules.ticket_prefix}{values['order']}-{number}"
    operation = found or master.operation_by_ticket.get(text)
    if operation is not None:
        return replace(label, kind=LabelKind.TICKET, operation=operation, text=operation.ticket)
    return _stranger(label, LabelKind.UNKNOWN_TICKET, text)


def _of_badge(label: Label, values: dict[str, str], master: MasterData, rules: LabelRules) -> Label:
    known = master.person_by_id.get(values.get("person", ""))
    text = values.get("badge") or (known.badge if known is not None else rules.badge_prefix + values["person"])
    if person := master.person_by_badge.get(text):
        return replace(label, kind=LabelKind.BADGE, text=text, person=person)
    return _stranger(label, LabelKind.UNKNOWN_BADGE, text)


def _stranger(label: Label, kind: LabelKind, text: str) -> Label:
    """What a pattern names and the master data does not have, as our own label for it would read."""
    if OWN_TEXT.fullmatch(text):
        return replace(label, kind=kind, text=text)
    return replace(label, kind=LabelKind.UNKNOWN)


def _by_pattern(label: Label, master: MasterData, rules: LabelRules) -> Label | None:
    """What the first pattern that fits says the label is; None where none fits."""
    for row in master.patterns_by_place:
        if not label.symbology.startswith(row.symbology) or (row.read == "elements" and not label.elements):
            continue
        values = matched(row.compiled, label.text, label.elements)
        if values is None:
            continue
        label = replace(label, pattern=row.name)
        if row.kind == "component":
            return replace(label, kind=LabelKind.PART, elements=tuple(values.items()))
        return (_of_ticket if row.kind == "ticket" else _of_badge)(label, values, master, rules)
    return None


def classify(label: Label, master: MasterData, rules: LabelRules = DEFAULT_RULES) -> Label:
    """The label looked up: exact matches first, then the plant's patterns, then our prefixes; else part, product or
    unknown."""
    if person := master.person_by_badge.get(label.text):
        return replace(label, kind=LabelKind.BADGE, person=person)
    if operation := master.operation_by_ticket.get(label.text):
        return replace(label, kind=LabelKind.TICKET, operation=operation)
    if card := master.card_by_label.get(label.text):
        return replace(label, kind=LabelKind.COMMAND, card=card)
    if found := _by_pattern(label, master, rules):
        return found
    return label if label.kind is LabelKind.PART else _by_prefix(label, master, rules)
