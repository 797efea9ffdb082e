"""Sheets of codes as a PDF, drawn as vectors by reportlab.

Pure: values in, values out. Chinese is set in STSong-Light, one of the fonts that PDF names for Adobe-GB1: it is not in
the file, the reader's own Chinese font stands in for it, as in every PDF program made for Chinese.
"""

import io
import unicodedata
from collections.abc import Iterable
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from central.printing.papers import Cell, Line, Paper, Sheet, head_line, picture_corner, words
from central.printing.symbols import Drawn

FONT: Final = "STSong-Light"


def pdf(sheets: Iterable[Sheet], paper: Paper, title: str) -> bytes:
    """The whole document: equal sheets, equal bytes."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(paper.width * mm, paper.height * mm), pageCompression=1, invariant=1)
    canvas.setTitle(title)
    for sheet in sheets:
        canvas.scale(mm, mm)
        page = _Page(canvas, paper)
        if (head := head_line(sheet, paper)) is not None:
            page.write(head)
        for cell in sheet.cells:
            page.draw(cell)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


class _Page:
    """One page in millimetres from its upper left corner; PDF counts from the lower left one."""

    def __init__(self, canvas: Canvas, paper: Paper) -> None:
        self.canvas = canvas
        self.paper = paper

    def draw(self, cell: Cell) -> None:
        """Frame, symbol and words."""
        paper = self.paper
        self.canvas.setLineWidth(0.1)
        self.canvas.setStrokeGray(0.7)
        self.canvas.rect(cell.left, paper.height - cell.top - paper.cell_height, paper.cell_width, paper.cell_height)
        self._symbol(cell.picture, *picture_corner(cell, paper))
        for line in words(cell, paper):
            self.write(line)

    def _symbol(self, picture: Drawn, left: float, top: float) -> None:
        symbol = picture.symbol
        first_row = 0 if symbol.is_linear else symbol.quiet * picture.row
        path = self.canvas.beginPath()
        for x, y, count in symbol.runs():
            bottom = self.paper.height - top - first_row - (y + 1) * picture.row
            path.rect(left + (symbol.quiet + x) * picture.module, bottom, count * picture.module, picture.row)
        self.canvas.setFillGray(0)
        self.canvas.drawPath(path, stroke=0, fill=1)

    def write(self, line: Line) -> None:
        """A line of words."""
        self.canvas.setFillGray(0)
        self.canvas.setFont(FONT, line.height)
        self.canvas.drawString(line.left, self.paper.height - line.top - line.height, _in_font(line.text))


def _in_font(text: str) -> str:
    """A character that Adobe-GB1 cannot have in Unicode's first plane, or that is none, shows as a white square."""
    return "".join(
        "\u25a1" if ord(each) > 0xFFFF or unicodedata.category(each).startswith("C") else each for each in text
    )
