"""`lineside central import` prints what changes at which station, and asks before it publishes."""

import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from central.commands import central_group
from central.config import CentralConfig
from central.opening import open_database
from central.snapshots import current_master, publish
from floor.master import MasterData
from floor.master_files import write_toml
from floor.product_rows import Stock
from tests.central.planner import FIRST, PLACED, PLANT

SHORT = PLANT.with_tables(
    stock=(Stock(item="SEAL", available=1),),
    work_orders=tuple(row.model_copy(update={"state": "released"}) for row in PLANT.work_orders),
)
RENAMED = (PLANT.reasons[0].model_copy(update={"name": "改名"}), *PLANT.reasons[1:])


class Shell:
    """The command over a folder of its own."""

    def __init__(self, folder: Path, text: str = "") -> None:
        self.folder = folder
        self.config = folder / "central.toml"
        self.config.write_text(f'folder = "{folder / "central"}"\n{text}')

    def __call__(self, master: MasterData, *options: str, spoken: str = "") -> Result:
        file = self.folder / "plant.toml"
        file.write_text(write_toml(master), encoding="utf-8")
        return CliRunner().invoke(
            central_group, ["import", "--config", str(self.config), *options, str(file)], input=spoken
        )

    def in_force(self) -> MasterData:
        database = open_database(CentralConfig(folder=self.folder / "central"))
        try:
            with database.read() as session:
                return current_master(session, "plant")
        finally:
            database.close()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    found = Shell(tmp_path)
    first = found(PLACED)
    assert (first.exit_code, first.output.splitlines()[-1]) == (0, "version 1 is in force"), first.output
    return found


def changed() -> MasterData:
    rows = tuple(row.model_copy(update={"name": "又一道"}) if row.id == FIRST.id else row for row in PLACED.operations)
    return PLACED.with_tables(operations=rows, reasons=RENAMED)


def test_it_prints_what_changes_where_and_asks(shell: Shell) -> None:
    no = shell(changed(), spoken="n\n")
    lines = no.output.splitlines()
    assert lines[0] == "over version 1:"
    assert f"  operations: 1 changed: {FIRST.id}" in lines
    assert f"  reasons: 1 changed: {RENAMED[0].id}" in lines
    assert "every station: reasons 1" in lines
    for place in FIRST.stations:
        assert any(line.startswith(f"station {place} ") and line.endswith(": operations 1") for line in lines)
    assert no.exit_code == 1 and "publish this?" in no.output and shell.in_force().version == 1
    silent = shell(changed())
    assert silent.exit_code == 1 and shell.in_force().version == 1, "without an answer nothing is published"
    yes = shell(changed(), spoken="y\n")
    assert yes.exit_code == 0 and yes.output.endswith("version 2 is in force\n")


def test_yes_asks_nothing_and_a_dry_run_publishes_nothing(shell: Shell) -> None:
    dry = shell(changed(), "--dry-run", "--yes")
    assert dry.exit_code == 0 and "operations: 1 changed" in dry.output and "nothing was published" in dry.output
    assert shell.in_force().version == 1
    done = shell(changed(), "--yes")
    assert done.exit_code == 0 and "publish this?" not in done.output and shell.in_force().version == 2
    again = shell(changed())
    assert again.exit_code == 0 and again.output == "nothing changes\nversion 2 is in force\n"


def test_orders_that_lack_material_are_told_and_refused_where_the_plant_refuses(tmp_path: Path) -> None:
    shell = Shell(tmp_path, 'kit_check = "refuse"\n')
    closed = SHORT.with_tables(work_orders=tuple(row.model_copy(update={"state": "held"}) for row in PLANT.work_orders))
    assert shell(closed).exit_code == 0
    refused = shell(SHORT, "--yes")
    assert refused.exit_code == 1 and "lacks" in refused.output and shell.in_force().version == 1
    shell.config.write_text(f'folder = "{tmp_path / "central"}"\n')
    assert "lacks" in shell(SHORT, "--yes").output and shell.in_force().version == 2


def test_a_version_that_came_meanwhile_is_not_overwritten(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def somebody_else(*_: object, **__: object) -> None:
        database = open_database(CentralConfig(folder=shell.folder / "central"))
        with database.write() as session:
            publish(session, PLACED.with_tables(reasons=RENAMED), "other", time.time())
        database.close()

    monkeypatch.setattr("central.commands.click.confirm", somebody_else)
    late = shell(changed())
    assert late.exit_code == 1 and "Error" in late.output
    assert shell.in_force().operations == PLACED.operations and shell.in_force().version == 2
