"""A staged roll-out over real gateways with the real update agent: a good release everywhere, a bad one at one only."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from simulation.processes import wait_for
from tests.faults.office import Office
from tests.process.fleet_bench import BAD, Machine, Vendor, enrol, held

pytestmark = [pytest.mark.process]

ROUND_SECONDS = 0.05
ARRIVED_SECONDS_MAX = 180.0


def work(machines: Sequence[Machine], until: Callable[[], bool], seconds_max: float) -> None:
    """The shift goes on at every station until something is so."""
    deadline = time.monotonic() + seconds_max
    while not until():
        if time.monotonic() > deadline:
            told = "\n".join(f"{each.name} {each.boots}:\n{each.agent.tail(6)}" for each in machines[:8])
            raise AssertionError(f"it did not come to that in {seconds_max:.0f} s:\n{told}")
        for each in machines:
            each.step()
        time.sleep(ROUND_SECONDS)


def state_of(office: Office, number: int) -> str:
    (row,) = office.rows("SELECT state FROM fleet_rollout WHERE number = :number", number=number)
    return str(row[0])


def members_of(office: Office, number: int) -> dict[str, str]:
    rows = office.rows("SELECT gateway, state FROM fleet_rollout_member WHERE number = :number", number=number)
    return {str(name): str(state) for name, state in rows}


def told(office: Office) -> set[str]:
    return {str(row[0]) for row in office.rows("SELECT gateway FROM fleet_device WHERE slot <> ''")}


def take_a_good_and_a_bad_release(folder: Path, count: int, seconds_max: float) -> None:
    office, vendor = Office(folder / "office"), Vendor(folder / "vendor")
    first, good, bad = vendor.bundle("1.0"), vendor.bundle("1.1"), vendor.bundle("1.2", BAD)
    office.start()
    machines = [Machine(folder / f"gw{at}", f"gw{at}", office, vendor, first) for at in range(count)]
    config = ("--config", str(office.config))
    try:
        enrol(office, machines)
        for each in machines:
            each.boot()
        work(machines, lambda: all(each.signed_in for each in machines) and len(told(office)) == count, seconds_max)
        office._run("fleet", "add", str(good), "--version", "1.1", *config)
        office._run("fleet", "add", str(bad), "--version", "1.2", *config)

        office._run("fleet", "rollout", "start", "1.1", "--soak-seconds", "0", "--percent", "40", *config)
        work(machines, lambda: state_of(office, 1) != "running", seconds_max)
        assert state_of(office, 1) == "done", members_of(office, 1)
        assert {each.version for each in machines} == {"1.1"}

        beeped = {each.name: len(each.station.oracle.kept) for each in machines}
        office._run("fleet", "rollout", "start", "1.2", "--soak-seconds", "0", *config)
        work(machines, lambda: state_of(office, 2) != "running", seconds_max)
        assert state_of(office, 2) == "stopped"
        states = members_of(office, 2)
        (canary,) = [name for name, state in states.items() if state == "returned"]
        assert set(states.values()) == {"returned", "waiting"}, states
        assert "rollout_stopped" in office.alarms()
        work(machines, lambda: all(each.up for each in machines), seconds_max)
        assert {each.version for each in machines} == {"1.1"}, "the canary came back, the others never left"
        for each in machines:
            assert each.boots == ["1.0", "1.1", *(["1.2", "1.1"] if each.name == canary else [])]
            assert len(each.station.oracle.kept) > beeped[each.name] or each.name == canary, "scans went on"
        judge(office, machines)
    finally:
        for each in machines:
            each.halt()
        office.process.stop()


def judge(office: Office, machines: Sequence[Machine]) -> None:
    """The office's set equals the journals, and every beep is in it."""
    for each in machines:
        each.agent.stop()
        each.station.scan_kept(1)
        wait_for(
            f"every record of {each.name}",
            lambda each=each: held(office, each.name) == each.kept(),
            ARRIVED_SECONDS_MAX,
        )
        each.station.judge()
        each.station.oracle.assert_kept()


@pytest.mark.simulation
@pytest.mark.timeout(1500)
def test_six_gateways_take_a_good_release_and_stop_a_bad_one_at_the_canary(tmp_path: Path) -> None:
    take_a_good_and_a_bad_release(tmp_path, 6, 400)


@pytest.mark.nightly
@pytest.mark.timeout(5400)
def test_fifty_gateways_take_a_good_release_and_stop_a_bad_one_at_the_canary(tmp_path: Path) -> None:
    take_a_good_and_a_bad_release(tmp_path, 50, 2400)
