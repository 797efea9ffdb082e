"""Codes in ESC/POS, the language of receipt printers with 203 dpi: one after another, the paper cut after each group.

Pure: values in, values out. The printer makes QR codes (GS ( k) and Code 128 (GS k) itself; Data Matrix, which few can
make, goes out as a raster bit image (GS v 0). Words are GB18030 in the printer's Chinese mode (FS &): every printer
sold in China has the two-byte part of it.
"""

import unicodedata
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from central.codes import PrintedCode
from central.errors import SymbolRefused
from central.printing.papers import ems
from central.printing.symbols import Symbol, Symbology, code_b_modules, encoded

ROLLS: Final = {80: 576, 58: 384}
"""Width of the paper in millimetres -> dots across it."""

DOTS_MIN: Final = {Symbology.QR: 3, Symbology.DATA_MATRIX: 3, Symbology.CODE_128: 2}
DOTS_MAX: Final = {Symbology.QR: 8, Symbology.DATA_MATRIX: 8, Symbology.CODE_128: 4}
"""Dots of a module: 0.375 mm, for bars 0.25 mm, and no more than is of use."""

BAR_DOTS: Final = 104
"""13 mm, as on the other papers."""

ESC, FS, GS = b"\x1b", b"\x1c", b"\x1d"
INITIALISE: Final = ESC + b"@"
CENTRED: Final = ESC + b"a\x01"
CHINESE_ON: Final = FS + b"&"
CHINESE_OFF: Final = FS + b"."
LARGE: Final = GS + b"!\x11"
SMALL: Final = GS + b"!\x00"
CUT: Final = GS + b"V\x42\x00"
"""Feeds to the knife and cuts."""


def escpos(codes: Iterable[PrintedCode], symbology: Symbology, roll: int) -> bytes:
    """Bytes for a printer with a roll of 80 or 58 mm. Raises SymbolRefused for what does not fit across it."""
    dots = ROLLS[roll]
    out = [INITIALISE, CENTRED]
    for head, group in groupby(codes, key=lambda code: code.group):
        if head:
            out.append(_words(head, dots // 12))
        for code in group:
            out += [_SYMBOLS[symbology](encoded(code.text, symbology), dots), b"\n"]
            out += [LARGE, _words(code.title, dots // 24), SMALL]
            out += [_words(code.note, dots // 12), _words(code.text, dots // 12), b"\n"]
        out.append(CUT)
    return b"".join(out)


def _words(text: str, columns: int) -> bytes:
    """A line of at most so many columns; a Chinese character takes two."""
    kept = text
    while kept and 2 * ems(kept) > columns:
        kept = kept[:-1]
    return CHINESE_ON + b"".join(map(_character, kept)) + CHINESE_OFF + b"\n" if kept else b""


def _character(character: str) -> bytes:
    """Its one or two bytes; what has more, or is a control character, is a question mark and never a command."""
    raw = b"" if unicodedata.category(character).startswith("C") else character.encode("gb18030")
    return raw if 0 < len(raw) <= 2 else b"?"


def _module_dots(symbol: Symbol, modules: int, dots: int) -> int:
    found = min(dots // modules, DOTS_MAX[symbol.symbology])
    if found < DOTS_MIN[symbol.symbology]:
        raise SymbolRefused("paper", symbol.text, symbol.symbology)
    return found


def _function(parameters: bytes) -> bytes:
    return GS + b"(k" + len(parameters).to_bytes(2, "little") + parameters


def _qr(symbol: Symbol, dots: int) -> bytes:
    """Model 2 (function 165), module (167), error correction M (169), the data (180), and print it (181)."""
    module = _module_dots(symbol, symbol.width_modules, dots * 2 // 3)
    told = (b"1A2\x00", b"1C" + bytes([module]), b"1E1", b"1P0" + symbol.text.encode(), b"1Q0")
    return b"".join(map(_function, told))


def _code_128(symbol: Symbol, dots: int) -> bytes:
    """In code set B, where an opening brace is written twice; no words from the printer itself."""
    module = _module_dots(symbol, code_b_modules(symbol.text), dots)
    told = b"{B" + symbol.text.encode("ascii").replace(b"{", b"{{")
    size = GS + b"h" + bytes([BAR_DOTS]) + GS + b"w" + bytes([module])
    return size + GS + b"H\x00" + GS + b"kI" + bytes([len(told)]) + told


def _data_matrix(symbol: Symbol, dots: int) -> bytes:
    """A raster bit image with its quiet zone, a bit for each dot, the leftmost the highest."""
    modules = symbol.width_modules
    module = _module_dots(symbol, modules, dots // 2)
    quiet = (False,) * symbol.quiet
    blank = (False,) * modules
    lines = [blank] * symbol.quiet + [(*quiet, *row, *quiet) for row in symbol.rows] + [blank] * symbol.quiet
    wide = -(-modules * module // 8)
    image = b"".join(_raster(row, module, wide) * module for row in lines)
    return GS + b"v0\x00" + wide.to_bytes(2, "little") + (modules * module).to_bytes(2, "little") + image


def _raster(row: tuple[bool, ...], module: int, wide: int) -> bytes:
    bits = "".join(("1" if dark else "0") * module for dark in row).ljust(wide * 8, "0")
    return int(bits, 2).to_bytes(wide, "big")


_SYMBOLS: Final = {Symbology.QR: _qr, Symbology.DATA_MATRIX: _data_matrix, Symbology.CODE_128: _code_128}
