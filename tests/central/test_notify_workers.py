"""Messages over the death of workers: real processes killed while a provider is asked, and two with one lease."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from central.config import CentralConfig
from central.database import Database
from central.limits import LEASE_SECONDS, SEND_SECONDS_MAX
from central.work import Worker, pumps_of
from floor.events import AndonRaised
from tests.central.memory_channel import MemoryChannel
from tests.central.notify_plant import NOW, NotifyPlant

WAIT_SECONDS_MAX = 60.0


@pytest.fixture
def plant(enrolled: Database) -> NotifyPlant:
    made = NotifyPlant(enrolled)
    made.account("P01")
    made.contact("P01", "chat")
    return made


def wait_until(holds: Callable[[], bool], process: "subprocess.Popen[bytes] | None" = None) -> None:
    until = time.monotonic() + WAIT_SECONDS_MAX
    pause = threading.Event()
    while not holds():
        assert process is None or process.poll() is None, "the worker ended"
        assert time.monotonic() < until
        pause.wait(0.05)


def started(config: CentralConfig, ahead: float, answer: str) -> "subprocess.Popen[bytes]":
    url = config.database.get_secret_value()
    module = [sys.executable, "-m", "tests.central.notify_worker"]
    root = Path(__file__).parents[2]
    return subprocess.Popen([*module, str(config.folder), url, str(ahead), answer], cwd=root, env={**os.environ})


def test_killed_while_a_provider_is_asked(plant: NotifyPlant, config: CentralConfig) -> None:
    def state() -> str:
        # Other things happen meanwhile: the gateway of the call is silent, and the leader is told that, too.
        return next(row.state for row in plant.deliveries("chat") if row.kind == "andon.raised")

    plant.now = time.time()
    plant.card.synchronised = False
    plant.happen(AndonRaised(call_type="quality"))
    sent = config.folder / "sent"
    first = started(config, 0, "hang")
    try:
        wait_until(sent.exists, first)
        assert state() == "sending"
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait(30)
    # The clock of the next is as far ahead as the lease of the dead one and its attempt need.
    second = started(config, LEASE_SECONDS + SEND_SECONDS_MAX + 5, "accepted")
    try:
        wait_until(lambda: state() == "possibly_repeated", second)
    finally:
        second.terminate()
        assert second.wait(30) == 0
    third = started(config, 200, "accepted")
    try:
        wait_until(lambda: state() == "accepted", third)
    finally:
        third.terminate()
        assert third.wait(30) == 0
    [row] = [each for each in plant.deliveries("chat") if each.kind == "andon.raised"]
    assert (sent.read_text().split().count(row.key), row.repeated, row.attempts) == (2, 1, 2)
    assert len(plant.notes("andon.raised")) == 1


def test_the_second_worker_sends_only_when_it_has_the_lease(plant: NotifyPlant, config: CentralConfig) -> None:
    slow, quick = MemoryChannel(), MemoryChannel()
    slow.gate.clear()
    first = Worker(plant.database, pumps_of(plant.database, config, {"chat": slow}), "first")
    second = Worker(plant.database, pumps_of(plant.database, config, {"chat": quick}), "second")
    plant.happen(AndonRaised(call_type="quality"))
    first.step(NOW)
    assert slow.asked.wait(10)
    second.step(NOW + 1)
    assert (first.elected, second.elected, quick.sent) == (True, False, [])
    # The first stands still: it neither renews its lease nor brings its answer.
    for later in (LEASE_SECONDS + 2, LEASE_SECONDS + 10, LEASE_SECONDS + 11):
        second.step(NOW + later)
    assert second.elected
    assert quick.asked.wait(10)
    wait_until(lambda: second.step(NOW + LEASE_SECONDS + 12) > 0 and plant.states("chat") == ["accepted"])
    slow.gate.set()
    first.step(NOW + LEASE_SECONDS + 13)
    assert not first.elected
    [row] = plant.deliveries("chat")
    assert (row.state, row.repeated, len(quick.sent), quick.keys == slow.keys) == ("accepted", 1, 1, True)
    first.close(NOW + LEASE_SECONDS + 14)
    assert plant.steps(plant.deliveries("chat")[0])[-1] == "late"
    second.close(NOW + LEASE_SECONDS + 14)
