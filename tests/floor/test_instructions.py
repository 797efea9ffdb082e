"""Work instructions in the master data: which one holds, what a sheet of them may say, and what an old gateway sees."""

from typing import Any

import pytest
from pydantic import ValidationError

from floor.example import example_plant
from floor.instructions import instruction_of
from floor.master import MasterData
from floor.master_files import read_csv, read_toml, write_toml

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
