"""Sheets of codes in ZPL II, the language of label printers: one label a page, for a head of 203 or 300 dpi.

Pure: values in, values out. The printer makes the symbols itself (^BQ, ^BX, ^BC), so that their modules are whole dots.
Words are UTF-8 (^CI28). Every field goes through ^FH: a caret, tilde or underscore from the master data is data, and
cannot be a command. Chinese needs a font that has it in the printer; `font` names its file there, as E:SIMSUN.TTF.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from central.errors import SymbolRefused
from central.printing.papers import Cell, Line, Paper, Sheet, head_line, picture_corner, words
from central.printing.symbols import MODULE_MILLIMETRES_MIN, Symbol, Symbology, code_b_modules

MILLIMETRES_PER_INCH: Final = 25.4
RESOLUTIONS: Final = (203, 300)
"""Dots to the inch of common heads."""

PAPERS_FOR_LABELS: Final = ("badge", "a6")
"""Wider ones go through no label printer."""

FONT_NAME: Final = re.compile(r"[A-Z]:[A-Z0-9_]{1,16}\.(TTF|TTE|FNT)")
MAGNIFICATION_MAX: Final = 10
"""The largest module of ^BQ, in dots."""


@dataclass(frozen=True, slots=True)
class Head:
    """A print head: its dots to the inch, and the printer's file of its font; empty: its built-in one, Latin only."""

    dpi: int = 203
    font: str = ""

    def dots(self, millimetres: float) -> int:
        """The nearest whole number of dots."""
        return round(millimetres * self.dpi / MILLIMETRES_PER_INCH)


def zpl(sheets: Iterable[Sheet], paper: Paper, head: Head) -> bytes:
    """One label format for each page. Raises SymbolRefused where a symbol of whole dots does not fit."""
    return "".join(_label(sheet, paper, head) for sheet in sheets).encode()


def _label(sheet: Sheet, paper: Paper, head: Head) -> str:
    fields = [f"^XA^CI28^PW{head.dots(paper.width)}^LL{head.dots(paper.height)}^LH0,0"]
    if (line := head_line(sheet, paper)) is not None:
        fields.append(_words(line, head))
    for cell in sheet.cells:
        fields.append(_symbol(cell, paper, head))
        fields += [_words(line, head) for line in words(cell, paper)]
    return "\n".join([*fields, "^XZ\n"])


def _words(line: Line, head: Head) -> str:
    high = head.dots(line.height)
    font = f"^A@N,{high},{high},{head.font}" if head.font else f"^A0N,{high},{high}"
    return f"^FO{head.dots(line.left)},{head.dots(line.top)}{font}{_field(line.text)}"


def _symbol(cell: Cell, paper: Paper, head: Head) -> str:
    symbol = cell.picture.symbol
    left, top = picture_corner(cell, paper)
    module = _module_dots(symbol, paper, head)
    across = head.dots(left) + symbol.quiet * module
    down = head.dots(top) + (0 if symbol.is_linear else symbol.quiet * module)
    return f"^FO{across},{down}" + _BUILT[symbol.symbology](symbol.text, module, head.dots(cell.picture.row))


def _module_dots(symbol: Symbol, paper: Paper, head: Head) -> int:
    """How many dots a module has: all that fit, never narrower than is read."""
    wide, high = map(head.dots, paper.picture_box(symbol.symbology))
    modules = symbol.width_modules
    if symbol.is_linear:
        modules, high = code_b_modules(symbol.text), wide
    found = min(wide // modules, high // modules, MAGNIFICATION_MAX)
    if found < MODULE_MILLIMETRES_MIN[symbol.symbology] * head.dpi / MILLIMETRES_PER_INCH - 0.05:
        raise SymbolRefused("paper", symbol.text, symbol.symbology)
    return found


def _qr(text: str, module: int, _: int) -> str:
    """Model 2; the field begins with error correction M, and with A: the printer chooses how to encode the text."""
    return f"^BQN,2,{module}" + _field("MA," + text)


def _data_matrix(text: str, module: int, _: int) -> str:
    """Quality 200; its escape character is one that a text of at most 64 characters leaves over."""
    escape = next(each for each in map(chr, range(0x21, 0x7F)) if each not in text and each not in "^~,")
    return f"^BXN,{module},200,,,,{escape}" + _field(text)


def _code_128(text: str, module: int, high: int) -> str:
    """Mode N begins in code set B, where > ^ and ~ are written as >0, >< and >=."""
    told = text.replace(">", ">0").replace("^", "><").replace("~", ">=")
    return f"^BY{module}^BCN,{high},N,N,N,N" + _field(told)


_BUILT: Final = {Symbology.QR: _qr, Symbology.DATA_MATRIX: _data_matrix, Symbology.CODE_128: _code_128}


def _field(text: str) -> str:
    return f"^FH_^FD{''.join(_escaped(text))}^FS"


def _escaped(text: str) -> Iterator[str]:
    for each in text:
        if each in "^~_\\":
            yield f"_{ord(each):02X}"
        elif unicodedata.category(each).startswith("C"):
            yield "?"
        else:
            yield each
