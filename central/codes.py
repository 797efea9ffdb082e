"""What a plant prints for its stations: badges, tickets of each operation, command and digit cards, as QR codes.

Pure: master data in, codes out. A code's text is exactly what the master data says its label is, so that what is
printed here is what a station knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import segno

from floor.master import MasterData

SHEETS: Final = ("badges", "tickets", "cards")
CODES_PER_SHEET_MAX: Final = 600
"""A sheet of so many is 50 pages of A4; more orders are printed one by one."""

QUIET_MODULES: Final = 4
"""The light border that ISO/IEC 18004 asks for around a QR code."""


@dataclass(frozen=True, slots=True)
class PrintedCode:
    """One label. `text` is what a scanner reads; `title` and `note` are for eyes."""

    text: str
    title: str
    note: str = ""


def sheet(master: MasterData, kind: str, order: str = "") -> tuple[PrintedCode, ...]:
    """The codes of a sheet, in the order of the master data; `order` limits tickets to one work order."""
    found = _tickets(master, order) if kind == "tickets" else {"badges": _badges, "cards": _cards}[kind](master)
    return tuple(islice(found, CODES_PER_SHEET_MAX))


def _badges(master: MasterData) -> Iterator[PrintedCode]:
    for each in master.people:
        if each.active:
            yield PrintedCode(each.badge, each.name, each.id)


def _tickets(master: MasterData, wanted: str) -> Iterator[PrintedCode]:
    for order, rows in master.operations_by_order.items():
        if wanted and order != wanted:
            continue
        row = master.order_by_id.get(order)
        about = f"{order} · {row.item}" if row is not None and row.item else order
        for each in rows:
            yield PrintedCode(each.ticket, f"{each.number} {each.name}".strip(), f"{about} · {each.planned}")


def _cards(master: MasterData) -> Iterator[PrintedCode]:
    for each in master.command_cards:
        yield PrintedCode(each.label, each.name or each.command, each.name_en)


def qr_svg(text: str) -> str:
    """A QR code as inline SVG that takes the size of its box: error correction M, with its quiet zone."""
    code = segno.make(text, micro=False, error="m", boost_error=False)
    return code.svg_inline(border=QUIET_MODULES, omitsize=True, light="#fff")
