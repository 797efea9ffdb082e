"""Master data from an XLSX workbook: a sheet for each table, its first row the column names. Needs the extra xlsx.

Pure but for the library it reads with: bytes in, values out.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any, Final

from floor.cells import Row
from floor.errors import MasterFileRefused, SheetExtraMissing
from floor.label_texts import shown
from floor.limits import (
    COLUMNS_MAX,
    MASTER_FILE_BYTES_MAX,
    ROWS_PER_TABLE_MAX,
    SHEETS_PARTS_MAX,
    SHEETS_RATIO_MAX,
    SHEETS_UNPACKED_BYTES_MAX,
)
from floor.master import MasterData
from floor.master_tables import TABLES, Faults, Tables, Text, TextRow, assembled, check_columns, too_long, typed_rows

NUMBER_EXACT_MAX: Final = 1e15
"""A spreadsheet shows and keeps 15 significant digits."""


def _check_size(raw: bytes) -> None:
    """Refuses a workbook that would unpack to far more than sheets of text ever do (a zip bomb)."""
    if len(raw) > MASTER_FILE_BYTES_MAX:
        raise MasterFileRefused([f"the workbook has {len(raw)} bytes, more than {MASTER_FILE_BYTES_MAX}"])
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise MasterFileRefused([f"this is no XLSX workbook: {error}"]) from error
    unpacked = sum(part.file_size for part in parts)
    swollen = any(part.file_size > 1_000_000 + SHEETS_RATIO_MAX * part.compress_size for part in parts)
    if len(parts) > SHEETS_PARTS_MAX or unpacked > SHEETS_UNPACKED_BYTES_MAX or swollen:
        raise MasterFileRefused([f"the workbook unpacks to {unpacked} bytes in {len(parts)} parts: refused"])


def cell_text(value: object, number_format: str = "") -> str:
    """The exact text of a cell. 7 typed as a number is "7", as 7.0 is; "0007" under the format 0000; a date its day.

    Raises ValueError for a number that the spreadsheet itself no longer holds exactly.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_text(value, number_format)
    day = getattr(value, "isoformat", None)
    if day is not None:
        return str(day()).removesuffix("T00:00:00")
    return str(value).strip()


def _number_text(value: int | float, number_format: str) -> str:
    """What a person typed as 1001 must not come back as 1001.0 or 1e3."""
    if not abs(value) < NUMBER_EXACT_MAX:
        raise ValueError("a spreadsheet keeps only 15 digits of a number: format the cell as text and type it again")
    text = str(int(value)) if value == int(value) else format(value, ".15g")
    wide = len(number_format) if number_format and set(number_format) == {"0"} else 0
    return text.zfill(wide)


Cell = tuple[object, str]
"""Value and number format."""


def _cell_texts(cells: list[Cell], columns: list[str], place: str, faults: Faults) -> list[str]:
    texts = []
    for index, (value, number_format) in enumerate(cells):
        try:
            texts.append(cell_text(value, number_format))
        except ValueError as error:
            column = columns[index] if index < len(columns) else f"number {index + 1}"
            faults.add(f"{place}, column {column}", str(error))
            texts.append("")
    return texts


def _cells(sheet: Any) -> Iterator[list[Cell]]:
    """The cells of each row. The library reads a sheet row by row, and raises whatever its parser met in a damaged one:
    a number where a style was, a member that no sheet has."""
    try:
        for row in sheet.iter_rows():
            yield [(cell.value, getattr(cell, "number_format", "") or "") for cell in row[:COLUMNS_MAX]]
    except Exception as error:
        raise MasterFileRefused([f"the workbook is damaged: {shown(str(error), 120)}"]) from error


def _sheet_rows(title: str, rows: Iterable[list[Cell]], faults: Faults) -> tuple[list[str], list[TextRow]]:
    columns: list[str] = []
    found: list[TextRow] = []
    for number, cells in enumerate(rows, start=1):
        texts = _cell_texts(cells, columns, f"sheet {title}, row {number}", faults)
        if not columns:
            columns = [text.lower() for text in texts]
            continue
        if not any(texts):
            continue
        place = f"sheet {title}, row {number}"
        if len(found) >= ROWS_PER_TABLE_MAX:
            faults.add(place, f"more than {ROWS_PER_TABLE_MAX} rows")
            break
        for column, text in zip(columns, texts, strict=False):
            if too_long(text):
                faults.add(f"{place}, column {column}", "the cell is too long")
        found.append(TextRow(place, {c: t for c, t in zip(columns, texts, strict=False) if c and not too_long(t)}))
    return columns, found


def read_xlsx(raw: bytes) -> MasterData:
    """The master data in a workbook. Sheets are named as the tables; others are ignored if they start with '#'.

    Raises MasterFileRefused with every fault named by sheet, row and column, and SheetExtraMissing without openpyxl.
    """
    faults = Faults()
    return assembled(xlsx_text(raw, faults), 0, faults)


def xlsx_text(raw: bytes, faults: Faults) -> Text:
    """The rows of each sheet that is a table."""
    _check_size(raw)
    try:
        import openpyxl
    except ImportError as error:
        raise SheetExtraMissing from error
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its XML parser met: all of it means "not a workbook"
        raise MasterFileRefused([f"this is no XLSX workbook: {shown(str(error), 120)}"]) from error
    text: Text = {}
    try:
        for sheet in workbook.worksheets:
            title = sheet.title.strip().lower()
            if title.startswith("#"):
                continue
            if title not in TABLES:
                faults.add(f"sheet {shown(sheet.title, 40)}", f"there is no such table; there are {', '.join(TABLES)}")
                continue
            columns, rows = _sheet_rows(title, _cells(sheet), faults)
            check_columns(title, f"sheet {title}, row 1", columns, faults)
            text[title] = typed_rows(title, rows, faults)
    finally:
        workbook.close()
    return text


def write_xlsx(master: MasterData) -> bytes:
    """A workbook that `read_xlsx` reads back: every cell is text, so that nothing is a formula and no zero is lost."""
    return write_sheets({table: getattr(master, table) for table in TABLES})


def write_sheets(tables: Tables) -> bytes:
    """The same of these tables alone."""
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError as error:
        raise SheetExtraMissing from error
    workbook = Workbook(write_only=True)
    for table, rows in tables.items():
        sheet = workbook.create_sheet(table)
        columns = list(TABLES[table].model_fields)
        sheet.append(columns)
        for row in rows:
            cells = []
            for column in columns:
                cell = WriteOnlyCell(sheet, value=cell_of(getattr(row, column)))
                cell.data_type, cell.number_format = "s", "@"
                cells.append(cell)
            sheet.append(cells)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def holds(row: Row, search: str) -> bool:
    """Whether a text in lower case (`str.casefold`) stands in any cell of a row."""
    values = (getattr(row, name) for name in type(row).model_fields)
    return any(search in (each if isinstance(each, str) else cell_of(each)).casefold() for each in values)


def cell_of(value: object) -> str:
    """A value as the text of a sheet's cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return cell_text(value)
