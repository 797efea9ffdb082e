"""Gateway, broker and server killed at random moments under a stream of scans.

Each scan is an unknown ticket of its own, so each kept scan is one record that names it. The beep is what the
station's log light says. Every label that got its beep is on the server exactly once and in order; a label without
one is there once or not at all.
"""

import json
import os
import queue
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from simulation.check import BADGE, scan
from simulation.plant import GATEWAY_NAME, Plant
from simulation.processes import ProcessDied, wait_for

BEEP_SECONDS_MAX = 20.0


class Stream:
    """Scans one label after the other and notes which got a beep."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.signals: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.beeped: list[str] = []
        self.silent: list[str] = []
        self.number = 0

    def listen(self) -> None:
        """Hear the light of the (new) gateway process."""
        self.plant.processes["gateway"].on_line = self._line

    def scan(self) -> bool:
        """Scan the next label; whether the station said that it is kept."""
        self.number += 1
        label = f"T-X{self.number:06d}"
        while not self.signals.empty():
            self.signals.get()
        try:
            scan(self.plant, label)
            signal = self._signal()
        except OSError:
            signal = ""
        (self.beeped if signal == "kept" else self.silent).append(label)
        return signal == "kept"

    def _signal(self) -> str:
        deadline = time.monotonic() + BEEP_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                return self.signals.get(timeout=0.1)
            except queue.Empty:
                if not self.plant.processes["gateway"].alive:
                    return ""
        return ""

    def _line(self, line: str) -> None:
        if "'S1.log'" in line and ": " in line:
            word = line.rsplit(": ", 1)[1].split(" ", 1)[0]
            if word not in ("online", "offline"):
                self.signals.put(word)


def restart(plant: Plant, name: str, stream: Stream) -> None:
    """The process again, as systemd would start it."""
    plant.processes[name].start()
    if name == "gateway":
        stream.listen()
    if name != "work":
        plant.processes[name].wait_ready()
    if name == "gateway":
        wait_for("the scanner", lambda: os.path.exists(plant.scanner_link))


def at_office(plant: Plant) -> list[str]:
    """The tickets of work.started on the server, in the order of its log."""
    with sqlite3.connect(f"file:{plant.central_folder / 'central.sqlite3'}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT content FROM record ORDER BY position").fetchall()
    connection.close()
    contents = [json.loads(row[0]) for row in rows]
    return [each["data"]["operation"] for each in contents if each["type"] == "work.started"]


def kill_loop(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    plant = Plant(folder, usual_ports=False)
    stream = Stream(plant)
    try:
        plant.start()
        stream.listen()
        scan(plant, BADGE)
        assert stream._signal() == "noted"
        for _ in range(kills):
            for _ in range(chance.randint(1, 8)):
                stream.scan()
            victim = chance.choice(("gateway", "gateway", "gateway", "central", "broker"))
            if victim == "gateway":
                # The scan that is under way when the gateway dies is the interesting one.
                scan(plant, f"T-Y{stream.number:06d}")
                time.sleep(chance.uniform(0, 0.02))
            plant.processes[victim].kill()
            if victim != "gateway":
                assert stream.scan(), "a scan never waits for the broker or the server"
            restart(plant, victim, stream)
        stream.scan()
        wait_for("every kept label at the office", lambda: set(stream.beeped) <= set(at_office(plant)), 120)
        judge(stream, at_office(plant))
        assert plant.dead() == []
    except ProcessDied as error:
        raise AssertionError(str(error)) from error
    finally:
        plant.stop()


def judge(stream: Stream, office: list[str]) -> None:
    """The promise, word by word."""
    counted = Counter(office)
    assert {label: counted[label] for label in stream.beeped if counted[label] != 1} == {}, "kept, but not once"
    assert {label: counted[label] for label in stream.silent if counted[label] > 1} == {}, "counted twice"
    assert [label for label in office if label in set(stream.beeped)] == stream.beeped, "out of order"
    assert len(stream.beeped) > len(stream.silent), "the stream itself must work"


@pytest.mark.process
def test_a_few_kills(tmp_path: Path) -> None:
    kill_loop(tmp_path, kills=5, seed=1)


@pytest.mark.process
@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_two_hundred_kills(tmp_path: Path) -> None:
    kill_loop(tmp_path, kills=200, seed=20261123)


def test_the_judge_sees_a_loss_a_double_and_a_wrong_order() -> None:
    stream = Stream(Plant(Path("nowhere")))
    stream.beeped, stream.silent = ["a", "b", "c"], ["d"]
    judge(stream, ["a", "b", "c"])
    judge(stream, ["a", "d", "b", "c"])
    for wrong in (["a", "c"], ["a", "b", "b", "c"], ["b", "a", "c"], ["a", "b", "c", "d", "d"]):
        with pytest.raises(AssertionError):
            judge(stream, wrong)
    assert GATEWAY_NAME
