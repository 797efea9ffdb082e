"""Whole numbers in texts that come from outside.

Pure: values in, values out.
"""

PAGE_DIGITS_MAX = 5
VERSION_DIGITS_MAX = 16
POSITION_DIGITS_MAX = 18
"""Of a position of the log, or another number that a column of 64 bits holds."""


def whole_number(text: str, digits_max: int) -> int | None:
    """The number that at most `digits_max` ASCII digits are; None for any other text, which nothing is looked up by."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits_max else None


def page_number(text: str) -> int:
    """A page as a request names it, from 1; 1 for what is none."""
    return max(1, whole_number(text, PAGE_DIGITS_MAX) or 1)
