"""Drafts over master data: edits, merges, collisions, what differs for which station, and the columns of forms."""

from typing import Any

import pytest

from floor.cells import Row
from floor.columns import columns_of
from floor.errors import MasterFileRefused
from floor.example import example_plant
from floor.master import MasterData
from floor.master_changes import EVERYWHERE, by_station, row_changes, table_changes
from floor.master_edit import collisions, difference, edit_count, edited, joined, merged
from floor.master_files import read_csv, read_pasted, read_tables, write_csv
from floor.master_sheets import read_xlsx, write_sheets, write_xlsx
from floor.master_tables import TABLES, tables_of
from floor.rows import Notice, Operation, Person, WorkOrder

PLANT = example_plant()
BASE = tables_of(PLANT)
NEW = Person(id="P9", name="新人", badge="B-P9")


def renamed(person: Row, name: str) -> Row:
    return person.model_copy(update={"name": name})


def test_edits_keep_the_place_of_a_row_and_put_new_ones_last() -> None:
    second = PLANT.people[1]
    edits = {"people": {"P01": None, second.key: renamed(second, "李"), "P9": NEW}}
    people = edited(BASE, edits)["people"]
    assert [row.key for row in people] == ["P02", "P03", "P04", "P05", "P06", "P9"]
    assert people[0].name == "李"
    assert edit_count(edits) == 3
    assert edited(BASE, {"people": {}})["people"] is BASE["people"]


def test_difference_and_merge_say_what_turns_one_into_the_other() -> None:
    wanted = {"people": (renamed(PLANT.people[0], "王"), NEW)}
    replaced = difference(BASE, wanted)
    assert {key: row is None for key, row in replaced["people"].items()} == {
        "P01": False,
        "P9": False,
        **dict.fromkeys(("P02", "P03", "P04", "P05", "P06"), True),
    }
    assert edited(BASE, replaced)["people"] == wanted["people"]
    assert set(merged(BASE, wanted)["people"]) == {"P01", "P9"}
    assert difference(BASE, {"people": BASE["people"]}) == {}


def test_a_change_taken_back_is_no_edit() -> None:
    once = joined({}, {"people": {"P9": NEW, "P01": None}}, BASE)
    back: dict[str, Row | None] = {"P9": None, "P01": PLANT.people[0]}
    assert joined(once, {"people": back}, BASE) == {}


def test_rows_that_two_changed_collide_and_others_do_not() -> None:
    ours = {"people": {"P01": renamed(PLANT.people[0], "我"), "P02": renamed(PLANT.people[1], "同"), "P9": NEW}}
    theirs = {"people": {"P01": renamed(PLANT.people[0], "他"), "P02": renamed(PLANT.people[1], "同"), "P03": None}}
    now = edited(BASE, theirs)
    (found,) = collisions(BASE, now, ours)
    names = [row.name for row in (found.before, found.theirs, found.ours)]
    assert (found.table, found.key, names) == ("people", "P01", ["王建国", "他", "我"])
    assert set(joined({}, ours, now)["people"]) == {"P01", "P9"}, "what both changed alike is no edit any more"
    gone = edited(BASE, {"people": {"P01": None}})
    assert [each.theirs for each in collisions(BASE, gone, ours)] == [None]


def concerned(**tables: Any) -> dict[str, list[str]]:
    after = MasterData.model_validate({**PLANT.model_dump(), **tables})
    rows = row_changes(BASE, tables_of(after))
    return {place: [each.key for each in found] for place, found in by_station(rows, PLANT, after).items()}


def test_a_change_is_told_to_the_stations_that_it_concerns() -> None:
    rows = [row.model_dump() for row in PLANT.operations]
    bound = [{**row, "stations": ["S2"]} if row["id"] == "WO-1001-10" else row for row in rows]
    assert concerned(operations=bound) == {EVERYWHERE: ["WO-1001-10"]}, "it was done everywhere before"
    one = MasterData.model_validate({**PLANT.model_dump(), "operations": bound})
    two = one.with_tables(
        operations=tuple(
            row.model_copy(update={"planned": 1, "stations": ("S3",)}) if row.id == "WO-1001-10" else row
            for row in one.operations
        )
    )
    changed = row_changes(tables_of(one), tables_of(two))
    assert list(by_station(changed, one, two)) == ["S2", "S3"]
    notice = Notice(id="N", title="t", stations=("S1",)).model_dump()
    assert concerned(notices=[notice]) == {"S1": ["N"]}
    assert concerned(items=[{"id": "X"}], stock=[{"item": "X"}]) == {}, "no station reads them"
    lone = [*(row.model_dump() for row in PLANT.work_orders), WorkOrder(id="NEW", quantity=1).model_dump()]
    assert concerned(work_orders=lone) == {}, "an order without operations is nowhere"


def test_what_differs_in_a_row_is_named_by_its_column() -> None:
    after = PLANT.with_tables(people=(renamed(PLANT.people[0], "王"), *PLANT.people[1:]))
    rows = row_changes(BASE, tables_of(after))
    (change,) = rows
    assert (change.kind, change.fields) == ("changed", (("name", "王建国", "王"),))
    people = next(each for each in table_changes(rows, tables_of(after)) if each.table == "people")
    assert (people.changed, people.added, people.total) == (("P01",), (), 6)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_known_to_forms(table: str) -> None:
    found = columns_of(table)
    assert [each.name for each in found] == list(TABLES[table].model_fields)
    for each in found:
        assert each.kind in ("text", "long", "number", "whole", "choice", "yes", "day", "clock", "choices", "list")
        assert bool(each.choices) == (each.kind in ("choice", "choices"))
        if each.refers:
            assert each.refers[1] in TABLES[each.refers[0]].model_fields


def test_kinds_of_columns() -> None:
    kinds = {(each.table, each.name): each.kind for table in TABLES for each in columns_of(table)}
    expected = {
        ("people", "roles"): "choices",
        ("people", "badge_until"): "day",
        ("people", "active"): "yes",
        ("shifts", "start"): "clock",
        ("operations", "planned"): "whole",
        ("components", "quantity"): "number",
        ("error_proofing", "start"): "choice",
        ("operations", "stations"): "list",
        ("notices", "text"): "long",
        ("people", "department"): "text",
    }
    assert {key: kinds[key] for key in expected} == expected


def test_cells_copied_from_a_spreadsheet_are_read_as_a_file_is() -> None:
    found = read_pasted("people", "id\tname\tbadge\tactive\nP7\t王 五\tB-P7\t否\n")
    assert found == {"people": (Person(id="P7", name="王 五", badge="B-P7", active=False),)}
    with pytest.raises(MasterFileRefused) as refused:
        read_pasted("operations", "id\tplanned\tcolour\nO 1\tmany\tred\n")
    assert [fault.partition(":")[0] for fault in refused.value.faults] == [
        "operations.csv, row 1",
        "operations.csv, row 1",
        "operations.csv, row 1",
        "operations.csv, row 2, column planned",
        "operations.csv, row 2, column id",
    ]
    with pytest.raises(MasterFileRefused, match="stands 2 times"):
        read_pasted("reasons", "id\tname\nR\ta\nR\tb")


def test_a_file_of_some_tables_is_read_without_the_others() -> None:
    text = b"id,work_order,planned,ticket\nO1,ELSEWHERE,5,T-O1\n"
    assert read_tables("", {"operations.csv": text})["operations"][0].key == "O1"
    book = write_sheets({"people": (NEW,)})
    assert read_tables(".xlsx", {"x.xlsx": book}) == {"people": (NEW,)}
    assert read_xlsx(write_xlsx(PLANT)).digest == PLANT.digest


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "  =1", "\t=1"])
def test_a_table_as_csv_has_no_formula_and_reads_back(start: str) -> None:
    name = f"{start}x".strip()
    people = (Person(id="P", name=name, badge="-B"),)
    text = write_csv("people", people)
    body = text.splitlines()[1]
    assert '"=' not in body and '"+' not in body and '"-' not in body and '"@' not in body and '"＝' not in body
    assert read_csv({"people.csv": text}).people == people


def test_operations_of_a_csv_read_back() -> None:
    text = write_csv("operations", PLANT.operations)
    assert read_tables("", {"operations.csv": text.encode()})["operations"] == PLANT.operations
    assert isinstance(PLANT.operations[0], Operation)
