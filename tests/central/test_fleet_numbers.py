"""Numbers of settings, diagnoses and roll-outs at a server that knows less than its gateways: restored, or moved."""

import json

import pytest
from sqlalchemy.orm import Session

from central.database import Database
from central.diagnosis import ask_diagnosis
from central.fleet_limits import TOLD_NUMBER_MAX
from central.rollouts import Plan, start_rollout
from central.wished_settings import publish_settings, read_settings, targets
from sync.wire import SettingsTold, UpdateTold
from tests.central.rollout_plant import NAMES, members_states, plant_with_ten, tell

__all__ = ["plant_with_ten"]

ENGLISH = '[screen]\nlanguage = "en"\n'
APPLIED = SettingsTold(number=7, state="applied")


def publish(database: Database, *names: str) -> int:
    with database.write() as session:
        return publish_settings(session, database.plant, names, read_settings(ENGLISH), "boss", 1001.0)


def start(session: Session, plant: str) -> int:
    return start_rollout(session, plant, Plan("2.0", NAMES, ("gw0",)), "boss", 1010.0)


def test_new_numbers_are_above_what_any_gateway_has_told(plant_with_ten: Database) -> None:
    database = plant_with_ten
    tell(database, "gw0", 1001.0, UpdateTold(state="good", rollout=5, version="2.0"), settings=APPLIED, diagnosis=9)
    tell(database, "gw0", 1002.0, settings=APPLIED, diagnosis=9)
    assert publish(database, "gw1") == 8
    with database.write() as session:
        assert start(session, database.plant) == 6
        assert ask_diagnosis(session, database.plant, "gw0", "boss", 1003.0) == 10
        assert ask_diagnosis(session, database.plant, "gw1", "boss", 1003.0) == 1


def test_a_number_that_no_office_gave_does_not_use_the_numbers_up(plant_with_ten: Database) -> None:
    database = plant_with_ten
    wild = 2**53
    told = SettingsTold(number=wild, state="applied")
    tell(database, "gw0", 1001.0, UpdateTold(state="good", rollout=wild), settings=told, diagnosis=wild)
    assert publish(database, "gw1") == 1
    with database.write() as session:
        assert start(session, database.plant) == 1
        assert ask_diagnosis(session, database.plant, "gw0", "boss", 1003.0) <= TOLD_NUMBER_MAX


def test_settings_that_a_gateway_has_of_another_life_are_not_taken_for_these(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = publish(database, "gw0", "gw1")
    old = SettingsTold(number=number, state="applied")
    wish = tell(database, "gw0", 1002.0, settings=old).settings
    assert wish is not None and wish.number > number, "under its number this gateway holds other settings"
    assert json.loads(wish.settings) == {"screen": {"language": "en"}}
    with database.read() as session:
        states = {each.gateway: each.state for each in targets(session, database.plant, number)}
        (again,) = targets(session, database.plant, wish.number)
    assert states == {"gw1": "published"} and (again.gateway, again.state) == ("gw0", "offered")
    assert tell(database, "gw0", 1003.0, settings=old).settings == wish
    tell(database, "gw0", 1004.0, settings=SettingsTold(number=wish.number, state="applied"))
    with database.read() as session:
        (again,) = targets(session, database.plant, wish.number)
    assert again.state == "applied"
    assert tell(database, "gw1", 1005.0).settings is not None
    tell(database, "gw1", 1006.0, settings=old)
    with database.read() as session:
        assert [each.state for each in targets(session, database.plant, number)] == ["applied"], "it was told these"


@pytest.mark.parametrize("told", [1, 7])
def test_a_diagnosis_is_asked_for_above_what_the_gateway_answered(plant_with_ten: Database, told: int) -> None:
    database = plant_with_ten
    with database.write() as session:
        assert ask_diagnosis(session, database.plant, "gw0", "boss", 1001.0) == 1
    assert tell(database, "gw0", 1002.0, diagnosis=told).diagnosis == told + 1
    assert tell(database, "gw0", 1003.0, diagnosis=told).diagnosis == told + 1, "the same request"
    with database.write() as session:
        assert ask_diagnosis(session, database.plant, "gw0", "boss", 1004.0) == told + 1


def test_a_roll_out_of_another_life_is_not_taken_for_this_one(plant_with_ten: Database) -> None:
    database = plant_with_ten
    with database.write() as session:
        number = start(session, database.plant)
    tell(database, "gw0", 1011.0, UpdateTold(state="good", rollout=number, version="1.9"))
    assert members_states(database, number)["gw0"][0] == "offered"
