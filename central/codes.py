"""What a plant prints for its stations: badges, tickets, cards, digits, reasons and the stations' own signs.

Pure: master data in, codes out. A code's text is exactly what the master data says its label is, so that what is
printed here is what a station knows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from floor.labels import STATION_PREFIX
from floor.master import MasterData
from floor.rows import CommandCard

CODES_PER_SHEET_MAX: Final = 600
"""A sheet of so many is 50 pages of A4; more orders are printed one by one."""

REASON_COMMANDS: Final = ("scrap", "cause")


@dataclass(frozen=True, slots=True)
class PrintedCode:
    """One label. `text` is what a scanner reads; `title` and `note` are for eyes; each `group` begins a page."""

    text: str
    title: str
    note: str = ""
    group: str = ""


def sheet(master: MasterData, kind: str, order: str = "") -> tuple[PrintedCode, ...]:
    """The codes of a sheet, in the order of the master data; `order` limits tickets to one work order."""
    found = _tickets(master, order) if kind == "tickets" else _BY_KIND[kind](master)
    return tuple(islice(found, CODES_PER_SHEET_MAX))


def _badges(master: MasterData) -> Iterator[PrintedCode]:
    for each in master.people:
        if each.active:
            yield PrintedCode(each.badge, each.name, each.id)


def _tickets(master: MasterData, wanted: str = "") -> Iterator[PrintedCode]:
    """A traveller for each order: its operations in their order, one code each."""
    for order, rows in master.operations_by_order.items():
        if wanted and order != wanted:
            continue
        row = master.order_by_id.get(order)
        about = " · ".join(filter(None, (order, row.item, row.name, row.due))) if row is not None else order
        for each in rows:
            note = " · ".join(filter(None, (f"{order} × {each.planned}", " ".join(each.stations))))
            yield PrintedCode(each.ticket, f"{each.number} {each.name}".strip(), note, about)


def _cards_of(is_wanted: Callable[[CommandCard], bool]) -> Callable[[MasterData], Iterator[PrintedCode]]:
    def cards(master: MasterData) -> Iterator[PrintedCode]:
        for each in filter(is_wanted, master.command_cards):
            note = "" if each.name_en == each.name else each.name_en
            yield PrintedCode(each.label, each.name or each.command, note)

    return cards


def _is_reason(card: CommandCard) -> bool:
    return card.command in REASON_COMMANDS and card.value != ""


def _stations(master: MasterData) -> Iterator[PrintedCode]:
    for each in master.stations:
        yield PrintedCode(STATION_PREFIX + each.id, each.name or each.id, f"{each.area} · {each.line}")


_BY_KIND: Final[dict[str, Callable[[MasterData], Iterator[PrintedCode]]]] = {
    "badges": _badges,
    "tickets": _tickets,
    "cards": _cards_of(lambda card: card.command != "digit" and not _is_reason(card)),
    "digits": _cards_of(lambda card: card.command == "digit"),
    "reasons": _cards_of(_is_reason),
    "stations": _stations,
}

SHEETS: Final = tuple(_BY_KIND)
"""Kinds of sheet; the first is the usual one."""
