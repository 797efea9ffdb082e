"""An act of the office reaches the station's light within seconds; with the nudge lost it comes all the same."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from central.config import read_config
from central.database import Database
from central.facts import acknowledge_call, resolve_call
from central.models import Call
from central.opening import open_database
from simulation.check import BADGE, scan
from simulation.plant import GATEWAY_NAME, Plant
from simulation.processes import wait_for
from tests.process.stream import Stream

pytestmark = [pytest.mark.process, pytest.mark.broker]

SECONDS_MAX = 10.0
"""Of the minute that an act waits without a nudge."""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    found = Plant(tmp_path, usual_ports=False)
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture
def office(plant: Plant) -> Iterator[Database]:
    opened = open_database(read_config(plant.central_config, {}))
    yield opened
    opened.close()


def call_of(office: Database) -> str:
    with office.read() as session:
        row = session.scalars(select(Call).where(Call.state == "raised")).first()
    return f"{row.epoch}/{row.seq}" if row is not None else ""


def test_an_acknowledgement_is_at_the_light_within_seconds(plant: Plant, office: Database) -> None:
    stream = Stream(plant)
    stream.listen()
    scan(plant, BADGE)
    assert stream.signal() == "noted"
    scan(plant, "C-CALL-EQUIPMENT")
    wait_for("the call at the office", lambda: bool(call_of(office)))
    call = call_of(office)
    while not stream.signals.empty():
        stream.signals.get()
    began = time.monotonic()
    with office.write() as session:
        assert acknowledge_call(session, "plant", GATEWAY_NAME, call, "P06", "赵敏", time.time())
    assert stream.signal() == "acknowledged"
    assert time.monotonic() - began < SECONDS_MAX
    # The broker dies, and every nudge with it: the next exchange brings what happened, here with the next record.
    plant.processes["broker"].kill()
    with office.write() as session:
        assert resolve_call(session, "plant", GATEWAY_NAME, call, "", "P06", "赵敏", time.time())
    scan(plant, "T-WO-1001-10")
    heard = [stream.signal(), stream.signal()]
    assert sorted(heard) == ["kept", "resolved"]
