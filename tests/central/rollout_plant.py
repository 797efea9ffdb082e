"""A plant of ten gateways with slots, and a release that goes over them."""

import hashlib
import json
from pathlib import Path

import pytest

from central.database import Database
from central.fleet import add_release, take_report
from central.rollouts import Plan, RolloutPump, members, rollouts, start_rollout, takers
from sync.wire import FleetReport, FleetWish, UpdateTold
from tests.central.conftest import enrol_gateway

NOTHING = UpdateTold()
NAMES = [f"gw{number}" for number in range(10)]
OWN = json.dumps({"gateway": {"name": "gw0", "line": "line-1"}, "station": [{"id": "S1"}]})


def tell(database: Database, name: str, now: float, update: UpdateTold = NOTHING, **more: object) -> FleetWish:
    values = {"slot": "a", "release": "1.0", "configuration": OWN, "configuration_digest": digest(OWN)} | more
    told = FleetReport.model_validate({"gateway": name, "update": update, **values})
    with database.write() as session:
        return take_report(session, database.plant, name, told, now)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def good(number: int) -> UpdateTold:
    return UpdateTold(state="good", rollout=number, version="2.0")


@pytest.fixture
def plant_with_ten(database: Database, tmp_path: Path) -> Database:
    bundle = tmp_path / "2.0.lineside"
    bundle.write_bytes(b"bundle" * 1000)
    for name in NAMES:
        enrol_gateway(database, name)
        tell(database, name, 1000.0)
    with database.write() as session:
        add_release(session, database.plant, tmp_path, bundle, "2.0", "shell", 1000.0)
    return database


def begin(database: Database, **more: object) -> int:
    with database.write() as session:
        plan = Plan("2.0", takers(session, database.plant), **more)  # type: ignore[arg-type]
        return start_rollout(session, database.plant, plan, "boss", 1000.0)


def names_of(database: Database, number: int, stage: str) -> list[str]:
    with database.read() as session:
        return [each.gateway for each in members(session, database.plant, number) if each.stage == stage]


def state_of(database: Database, number: int) -> tuple[str, str]:
    with database.read() as session:
        (found,) = [each for each in rollouts(session, database.plant) if each.number == number]
        return found.state, found.stage


def members_states(database: Database, number: int) -> dict[str, tuple[str, str]]:
    with database.read() as session:
        return {each.gateway: (each.state, each.reason) for each in members(session, database.plant, number)}


def watch(
    database: Database,
    pump: RolloutPump,
    start: float,
    seconds: float,
    *names: str,
    update: UpdateTold = NOTHING,
    **more: object,
) -> float:
    """Time goes by: the server looks twice a minute, and these gateways tell each time. Answers the time then."""
    for now in range(int(start), int(start + seconds) + 1, 30):
        for name in names:
            tell(database, name, float(now), update, **more)
        pump.step(float(now))
    return start + seconds
