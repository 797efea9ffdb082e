"""Tables of text to master data: one list of columns for TOML, CSV and XLSX, and every fault named by its cell.

Pure: values in, values out.
"""

import types
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Union, get_args, get_origin

from pydantic import ValidationError

from floor.cells import Row
from floor.duty import Absence, Department, Deputy, Duty
from floor.errors import MasterFileRefused
from floor.label_texts import shown
from floor.limits import CELL_CHARACTERS_MAX, FAULTS_NAMED_MAX, ROWS_PER_TABLE_MAX
from floor.master import MasterData
from floor.product_rows import BomRevision, Item, RoutingStep, Stock
from floor.rows import (
    BlockedLot,
    CallTier,
    CallType,
    CommandCard,
    Component,
    Instruction,
    LabelPattern,
    Notice,
    Operation,
    PastCase,
    Person,
    Reason,
    RulePolicy,
    Shift,
    Skill,
    Station,
    WorkOrder,
)

TABLES: Final[dict[str, type[Row]]] = {
    "people": Person,
    "stations": Station,
    "work_orders": WorkOrder,
    "operations": Operation,
    "command_cards": CommandCard,
    "call_types": CallType,
    "reasons": Reason,
    "skills": Skill,
    "error_proofing": RulePolicy,
    "call_tiers": CallTier,
    "notices": Notice,
    "instructions": Instruction,
    "label_patterns": LabelPattern,
    "components": Component,
    "blocked_lots": BlockedLot,
    "cases": PastCase,
    "shifts": Shift,
    "departments": Department,
    "duties": Duty,
    "absences": Absence,
    "deputies": Deputy,
    "items": Item,
    "bom_revisions": BomRevision,
    "routings": RoutingStep,
    "stock": Stock,
}
"""Name of the table, of its CSV file and of its sheet -> its rows."""

YES: Final = frozenset({"true", "yes", "y", "1", "x", "是"})
NO: Final = frozenset({"false", "no", "n", "0", "否"})


@dataclass(slots=True)
class Faults:
    """What is wrong, each named by its place. Bounded: a person mends these first."""

    found: list[str] = field(default_factory=list)
    more: int = 0
    places: set[str] = field(default_factory=set)
    """Cells and columns already named, so that they are not also said to be missing."""

    def add(self, place: str, what: str) -> None:
        """One more fault."""
        self.places.add(place)
        if len(self.found) < FAULTS_NAMED_MAX:
            self.found.append(f"{place}: {what}")
        else:
            self.more += 1

    def raise_any(self) -> None:
        """Raises MasterFileRefused when there is any."""
        if self.more:
            raise MasterFileRefused([*self.found, f"and {self.more} more"])
        if self.found:
            raise MasterFileRefused(self.found)


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row as a file has it: `place` names file or sheet and row; `cells` column -> value."""

    place: str
    cells: dict[str, Any]


Text = dict[str, list[TextRow]]
"""Table -> rows."""


def _is_tuple(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _plain(annotation: Any) -> Any:
    """The type inside Annotated and Optional."""
    while get_origin(annotation) in (Union, types.UnionType):
        annotation = get_args(annotation)[0]
    return annotation


def cell_value(row_type: type[Row], column: str, text: str) -> Any:
    """A cell of a sheet as the value of its column: lists are separated by ; , or a space. Empty: None, the default.

    Raises ValueError for what is no number or no yes or no.
    """
    if text == "":
        return None
    annotation = _plain(row_type.model_fields[column].annotation)
    if _is_tuple(annotation):
        return tuple(filter(None, text.replace(";", " ").replace(",", " ").replace("，", " ").split()))
    if annotation is bool:
        if text.lower() in YES | NO:
            return text.lower() in YES
        raise ValueError(f"{shown(text, 40)!r} is neither yes nor no")
    if annotation in (int, float):
        return _number(text, annotation)
    return text


def _number(text: str, kind: type[int] | type[float]) -> int | float:
    """Only plain ASCII numbers: no exponent, no separator, no other digits."""
    whole, _, fraction = text.partition(".")
    if text.isascii() and whole.isdigit() and (fraction.isdigit() if "." in text else True) and len(text) <= 15:
        if kind is float:
            return float(text)
        if not fraction.strip("0"):
            return int(whole)
    raise ValueError(f"{shown(text, 40)!r} is not a {'whole number' if kind is int else 'number'}")


def typed_rows(table: str, rows: list[TextRow], faults: Faults) -> list[TextRow]:
    """The rows of a sheet or CSV file with the value of each cell; what cannot be one is a fault."""
    row_type = TABLES[table]
    typed = []
    for row in rows:
        cells: dict[str, Any] = {}
        for column, text in row.cells.items():
            if column not in row_type.model_fields:
                continue
            try:
                value = cell_value(row_type, column, text)
            except ValueError as error:
                faults.add(f"{row.place}, column {column}", str(error))
                continue
            if value is not None:
                cells[column] = value
        typed.append(TextRow(row.place, cells))
    return typed


def check_columns(table: str, place: str, columns: list[str], faults: Faults) -> None:
    """Each column known, none twice, none missing that has no default."""
    fields = TABLES[table].model_fields
    for column in columns:
        if column and column not in fields:
            faults.add(place, f"there is no column {shown(column, 40)!r}; there are {', '.join(fields)}")
    for column in {each for each in columns if each and columns.count(each) > 1}:
        faults.add(place, f"the column {shown(column, 40)!r} stands twice")
    for column, row_field in fields.items():
        if row_field.is_required() and column not in columns:
            faults.add(place, f"the column {column!r} is missing")
            faults.places.add(f"{table}.{column}")


def _row(table: str, row: TextRow, faults: Faults) -> Row | None:
    try:
        return TABLES[table].model_validate(row.cells)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False):
            column = str(each["loc"][0]) if each["loc"] else ""
            if each["type"] == "missing" and {f"{row.place}, column {column}", f"{table}.{column}"} & faults.places:
                continue
            value = _told(each.get("input", ""))
            said = each["msg"] if each["type"] == "missing" else f"{each['msg']}, not {value!r}"
            faults.add(f"{row.place}, column {column}" if column else row.place, said)
        return None


def _told(value: object) -> str:
    """What stands in a cell, as a fault tells it. Python writes no whole number of more than some thousand digits."""
    try:
        return shown(str(value), 40)
    except (ValueError, RecursionError):
        return "what is in it"


Tables = dict[str, tuple[Row, ...]]
"""Table -> its rows."""


def rows_of(text: Text, faults: Faults) -> Tables:
    """The rows of the tables that a file has. Raises MasterFileRefused with every fault of their cells."""
    tables: Tables = {}
    for table, rows in text.items():
        if len(rows) > ROWS_PER_TABLE_MAX:
            faults.add(table, f"{len(rows)} rows, more than {ROWS_PER_TABLE_MAX}")
            continue
        read = [_row(table, row, faults) for row in rows]
        tables[table] = tuple(row for row in read if row is not None)
    faults.raise_any()
    return tables


def unique(tables: Tables) -> Tables:
    """The same tables. Raises MasterFileRefused when rows of a table have one key: which of them would hold?"""
    faults = Faults()
    for table, rows in tables.items():
        for key, count in Counter(row.key for row in rows).items():
            if count > 1:
                faults.add(table, f"{shown(key, 60)!r} stands {count} times")
    faults.raise_any()
    return tables


def whole(tables: Tables, version: int = 0) -> MasterData:
    """The whole of these tables. Raises MasterFileRefused with every fault between rows."""
    parts: dict[str, Any] = dict(tables)
    try:
        return MasterData(version=version, **parts)
    except ValidationError as error:
        faults = Faults()
        for each in error.errors(include_url=False):
            for said in each["msg"].removeprefix("Value error, ").split("; "):
                faults.add("the whole", said)
        faults.raise_any()
        raise AssertionError("unreachable") from error


def tables_of(master: MasterData) -> Tables:
    """The rows of every table."""
    return {table: getattr(master, table) for table in TABLES}


def assembled(text: Text, version: int, faults: Faults) -> MasterData:
    """The whole of master data. Raises MasterFileRefused with every fault there is, cells first, then rows."""
    return whole(rows_of(text, faults), version)


def too_long(text: str) -> bool:
    """Is a cell larger than its bound?"""
    return len(text) > CELL_CHARACTERS_MAX
