"""What codes are printed on: A4 sheets, A6 travellers and badges, as pages of cells, in millimetres.

Pure: values in, values out. A page's cells are all of one size, a code in each: a matrix beside its words, bars above
them. Browser, PDF and label printer use the same measures.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from central.codes import PrintedCode
from central.printing.symbols import Drawn, Symbology, drawn, encoded

PADDING: Final = 2.0
"""Between a cell's edge and what is in it."""

BARS_HEIGHT: Final = 13.0
"""Bars of Code 128: enough for the widest that fits on these papers."""

HEAD_MILLIMETRES: Final = 5.0
TITLE_MILLIMETRES: Final = 4.6
NOTE_MILLIMETRES: Final = 3.2
"""How high the characters of a page's head, a code's title and its other words are."""

LINE: Final = 1.25
"""From line to line, in heights of the characters."""

WIDE_EMS: Final = 1.0
NARROW_EMS: Final = 0.62
"""How much of a line a character takes at most; fonts differ, so that this is generous."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A page with `columns` by `rows` of cells under a head, which is one line about the group or nothing."""

    name: str
    width: float
    height: float
    margin: float
    columns: int
    rows: int
    head: float

    @property
    def cell_width(self) -> float:
        """Of each cell."""
        return (self.width - 2 * self.margin) / self.columns

    @property
    def cell_height(self) -> float:
        """Of each cell."""
        return (self.height - 2 * self.margin - self.head) / self.rows

    def picture_box(self, symbology: Symbology) -> tuple[float, float]:
        """(width, height) that a cell has for its symbol."""
        wide, high = self.cell_width - 2 * PADDING, self.cell_height - 2 * PADDING
        return (wide, min(BARS_HEIGHT, high)) if symbology is Symbology.CODE_128 else (min(wide / 2, high), high)


PAPERS: Final = {
    "a4": Paper("a4", 210, 297, 10, 2, 6, 13),
    "a6": Paper("a6", 105, 148, 4, 1, 4, 10),
    "badge": Paper("badge", 85.6, 54, 3, 1, 1, 0),
}
"""A4 and A6 by ISO 216; a badge is as large as a bank card, ID-1 by ISO/IEC 7810 (85.60 mm by 53.98 mm)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A code at its place: left and top edge of its cell on the page."""

    code: PrintedCode
    picture: Drawn
    left: float
    top: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: the head and its cells."""

    head: str
    cells: tuple[Cell, ...]


def sheets(codes: Iterable[PrintedCode], paper: Paper, symbology: Symbology) -> Iterator[Sheet]:
    """The pages of these codes; each group begins a new one. Raises SymbolRefused for the first that does not fit."""
    per_page = paper.columns * paper.rows
    for head, group in groupby(codes, key=lambda code: code.group):
        members = list(group)
        for start in range(0, len(members), per_page):
            cells = enumerate(members[start : start + per_page])
            yield Sheet(head, tuple(_cell(code, place, paper, symbology) for place, code in cells))


def _cell(code: PrintedCode, place: int, paper: Paper, symbology: Symbology) -> Cell:
    row, column = divmod(place, paper.columns)
    picture = drawn(encoded(code.text, symbology), *paper.picture_box(symbology))
    left = paper.margin + column * paper.cell_width
    return Cell(code, picture, left, paper.margin + paper.head + row * paper.cell_height)


def ems(text: str) -> float:
    """How wide a text is at most, in heights of its characters."""
    return sum(WIDE_EMS if unicodedata.east_asian_width(each) in "WFA" else NARROW_EMS for each in text)


def lines(text: str, width: float, height: float, lines_max: int) -> list[str]:
    """The text in lines for a width, with characters of a height, both in one unit; the last may end in an ellipsis."""
    found: list[str] = []
    rest = text
    while rest and len(found) < lines_max:
        end = len(rest)
        last = len(found) + 1 == lines_max
        while end > 1 and ems(rest[:end] + ("…" if last and end < len(rest) else "")) * height > width:
            end -= 1
        found.append(rest[:end] + ("…" if last and end < len(rest) else ""))
        rest = rest[end:].lstrip()
    return found


def picture_corner(cell: Cell, paper: Paper) -> tuple[float, float]:
    """(left, top) of a cell's symbol with its quiet zone; a matrix stands in the middle of the cell's height."""
    above = PADDING if cell.picture.symbol.is_linear else (paper.cell_height - cell.picture.height) / 2
    return cell.left + PADDING, cell.top + above


@dataclass(frozen=True, slots=True)
class Line:
    """A line of words at its place: left and top edge, and how high its characters are."""

    text: str
    left: float
    top: float
    height: float


def head_line(sheet: Sheet, paper: Paper) -> Line | None:
    """The head of a page, where the paper has room for one."""
    if not (paper.head and sheet.head):
        return None
    (text,) = lines(sheet.head, paper.width - 2 * paper.margin, HEAD_MILLIMETRES, 1)
    return Line(text, paper.margin, paper.margin, HEAD_MILLIMETRES)


def words(cell: Cell, paper: Paper) -> list[Line]:
    """What stands by a symbol for eyes: title, note, and the code's text; below bars, else beside the matrix."""
    picture, code = cell.picture, cell.code
    left, top = cell.left + PADDING, cell.top + PADDING
    wide, high = paper.cell_width - 2 * PADDING, paper.cell_height - 2 * PADDING
    if picture.symbol.is_linear:
        top, high = top + picture.height + 1, high - picture.height - 1
    else:
        left, wide = left + picture.width + PADDING, wide - picture.width - PADDING
    lines_max = 1 if picture.symbol.is_linear else 2
    found: list[Line] = []
    down = 0.0
    for text, height in ((code.title, TITLE_MILLIMETRES), (code.note, NOTE_MILLIMETRES), (code.text, NOTE_MILLIMETRES)):
        for each in lines(text, wide, height, lines_max):
            found.append(Line(each, left, top + down, height))
            down += height * LINE
    if picture.symbol.is_linear:
        return found
    return [replace(each, top=each.top + (high - down) / 2) for each in found]
