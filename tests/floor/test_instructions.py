"""Work instructions in the master data: which one holds, what a sheet of them may say, and what an old gateway sees."""

from typing import Any

import pytest
from pydantic import ValidationError

from floor.example import example_plant
from floor.instructions import (
    carried_over,
    instruction_of,
    wanted_instructions,
    with_instruction,
    without_instruction,
)
from floor.master import MasterData
from floor.master_files import read_csv, read_toml, write_toml
from floor.rows import Instruction

PLANT = example_plant()
HASH = "0f" * 32
FILE = {"sha256": HASH, "media_type": "application/pdf", "bytes": 1234}


def with_rows(*rows: dict[str, Any]) -> MasterData:
    return MasterData.model_validate({**PLANT.model_dump(), "instructions": rows})


def row(id: str, revision: str = "A", **columns: Any) -> dict[str, Any]:
    return {"id": id, "revision": revision, **columns}


def chosen(master: MasterData, operation: str) -> str:
    found = instruction_of(master, operation)
    return "" if found is None else found.id


def test_an_operations_own_instruction_beats_that_of_its_item() -> None:
    master = with_rows(row("WI-1", operation="WO-1001-20"), row("WI-2", item="AX-200"), row("WI-3", item="BK-015"))
    assert chosen(master, "WO-1001-20") == "WI-1"
    assert chosen(master, "WO-1001-10") == "WI-2"
    assert chosen(master, "WO-1003-10") == "WI-3"
    assert chosen(master, "WO-1005-10") == ""


def test_the_last_row_holds() -> None:
    both = (row("WI-1", operation="WO-1001-10"), row("WI-2", "B", operation="WO-1001-10"))
    assert chosen(with_rows(*both), "WO-1001-10") == "WI-2"
    assert chosen(with_rows(*reversed(both)), "WO-1001-10") == "WI-1"
    items = (row("WI-1", item="AX-200"), row("WI-2", "B", item="AX-200"))
    assert chosen(with_rows(*items), "WO-1001-10") == "WI-2"


def test_an_operation_nobody_planned_has_none() -> None:
    assert chosen(with_rows(row("WI-1", item="AX-200")), "WO-9999-10") == ""
    assert chosen(PLANT, "WO-1001-10") == ""
    nameless = PLANT.model_dump()
    nameless["work_orders"] = tuple({**each, "item": ""} for each in nameless["work_orders"])
    nameless["instructions"] = (row("WI-1", operation="WO-1002-10"),)
    assert chosen(MasterData.model_validate(nameless), "WO-1001-10") == ""


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([row("WI-1", operation="WO-7-10")], "instruction 'WI-1' names an unknown operation: 'WO-7-10'"),
        ([row("WI-1")], "instruction 'WI-1' names no item and no operation"),
        (
            [row("WI-1", item="AX-200", operation="WO-1001-10")],
            "instruction 'WI-1' names both an item and an operation",
        ),
        ([row("WI-1", item="AX-200"), row("WI-1", "B", item="AX-210")], "instructions id 'WI-1' stands 2 times"),
        ([row("WI-1", item="AX-200", sha256="0F" * 32)], "sha256"),
        ([row("WI-1", item="AX-200", sha256=HASH[:-1])], "sha256"),
        ([row("WI-1", item="AX-200", media_type="text/html; charset=x")], "media_type"),
        ([row("WI-1", item="AX-200", bytes=-1)], "bytes"),
        ([row("WI-1", item="AX-200", bytes=20 * 1024 * 1024 + 1)], "bytes"),
        ([row("WI-1", "", item="AX-200")], "revision"),
    ],
)
def test_what_a_table_of_instructions_cannot_say(rows: list[dict[str, Any]], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        with_rows(*rows)


def test_a_plant_without_instructions_sends_what_it_always_sent() -> None:
    assert "instructions" not in PLANT.model_dump(mode="json")
    assert PLANT.model_copy(update={"instructions": ()}).digest == PLANT.digest
    assert with_rows(row("WI-1", item="AX-200")).digest != PLANT.digest


def test_instructions_come_back_from_toml_and_from_a_sheet() -> None:
    master = with_rows(row("WI-1", "B", item="AX-200", title="车削作业指导书", **FILE))
    assert read_toml(write_toml(master)) == master
    sheet = (
        f"id,item,revision,title,sha256,media_type,bytes\nWI-1,AX-200,B,车削作业指导书,{HASH},application/pdf,1234\n"
    )
    assert read_csv({"instructions.csv": sheet}).instructions == master.instructions


def ids(master: MasterData) -> list[str]:
    return [each.id for each in master.instructions]


def file(number: int) -> dict[str, Any]:
    return {"sha256": f"{number:064x}", "media_type": "image/png", "bytes": 10}


def test_what_stations_will_want_comes_first_and_each_file_once() -> None:
    rows = (
        row("old", item="AX-200", **file(1)),
        row("unused", item="ZZ-1", **file(2)),
        row("held", item="AX-210", **file(3)),
        row("elsewhere", operation="WO-1003-10", **file(4)),
        row("mine", operation="WO-1005-10", **file(5)),
        row("new", "B", item="AX-200", **file(6)),
        row("same", item="PN-008", **file(6)),
        row("none", item="SH-300"),
    )
    parts = with_rows(*rows).model_dump()
    for order in parts["work_orders"]:
        order["state"] = "held" if order["id"] == "WO-1002" else "released"
    for operation in parts["operations"]:
        operation["stations"] = {"WO-1003-10": ["S3"], "WO-1005-10": ["S1"]}.get(operation["id"], [])
    master = MasterData.model_validate(parts)
    found = [each.id for each in wanted_instructions(master, ["S1", "S2"])]
    assert found == ["new", "mine", "old", "unused", "held", "elsewhere"]
    assert [each.id for each in wanted_instructions(master, ["S3"])][:2] == ["new", "elsewhere"]
    assert wanted_instructions(PLANT, ["S1"]) == ()


def test_a_new_revision_takes_the_place_of_the_old_one_and_holds() -> None:
    master = with_rows(row("WI-1", item="AX-200"), row("WI-2", item="AX-200"))
    changed = with_instruction(master, Instruction.model_validate(row("WI-1", "B", item="AX-200")))
    assert ids(changed) == ["WI-2", "WI-1"]
    assert chosen(changed, "WO-1001-10") == "WI-1"
    assert ids(without_instruction(changed, "WI-1")) == ["WI-2"]
    assert without_instruction(master, "WI-9") == master
    with pytest.raises(ValidationError, match="unknown operation"):
        with_instruction(master, Instruction.model_validate(row("WI-3", operation="WO-7")))


def test_a_file_that_says_nothing_of_instructions_leaves_them() -> None:
    before = with_rows(
        row("WI-1", item="AX-200"), row("WI-2", operation="WO-1001-10"), row("WI-3", operation="WO-1002-10")
    )
    assert ids(carried_over(PLANT, before)) == ["WI-1", "WI-2", "WI-3"]
    parts = PLANT.model_dump()
    parts["operations"] = [each for each in parts["operations"] if each["work_order"] != "WO-1002"]
    assert ids(carried_over(MasterData.model_validate(parts), before)) == ["WI-1", "WI-2"]
    other = with_rows(row("WI-9", item="AX-200"))
    assert carried_over(other, before) == other
    assert carried_over(PLANT, None) == PLANT
    assert carried_over(PLANT, PLANT) == PLANT
