"""Master data from TOML, CSV and XLSX: read whole, or refused with every fault named by its place."""

import datetime
import io
import re
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor import limits
from floor.cells import PLAIN
from floor.errors import MasterFileRefused
from floor.example import example_plant
from floor.master import MasterData
from floor.master_files import read_csv, read_path_texts, read_toml, read_xlsx, template_csv, write_toml
from floor.master_sheets import cell_of, cell_text, write_xlsx
from floor.master_tables import TABLES, Faults, TextRow, assembled
from floor.rows import Person

PLANT = example_plant()


def faults_of(read: Any, *arguments: Any) -> tuple[str, ...]:
    with pytest.raises(MasterFileRefused) as refused:
        read(*arguments)
    assert refused.value.hint
    return refused.value.faults


def as_csv(master: MasterData, separator: str = ",") -> dict[str, str]:
    """The files as a spreadsheet would save them."""
    texts = {}
    for table, row_type in TABLES.items():
        rows = [separator.join(row_type.model_fields)]
        rows += [separator.join(map(cell_of, row.model_dump().values())) for row in getattr(master, table)]
        texts[f"{table}.csv"] = "\r\n".join(rows) + "\r\n"
    return texts


def test_toml_reads_back_what_was_written() -> None:
    assert read_toml(write_toml(PLANT)) == PLANT


NAMES = st.from_regex(re.compile(PLAIN), fullmatch=True).filter(lambda name: len(name) <= 120)


@given(NAMES, NAMES)
def test_toml_carries_any_name(one: str, two: str) -> None:
    people = (Person(id="A", name=one, badge="B-A"), Person(id="B", name=two, badge="B-B", active=False))
    master = MasterData(version=7, people=people)
    assert read_toml(write_toml(master)) == master


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_reads_as_toml_does(separator: str) -> None:
    texts = as_csv(PLANT, separator)
    assert read_csv(texts).digest == PLANT.digest
    assert read_csv({name: "\ufeff" + text for name, text in texts.items()}).digest == PLANT.digest


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_folder_of_csv_files_in_any_encoding_of_the_floor(encoding: str) -> None:
    contents = {name: text.encode(encoding) for name, text in as_csv(PLANT).items()}
    assert read_path_texts("", contents).digest == PLANT.digest


def test_xlsx_reads_back_what_was_written() -> None:
    assert read_xlsx(write_xlsx(PLANT)).digest == PLANT.digest
    assert read_path_texts(".xlsx", {"plant.xlsx": write_xlsx(PLANT)}).digest == PLANT.digest
    assert read_path_texts(".toml", {"plant.toml": write_toml(PLANT).encode()}) == PLANT


def test_the_empty_template_is_an_empty_plant() -> None:
    assert read_csv(template_csv()) == MasterData()


# Faults, all at once.


def test_every_fault_of_csv_files_is_named_by_file_row_and_column() -> None:
    faults = faults_of(
        read_csv,
        {
            "people.csv": "id,name,badge,active,shoe\nP1,x,B-1,maybe,\n!,y,B-2,yes,\n",
            "stuff.csv": "a",
            "operations.csv": "id,work_order,planned\n1,W,2.5\n2,W,x\n3,W,-1\n",
            "stations.csv": "id,id\nS1,S1\n",
            "reasons.csv": 'id,name\nR1,"a\n',
        },
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "people.csv, row 1",
        "people.csv, row 2, column active",
        "stuff.csv",
        "operations.csv, row 1",
        "operations.csv, row 2, column planned",
        "operations.csv, row 3, column planned",
        "operations.csv, row 4, column planned",
        "stations.csv, row 1",
        "reasons.csv, row 2",
        "people.csv, row 3, column id",
    ]
    assert "'shoe'" in faults[0]
    assert "'ticket' is missing" in faults[3]


def test_every_fault_of_a_toml_text_is_named_by_row() -> None:
    text = 'version = -1\nnonsense = 1\npeople = 3\n[[stations]]\nid = "a b"\n[[stations]]\n'
    text += '[[reasons]]\nid = "R"\ncolour = 1\n'
    assert [fault.partition(":")[0] for fault in faults_of(read_toml, text)] == [
        "version",
        "nonsense",
        "people",
        "stations[1], column id",
        "stations[2], column id",
        "reasons[1], column name",
        "reasons[1], column colour",
    ]


def test_faults_between_rows_are_named_together() -> None:
    text = '[[people]]\nid="A"\nname="a"\nbadge="B"\n[[people]]\nid="A"\nname="b"\nbadge="B"\n'
    text += '[[operations]]\nid="O"\nwork_order="none"\nplanned=1\nticket="T"\nstations=["S9"]\n'
    faults = faults_of(read_toml, text)
    assert len(faults) == 4
    assert all(fault.startswith("the whole: ") for fault in faults)


def test_a_ticket_that_is_another_operations_id_is_refused() -> None:
    text = '[[work_orders]]\nid="W"\nquantity=1\n'
    text += '[[operations]]\nid="O1"\nwork_order="W"\nplanned=1\nticket="O2"\n'
    text += '[[operations]]\nid="O2"\nwork_order="W"\nplanned=1\nticket="O3"\n'
    assert "operation 'O2' has the id that is the ticket of operation 'O1'" in faults_of(read_toml, text)[0]


@pytest.mark.parametrize("text", ["= 1", "a = [" * 3000, "\x00", "version = 1\nversion = 2"])
def test_what_is_no_toml(text: str) -> None:
    assert faults_of(read_toml, text)[0].startswith("this is no TOML")


def test_named_faults_are_bounded() -> None:
    faults = faults_of(read_csv, {"reasons.csv": "id,name\n" + "!,x\n" * 500})
    assert len(faults) == limits.FAULTS_NAMED_MAX + 1
    assert faults[-1] == "and 300 more"


def test_fault_texts_are_safe_to_show() -> None:
    faults = faults_of(read_csv, {"reasons.csv": "id,name\n\x1b[2J\u202e,x\n"})
    assert not {"\x1b", "\u202e"} & set("".join(faults))


# Bounds.


def test_files_rows_and_cells_are_bounded() -> None:
    rows = "".join(f"R{index},x\n" for index in range(limits.ROWS_PER_TABLE_MAX + 1))
    assert "more than 200000 rows" in faults_of(read_csv, {"reasons.csv": "id,name\n" + rows})[0]
    many = [TextRow("reasons[1]", {"id": "R1", "name": "x"})] * (limits.ROWS_PER_TABLE_MAX + 1)
    assert "more than 200000" in faults_of(assembled, {"reasons": many}, 0, Faults())[0]
    long = faults_of(read_csv, {"reasons.csv": f"id,name\nR1,{'x' * 600}\n"})
    assert long == ("reasons.csv, row 2, column name: the cell is too long",)
    assert "bytes, more than" in faults_of(read_toml, "#" * (limits.MASTER_FILE_BYTES_MAX + 1))[0]
    huge = b"x" * (limits.MASTER_FILE_BYTES_MAX + 1)
    assert "bytes, more than" in faults_of(read_path_texts, "", {"people.csv": huge})[0]
    assert "bytes, more than" in faults_of(read_xlsx, huge)[0]


@pytest.mark.parametrize(
    ("suffix", "contents"),
    [("", {}), (".pdf", {"a.pdf": b""}), (".toml", {"a.toml": b"\xff\xff"}), ("", {"people.csv": b"", "x.exe": b""})],
)
def test_other_files_are_refused(suffix: str, contents: dict[str, bytes]) -> None:
    faults_of(read_path_texts, suffix, contents)


# XLSX.


def workbook(sheets: dict[str, list[list[object]]], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for cell, number_format in (formats or {}).items():
            sheet[cell].number_format = number_format
    out = io.BytesIO()
    book.save(out)
    book.close()
    return out.getvalue()


def test_number_cells_become_the_exact_text_of_an_id() -> None:
    sheets: dict[str, list[list[object]]] = {
        "Work_Orders": [["id", "quantity", "due"], [1001, 20, datetime.datetime(2026, 11, 30)], [7, 5.0, None]],
        "#notes": [["anything"]],
    }
    master = read_xlsx(workbook(sheets, {"A3": "0000"}))
    assert [(row.id, row.quantity, row.due) for row in master.work_orders] == [
        ("1001", 20, "2026-11-30"),
        ("0007", 5, ""),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (1001.0, "1001"),
        (123456789012345, "123456789012345"),
        (0.1, "0.1"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (" A ", "A"),
    ],
)
def test_the_text_of_a_cell(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_every_fault_of_a_workbook_is_named_by_sheet_row_and_column() -> None:
    faults = faults_of(
        read_xlsx,
        workbook(
            {
                "work_orders": [["id", "quantity"], ["W1", 1.5], [], [4006381333931004, 2]],
                "Sheet1": [["x"]],
                "reasons": [["id"], ["R1"]],
            }
        ),
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "sheet work_orders, row 4, column id",
        "sheet work_orders, row 2, column quantity",
        "sheet Sheet1",
        "sheet reasons, row 1",
    ]


def test_a_formula_is_read_as_what_it_last_showed_or_not_at_all() -> None:
    faults = faults_of(read_xlsx, workbook({"reasons": [["id", "name"], ["=1+1", "x"]]}))
    assert "row 2, column id" in faults[0]


def test_written_cells_are_text_and_never_formulas() -> None:
    master = MasterData(people=(Person(id="A", name="=HYPERLINK(1)", badge="=1+1"),))
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(master)))
    cells = [cell for row in book["people"].iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert read_xlsx(write_xlsx(master)).digest == master.digest
    book.close()


def bomb(parts: int, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(parts):
            archive.writestr(f"xl/worksheets/sheet{index}.xml", b"\0" * size)
    return out.getvalue()


@pytest.mark.parametrize("raw", [bomb(1, 20_000_000), bomb(1001, 1)])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(raw: bytes) -> None:
    assert "refused" in faults_of(read_xlsx, raw)[0]


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"hello", bomb(1, 10), write_xlsx(PLANT)[:-400]])
def test_what_is_no_workbook(raw: bytes) -> None:
    faults_of(read_xlsx, raw)


def test_a_damaged_workbook_is_refused() -> None:
    good = write_xlsx(PLANT)
    for place in range(60, len(good) - 60, max(1, len(good) // 40)):
        damaged = good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :]
        try:
            read_xlsx(damaged)
        except MasterFileRefused:
            continue
