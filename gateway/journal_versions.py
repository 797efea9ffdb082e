"""Which migrations the journal of this release has: what decides whether there is a way back from an update.

Kept apart from the tables, so that the update agent need not hold them in memory.
"""

import re

MIGRATIONS = ("m001_tables",)
"""Their names, in their order, as `gateway/journal_schema.py` makes them."""

ADDITIVE: tuple[str, ...] = ()
"""Migrations that a release without them can live with: they add columns behind the others, or tables. Only with these
is there a way back from an update, so every later migration stands here or its release goes in by hand."""

_TOLD = re.compile(r"journal:([\w ]*); additive:([\w ]*)")


def journal_told() -> str:
    """Both, in words that a bundle's description carries."""
    return f"journal: {' '.join(MIGRATIONS)}; additive: {' '.join(ADDITIVE)}".strip()


def journal_heard(description: str) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """(migrations, additive ones) in the words of `journal_told`, of any release; (None, ()) where it says nothing."""
    found = _TOLD.search(description)
    return (tuple(found[1].split()), tuple(found[2].split())) if found else (None, ())
