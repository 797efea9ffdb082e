"""A plant of real processes: the installation check, Ctrl-C, and the network cut and healed."""

import os
import re
import signal
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from simulation.check import BADGE, check, scan
from simulation.outage import Outage
from simulation.plant import Plant
from simulation.processes import ProcessDied, lineside, wait_for
from simulation.workers import Workers
from tests.process.stream import Stream

pytestmark = [pytest.mark.process, pytest.mark.broker]


def test_the_installation_check_finds_the_scan_everywhere(tmp_path: Path) -> None:
    said = list(check(tmp_path))
    assert any("the board shows" in line for line in said)
    assert any("MQTT has told" in line for line in said)
    assert said[-1].startswith("everything ended cleanly")


def test_ctrl_c_ends_everything_cleanly(tmp_path: Path) -> None:
    child = subprocess.Popen(
        lineside("plant", "run", "--folder", str(tmp_path / "plant"), "--free-ports"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    lines: list[str] = []
    assert child.stdout is not None
    for line in child.stdout:
        lines.append(line)
        if "Ctrl-C ends everything" in line:
            break
    said = "".join(lines)
    assert re.search(r"office board\s+http://127\.0\.0\.1:\d+/board", said), said
    assert re.search(r"sign-in code", said), said
    child.send_signal(signal.SIGINT)
    rest = child.communicate(timeout=60)[0]
    assert child.returncode == 0, said + rest
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False).stdout
    assert left.split() in ([], [str(os.getpid())]), f"processes are left behind: {left}"


def records_at(plant: Plant) -> int:
    with sqlite3.connect(f"file:{plant.central_folder / 'central.sqlite3'}?mode=ro", uri=True) as connection:
        row = connection.execute("SELECT count(*) FROM record").fetchone()
    connection.close()
    return int(row[0])


def test_the_network_is_cut_and_healed_and_everything_arrived_once(tmp_path: Path) -> None:
    plant = Plant(tmp_path, usual_ports=False, proxied=True)
    workers = Workers(plant, seed=7, pace=40)

    def kept() -> int:
        with JournalReader(plant.gateway_folder / FILE_NAME) as reader:
            return sum(entry.last for entry in reader.epochs())

    outage = Outage(plant)
    try:
        plant.start()
        stream = Stream(plant)
        stream.listen()
        scan(plant, BADGE)
        assert stream.signal() == "noted"
        assert stream.scan() and stream.scan()
        assert outage.toggle()
        assert all(stream.scan() for _ in range(20)), "with the network cut it works the same"
        # What was on its way at the moment of the cut may have arrived; the scans after it have not.
        before = records_at(plant)
        assert before <= kept() - 19
        assert not outage.toggle()
        workers.start()
        threading.Event().wait(3)
        workers.stop()
        wait_for("everything at the office", lambda: records_at(plant) == kept() > before + 20, 120)
        assert plant.dead() == []
    except ProcessDied as error:
        raise AssertionError(str(error)) from error
    finally:
        workers.stop()
        plant.stop()


def test_a_port_that_is_taken_is_not_used(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    found = plant._choose_ports()
    assert len({found.central, found.broker, found.screen, found.scanner}) == 4
