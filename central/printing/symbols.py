"""A label's text as a symbol: QR code, Data Matrix or Code 128, in modules, with what each needs around it.

Pure: values in, values out. QR codes are encoded by segno, the other two by pyStrich.

| symbology | standard | quiet zone | smallest module here |
| --- | --- | --- | --- |
| QR code, error correction M | ISO/IEC 18004:2015 | 4 modules on each side (9.1) | 0.375 mm |
| Data Matrix ECC 200, square | ISO/IEC 16022:2006 | 1 module on each side (7.1) | 0.375 mm |
| Code 128 | ISO/IEC 15417:2007 | 10 modules left and right (4.4.2) | 0.25 mm |

The clauses are cited as Zint's `out_quiet_zones` cites them. The standards leave the size of a module to the
application: ours are whole dots of a print head of 203 dpi (3 and 2), which a hand scanner reads at arm's length.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import segno
from pystrich.code128 import Code128Encoder
from pystrich.datamatrix import DataMatrixData, DataMatrixEncoder
from pystrich.exceptions import PyStrichError

from central.errors import SymbolRefused


class Symbology(StrEnum):
    """What we print; the first is the usual one."""

    QR = "qr"
    DATA_MATRIX = "datamatrix"
    CODE_128 = "code128"


QUIET_MODULES: Final = {Symbology.QR: 4, Symbology.DATA_MATRIX: 1, Symbology.CODE_128: 10}
"""The light border that each standard asks for; for Code 128 only left and right."""

MODULE_MILLIMETRES_MIN: Final = {Symbology.QR: 0.375, Symbology.DATA_MATRIX: 0.375, Symbology.CODE_128: 0.25}
"""Narrower modules are refused."""

MODULE_MILLIMETRES_MAX: Final = {Symbology.QR: 1.2, Symbology.DATA_MATRIX: 1.2, Symbology.CODE_128: 0.5}
"""A larger symbol only has to be held farther away."""

BAR_MILLIMETRES_MIN: Final = 5.0
BAR_SHARE_OF_WIDTH: Final = 0.15
"""Bars read by hand are at least 5 mm high and at least so much of the symbol's width, whichever is more."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """Dark modules by row, without the quiet zone. Code 128 is one row, which is printed as high as its bars."""

    symbology: Symbology
    text: str
    rows: tuple[tuple[bool, ...], ...]

    @property
    def is_linear(self) -> bool:
        """Bars, not a matrix."""
        return self.symbology is Symbology.CODE_128

    @property
    def quiet(self) -> int:
        """Modules of its quiet zone on each side that has one."""
        return QUIET_MODULES[self.symbology]

    @property
    def width_modules(self) -> int:
        """Its width with its quiet zone."""
        return len(self.rows[0]) + 2 * self.quiet

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """(column, row, modules) of each run of dark modules, counted within the symbol."""
        for row, modules in enumerate(self.rows):
            start = None
            for column, dark in enumerate((*modules, False)):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    yield start, row, column - start
                    start = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A symbol at a size, in millimetres: its modules are `module` wide and its rows `row` high."""

    symbol: Symbol
    module: float
    row: float

    @property
    def width(self) -> float:
        """With the quiet zone."""
        return self.symbol.width_modules * self.module

    @property
    def height(self) -> float:
        """With the quiet zone, which bars have only left and right."""
        above = 0 if self.symbol.is_linear else self.symbol.quiet
        return len(self.symbol.rows) * self.row + 2 * above * self.module


def code_b_modules(text: str) -> int:
    """How wide Code 128 becomes, with its quiet zones, where a printer makes it in code set B alone.

    Each character is 11 modules, start and check too, and the stop 13.
    """
    return 11 * len(text) + 35 + 2 * QUIET_MODULES[Symbology.CODE_128]


@lru_cache(maxsize=2048)
def encoded(text: str, symbology: Symbology) -> Symbol:
    """The symbol of a label's text. Raises SymbolRefused for what the symbology cannot hold."""
    if not text:
        raise SymbolRefused("empty", text, symbology)
    if symbology is Symbology.CODE_128 and not text.isascii():
        raise SymbolRefused("characters", text, symbology)
    try:
        rows = _ROWS[symbology](text)
    except (segno.DataOverflowError, PyStrichError) as error:
        raise SymbolRefused("length", text, symbology) from error
    return Symbol(symbology, text, rows)


def _qr(text: str) -> tuple[tuple[bool, ...], ...]:
    code = segno.make(text, micro=False, error="m", boost_error=False)
    return tuple(tuple(map(bool, row)) for row in code.matrix)


def _data_matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    data = DataMatrixData(text, encoding="ascii" if text.isascii() else "utf-8")
    return tuple(tuple(map(bool, row)) for row in DataMatrixEncoder(data, quiet_zone=0).init_renderer().matrix)


def _code_128(text: str) -> tuple[tuple[bool, ...], ...]:
    return (tuple(each == "1" for each in Code128Encoder(text).bars),)


_ROWS: Final = {Symbology.QR: _qr, Symbology.DATA_MATRIX: _data_matrix, Symbology.CODE_128: _code_128}


def drawn(symbol: Symbol, width: float, height: float) -> Drawn:
    """The symbol as large as a box of millimetres allows. Raises SymbolRefused where its modules become too small."""
    widest = MODULE_MILLIMETRES_MAX[symbol.symbology]
    if symbol.is_linear:
        module = min(width / symbol.width_modules, widest)
        row = height
        needed = max(BAR_MILLIMETRES_MIN, BAR_SHARE_OF_WIDTH * len(symbol.rows[0]) * module)
    else:
        row = module = min(width / symbol.width_modules, height / symbol.width_modules, widest)
        needed = 0
    if module < MODULE_MILLIMETRES_MIN[symbol.symbology] or row < needed:
        raise SymbolRefused("paper", symbol.text, symbol.symbology)
    return Drawn(symbol, module, row)


def svg(picture: Drawn) -> str:
    """The symbol as inline SVG with its size in millimetres, light where its quiet zone is."""
    symbol = picture.symbol
    left = symbol.quiet
    top = 0 if symbol.is_linear else symbol.quiet
    high = picture.row / picture.module
    size = f'width="{picture.width:.3f}mm" height="{picture.height:.3f}mm"'
    box = f"{symbol.width_modules} {picture.height / picture.module:.4g}"
    dark = "".join(f"M{left + x} {top + y * high:.4g}h{n}v{high:.4g}h-{n}z" for x, y, n in symbol.runs())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {box}" shape-rendering="crispEdges">'
        f'<rect width="100%" height="100%" fill="#fff"/><path d="{dark}"/></svg>'
    )
