"""What the label of a part says of it: which item, lot, serial and last good day.

Pure: values in, values out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

ITEM: Final = ("01", "240", "241", "P", "1P", "30P", "item")
LOT: Final = ("10", "1T", "T", "lot")
SERIAL: Final = ("21", "S", "serial")
"""GS1 application identifiers, the data identifiers of ANSI MH10.8.2 and the plant's own patterns (a template's names),
in the order they are believed."""

_NUMBER: Final = re.compile(r"[0-9]{8,14}")


@dataclass(frozen=True, slots=True)
class Part:
    """`codes`: each name the label gives the item, as `code_of` writes it; none where it gives no name."""

    codes: frozenset[str]
    lot: str = ""
    serial: str = ""
    expires: str = ""
    """The last good day, YYYY-MM-DD; empty: none is given, or no day."""


def code_of(text: str) -> str:
    """The one spelling of an item's number: EAN-8, UPC, EAN-13 and GTIN-14 of one item are the same."""
    return text.zfill(14) if _NUMBER.fullmatch(text) else text


def codes_of(*texts: str) -> frozenset[str]:
    """Those of the texts that say anything."""
    return frozenset(code_of(text) for text in texts if text)


def part_of(text: str, elements: Iterable[tuple[str, str]]) -> Part:
    """What a part label's elements say; a label without any is a name of its item, or its serial."""
    found = tuple(elements)
    if not found:
        return Part(codes_of(text))
    return Part(
        codes_of(*(value for identifier, value in found if identifier in ITEM)),
        lot=_first(found, LOT)[:64],
        serial=_first(found, SERIAL)[:64],
        expires=_day(_first(found, ("17",)), _first(found, ("14D",))),
    )


def _first(found: tuple[tuple[str, str], ...], wanted: tuple[str, ...]) -> str:
    return next((value for each in wanted for identifier, value in found if identifier == each), "")


def _day(short: str, whole: str) -> str:
    """GS1 YYMMDD, where day 00 is the month's last; MH10.8.2 YYYYMMDD."""
    text = whole or (f"20{short}" if short else "")
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return ""
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    try:
        if day:
            return date(year, month, day).isoformat()
        after = date(year + month // 12, month % 12 + 1, 1)
    except ValueError:
        return ""
    return (after - timedelta(days=1)).isoformat()
