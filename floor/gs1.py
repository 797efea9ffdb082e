"""GS1 element strings and ISO 15434 envelopes as pairs of (identifier, value).

Pure: values in, values out. biip (extra gs1) is imported when the first such label is read; without it the label is
still known to be a part, only its elements are not.
"""

from dataclasses import dataclass
from typing import Final

from floor.limits import ELEMENTS_MAX

GS = "\x1d"
RS = "\x1e"
EOT = "\x04"
ENVELOPE_START = "[)>" + RS
ENVELOPE_CONTROLS = frozenset("\x1c\x1d\x1e\x1f\x04")
"""FS, GS, RS, US and EOT: the separators ISO/IEC 15434 uses."""

FNC1_SYMBOLOGIES = frozenset({"]C1", "]d2", "]Q3", "]e0"})
"""AIM identifiers that say FNC1 in first position: GS1-128, GS1 DataMatrix, GS1 QR Code, GS1 DataBar."""

Elements = tuple[tuple[str, str], ...]


def gs1_elements(text: str, symbology: str) -> Elements:
    """(application identifier, value) of each element; empty when the content is not GS1 or biip is not there."""
    try:
        import biip
    except ImportError:
        return ()
    try:
        message = biip.parse((symbology or "]C1") + text.removeprefix(GS)).gs1_message
    except (biip.ParseError, ValueError):
        return ()
    if message is None:
        return ()
    return tuple((each.ai.ai, each.value) for each in message.element_strings[:ELEMENTS_MAX])


def is_envelope(text: str) -> bool:
    """Is this an ISO 15434 message?"""
    return text.startswith(ENVELOPE_START)


def envelope_elements(text: str) -> Elements:
    """(data identifier, value) of each field of an ISO 15434 format 06 envelope, (format, field) of others."""
    found: list[tuple[str, str]] = []
    for part in text.removeprefix(ENVELOPE_START).rstrip(EOT).split(RS):
        header, _, body = part.partition(GS)
        for field in filter(None, body.split(GS)):
            found.append(_field(field) if header == "06" else (header, field))
    return tuple(found[:ELEMENTS_MAX])


def _field(field: str) -> tuple[str, str]:
    """ANSI MH10.8.2: a data identifier is up to three digits and one capital letter."""
    for index, character in enumerate(field[:4]):
        if character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            return field[: index + 1], field[index + 1 :]
        if character not in "0123456789":
            break
    return "", field


def is_product_number(text: str) -> bool:
    """Is this an EAN-8, UPC-A, EAN-13 or GTIN-14 with a right check digit?"""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(text)))
    return weighted % 10 == 0


DATA_IDENTIFIERS: Final = {
    "P": ("客户料号", "customer part number"),
    "1P": ("供应商料号", "supplier part number"),
    "2P": ("版本", "revision"),
    "Q": ("数量", "quantity"),
    "S": ("序列号", "serial number"),
    "T": ("客户批号", "lot number of the customer"),
    "1T": ("供应商批号", "lot number of the supplier"),
    "K": ("客户订单号", "customer order number"),
    "1K": ("供应商订单号", "supplier order number"),
    "V": ("供应商", "supplier"),
    "4L": ("原产国", "country of origin"),
    "D": ("日期", "date"),
    "9D": ("日期", "date"),
    "1J": ("包装唯一号", "licence plate"),
    "W": ("工单", "work order"),
    "1W": ("工序号", "operation sequence number"),
}
"""Names, in Chinese and English, of the data identifiers of ANSI MH10.8.2 that labels of a plant carry most."""

UNNAMED: Final = ("", "")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a part label. `names`: of its data identifier, or GS1's data title twice; empty: unknown."""

    identifier: str
    names: tuple[str, str]
    value: str


def named_elements(elements: Elements, text: str) -> tuple[Element, ...]:
    """The elements of a label with their names."""
    if is_envelope(text):
        return tuple(Element(each, DATA_IDENTIFIERS.get(each, UNNAMED), value) for each, value in elements)
    return tuple(Element(each, _titles(each), value) for each, value in elements)


def _titles(identifier: str) -> tuple[str, str]:
    try:
        from biip import ParseError
        from biip.gs1_application_identifiers import GS1ApplicationIdentifier
    except ImportError:
        return UNNAMED
    try:
        found = GS1ApplicationIdentifier.extract(identifier)
    except ParseError:
        return UNNAMED
    title = found.data_title or found.description
    return title, title
