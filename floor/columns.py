"""What the columns of master data are, for whoever makes a form of a row.

Pure: values in, values out.
"""

import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from floor import cells
from floor.limits import CELL_CHARACTERS_MAX
from floor.master_tables import TABLES

REFERENCES: dict[tuple[str, str], tuple[str, str]] = {
    ("people", "department"): ("departments", "id"),
    ("stations", "department"): ("departments", "id"),
    ("work_orders", "item"): ("items", "id"),
    ("operations", "work_order"): ("work_orders", "id"),
    ("operations", "stations"): ("stations", "id"),
    ("call_types", "causes"): ("reasons", "id"),
    ("skills", "person"): ("people", "id"),
    ("call_tiers", "call_type"): ("call_types", "id"),
    ("notices", "work_order"): ("work_orders", "id"),
    ("notices", "operation"): ("operations", "id"),
    ("notices", "stations"): ("stations", "id"),
    ("components", "product"): ("items", "id"),
    ("components", "item"): ("items", "id"),
    ("blocked_lots", "item"): ("items", "id"),
    ("cases", "call_type"): ("call_types", "id"),
    ("cases", "station"): ("stations", "id"),
    ("cases", "item"): ("items", "id"),
    ("cases", "cause"): ("reasons", "id"),
    ("shifts", "stations"): ("stations", "id"),
    ("departments", "head"): ("people", "id"),
    ("duties", "person"): ("people", "id"),
    ("absences", "person"): ("people", "id"),
    ("deputies", "person"): ("people", "id"),
    ("deputies", "deputy"): ("people", "id"),
    ("bom_revisions", "product"): ("items", "id"),
    ("routings", "item"): ("items", "id"),
    ("routings", "stations"): ("stations", "id"),
    ("stock", "item"): ("items", "id"),
}
"""(table, column) -> the table and column whose values it names."""

SUGGESTED = frozenset({("routings", "skill"), ("operations", "skill"), ("skills", "skill"), ("duties", "duty")})
"""Columns where what stands in the other rows is offered."""

LONG = frozenset({"text", "note", "fix", "checks"})
"""Columns that hold sentences."""

Kind = Literal["text", "long", "number", "whole", "choice", "yes", "day", "clock", "choices", "list"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `choices`: what it may be; `refers`: (table, column) whose values it names."""

    table: str
    name: str
    kind: Kind
    required: bool
    choices: tuple[str, ...] = ()
    refers: tuple[str, str] | None = None
    characters_max: int = CELL_CHARACTERS_MAX


def columns_of(table: str) -> tuple[Column, ...]:
    """The columns of a table in the order of its files."""
    return tuple(_column(table, name, field) for name, field in TABLES[table].model_fields.items())


def _column(table: str, name: str, field: FieldInfo) -> Column:
    kind, choices = _kind(field.annotation, field.metadata)
    if name in LONG:
        kind = "long"
    return Column(table, name, kind, field.is_required(), choices, REFERENCES.get((table, name)), _length(field))


def _kind(annotation: Any, metadata: list[Any]) -> tuple[Kind, tuple[str, ...]]:
    if get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        return _kind(annotation, [*metadata, *inner])
    if get_origin(annotation) is tuple:
        _, choices = _kind(get_args(annotation)[0], [])
        return ("choices", choices) if choices else ("list", ())
    if get_origin(annotation) in (Union, types.UnionType):
        # A choice or nothing; a code or nothing is a text that may stay empty.
        found = [_kind(each, metadata) for each in get_args(annotation)]
        if all(choices for _, choices in found):
            return "choice", tuple(dict.fromkeys(each for _, choices in found for each in choices))
        return found[0]
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation)
    if annotation is bool:
        return "yes", ()
    if annotation in (int, float):
        return ("whole" if annotation is int else "number"), ()
    return _text_kind(metadata), ()


def _text_kind(metadata: list[Any]) -> Kind:
    patterns = {getattr(each, "pattern", None) for each in _flat(metadata)}
    if _pattern(cells.Day) in patterns:
        return "day"
    if _pattern(cells.Clock) in patterns:
        return "clock"
    return "text"


def _length(field: FieldInfo) -> int:
    lengths: list[int] = [each for part in _flat(field.metadata) if (each := getattr(part, "max_length", None))]
    return min(lengths, default=CELL_CHARACTERS_MAX)


def _flat(metadata: list[Any]) -> list[Any]:
    return [part for each in metadata for part in (each.metadata if isinstance(each, FieldInfo) else [each])]


def _pattern(kind: Any) -> str | None:
    found = [getattr(each, "pattern", None) for each in _flat(list(get_args(kind)[1:]))]
    return next((each for each in found if each), None)
