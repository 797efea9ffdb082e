"""Servers killed under a gateway that sends: the database, the office's process and the broker."""

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from simulation.processes import wait_for
from tests.central.postgres import Postgres, find_programs
from tests.faults.counts import times
from tests.faults.office import Office
from tests.faults.station import Station, wait_a_moment
from tests.sync.mosquitto import Mosquitto
from tests.tier_run import FaultRow

NewStation = Callable[..., Station]
pytestmark = [pytest.mark.faults, pytest.mark.process]

DATABASE_KILLS = 30
BROKER_KILLS = 30
OFFICE_KILLS = 30
KILLED_SECONDS_MAX = 1.2
"""From the first scan to the kill at the most: within it a gateway offers its records twice."""


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    programs = find_programs()
    assert programs is not None, "PostgreSQL's programs are needed: apt-get install postgresql"
    server = Postgres(programs)
    yield server
    server.stop()


@pytest.fixture
def postgres_office(tmp_path: Path, postgres: Postgres) -> Iterator[Office]:
    office = Office(tmp_path / "office", database=postgres.fresh_url())
    office.start()
    yield office
    office.process.kill()


def connected(office: Office, folder: Path, new_station: NewStation, **settings: object) -> Station:
    station = new_station(folder / "gateway", folder / "data", central_url=office.url, **settings)
    office.enrol("gw1", station.data)
    station.start()
    station.sign_in()
    return station


def scan_while_killed(station: Station, chance: random.Random, kill: Callable[[], None]) -> None:
    """Scans before, during and after the end of a server that was taking records; none of them waits."""
    station.scan_kept(chance.randint(1, 8))
    killer = threading.Timer(chance.uniform(0, KILLED_SECONDS_MAX), kill)
    killer.start()
    while killer.is_alive():
        station.scan_kept(1)
        wait_a_moment(0.01)
    killer.join()
    station.scan_kept(3)


@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_postgresql_is_killed_under_ingest(
    tmp_path: Path, postgres: Postgres, postgres_office: Office, new_station: NewStation, row: FaultRow
) -> None:
    station, chance, restarts = connected(postgres_office, tmp_path, new_station), random.Random(3), 0
    for _ in range(times(DATABASE_KILLS)):
        scan_while_killed(station, chance, postgres.kill)
        postgres.start()
        if not postgres_office.process.alive:
            # As systemd would; a server that lives through it is counted as such.
            postgres_office.start()
            restarts += 1
        postgres_office.wait_for_all(station)
    outcome = f"no scan waited; the server process was restarted {restarts} times; each record counted once"
    row.write("PostgreSQL kill -9 under ingest", times(DATABASE_KILLS), outcome, **station.oracle.result())


@pytest.mark.timeout(600)
def test_the_server_is_killed_under_ingest(
    tmp_path: Path, office: Office, new_station: NewStation, row: FaultRow
) -> None:
    station, chance = connected(office, tmp_path, new_station), random.Random(4)
    for _ in range(times(OFFICE_KILLS)):
        scan_while_killed(station, chance, office.process.kill)
        office.start()
        office.wait_for_all(station)
    outcome = "no scan waited; each record counted once"
    row.write("server kill -9 under ingest", times(OFFICE_KILLS), outcome, **station.oracle.result())


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_the_broker_is_killed_under_notices(
    tmp_path: Path, office: Office, new_station: NewStation, row: FaultRow
) -> None:
    """MQTT tells; the server counts. The position behind the broker moves on to the newest record all the same."""
    folder = tmp_path / "broker"
    folder.mkdir()
    with Mosquitto(folder) as broker:
        station, chance = connected(office, tmp_path, new_station, broker=("127.0.0.1", broker.port)), random.Random(5)

        def told() -> bool:
            with JournalReader(station.data / FILE_NAME) as reader:
                return reader.positions().get("mqtt") == reader.newest()

        for _ in range(times(BROKER_KILLS)):
            scan_while_killed(station, chance, broker.kill)
            broker.start()
            wait_for("every notice acknowledged", told, 120)
        office.wait_for_all(station)
    outcome = "no scan waited; every notice acknowledged in the end; each record counted once at the server"
    row.write("mosquitto kill -9 under notices", times(BROKER_KILLS), outcome, **station.oracle.result())
