"""How values of master data are said on a page, in the reader's language."""

from typing import Final

from central.pages.formats import visible
from central.pages.frame import language
from central.texts import text_or
from floor import texts as floor_texts
from floor.master_sheets import cell_of

WORDED: Final = frozenset(
    {
        "roles",
        "language",
        "state",
        "capture",
        "counting",
        "command",
        "impact",
        "start",
        "finish",
        "use",
        "facts",
        "kind",
        "read",
    }
)
"""Columns whose values have words of their own."""

YES_NO: Final = {"active": True, "lot_tracked": True, "fixed_position": True}
"""Columns that are yes or no."""


def cell_word(value: object, column: str = "") -> str:
    """A value of a cell as a page says it."""
    chosen = language()
    if isinstance(value, bool):
        return text_or(chosen, "table.yes" if value else "table.no", "")
    if column == "rule":
        return visible(floor_texts.name(floor_texts.FLAG_NAMES, str(value), chosen))
    if column in WORDED:
        each = value if isinstance(value, tuple) else (value,)
        return visible(" ".join(text_or(chosen, f"choice.{one}", str(one)) for one in each if one != ""))
    return visible(cell_of(value), 160)


def changed_word(column: str, text: str) -> str:
    """The same of a text that tells what was changed."""
    if column in YES_NO:
        return cell_word(text == "yes")
    return cell_word(tuple(text.split()) if column in WORDED else text, column)


def plain(value: float) -> str:
    """A quantity without a needless end: 200, 0.4."""
    return format(value, ".12g")
