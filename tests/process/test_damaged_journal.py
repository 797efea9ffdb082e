"""A real gateway process over a damaged journal: it comes up, tells it, and keeps the next scan."""

import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.doctor import doctor
from gateway.journal import FILE_NAME
from gateway.journal_commands import journal_group
from gateway.journal_reader import JournalReader, check
from simulation.processes import wait_for
from tests.process.test_hostile import Station

pytestmark = pytest.mark.process

LOG_NAME = f"{FILE_NAME}-wal"


def sign_in(station: Station) -> None:
    station.send(b"B-P02\r")
    wait_for("the badge", lambda: bool(station.events("session.opened")))


def scan_unknown(station: Station, ticket: str) -> None:
    """A ticket that no master data names is kept all the same (I12), under its own text."""
    station.send(ticket.encode() + b"\r")
    wait_for(ticket, lambda: any(each["operation"] == ticket for each in station.events("work.started")))


def come_up_again(station: Station) -> None:
    station.process.start()
    station.process.wait_ready()
    wait_for("the scanner's port", station.listens)


def spoil_log(folder: Path) -> None:
    """Half of the write-ahead log is gone, and bits of the rest are turned."""
    path, chance = folder / LOG_NAME, random.Random(5)
    raw = bytearray(path.read_bytes()[: path.stat().st_size // 2])
    for _ in range(40):
        raw[chance.randrange(5_000, len(raw))] ^= 1
    path.write_bytes(raw)


def test_a_killed_gateway_whose_card_is_damaged_goes_on(tmp_path: Path) -> None:
    station = Station(tmp_path)
    sign_in(station)
    for number in range(40):
        scan_unknown(station, f"T-N{number:04d}")
    station.process.kill()
    spoil_log(tmp_path / "data")

    come_up_again(station)
    scan_unknown(station, "T-AFTER")
    (told,) = station.events("journal.salvaged")
    started, lost = station.events("work.started"), station.events("record.lost")
    assert len(started) - 1 + len(lost) >= 40 and len(lost) > 0
    assert told["folder"] == "damaged-1" and int(told["lost"]) == len(lost)
    assert station.process.stop() == 0, station.process.tail(40)

    with JournalReader(tmp_path / "data" / FILE_NAME) as reader:
        assert list(check(reader)) == []
    said = CliRunner().invoke(journal_group, ["verify", "--folder", str(tmp_path / "data")])
    assert said.exit_code == 0 and "damaged-1" in said.output
    said = CliRunner().invoke(doctor, ["--config", str(tmp_path / "gateway.toml")])
    assert "damaged-1" in said.output and "docs/damaged-journal.md" in said.output


def test_garbage_all_over_still_ends_in_a_station_that_works(tmp_path: Path) -> None:
    station = Station(tmp_path)
    sign_in(station)
    station.works("T-WO-1001-10")
    station.process.kill()
    for each in (tmp_path / "data").glob("journal*"):
        each.write_bytes(b"\xa5" * max(each.stat().st_size, 1))
    come_up_again(station)
    sign_in(station)
    station.works("T-WO-1002-10")
    (told,) = station.events("journal.salvaged")
    assert told["salvaged"] == 0
    assert station.process.stop() == 0, station.process.tail(40)
