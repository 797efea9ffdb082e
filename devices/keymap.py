"""Key codes of Linux and what scanners mean by them in each keyboard layout. Pure tables.

Codes are those of linux/input-event-codes.h. Layout tables follow the keyboards that scanners imitate, which are the
Windows ones: a scanner's manual calls them "country code" or "keyboard type".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

# All codes are below this one, KEY_CNT.
KEY_CODES: Final = 0x300
ENTER: Final = 28
KEYPAD_ENTER: Final = 96
TAB: Final = 15
LEFT_ALT: Final = 56
RIGHT_ALT: Final = 100
SHIFTS: Final = frozenset({42, 54})
CONTROLS: Final = frozenset({29, 97})
METAS: Final = frozenset({125, 126})
# Locks change lamps, never what a scanner means.
LOCKS: Final = frozenset({58, 69, 70})

KEYPAD: Final[dict[int, str]] = {
    71: "7",
    72: "8",
    73: "9",
    74: "-",
    75: "4",
    76: "5",
    77: "6",
    78: "+",
    79: "1",
    80: "2",
    81: "3",
    82: "0",
    83: ".",
    55: "*",
    98: "/",
    117: "=",
    121: ",",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What each key types: alone, with shift, with AltGr. `dead` keys wait for the next one."""

    plain: dict[int, str]
    shifted: dict[int, str]
    third: dict[int, str] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()

    def text(self, code: int, *, shift: bool, third: bool) -> str | None:
        """The character of a key, or None when the layout has none there."""
        if third:
            return self.third.get(code)
        return (self.shifted if shift else self.plain).get(code)


def _rows(numbers: str, top: str, home: str, bottom: str, extra: str) -> dict[int, str]:
    """Keys 2..13, 16..27, 30..41, 43..53 and the key 86 beside the left shift; the space bar is the same for all."""
    rows = ((2, numbers), (16, top), (30, home), (43, bottom), (86, extra), (57, " "))
    return {first + index: char for first, row in rows for index, char in enumerate(row)}


_US: Final = Layout(
    _rows("1234567890-=", "qwertyuiop[]", "asdfghjkl;'`", "\\zxcvbnm,./", "\\"),
    _rows("!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"~', "|ZXCVBNM<>?", "|"),
)
_UK: Final = Layout(
    _rows("1234567890-=", "qwertyuiop[]", "asdfghjkl;'`", "#zxcvbnm,./", "\\"),
    _rows('!"£$%^&*()_+', "QWERTYUIOP{}", "ASDFGHJKL:@¬", "~ZXCVBNM<>?", "|"),
    {41: "¦", 5: "€"},
)
_DE: Final = Layout(
    _rows("1234567890ß´", "qwertzuiopü+", "asdfghjklöä^", "#yxcvbnm,.-", "<"),
    _rows('!"§$%&/()=?`', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ°", "'YXCVBNM;:_", ">"),
    {3: "²", 4: "³", 8: "{", 9: "[", 10: "]", 11: "}", 12: "\\", 16: "@", 18: "€", 27: "~", 50: "µ", 86: "|"},
    frozenset("´`^"),
)
_FR: Final = Layout(
    _rows("&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù²", "*wxcvbn,;:!", "<"),
    _rows("1234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%~", "µWXCVBN?./§", ">"),
    {4: "#", 5: "{", 6: "[", 7: "|", 9: "\\", 10: "^", 11: "@", 12: "]", 13: "}", 18: "€", 27: "¤"},
    frozenset("¨"),
)

# A Chinese keyboard is a US one; its input method is never asked for a scanner that is grabbed.
LAYOUTS: Final[dict[str, Layout]] = {"us": _US, "cn": _US, "uk": _UK, "de": _DE, "fr": _FR}
