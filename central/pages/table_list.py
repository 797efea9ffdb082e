"""One table of master data as a list: searched, sorted, in pages, with what the reader's draft changes in it.

Pure: values in, values out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from floor.cells import Row
from floor.master_edit import Edits
from floor.master_sheets import cell_of, holds
from floor.master_tables import TABLES, Tables

ROWS_PER_PAGE: Final = 50
SEARCH_CHARACTERS_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is listed. `mark`: added, changed or removed by the draft; empty: as released."""

    key: str
    cells: dict[str, object]
    mark: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page. `columns`: those that say something in its rows. `total`: rows that match; `whole`: rows of the
    table."""

    lines: tuple[Line, ...]
    columns: tuple[str, ...]
    total: int
    whole: int
    page: int
    pages: int


def listed(
    table: str, base: Tables, tables: Tables, edits: Edits, search: str, sort: str, falling: bool, page: int
) -> Listing:
    """The rows of a table that hold `search`, sorted by a column, `page` counted from 1."""
    changed = edits.get(table, {})
    rows = [(row, "") for row in tables.get(table, ())]
    gone: list[tuple[Row, str]] = []
    if changed:
        # The key of each of 50,000 rows takes a while: a table without edits does not ask for it.
        before = {row.key: row for row in base.get(table, ())}
        rows = [(row, _mark(row.key, changed, before)) for row, _ in rows]
        gone = [(row, "removed") for key, row in before.items() if changed.get(key, row) is None]
    found = [each for each in (*gone, *rows) if holds(each[0], search)] if search else [*gone, *rows]
    if sort in TABLES[table].model_fields:
        found.sort(key=lambda each: _order(getattr(each[0], sort)), reverse=falling)
    elif changed:
        found.sort(key=lambda each: not each[1])
    pages = max(1, -(-len(found) // ROWS_PER_PAGE))
    page = min(max(1, page), pages)
    shown = found[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    lines = tuple(
        Line(row.key, {name: getattr(row, name) for name in type(row).model_fields}, mark) for row, mark in shown
    )
    return Listing(lines, _columns(table, [row for row, _ in shown]), len(found), len(rows), page, pages)


def _mark(key: str, changed: Mapping[str, Row | None], before: Mapping[str, Row]) -> str:
    if key not in changed:
        return ""
    return "changed" if key in before else "added"


def _order(value: object) -> tuple[int, float, str]:
    """Numbers by their size, before texts."""
    if isinstance(value, bool | int | float):
        return 0, float(value), ""
    return 1, 0.0, cell_of(value).casefold()


def _columns(table: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """Columns that say something: a column that every row of the page leaves as it is by default stays out."""
    found = []
    for name, field in TABLES[table].model_fields.items():
        if field.is_required() or any(getattr(row, name) != field.get_default() for row in rows):
            found.append(name)
    return tuple(found)
