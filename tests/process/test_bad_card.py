"""A start on a card whose journal cannot be used, with a server configured: refused aloud, mended by a new start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal import FILE_NAME
from simulation.plant import free_port
from simulation.processes import wait_for
from tests.faults.station import Station, read_card

pytestmark = pytest.mark.process


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path / "gateway", tmp_path / "data")
    yield station
    station.kill()


def test_it_refuses_aloud_and_starts_its_sinks_once_the_card_is_back(station: Station) -> None:
    station.start()
    station.sign_in()
    station.scan_kept(2)
    assert station.stop() == 0
    journal = station.data / FILE_NAME
    good = journal.rename(station.data / "good")
    journal.mkdir()
    (station.data / "token").write_text("of a server that is away")
    station.central_url = f"http://127.0.0.1:{free_port()}"
    station.broker = ("127.0.0.1", free_port())
    station.write_config()
    station.start()
    assert station.scan() == ["unkept"], station.process.tail()
    assert station.process.alive
    journal.rmdir()
    good.rename(journal)
    wait_for("the end of a process without sinks", lambda: not station.process.alive)
    assert station.stop() == 0
    station.start()
    station.scan_kept(1)
    wait_for("the sinks", lambda: "central offline" in station.process.tail())
    assert station.stop() == 0
    faults, labels = read_card(station.data)
    assert faults == [] and labels == station.oracle.kept
