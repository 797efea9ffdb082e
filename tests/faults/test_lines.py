"""The line between gateway and server cut, frozen, reset and deaf one way: no scan waits, and all arrives once (I6)."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from simulation.cut_proxy import CutProxy
from simulation.processes import wait_for
from sync.limits import READ_SECONDS_MAX
from tests.faults.counts import times
from tests.faults.namespaces import Namespaces
from tests.faults.office import Office
from tests.faults.station import Station, kept_records, wait_a_moment
from tests.tier_run import FaultRow

NewStation = Callable[..., Station]
pytestmark = [pytest.mark.faults, pytest.mark.process]

LINE_FAULTS = 6
RESETS = 40
SCANS_DURING = 10
FAULT_SECONDS = (2.0, READ_SECONDS_MAX + 2.0)
"""A fault lasts so long after the scans in it, by turns: longer than a pause between two tries, and longer than the
gateway waits for an answer."""

PROXY_FAULTS = {
    "connection cut, new ones refused": CutProxy.cut,
    "half-open: nothing moves, nothing is closed": CutProxy.freeze,
    "one way: every answer is lost": CutProxy.drop_replies,
}


@pytest.fixture
def proxy(office: Office) -> Iterator[CutProxy]:
    with CutProxy(0, "127.0.0.1", office.port) as proxy:
        yield proxy


@pytest.fixture
def station(tmp_path: Path, office: Office, proxy: CutProxy, new_station: NewStation) -> Station:
    url = f"http://127.0.0.1:{proxy.port}"
    station = new_station(tmp_path / "gateway", tmp_path / "data", central_url=url)
    office.enrol("gw1", station.data, url=url)
    station.start()
    station.sign_in()
    return station


def suffer(station: Station, office: Office, turn: int, begin: Callable[[], object], end: Callable[[], object]) -> int:
    """A fault that begins under a stream of scans and ends; how many records waited at its end."""
    station.scan_kept(3)
    begin()
    try:
        # Not one of them waits: a scan during the fault is answered like any other.
        station.scan_kept(SCANS_DURING)
        wait_a_moment(FAULT_SECONDS[turn % len(FAULT_SECONDS)])
        station.scan_kept(1)
        waited = kept_records(station.data) - office.count(station.name)
    finally:
        end()
    station.scan_kept(1)
    office.wait_for_all(station)
    return waited


@pytest.mark.timeout(420)
@pytest.mark.parametrize("fault", PROXY_FAULTS)
def test_the_line_fails_and_heals(fault: str, station: Station, office: Office, proxy: CutProxy, row: FaultRow) -> None:
    waited = 0
    for turn in range(times(LINE_FAULTS)):
        waited += suffer(station, office, turn, lambda: PROXY_FAULTS[fault](proxy), proxy.heal)
    assert station.process.alive
    outcome = f"no scan waited; {waited} records waited in all, then each counted once"
    row.write(fault, times(LINE_FAULTS), outcome, **station.oracle.result())


def has_more(proxy: CutProxy, connections: int) -> bool:
    return proxy.counters.connections > connections


@pytest.mark.timeout(420)
def test_connections_are_reset_under_a_stream(station: Station, office: Office, proxy: CutProxy, row: FaultRow) -> None:
    for _ in range(times(RESETS)):
        # A connection is open and idle: the reset meets it, and what is scanned around it needs a new one.
        office.wait_for_all(station)
        connections = proxy.counters.connections
        station.scan_kept(2)
        proxy.reset()
        station.scan_kept(3)
        wait_for("a new connection", partial(has_more, proxy, connections))
    office.wait_for_all(station)
    outcome = f"{proxy.counters.connections} connections made anew; each record counted once"
    row.write("connections reset (RST) under scans", times(RESETS), outcome, **station.oracle.result())


@pytest.mark.timeout(420)
def test_the_server_stops_and_never_answers(station: Station, office: Office, row: FaultRow) -> None:
    """The peer's kernel still accepts: only a time-out of ours can see it."""
    waited = 0
    for turn in range(times(LINE_FAULTS)):
        waited += suffer(
            station,
            office,
            turn,
            lambda: os.kill(office.process.pid, signal.SIGSTOP),
            lambda: os.kill(office.process.pid, signal.SIGCONT),
        )
    outcome = f"no scan waited; {waited} records waited in all, then each counted once"
    row.write("server process stopped (SIGSTOP)", times(LINE_FAULTS), outcome, **station.oracle.result())


@pytest.fixture
def spaces() -> Iterator[Namespaces]:
    spaces = Namespaces()
    try:
        spaces.make()
        yield spaces
    finally:
        spaces.remove()


@pytest.fixture
def far_office(tmp_path: Path, spaces: Namespaces) -> Iterator[Office]:
    office = Office(tmp_path / "far", host=spaces.OFFICE, prefix=spaces.at_office)
    office.start()
    yield office
    office.process.kill()


NETWORK_FAULTS: dict[str, tuple[Callable[[Namespaces], None], Callable[[Namespaces], None]]] = {
    "link down, then up": (Namespaces.link_down, Namespaces.link_up),
    "one-way drop: nothing reaches the gateway": (Namespaces.drop_at_gateway, Namespaces.let_pass),
    "one-way drop: nothing reaches the server": (Namespaces.drop_at_office, Namespaces.let_pass),
    "packets to the server rejected with RST": (Namespaces.reset_at_office, Namespaces.let_pass),
}


@pytest.mark.root
@pytest.mark.timeout(420)
@pytest.mark.parametrize("fault", NETWORK_FAULTS)
def test_the_network_between_two_namespaces_fails(
    fault: str, tmp_path: Path, spaces: Namespaces, far_office: Office, new_station: NewStation, row: FaultRow
) -> None:
    station = new_station(
        tmp_path / "gateway", tmp_path / "data", central_url=far_office.url, host="", prefix=spaces.at_gateway
    )
    far_office.enrol("gw1", station.data, prefix=spaces.at_gateway)
    station.start()
    station.sign_in()
    begin, end = NETWORK_FAULTS[fault]
    waited = 0
    for turn in range(times(LINE_FAULTS)):
        waited += suffer(station, far_office, turn, lambda: begin(spaces), lambda: end(spaces))
    wait_for("the gateway, alive", lambda: station.process.alive)
    outcome = f"no scan waited; {waited} records waited in all, then each counted once"
    row.write(f"network namespaces: {fault}", times(LINE_FAULTS), outcome, **station.oracle.result())
