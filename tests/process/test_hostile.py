"""Hostile labels through a real socket and a real pseudo-terminal into a running gateway."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from floor.example import example_plant
from floor.master_files import write_toml
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader, check
from simulation.plant import free_port
from simulation.processes import Process, lineside, wait_for
from tests.corpus.hostile import labels

pytestmark = pytest.mark.process

MEBIBYTE = 2**20
RSS_GROWTH_BYTES_MAX = 8 * MEBIBYTE
"""Ten megabytes, or the whole corpus, pass through; none of it may stay."""


class Station:
    """A gateway of its own, without a server, with a TCP scanner."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "plant.toml").write_text(write_toml(example_plant()))
        config = folder / "gateway.toml"
        config.write_text(
            f'[gateway]\nname = "gw1"\nfolder = "{folder / "data"}"\n[master]\nfile = "{folder / "plant.toml"}"\n'
            f'[screen]\nport = 0\n[[station]]\nid = "S1"\n'
            f'[[station.scanner]]\nkind = "tcp_server"\nport = {self.port}\n'
        )
        self.process = Process(
            "gateway", lineside("gateway", "run", "--config", str(config)), folder / "log", "gateway ready"
        )
        self.process.start()
        self.process.wait_ready()
        wait_for("the scanner's port", self.listens)

    def listens(self) -> bool:
        """Whether the scanner's port is open."""
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def send(self, data: bytes) -> None:
        """What one scanner sends on one connection."""
        with socket.create_connection(("127.0.0.1", self.port)) as scanner:
            scanner.sendall(data)

    def events(self, kind: str) -> list[dict[str, str]]:
        """The data of all kept events of a type."""
        with JournalReader(self.folder / "data" / FILE_NAME) as reader:
            contents = [json.loads(record.content) for _, record in reader.walk()]
        return [each["data"] for each in contents if each["type"] == kind]

    def rss_bytes(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    def works(self, ticket: str) -> None:
        """The next good scan is kept."""
        self.send(ticket.encode() + b"\r")
        operation = ticket.removeprefix("T-")
        wait_for(ticket, lambda: any(each["operation"] == operation for each in self.events("work.started")))


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path)
    yield station
    station.process.stop()
    assert station.process.code == 0, station.process.tail(40)
    with JournalReader(tmp_path / "data" / FILE_NAME) as reader:
        assert list(check(reader)) == []


def test_ten_megabytes_without_an_end_are_one_rejection(station: Station) -> None:
    station.send(b"B-P02\r")
    wait_for("the badge", lambda: bool(station.events("session.opened")))
    station.works("T-WO-1001-10")
    before = station.rss_bytes()
    station.send(b"A" * 10 * MEBIBYTE)
    wait_for("the rejection", lambda: bool(station.events("scan.rejected")))
    station.works("T-WO-1002-10")
    assert len(station.events("scan.rejected")) == 1
    assert station.rss_bytes() - before < RSS_GROWTH_BYTES_MAX


def test_the_whole_corpus_and_then_a_good_scan(station: Station) -> None:
    station.send(b"B-P02\r")
    wait_for("the badge", lambda: bool(station.events("session.opened")))
    # The first GS1 label loads the library that reads them; memory is compared after that.
    station.send(b"".join(raw + b"\r" for raw in labels()))
    station.works("T-WO-1003-10")
    before = station.rss_bytes()
    station.send(b"".join(raw + b"\r" for raw in labels()))
    station.works("T-WO-1004-10")
    assert station.process.alive
    assert station.rss_bytes() - before < RSS_GROWTH_BYTES_MAX
    for shown in (each["shown"] for each in station.events("scan.rejected")):
        assert len(shown) <= 128 and not any(ord(character) < 32 for character in shown)


def test_a_hundred_scans_in_a_second_are_a_hundred_records(station: Station) -> None:
    station.send(b"B-P02\r")
    wait_for("the badge", lambda: bool(station.events("session.opened")))
    station.send(b"".join(b"T-N%03d\r" % number for number in range(100)))
    wait_for("all of them", lambda: len(station.events("work.started")) == 100)
    assert [each["operation"] for each in station.events("work.started")] == [
        f"T-N{number:03d}" for number in range(100)
    ]
