"""A staged roll-out over real gateways with the real update agent: a good release everywhere, a bad one at one only."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from central.database import Database
from central.fleet import add_release
from central.rollouts import Plan, start_rollout, takers
from gateway.config import read as read_config
from gateway.updates.directory_slots import boot, first_release
from gateway.updates.log_seal import FILE_NAME
from gateway.updates.process import AgentProcess
from simulation.processes import wait_for
from tests.central.conftest import enrol_gateway
from tests.faults.office import Office
from tests.faults.station import wait_a_moment
from tests.process.fleet_bench import BAD, Machine, Vendor, enrol, held, office_of

pytestmark = [pytest.mark.process]

ARRIVED_SECONDS_MAX = 180.0
KEY = "13a4f2-e11b90-0b9c1d-5a3e77/1c2f3a-35a4e900"


def work(machines: Sequence[Machine], until: Callable[[], bool], seconds_max: float) -> None:
    """The shift goes on at every station until something is so."""
    deadline = time.monotonic() + seconds_max
    while not until():
        if time.monotonic() > deadline:
            told = "\n".join(f"{each.name} {each.boots}:\n{each.agent.tail(6)}" for each in machines[:8])
            raise AssertionError(f"it did not come to that in {seconds_max:.0f} s:\n{told}")
        for each in machines:
            each.step()
        wait_a_moment()


def state_of(office: Office, number: int) -> str:
    (row,) = office.rows("SELECT state FROM fleet_rollout WHERE number = :number", number=number)
    return str(row[0])


def members_of(office: Office, number: int) -> dict[str, str]:
    rows = office.rows("SELECT gateway, state FROM fleet_rollout_member WHERE number = :number", number=number)
    return {str(name): str(state) for name, state in rows}


def told(office: Office) -> set[str]:
    return {str(row[0]) for row in office.rows("SELECT gateway FROM fleet_device WHERE slot <> ''")}


def roll_out(database: Database, version: str, percent: int = 20) -> int:
    with database.write() as session:
        plan = Plan(version, takers(session, database.plant), percent=percent, soak_seconds=0)
        return start_rollout(session, database.plant, plan, "boss", time.time())


def take_a_good_and_a_bad_release(folder: Path, count: int, seconds_max: float) -> None:
    vendor = Vendor(folder / "vendor")
    first, good, bad = vendor.bundle("1.0"), vendor.bundle("1.1"), vendor.bundle("1.2", BAD)
    with office_of(folder / "office") as (office, database):
        machines = [Machine(folder / f"gw{at}", f"gw{at}", office, vendor, first) for at in range(count)]
        enrol(database, machines)
        with database.write() as session:
            for version, bundle in (("1.1", good), ("1.2", bad)):
                add_release(session, database.plant, office.folder / "central", bundle, version, "boss", time.time())
        try:
            for each in machines:
                each.boot()
            work(machines, lambda: all(each.signed_in for each in machines) and len(told(office)) == count, seconds_max)
            patience = max(20.0, 4 * max(each.boot_seconds for each in machines))
            for each in machines:
                each.give_time(patience)
            everybody_takes_the_good_one(office, machines, roll_out(database, "1.1", 40), seconds_max)
            only_the_canary_tries_the_bad_one(office, machines, roll_out(database, "1.2"), seconds_max)
            judge(office, machines)
        finally:
            for each in machines:
                each.halt()


def everybody_takes_the_good_one(office: Office, machines: Sequence[Machine], number: int, seconds_max: float) -> None:
    work(machines, lambda: state_of(office, number) != "running", seconds_max)
    assert state_of(office, number) == "done", members_of(office, number)
    assert {each.version for each in machines} == {"1.1"}


def only_the_canary_tries_the_bad_one(
    office: Office, machines: Sequence[Machine], number: int, seconds_max: float
) -> None:
    beeped = {each.name: len(each.station.oracle.kept) for each in machines}
    work(machines, lambda: state_of(office, number) != "running", seconds_max)
    assert state_of(office, number) == "stopped"
    states = members_of(office, number)
    (canary,) = [name for name, state in states.items() if state == "returned"]
    assert set(states.values()) == {"returned", "waiting"}, states
    assert "rollout_stopped" in office.alarms()
    work(machines, lambda: all(each.up and each.version == "1.1" for each in machines), seconds_max)
    for each in machines:
        assert each.boots == ["1.0", "1.1", *(["1.2", "1.1"] if each.name == canary else [])]
        assert each.name == canary or len(each.station.oracle.kept) > beeped[each.name], "scans went on"


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


def test_an_agent_that_started_before_enrolment_asks_the_office_once_there_is_a_token(tmp_path: Path) -> None:
    with office_of(tmp_path / "office") as (office, database):
        settings = tmp_path / "gateway.toml"
        lines = ("[gateway]", 'name = "late"', f'folder = "{tmp_path / "card"}"', "[central]", f'url = "{office.url}"')
        settings.write_text("\n".join((*lines, "[[station]]", 'id = "A1"')))
        config = read_config(settings)
        agent = AgentProcess(config, settings)
        try:
            agent.step(0.0)
            config.token_path.write_text(enrol_gateway(database, "late"))
            seal = tmp_path / "card" / FILE_NAME
            seal.write_text(f"{KEY}\n")
            assert office.rows("SELECT gateway FROM fleet_device") == []
            agent.step(config.update.ask_seconds)
            assert office.rows("SELECT gateway FROM fleet_device") == [("late",)]
            assert office.rows("SELECT gateway, key FROM fleet_log_seal") == [("late", KEY)]
            assert not seal.exists(), "who takes the card cannot seal what he changes"
        finally:
            agent.close()


def test_a_look_at_the_slots_that_fails_withdraws_no_release(tmp_path: Path) -> None:
    vendor = Vendor(tmp_path / "vendor")
    first_release(tmp_path / "slots", vendor.bundle("1.0"), vendor.keys)
    boot(tmp_path / "slots")
    with office_of(tmp_path / "office") as (office, database):
        settings = tmp_path / "gateway.toml"
        update = (f'slots = "{tmp_path / "slots"}"', f'keys = "{vendor.keys}"', f'requests = "{tmp_path / "requests"}"')
        lines = ("[gateway]", 'name = "press"', f'folder = "{tmp_path / "card"}"', "[central]", f'url = "{office.url}"')
        settings.write_text(
            "\n".join((*lines, "[update]", 'backend = "directory"', *update, "[[station]]", 'id = "A1"'))
        )
        config = read_config(settings)
        config.token_path.parent.mkdir()
        config.token_path.write_text(enrol_gateway(database, "press"))
        agent = AgentProcess(config, settings)
        try:
            agent.step(0.0)
            with database.write() as session:
                add_release(
                    session, database.plant, office.folder / "central", vendor.bundle("2.0"), "2.0", "boss", 0.0
                )
            roll_out(database, "2.0")
            agent.step(config.update.ask_seconds)
            assert agent.agent.wish is not None
            (tmp_path / "slots/booted.json").rename(tmp_path / "slots/aside")
            agent.step(2 * config.update.ask_seconds)
            assert agent.agent.wish is not None and told(office) == {"press"}
            again = AgentProcess(config, settings)
            again.step(0.0)
            assert not again.agent.asked, "what never saw its slots is not told that nothing is wished"
            again.close()
        finally:
            agent.close()


@pytest.mark.simulation
@pytest.mark.timeout(1500)
def test_six_gateways_take_a_good_release_and_stop_a_bad_one_at_the_canary(tmp_path: Path) -> None:
    take_a_good_and_a_bad_release(tmp_path, 6, 600)


@pytest.mark.nightly
@pytest.mark.timeout(4_500)
def test_fifty_gateways_take_a_good_release_and_stop_a_bad_one_at_the_canary(tmp_path: Path) -> None:
    take_a_good_and_a_bad_release(tmp_path, 50, 2400)
