"""Which migrations the journal of this release has: what decides whether there is a way back from an update.

Kept apart from the tables, so that the update agent need not hold them in memory.
"""

MIGRATIONS = ("m001_tables",)
"""Their names, in their order, as `gateway/journal_schema.py` makes them."""

ADDITIVE: tuple[str, ...] = ()
"""Migrations that a release without them can live with: they add columns behind the others, or tables. Only with these
is there a way back from an update, so every later migration stands here or its release goes in by hand."""
