"""Thirty days without an office, in the memory of the smallest gateway: it stays flat while records are kept and while
they are drained, new scans go first, everything arrives once, and the card is emptied afterwards."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from benchmarks.readings import resident_bytes
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from simulation.check import BADGE, scan
from simulation.plant import Plant
from simulation.processes import ProcessDied, lineside, wait_for
from tests.process.month_card import MEMORY_BYTES
from tests.process.stream import Stream
from tests.process.test_backlog import held, kept

ROOT = Path(__file__).parents[2]
MONTH_RECORDS = 900_000
MEBIBYTE = 2**20


def flat(first: int, last: int) -> bool:
    """A quarter and 16 MiB more are caches that fill; a leak of 20 bytes a record would be more."""
    return last <= first * 1.25 + 16 * MEBIBYTE


def fill(folder: Path, records: int) -> list[int]:
    """The card, by a process of its own; its resident bytes at each tenth."""
    command = [sys.executable, "-m", "tests.process.month_card", str(folder), str(records)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [int(each) for each in done.stdout.split()]


def small(part: str, *arguments: str) -> list[str]:
    """The gateway with no more memory than the smallest one has. Of its addresses most are reserved by the allocator,
    64 MiB a thread, and never used; what it may write to is what counts."""
    limit = ["prlimit", f"--data={MEMORY_BYTES}", "--"] if (part, arguments[0]) == ("gateway", "run") else []
    return [*limit, *lineside(part, *arguments)]


def drain(plant: Plant, stream: Stream, records: int) -> list[int]:
    """Scan while the backlog goes up; the gateway's resident bytes after each scan."""
    resident = []
    while held(plant)[0] < records:
        assert stream.scan(), "a scan never waits behind a backlog (I6)"
        resident.append(resident_bytes(plant.processes["gateway"].pid))
        threading.Event().wait(0.05)
    wait_for("everything at the office", lambda: held(plant)[0] == kept(plant), 300)
    return [*resident, resident_bytes(plant.processes["gateway"].pid)]


def on_card(plant: Plant) -> int:
    """Records that are not pruned yet."""
    with JournalReader(plant.gateway_folder / FILE_NAME) as reader:
        return sum(entry.last - entry.floor for entry in reader.epochs())


def month(folder: Path, records: int) -> None:
    plant = Plant(folder, usual_ports=False, program=small)
    try:
        plant.start()
        plant.processes["gateway"].stop()
        resident = fill(plant.gateway_folder, records)
        assert flat(resident[0], resident[-1]), f"memory grew while records were kept: {resident}"
        stream = Stream(plant)
        plant.processes["gateway"].start()
        stream.listen()
        plant.processes["gateway"].wait_ready()
        wait_for("the scanner", lambda: os.path.exists(plant.scanner_link))
        if not stream.scan():
            # The person of the month is still held, or their badge has timed out since.
            scan(plant, BADGE)
            assert stream.signal() == "noted"
        resident = drain(plant, stream, records)
        tenth = resident[len(resident) // 10]
        assert flat(tenth, resident[-1]), f"memory grew while records were sent: {tenth} to {resident[-1]}"
        assert held(plant)[0] == held(plant)[1] == kept(plant), "everything arrived once"
        plant.command("central", "backup", "--config", str(plant.central_config))
        assert stream.scan()
        wait_for("an empty card", lambda: on_card(plant) < records // 2, 600)
        said = plant.command("journal", "verify", "--folder", str(plant.gateway_folder))
        assert said.strip().endswith(" 0 faults")
        assert plant.dead() == []
    except ProcessDied as error:
        raise AssertionError(str(error)) from error
    finally:
        plant.stop()


@pytest.mark.process
@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.timeout(900)
def test_two_days(tmp_path: Path) -> None:
    month(tmp_path, 60_000)


@pytest.mark.process
@pytest.mark.broker
@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_thirty_days(tmp_path: Path) -> None:
    month(tmp_path, MONTH_RECORDS)


@pytest.mark.process
def test_memory_stays_flat_while_a_few_thousand_are_kept(tmp_path: Path) -> None:
    resident = fill(tmp_path, 12_000)
    assert len(resident) == 10 and flat(resident[0], resident[-1])


def test_growth_is_seen() -> None:
    assert flat(45 * MEBIBYTE, 60 * MEBIBYTE)
    assert not flat(45 * MEBIBYTE, 80 * MEBIBYTE)
