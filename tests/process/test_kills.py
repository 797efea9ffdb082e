"""Gateway, broker and server killed at random moments under a stream of scans.

Each scan is an unknown ticket of its own, so each kept scan is one record that names it. The beep is what the
station's log light says. Every label that got its beep is on the server exactly once and in order; a label without
one is there once or not at all.
"""

import json
import os
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulation.check import BADGE, scan
from simulation.plant import Plant
from simulation.processes import ProcessDied, wait_for
from tests.faults.counts import times
from tests.process.stream import Stream
from tests.tier_run import FaultRow


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
    events = [json.loads(each) for each in contents(plant)]
    return [each["data"]["operation"] for each in events if each["type"] == "work.started"]


def contents(plant: Plant) -> list[str]:
    """Every record of the server's log, as text."""
    return [content for (content,) in office_rows(plant, "SELECT content FROM record ORDER BY position")]


def office_rows(plant: Plant, query: str) -> list[tuple[Any, ...]]:
    """What the server's database holds, read beside it."""
    with sqlite3.connect(f"file:{plant.central_folder / 'central.sqlite3'}?mode=ro", uri=True) as connection:
        rows = connection.execute(query).fetchall()
    connection.close()
    return rows


def kill_loop(folder: Path, kills: int, seed: int) -> tuple[Counter[str], Counter[str]]:
    """How often each process was killed, and how many labels were beeped in the rounds before its kills."""
    killed: Counter[str] = Counter()
    beeped: Counter[str] = Counter()
    chance = random.Random(seed)
    plant = Plant(folder, usual_ports=False)
    stream = Stream(plant)
    try:
        plant.start()
        stream.listen()
        scan(plant, BADGE)
        assert stream.signal() == "noted"
        for _ in range(kills):
            before = len(stream.beeped)
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
            killed[victim] += 1
            beeped[victim] += len(stream.beeped) - before
        stream.scan()
        wait_for("every kept label at the office", lambda: set(stream.beeped) <= set(at_office(plant)), 120)
        judge(stream, at_office(plant))
        assert plant.dead() == []
        return killed, beeped
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
@pytest.mark.timeout(1500)
def test_two_hundred_kills(tmp_path: Path, row: FaultRow) -> None:
    killed, beeped = kill_loop(tmp_path, times(200), seed=20261123)
    outcome = "in order and once at the server; no scan waited for a dead server or broker"
    for victim, count in killed.items():
        name = f"whole plant: {'server' if victim == 'central' else victim} kill -9"
        row.write(name, count, outcome, acknowledged=beeped[victim], lost=0, doubled=0)


def test_the_judge_sees_a_loss_a_double_and_a_wrong_order() -> None:
    stream = Stream(Plant(Path("nowhere")))
    stream.beeped, stream.silent = ["a", "b", "c"], ["d"]
    judge(stream, ["a", "b", "c"])
    judge(stream, ["a", "d", "b", "c"])
    for wrong in (["a", "c"], ["a", "b", "b", "c"], ["b", "a", "c"], ["a", "b", "c", "d", "d"]):
        with pytest.raises(AssertionError):
            judge(stream, wrong)
