"""Master data from files of a planner: TOML, a folder of CSV files, or an XLSX workbook; and TOML back.

Pure: text and bytes in, values out. Every fault of a file is named at once, with its file or sheet, row and column.
"""

import csv
import io
import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from floor.cells import Row
from floor.errors import MasterFileRefused as MasterFileRefused
from floor.label_texts import shown
from floor.limits import COLUMNS_MAX, MASTER_FILE_BYTES_MAX, ROWS_PER_TABLE_MAX, VERSION_MAX
from floor.master import MasterData
from floor.master_sheets import cell_of, xlsx_text
from floor.master_sheets import read_xlsx as read_xlsx
from floor.master_tables import (
    TABLES,
    Faults,
    Tables,
    Text,
    TextRow,
    assembled,
    check_columns,
    rows_of,
    too_long,
    typed_rows,
    unique,
)

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What begins a formula in a spreadsheet. `master_csv` puts an apostrophe before it, `_unquoted` takes it away."""


def _bounded(place: str, size: int) -> None:
    if size > MASTER_FILE_BYTES_MAX:
        raise MasterFileRefused([f"{place}: {size} bytes, more than {MASTER_FILE_BYTES_MAX}"])


def read_toml(text: str) -> MasterData:
    """The master data in a TOML text: an array of tables for each table, and `version`.

    Raises MasterFileRefused; a row is named as in `operations[3]`, counted from 1.
    """
    faults = Faults()
    rows, version = _toml_text(text, faults)
    return assembled(rows, version, faults)


def _toml_text(text: str, faults: Faults) -> tuple[Text, int]:
    """The rows of a TOML text, and its version."""
    _bounded("the file", len(text))
    try:
        whole = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of very many digits is a plain ValueError
        raise MasterFileRefused([f"this is no TOML: {shown(str(error), 120)}"]) from error
    version = whole.pop("version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= VERSION_MAX:
        faults.add("version", f"a whole number from 0 to {VERSION_MAX}")
        version = 0
    rows: Text = {}
    for table, content in whole.items():
        if table not in TABLES:
            faults.add(shown(table, 40), f"there is no such table; there are {', '.join(TABLES)}")
        elif not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
            faults.add(table, f"write each row as [[{table}]]")
        else:
            rows[table] = [TextRow(f"{table}[{index}]", row) for index, row in enumerate(content, start=1)]
    return rows, version


def _csv_rows(name: str, text: str, faults: Faults) -> tuple[list[str], list[TextRow]]:
    """Header and rows of one CSV text; comma, semicolon or tab, whichever the header has most of."""
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    columns: list[str] = []
    found: list[TextRow] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for values in reader:
            if not columns:
                columns = [value.strip().lower() for value in values[:COLUMNS_MAX]]
                continue
            if not any(value.strip() for value in values):
                continue
            place = f"{name}, row {reader.line_num}"
            if len(values) > len(columns):
                faults.add(place, f"{len(values)} cells under {len(columns)} columns")
            if len(found) >= ROWS_PER_TABLE_MAX:
                faults.add(place, f"more than {ROWS_PER_TABLE_MAX} rows")
                break
            cells = {column: _unquoted(value.strip()) for column, value in zip(columns, values, strict=False)}
            for column in [each for each, value in cells.items() if too_long(value)]:
                faults.add(f"{place}, column {column}", "the cell is too long")
                del cells[column]
            found.append(TextRow(place, cells))
    except csv.Error as error:
        faults.add(f"{name}, row {reader.line_num}", str(error))
    return columns, found


def _unquoted(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running a text as a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip().startswith(FORMULA_STARTS) else cell


def read_csv(texts: Mapping[str, str]) -> MasterData:
    """The master data in CSV texts by file name: `people.csv`, `operations.csv` … A byte order mark is let pass.

    Raises MasterFileRefused; a row's number is its last line in the file.
    """
    faults = Faults()
    return assembled(_csv_text(texts, faults), 0, faults)


def _csv_text(texts: Mapping[str, str], faults: Faults) -> Text:
    """The rows of CSV texts by table."""
    _bounded("the files", sum(map(len, texts.values())))
    rows: Text = {}
    for name, text in texts.items():
        table = name.rpartition("/")[2].lower().removesuffix(".csv")
        if table not in TABLES:
            faults.add(shown(name, 80), f"there is no such table; there are {', '.join(TABLES)}")
            continue
        columns, found = _csv_rows(name, text.removeprefix("\ufeff"), faults)
        check_columns(table, f"{name}, row 1", columns, faults)
        rows[table] = typed_rows(table, found, faults)
    return rows


def read_pasted(table: str, text: str) -> Tables:
    """The rows of one table out of cells copied from a spreadsheet; the first line names the columns.

    Raises MasterFileRefused; a row is named by its line.
    """
    faults = Faults()
    return unique(rows_of(_csv_text({f"{table}.csv": text}, faults), faults))


def _decoded(name: str, raw: bytes) -> str:
    """UTF-8, or the GB18030 that Chinese spreadsheets save CSV in."""
    _bounded(name, len(raw))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise MasterFileRefused([f"{name}: neither UTF-8 nor GB18030"])


def read_path_texts(suffix: str, contents: Mapping[str, bytes]) -> MasterData:
    """The master data of the file or files with this suffix; `contents` are their bytes by file name.

    `.toml`, `.xlsx`, `.csv`, and "" for a folder of CSV files. Raises MasterFileRefused.
    """
    faults = Faults()
    text, version = _text_of(suffix, contents, faults)
    return assembled(text, version, faults)


def read_tables(suffix: str, contents: Mapping[str, bytes]) -> Tables:
    """The rows of those tables that the files have, as `read_path_texts` names files; what holds between rows is not
    looked at. Raises MasterFileRefused."""
    faults = Faults()
    return unique(rows_of(_text_of(suffix, contents, faults)[0], faults))


def _text_of(suffix: str, contents: Mapping[str, bytes], faults: Faults) -> tuple[Text, int]:
    if not contents:
        raise MasterFileRefused(["there is no file: a folder needs people.csv, operations.csv …"])
    if suffix in (".toml", ".xlsx") and len(contents) == 1:
        name, raw = next(iter(contents.items()))
        return _toml_text(_decoded(name, raw), faults) if suffix == ".toml" else (xlsx_text(raw, faults), 0)
    if all(name.lower().endswith(".csv") for name in contents):
        return _csv_text({name: _decoded(name, raw) for name, raw in contents.items()}, faults), 0
    raise MasterFileRefused([f"a file ending in {suffix!r} is not read; .toml, .xlsx, or a folder of .csv files is"])


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    # JSON's escapes are TOML's for all but DEL, which TOML wants escaped too.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def write_toml(master: MasterData) -> str:
    """A TOML text that `read_toml` reads back to equal data. What has its default is left out."""
    lines = [f"version = {master.version}"]
    for table, row_type in TABLES.items():
        for row in getattr(master, table):
            lines += ["", f"[[{table}]]"]
            for column, value in row.model_dump().items():
                if value != row_type.model_fields[column].default:
                    lines.append(f"{column} = {_toml_value(value)}")
    return "\n".join(lines) + "\n"


def write_csv(table: str, rows: Iterable[Row]) -> str:
    """One table as `read_csv` reads it back, with a byte order mark, which Excel wants; no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(TABLES[table].model_fields)
    for row in rows:
        cells = (cell_of(getattr(row, column)) for column in TABLES[table].model_fields)
        writer.writerow(["'" + each if each.lstrip().startswith(FORMULA_STARTS) else each for each in cells])
    return "\ufeff" + out.getvalue()


def template_csv() -> dict[str, str]:
    """Empty CSV files by name: each table's header, for a planner to fill."""
    return {f"{table}.csv": ",".join(row_type.model_fields) + "\n" for table, row_type in TABLES.items()}
