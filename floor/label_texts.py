"""Label text made safe for a screen, and the texts of our own labels.

Pure: values in, values out.
"""

import unicodedata
from functools import lru_cache

from floor.errors import LabelTextRefused
from floor.limits import COMBINING_MARKS_MAX, LABEL_TEXT_CHARACTERS_MAX, SHOWN_CHARACTERS_MAX

CODE_39 = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%")
"""ISO/IEC 16388, the full set of characters without the extended pairs: every scanner reads it, upper case only."""

# Direction marks, embeddings, overrides and isolates: they can make a screen show a text backwards.
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = "\u25cc"
"""Stands for a character that has no picture: zero width, soft hyphen, unassigned, private."""


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    kind = unicodedata.category(character)
    if kind in ("Zl", "Zp"):
        return "\u2424"
    if kind.startswith("C"):
        return INVISIBLE
    return " " if kind == "Zs" else character


@lru_cache(maxsize=1024)
def shown(text: str, characters_max: int = SHOWN_CHARACTERS_MAX) -> str:
    """The text as a screen may show it: controls as pictures, no bidi controls, few combining marks, cut.

    Never longer than `characters_max`; a cut text ends in an ellipsis.
    """
    out: list[str] = []
    marks = 0
    for character in text:
        if character in BIDI_CONTROLS:
            continue
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me", "Mc") else 0
        if marks > COMBINING_MARKS_MAX:
            continue
        if len(out) == characters_max:
            out[-1] = "\u2026"
            break
        out.append(_picture(character))
    return "".join(out)


def shown_bytes(raw: bytes, characters_max: int = SHOWN_CHARACTERS_MAX) -> str:
    """The same for bytes that are no text: what is not UTF-8 appears as \\xNN."""
    return shown(raw[: characters_max * 4].decode("utf-8", "backslashreplace"), characters_max)


def _composed(text: str) -> str:
    if not text or len(text) > LABEL_TEXT_CHARACTERS_MAX or not CODE_39.issuperset(text):
        raise LabelTextRefused(
            f"{shown(text, 64)!r} cannot stand on a label: only 0-9 A-Z and - . $ / + % and space, at most 64"
        )
    return text


def compose_badge(person: str, prefix: str = "B-") -> str:
    """The text of a person's badge. Raises LabelTextRefused for an id that Code 39 cannot carry."""
    return _composed(prefix + person)


def compose_ticket(operation: str, prefix: str = "T-") -> str:
    """The text of an operation's ticket. Raises LabelTextRefused for an id that Code 39 cannot carry."""
    return _composed(prefix + operation)


def compose_command(command: str, value: str = "", copy: str = "", prefix: str = "C-") -> str:
    """The text of a command card: `C-D1` for a digit, else `C-PAUSE` or `C-SCRAP-R1`.

    `copy` tells two cards of one meaning apart (`C-D1B`), so that both can be scanned within the double-scan window.
    """
    name = "D" + value if command == "digit" else command.upper().replace("_", "") + ("-" + value if value else "")
    return _composed(prefix + name + copy)
