"""An act of the office reaches the station's light within seconds, also when the broker was not reached as it happened;
without a broker it comes all the same."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from central.broker import LOOK_SECONDS
from central.config import read_config
from central.database import Database
from central.facts import acknowledge_call, resolve_call
from central.models import Call
from central.opening import open_database
from simulation.check import BADGE, scan
from simulation.plant import GATEWAY_NAME, Plant
from simulation.processes import wait_for
from sync.limits import PumpLimits
from tests.process.stream import Stream

pytestmark = [pytest.mark.process, pytest.mark.broker]

SECONDS_MAX = PumpLimits().heartbeat_seconds / 2
"""Half of the minute after its last offer that a gateway waits without a nudge."""

BROKER = 1
"""Of the proxies of a plant."""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    found = Plant(tmp_path, usual_ports=False, proxied=True)
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


def called(plant: Plant, office: Database, stream: Stream) -> str:
    """A call that the station raised, once it is at the office and the gateway is at the broker."""
    wait_for("the gateway at the broker", lambda: is_online(plant))
    stream.listen()
    scan(plant, BADGE)
    assert stream.signal() == "noted"
    scan(plant, "C-CALL-EQUIPMENT")
    wait_for("the call at the office", lambda: bool(call_of(office)))
    assert stream.signal() == "called"
    return call_of(office)


def call_of(office: Database) -> str:
    with office.read() as session:
        row = session.scalars(select(Call).where(Call.state == "raised")).first()
    return f"{row.epoch}/{row.seq}" if row is not None else ""


def acknowledge(office: Database, call: str) -> None:
    with office.write() as session:
        assert acknowledge_call(session, "plant", GATEWAY_NAME, call, "P06", "赵敏", 1_700_000_000.0)


def is_online(plant: Plant) -> bool:
    return "mqtt online" in (plant.folder / "logs" / "gateway.log").read_text(encoding="utf-8")


def test_an_acknowledgement_is_at_the_light_within_seconds(plant: Plant, office: Database) -> None:
    stream = Stream(plant)
    call = called(plant, office, stream)
    acknowledge(office, call)
    assert stream.signal(SECONDS_MAX) == "acknowledged"
    # The broker dies, and every nudge with it: the next exchange brings what happened, here with the next record.
    plant.processes["broker"].kill()
    with office.write() as session:
        assert resolve_call(session, "plant", GATEWAY_NAME, call, "", "P06", "赵敏", 1_700_000_060.0)
    scan(plant, "T-WO-1001-10")
    heard = [stream.signal(), stream.signal()]
    assert sorted(heard) == ["kept", "resolved"]


def test_what_happened_while_the_broker_was_away_is_at_the_light_once_it_is_back(
    plant: Plant, office: Database
) -> None:
    stream = Stream(plant)
    call = called(plant, office, stream)
    plant.proxies[BROKER].cut()
    acknowledge(office, call)
    time.sleep(3 * LOOK_SECONDS)  # So long that the office has said its nudge to nobody.
    plant.proxies[BROKER].heal()
    assert stream.signal(SECONDS_MAX) == "acknowledged"
