"""A draft: rows that somebody changed over a version of the master data, and how it comes onto a newer version.

Pure: values in, values out. Rows are told by their key; a row that gets another key is a new one, at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from floor.cells import Row
from floor.master_tables import TABLES, Tables

Edits = Mapping[str, Mapping[str, Row | None]]
"""Table -> key -> the row as it shall be; None: it shall go."""


@dataclass(frozen=True, slots=True)
class Collision:
    """A row that somebody else changed since the draft began. None: it was not there, or is gone."""

    table: str
    key: str
    before: Row | None
    theirs: Row | None
    ours: Row | None


def row_of(tables: Tables, table: str, key: str) -> Row | None:
    """A row by its key."""
    return next((row for row in tables.get(table, ()) if row.key == key), None)


def edited(base: Tables, edits: Edits) -> Tables:
    """The tables with the rows of a draft in their places; new rows at the end."""
    found = dict(base)
    for table, rows in edits.items():
        if not rows:
            continue
        kept: list[Row] = []
        known = set()
        for row in base.get(table, ()):
            known.add(row.key)
            changed = rows.get(row.key, row)
            if changed is not None:
                kept.append(changed)
        kept += [row for key, row in rows.items() if row is not None and key not in known]
        found[table] = tuple(kept)
    return found


def difference(base: Tables, wanted: Tables) -> Edits:
    """What turns `base` into `wanted`; tables that `wanted` does not name stay."""
    found: dict[str, dict[str, Row | None]] = {}
    for table, rows in wanted.items():
        old = {row.key: row for row in base.get(table, ())}
        new = {row.key: row for row in rows}
        changed: dict[str, Row | None] = {key: row for key, row in new.items() if old.get(key) != row}
        changed.update(dict.fromkeys(key for key in old if key not in new))
        if changed:
            found[table] = changed
    return found


def merged(base: Tables, added: Tables) -> Edits:
    """The same where rows that `added` does not name stay too."""
    return difference(base, {table: (*base.get(table, ()), *rows) for table, rows in added.items()})


def joined(earlier: Edits, later: Edits, base: Tables) -> Edits:
    """Both, the later one over the earlier; what is as in `base` is no edit."""
    found: dict[str, dict[str, Row | None]] = {}
    for table in TABLES:
        rows = {**earlier.get(table, {}), **later.get(table, {})}
        old = {row.key: row for row in base.get(table, ())} if rows else {}
        kept = {key: row for key, row in rows.items() if old.get(key) != row}
        if kept:
            found[table] = kept
    return found


def collisions(before: Tables, now: Tables, edits: Edits) -> tuple[Collision, ...]:
    """The edits whose rows another version changed to something else since `before`."""
    found: list[Collision] = []
    for table, rows in edits.items():
        if before.get(table, ()) is now.get(table, ()):
            continue
        old = {row.key: row for row in before.get(table, ()) if row.key in rows}
        new = {row.key: row for row in now.get(table, ()) if row.key in rows}
        found += [
            Collision(table, key, old.get(key), new.get(key), ours)
            for key, ours in rows.items()
            if old.get(key) != new.get(key) and new.get(key) != ours
        ]
    return tuple(found)


def edit_count(edits: Edits) -> int:
    """How many rows it changes."""
    return sum(map(len, edits.values()))
