"""Wall clocks that jump, start in 1970 and are put right: order and counting do not care, times are corrected (I9)."""

import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from simulation.processes import wait_for
from tests.faults.counts import times
from tests.faults.office import Office
from tests.faults.station import Station, kept_records, wait_a_moment
from tests.tier_run import FaultRow

NewStation = Callable[..., Station]
pytestmark = [pytest.mark.faults, pytest.mark.process]

DAY, YEAR = 86_400, 31_556_952
JUMPS = (-DAY, 3 * DAY, -10 * YEAR, 10 * YEAR, 3600, -3600, 0)
ROUNDS = 3
BOOTS = 5
SCAN_SECONDS = 1.0
"""Between a scan in this test and the instant the gateway notes lies less, unless the machine is very busy."""


class WallClock:
    """A library of our own, compiled here, that is preloaded into a gateway; `jump` moves what it sees."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "shift"
        library = folder / "wallshift.so"
        source = Path(__file__).with_name("wallshift.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", library, source, "-ldl"], check=True)
        self.jump(0)
        self.environment = {"LD_PRELOAD": str(library), "WALLSHIFT_FILE": str(self._file)}

    def jump(self, seconds: int) -> None:
        """The wall clock is wrong by so much from now on."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("<q", seconds))


@pytest.fixture
def wall_clock(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path)


def scan_timed(station: Station, truth: dict[str, float]) -> None:
    """A kept scan and when it truly was."""
    before = time.time()
    station.scan_kept(1)
    truth[station.oracle.kept[-1]] = (before + time.time()) / 2


def judge_times(office: Office, truth: dict[str, float]) -> float:
    """Each scan's time at the office holds the truth within its error bound; the largest bound."""

    def all_corrected() -> bool:
        # A reader of the board finds it folded up to now; times are bounded by the exchange after a process's first.
        requests.get(f"{office.url}/api/v1/board", timeout=30).raise_for_status()
        return not office.rows("SELECT 1 FROM happening WHERE type = 'work.started' AND clock = 'unsynchronised'")

    wait_for("a bound of each time", all_corrected, 120)
    question = "SELECT operation, wall, error_seconds, clock FROM happening WHERE type = 'work.started'"
    rows = {str(row[0]): row for row in office.rows(question)}
    bounds = []
    for label, at in truth.items():
        _, wall, error, clock = rows[label]
        assert clock == "corrected" and isinstance(wall, float) and isinstance(error, float), rows[label]
        assert abs(at - wall) <= error + SCAN_SECONDS, f"{label} was at {at}, which is not {wall} +- {error}"
        bounds.append(error)
    return max(bounds)


@pytest.mark.timeout(300)
def test_the_wall_clock_jumps(
    tmp_path: Path, wall_clock: WallClock, office: Office, new_station: NewStation, row: FaultRow
) -> None:
    station = new_station(
        tmp_path / "gateway", tmp_path / "data", central_url=office.url, environment=wall_clock.environment
    )
    office.enrol("gw1", station.data)
    station.start()
    station.sign_in()
    truth: dict[str, float] = {}
    for _ in range(times(ROUNDS)):
        for seconds in JUMPS:
            scan_timed(station, truth)
            wall_clock.jump(seconds)
            for _ in range(4):
                scan_timed(station, truth)
            wait_a_moment(0.7)
    office.wait_for_all(station)
    assert [label for label in office.labels() if label in truth] == list(truth), "order is by number, not by wall time"
    bound = judge_times(office, truth)
    assert station.process.alive
    outcome = f"order kept; nothing pruned, signed out or delayed; each time corrected within {bound:.1f} s"
    row.write("wall clock jumps: hours, days, 10 years", times(ROUNDS) * len(JUMPS), outcome, **station.oracle.result())


@pytest.mark.timeout(300)
def test_boots_without_a_time(
    tmp_path: Path, wall_clock: WallClock, office: Office, new_station: NewStation, row: FaultRow
) -> None:
    """In 1970, without a server, until both come: the server corrects afterwards, with an error bound."""
    station = new_station(
        tmp_path / "gateway", tmp_path / "data", central_url=office.url, environment=wall_clock.environment
    )
    office.enrol("gw1", station.data)
    station.start()
    station.sign_in()
    truth: dict[str, float] = {}
    for _ in range(times(BOOTS)):
        office.process.kill()
        station.kill()
        wall_clock.jump(-int(time.time()) + 10)
        station.start()
        for _ in range(5):
            scan_timed(station, truth)
        assert kept_records(station.data) > office.count(station.name)
        wall_clock.jump(0)
        scan_timed(station, truth)
        office.start()
    office.wait_for_all(station)
    assert [label for label in office.labels() if label in truth] == list(truth)
    bound = judge_times(office, truth)
    outcome = f"kept in order; corrected afterwards, each time within {bound:.1f} s"
    row.write("boot without a time (1970), server away", times(BOOTS), outcome, **station.oracle.result())
