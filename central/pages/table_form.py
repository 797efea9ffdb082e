"""A row of master data as a form: what each field is, what was typed, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from central.texts import TEXTS
from floor.cells import Row
from floor.columns import SUGGESTED, Column, columns_of
from floor.label_texts import shown
from floor.limits import CELL_CHARACTERS_MAX
from floor.master_sheets import cell_of
from floor.master_tables import TABLES, Tables, cell_value

FIELD: Final = "f_"
"""Begins the name of each field of the form, so that no column can be taken for something else."""

OFFERED_MAX: Final = 500
"""Values that a field offers; more are typed."""

CHOSEN_MAX: Final = 40
"""Values that are chosen from a list rather than typed with suggestions."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `value`: its text; `values`: what is ticked; `offered`: (value, name) to choose from or to suggest."""

    column: Column
    kind: str
    value: str
    values: frozenset[str] = frozenset()
    offered: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    detail: str = ""

    @property
    def name(self) -> str:
        """Its name in the form."""
        return FIELD + self.column.name


def fields_of(table: str, tables: Tables, row: Row | None) -> list[Field]:
    """The form of a row, or of a new one."""
    return [_field(column, tables, _told(column, row)) for column in columns_of(table)]


def typed_row(table: str, tables: Tables, form: MultiDict[str, str]) -> tuple[Row | None, list[Field]]:
    """The row that a form says, or None and the form again with each fault at its field."""
    texts = {column.name: _typed(column, form) for column in columns_of(table)}
    fields = [_field(column, tables, texts[column.name]) for column in columns_of(table)]
    cells: dict[str, object] = {}
    faults: dict[str, tuple[str, str]] = {}
    for name, text in texts.items():
        try:
            value = cell_value(TABLES[table], name, text)
        except ValueError:
            faults[name] = ("fault.number", "")
            continue
        if value is not None:
            cells[name] = value
        elif isinstance(default := TABLES[table].model_fields[name].default, str | tuple):
            # A default is for rows that do not have the column; who empties a field means that it is empty.
            cells[name] = type(default)()
    row = None
    try:
        row = TABLES[table].model_validate(cells)
    except ValidationError as refused:
        for each in refused.errors(include_url=False, include_context=False):
            name = str(each["loc"][0]) if each["loc"] else ""
            key = f"fault.{each['type']}"
            known = key in TEXTS
            faults.setdefault(name, (key if known else "fault.other", "" if known else shown(each["msg"], 120)))
    if faults:
        return None, [
            replace(each, fault=faults[each.column.name][0], detail=faults[each.column.name][1])
            if each.column.name in faults
            else each
            for each in fields
        ]
    return row, fields


def with_fault(fields: list[Field], column: str, fault: str) -> list[Field]:
    """The form with a fault at one more field."""
    return [replace(each, fault=fault) if each.column.name == column else each for each in fields]


def _typed(column: Column, form: MultiDict[str, str]) -> str:
    given = [each.strip() for each in form.getlist(FIELD + column.name)]
    if column.kind == "yes":
        return "yes" if given else "no"
    return " ".join(filter(None, given))[: CELL_CHARACTERS_MAX * 8]


def _told(column: Column, row: Row | None) -> str:
    if row is not None:
        return cell_of(getattr(row, column.name))
    default = TABLES[column.table].model_fields[column.name].get_default()
    return "" if column.required or default is None else cell_of(default)


def _field(column: Column, tables: Tables, text: str) -> Field:
    values = frozenset(text.split())
    if column.kind == "choices":
        return Field(column, "ticks", text, values, _ticked_first(text, tuple((each, "") for each in column.choices)))
    if column.kind == "choice":
        choices = column.choices if text in column.choices or not text else (*column.choices, text)
        return Field(column, "select", text, values, tuple((each, "") for each in choices))
    offered = _offered(column, tables)
    if column.kind == "list" and column.refers and 0 < len(offered) <= CHOSEN_MAX:
        return Field(column, "ticks", text, values, _ticked_first(text, offered))
    if column.kind == "text" and offered:
        return Field(column, "suggested", text, values, offered[:OFFERED_MAX])
    if column.name == "due" and (not text or _is_day(text)):
        return Field(column, "day", text, values)
    return Field(column, column.kind, text, values)


def _ticked_first(text: str, offered: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What is ticked in its own order, then the rest: a form that nobody touched must say the same row."""
    names = dict(offered)
    ticked = tuple((each, names.get(each, "")) for each in dict.fromkeys(text.split()))
    return ticked + tuple(each for each in offered if each not in ticked)


def _is_day(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdigit()


def _offered(column: Column, tables: Tables) -> tuple[tuple[str, str], ...]:
    """What a field names: the rows of another table with their names, or what stands in its own column so far."""
    found: dict[str, str] = {}
    if column.refers is not None:
        table, other = column.refers
        for row in tables.get(table, ()):
            found[str(getattr(row, other))] = str(getattr(row, "name", ""))
    if column.refers == ("items", "id") or (column.table, column.name) in SUGGESTED:
        for row in tables.get(column.table, ()):
            found.setdefault(str(getattr(row, column.name)), "")
    if column.name == "bom_revision":
        found = {str(getattr(row, "revision", "")): str(getattr(row, "product", "")) for row in tables["bom_revisions"]}
    found.pop("", None)
    return tuple(found.items())


def row_values(row: Row) -> Mapping[str, str]:
    """The texts of a row by column."""
    return {name: cell_of(getattr(row, name)) for name in type(row).model_fields}
