"""Broker and server away for a long time, then back: everything arrives once, and no scan waits behind it."""

import json
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from floor.events import Happening, Instant, ReportFinished, encode
from gateway.journal import FILE_NAME, Journal
from gateway.journal_reader import JournalReader
from simulation.check import BADGE, listen, scan
from simulation.plant import GATEWAY_NAME, Plant
from simulation.processes import ProcessDied, wait_for
from tests.faults.counts import times
from tests.process.stream import Stream
from tests.tier_run import FaultRow

RECORDS_PER_COMMIT = 1_000


def fill(folder: Path, count: int) -> None:
    """What a station keeps while nobody listens: `count` reports, by the production journal."""
    journal = Journal(folder, GATEWAY_NAME)
    journal.open()
    for start in range(0, count, RECORDS_PER_COMMIT):
        with journal.group() as group:
            for number in range(start, min(count, start + RECORDS_PER_COMMIT)):
                instant = Instant("an-earlier-boot", float(number), 1_790_000_000.0 + number, True)
                event = ReportFinished(person="P03", operation="WO-1002-10", good=1, seconds=1.0)
                group.append(encode(Happening(event, "S2", instant, 1), "2026-09-21T00:00:00.000Z"))
    journal.close()


def held(plant: Plant) -> tuple[int, int]:
    """(records, different identities) at the server."""
    with sqlite3.connect(f"file:{plant.central_folder / 'central.sqlite3'}?mode=ro", uri=True) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT stream_id || '/' || seq) FROM record").fetchone()
    connection.close()
    return int(row[0]), int(row[1])


def kept(plant: Plant) -> int:
    """Records on the card, pruned ones counted too."""
    with JournalReader(plant.gateway_folder / FILE_NAME) as reader:
        return sum(entry.last for entry in reader.epochs())


def backlog(folder: Path, count: int) -> int:
    """How many scans were beeped while it drained."""
    plant = Plant(folder, usual_ports=False)
    heard: list[dict[str, object]] = []
    try:
        plant.start()
        client = listen(plant, heard)
        plant.processes["gateway"].stop()
        fill(plant.gateway_folder, count)
        stream = Stream(plant)
        plant.processes["gateway"].start()
        stream.listen()
        plant.processes["gateway"].wait_ready()
        wait_for("the scanner", lambda: os.path.exists(plant.scanner_link))
        scan(plant, BADGE)
        assert stream.signal() == "noted"
        while held(plant)[0] < count:
            assert stream.scan(), "a scan never waits behind a backlog (I6)"
            threading.Event().wait(0.05)
        wait_for("everything at the office", lambda: held(plant)[0] == kept(plant), 120)
        assert held(plant)[0] == held(plant)[1] == kept(plant)
        wait_for("everything on MQTT", lambda: told(heard) >= count + len(stream.beeped), 300)
        assert told(heard) == len({each["id"] for each in heard if is_record(each)}), "nothing was sent twice here"
        client.disconnect()
        client.loop_stop()
        return len(stream.beeped)
    except ProcessDied as error:
        raise AssertionError(str(error)) from error
    finally:
        plant.stop()


def is_record(event: dict[str, object]) -> bool:
    """Not the retained state."""
    return event.get("type") in ("report.finished", "work.started")


def told(heard: list[dict[str, object]]) -> int:
    """Records among what MQTT told."""
    return sum(map(is_record, list(heard)))


@pytest.mark.process
@pytest.mark.broker
def test_a_few_thousand_records(tmp_path: Path) -> None:
    backlog(tmp_path, 5_000)


@pytest.mark.process
@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_hundred_thousand_records(tmp_path: Path, row: FaultRow) -> None:
    count = times(100_000)
    beeped = backlog(tmp_path, count)
    outcome = f"{count:,} records of the time without server and broker drained once; no scan waited behind them"
    row.write("server and broker away for days", 1, outcome, acknowledged=beeped, lost=0, doubled=0)


def test_the_contents_are_what_a_station_writes(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    with JournalReader(tmp_path / FILE_NAME) as reader:
        assert [json.loads(record.content)["type"] for _, record in reader.walk()] == ["report.finished"] * 3
