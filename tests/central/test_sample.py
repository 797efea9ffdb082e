"""`lineside central sample`: one command fills an empty server, and never one that has something."""

from pathlib import Path

from click.testing import CliRunner

from central.commands import central_group
from central.config import CentralConfig
from central.opening import open_database
from central.shortages import OWNER, open_shortages
from central.snapshots import current_master


def test_one_command_fills_an_empty_server(tmp_path: Path) -> None:
    asked = ["sample", "--folder", str(tmp_path)]
    first = CliRunner().invoke(central_group, asked)
    assert first.exit_code == 0 and "version 1" in first.output, first.output
    again = CliRunner().invoke(central_group, asked)
    assert again.exit_code == 1 and "there is master data already" in again.output
    database = open_database(CentralConfig(folder=tmp_path))
    with database.read() as session:
        master = current_master(session, database.plant)
        short = open_shortages(session, database.plant)
    database.close()
    assert (master.version, len(master.people), len(master.stations), len(master.work_orders)) == (1, 40, 8, 60)
    assert short and {row.owner for row in short} == {OWNER}
