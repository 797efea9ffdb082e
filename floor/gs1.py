"""GS1 element strings and ISO 15434 envelopes as pairs of (identifier, value).

Pure: values in, values out. biip (extra gs1) is imported when the first such label is read; without it the label is
still known to be a part, only its elements are not.
"""

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
