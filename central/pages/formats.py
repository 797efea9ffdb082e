"""How times, spans and foreign text are written on a page.

Pure: values in, values out.
"""

import unicodedata

from central.plant_days import moment
from central.texts import text
from floor.texts import Language

DAY_WORD: dict[Language, str] = {"zh": "天", "en": "d"}
"""Also told to the clock script, so that a running time looks the same when the script takes over."""

SHOWN_CHARACTERS_MAX = 200
"""A text of the floor in a table's cell; the raw text of a record is shown whole elsewhere."""

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that show nothing or move what stands beside them."""


def span(language: Language, seconds: float) -> str:
    """A span as `0:04:09`, from one day on as `2 d 3:04`. Negative spans (a clock was set) show as zero."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86_400)
    hours, minutes = rest // 3600, rest // 60 % 60
    if days:
        return f"{days} {DAY_WORD[language]} {hours}:{minutes:02d}"
    return f"{hours}:{minutes:02d}:{rest % 60:02d}"


def ago(language: Language, seconds: float) -> str:
    """A span in its largest unit: `3 min ago`."""
    whole = max(0, int(seconds))
    for key, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if whole >= 2 * size:
            return text(language, f"ago.{key}", n=whole // size)
    return text(language, "ago.seconds", n=whole)


def clock(wall: float | None) -> str:
    """The time of day, `14:03:09`."""
    found = moment(wall) if wall is not None else None
    return found.strftime("%H:%M:%S") if found else "–"


def date_clock(wall: float | None) -> str:
    """Date and time of day, `2026-03-01 14:03:09`."""
    found = moment(wall) if wall is not None else None
    return found.strftime("%Y-%m-%d %H:%M:%S") if found else "–"


def as_of(wall: float | None, now: float) -> str:
    """The time of day, with its date in front when it is not of the last 12 hours."""
    if wall is None:
        return "–"
    return clock(wall) if abs(now - wall) < 43_200 else date_clock(wall)


def number(value: float) -> str:
    """A whole number with thin groups, `12 345`."""
    return f"{value:,.0f}".replace(",", "\u202f")


def visible(value: object, characters_max: int = SHOWN_CHARACTERS_MAX) -> str:
    """Foreign text made harmless to read: control, format and direction characters show as a box, and it is cut.

    Markup is not touched here: the template escapes it, as it does everything.
    """
    raw = str(value)
    kept = "".join("\ufffd" if unicodedata.category(each) in UNSEEN else each for each in raw[:characters_max])
    return kept + "…" if len(raw) > characters_max else kept


def cell(value: object) -> str:
    """A value for a CSV or spreadsheet cell that no program runs as a formula (ASVS 1.2.10).

    A text that begins, after blanks, with one of = + - @ or a control character gets an apostrophe in front. Plain
    negative numbers stay numbers.
    """
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, int | float):
        return str(value)
    raw = str(value)
    start = raw.lstrip(" \u00a0\u3000")[:1]
    dangerous = start in ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20") and start != ""
    if dangerous or (raw and ord(raw[0]) < 32):
        return "'" + raw
    return raw
