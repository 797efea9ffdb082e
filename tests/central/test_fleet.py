"""The fleet at the server: what agents tell, staged roll-outs that stop by themselves, settings, diagnosis."""

import hashlib
import io
import json
import time
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from central.config import CentralConfig
from central.context import Plant
from central.database import Database
from central.diagnosis import ask_diagnosis, kept
from central.errors import ReleaseRefused, RolloutRefused, SettingsRefused
from central.fleet import add_release, device_of, releases, take_report
from central.fleet_health import health_of
from central.fleet_limits import DIAGNOSIS_KEPT_MAX, ROLLOUT_SILENT_SECONDS_MAX
from central.fleet_lines import fleet
from central.fleet_tables import RolloutMember
from central.ingest import ingest
from central.models import Alarm
from central.rollout_states import Member, in_window, judge, staged
from central.rollouts import Plan, RolloutPump, act_on, members, open_rollout, rollouts, start_rollout, takers
from central.wished_settings import preview, publish_settings, read_settings, roll_back, targets
from sync.wire import Batch, FleetReport, FleetWish, SettingsTold, UpdateTold
from tests.central.conftest import enrol_gateway

NOTHING = UpdateTold()
NAMES = [f"gw{number}" for number in range(10)]
OWN = json.dumps({"gateway": {"name": "gw0", "line": "line-1"}, "station": [{"id": "S1"}]})


# -- what decides, in plain values


def test_stages_take_canaries_first_then_a_share_then_all() -> None:
    found = staged(NAMES, (), 1, 30, "1/2.0")
    assert sorted(found.values()).count("canary") == 1
    assert sorted(found.values()).count("part") == 2
    assert set(found) == set(NAMES)
    assert staged(NAMES, ("gw3",), 5, 0, "x")["gw3"] == "canary"
    assert set(staged(NAMES, (), 50, 0, "x").values()) == {"canary"}


def members_of(**states: str) -> list[Member]:
    stages = {"c": "canary", "p": "part", "a": "all"}
    return [Member(name, stages[name[0]], state) for name, state in states.items()]


@pytest.mark.parametrize(
    ("stage", "since", "states", "event", "next_stage"),
    [
        ("canary", None, {"c1": "offered", "p1": "waiting"}, "", "canary"),
        ("canary", None, {"c1": "good", "p1": "waiting"}, "", "canary"),
        ("canary", 900.0, {"c1": "good", "p1": "waiting"}, "", "part"),
        ("canary", 950.0, {"c1": "good", "p1": "waiting"}, "", "canary"),
        ("canary", 900.0, {"c1": "good", "a1": "waiting"}, "", "all"),
        ("canary", 5000.0, {"c1": "good", "p1": "waiting"}, "", "canary"),
        ("canary", None, {"c1": "returned", "p1": "waiting"}, "failed", "canary"),
        ("canary", None, {"c1": "refused", "p1": "waiting"}, "failed", "canary"),
        ("part", 900.0, {"c1": "good", "p1": "good", "a1": "waiting"}, "", "all"),
        ("all", None, {"c1": "good", "p1": "good", "a1": "good"}, "finished", "all"),
    ],
)
def test_a_stage_goes_on_when_all_of_it_was_good_for_long_enough(
    stage: str, since: float | None, states: dict[str, str], event: str, next_stage: str
) -> None:
    found = judge(stage, since, members_of(**states), 0, 100, 1800, 1000.0)
    assert (found.event, found.stage) == (event, next_stage)


def test_failures_are_allowed_up_to_their_bound_and_silence_is_one() -> None:
    mixed = members_of(c1="good", c2="returned")
    assert judge("canary", None, mixed, 1, 0, 1800, 0).event == "finished"
    assert judge("canary", None, mixed, 0, 0, 1800, 0).event == "failed"
    assert judge("canary", None, [Member("c", "canary", "trial", 2000)], 0, 0, 1800, 0).event == "failed"
    for state in ("waiting", "offered", "downloading"):
        assert judge("canary", None, [Member("c", "canary", state, 2000)], 0, 0, 1800, 0).event == ""


@pytest.mark.parametrize(
    ("minute", "window", "inside"),
    [
        (0, (None, None), True),
        (120, (60, 180), True),
        (180, (60, 180), False),
        (30, (1380, 60), True),
        (1400, (1380, 60), True),
        (700, (1380, 60), False),
    ],
)
def test_a_window_may_go_over_midnight(minute: int, window: tuple[int | None, int | None], inside: bool) -> None:
    assert in_window(minute, *window) is inside


def test_health_says_the_worst_first() -> None:
    sick = {"refusing": "disk_full", "missing": ["S1.scanner"]}
    figures = {"disk_free_bytes": 1, "disk_bytes": 100, "temperature": 85.0, "under_voltage": "now"}
    found = health_of(True, False, False, sick, figures, "returned", "refused")
    assert found.level == "bad"
    assert found.faults[:4] == ("offline", "refusing", "under_voltage", "returned")
    assert set(found.faults[4:]) == {"devices", "clock", "disk", "hot", "settings"}
    assert health_of(True, True, True, {}, {}, "good", "applied").level == "good"
    assert health_of(False, False, None, {}, {}, "", "none").level == "unseen"
    hostile = {"disk_free_bytes": "x", "disk_bytes": [], "temperature": None, "disk_worn_percent": True}
    assert health_of(True, True, True, {}, hostile, "", "none").level == "good"


# -- over a database


def tell(database: Database, name: str, now: float, update: UpdateTold = NOTHING, **more: object) -> FleetWish:
    values = {"slot": "a", "release": "1.0", "configuration": OWN, "configuration_digest": digest(OWN)} | more
    told = FleetReport.model_validate({"gateway": name, "update": update, **values})
    with database.write() as session:
        return take_report(session, database.plant, name, told, now)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


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


def test_a_good_release_goes_from_the_canary_to_all(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database, soak_seconds=60.0, percent=30)
    (canary,) = names_of(database, number, "canary")
    others = [name for name in NAMES if name != canary]
    assert all(tell(database, name, 1001.0).bundle is None for name in others)
    wish = tell(database, canary, 1001.0).bundle
    assert wish is not None and (wish.rollout, wish.version) == (number, "2.0")
    good = UpdateTold(state="good", rollout=number, version="2.0")
    tell(database, canary, 1010.0, good)
    assert state_of(database, number) == ("running", "canary")
    RolloutPump(database).step(1100.0)
    assert state_of(database, number) == ("running", "part")
    for name in names_of(database, number, "part"):
        assert tell(database, name, 1101.0).bundle is not None
        tell(database, name, 1102.0, good)
    RolloutPump(database).step(1300.0)
    for name in names_of(database, number, "all"):
        tell(database, name, 1301.0)
        tell(database, name, 1302.0, good)
    assert state_of(database, number) == ("done", "all")


@pytest.mark.parametrize("ending", ["returned", "refused"])
def test_a_bad_release_stops_at_the_canary_and_tells(plant_with_ten: Database, ending: str) -> None:
    database = plant_with_ten
    number = begin(database)
    (canary,) = names_of(database, number, "canary")
    tell(database, canary, 1001.0)
    tell(database, canary, 1002.0, UpdateTold(state="trial", rollout=number, version="2.0"))
    tell(database, canary, 1003.0, UpdateTold(state=ending, rollout=number, version="2.0", reason="not ready"))
    assert state_of(database, number)[0] == "stopped"
    assert all(tell(database, name, 1004.0).bundle is None for name in NAMES)
    with database.read() as session:
        (alarm,) = session.scalars(select(Alarm).where(Alarm.kind == "rollout_stopped"))
        assert canary in alarm.detail
        offered = session.scalars(select(RolloutMember).where(RolloutMember.offered_at.is_not(None))).all()
        assert [each.gateway for each in offered] == [canary]


def test_a_canary_that_falls_silent_stops_it_too(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database)
    (canary,) = names_of(database, number, "canary")
    tell(database, canary, 1001.0)
    RolloutPump(database).step(1001.0 + 2 * ROLLOUT_SILENT_SECONDS_MAX)
    assert state_of(database, number)[0] == "running", "it may just be switched off"
    tell(database, canary, 1001.0, UpdateTold(state="trial", rollout=number, version="2.0"))
    RolloutPump(database).step(1001.0 + ROLLOUT_SILENT_SECONDS_MAX - 1)
    assert state_of(database, number)[0] == "running"
    RolloutPump(database).step(1002.0 + ROLLOUT_SILENT_SECONDS_MAX)
    assert state_of(database, number)[0] == "stopped"


def test_a_person_pauses_resumes_and_stops(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database)
    (canary,) = names_of(database, number, "canary")

    def act(name: str) -> None:
        with database.write() as session:
            act_on(session, database.plant, number, name, "boss", 1001.0)

    act("pause")
    assert tell(database, canary, 1002.0).bundle is None
    with pytest.raises(RolloutRefused):
        act("pause")
    with pytest.raises(RolloutRefused, match="under way"):
        begin(database)
    act("resume")
    assert tell(database, canary, 1003.0).bundle is not None
    act("stop")
    assert tell(database, canary, 1004.0).bundle is None
    with pytest.raises(RolloutRefused):
        act("resume")
    with pytest.raises(RolloutRefused):
        act("failed")
    assert begin(database) == number + 1


def test_only_gateways_with_slots_and_only_of_the_line_take_part(plant_with_ten: Database) -> None:
    database = plant_with_ten
    tell(database, "gw0", 1001.0, slot="")
    with database.read() as session:
        assert takers(session, database.plant) == NAMES[1:]
        assert takers(session, database.plant, "x", {"gw3": "x"}) == ["gw3"]


def test_outside_of_the_window_nothing_is_wished(plant_with_ten: Database) -> None:
    database = plant_with_ten
    here = time.localtime(1000.0)
    minute = here.tm_hour * 60 + here.tm_min
    number = begin(database, window=((minute + 60) % 1440, (minute + 120) % 1440))
    (canary,) = names_of(database, number, "canary")
    assert tell(database, canary, 1001.0).bundle is None
    assert tell(database, canary, 1001.0 + 90 * 60).bundle is not None


def test_a_release_is_listed_once_and_its_version_is_one(plant_with_ten: Database, tmp_path: Path) -> None:
    database = plant_with_ten
    for version in ("2.0", "latest", ""):
        with database.write() as session, pytest.raises(ReleaseRefused):
            add_release(session, database.plant, tmp_path, tmp_path / "2.0.lineside", version, "shell", 1.0)
    with database.read() as session:
        assert [each.version for each in releases(session, database.plant)] == ["2.0"]


def test_the_status_of_a_gateway_becomes_its_line_in_the_list(database: Database) -> None:
    enrol_gateway(database, "gw0")
    machine = {
        "model": "Raspberry Pi 4",
        "disk_bytes": 100,
        "disk_free_bytes": 5,
        "temperature": 41.5,
        "network": "eth0",
    }
    status = {"line": "site/area/line-1", "machine": machine, "clock_synchronised": True}
    ingest(database, "gw0", Batch(gateway="gw0", release="1.0", status=status), 1000.0)
    with database.read() as session:
        (line,) = fleet(session, database.plant, 1010.0)
        (late,) = fleet(session, database.plant, 9999.0)
    assert (line.model, line.line, line.network, line.temperature) == (
        "Raspberry Pi 4",
        "site/area/line-1",
        "eth0",
        41.5,
    )
    assert line.health.faults == ("disk",)
    assert late.health.faults[0] == "offline"


# -- settings


def test_settings_are_checked_by_the_gateways_own_schema(plant_with_ten: Database) -> None:
    database = plant_with_ten
    good = read_settings('[screen]\nlanguage = "en"\n[[station]]\nid = "S1"\nsame_piece_minutes = 5\n')
    with database.read() as session:
        (found,) = preview(session, database.plant, ["gw0"], good)
    assert found.faults == ()
    assert found.differences == (
        ("screen.language", "", '"en"'),
        ("station[S1].same_piece_minutes", "", "5"),
    )
    for text, word in (
        ('[screen]\nlanguage = "fr"\n', "language"),
        ('[gateway]\nname = "other"\n', "own file"),
        ('[central]\nurl = "http://elsewhere"\n', "own file"),
        ('[mqtt]\npassword_file = "/etc/shadow"\n', "own file"),
        ('[update]\nkeys = "/tmp"\n', "own file"),
        ('[[station]]\nid = "S1"\n[[station.scanner]]\nkind = "laser"\n', "laser"),
        ("[scren]\n", "scren"),
    ):
        with database.write() as session, pytest.raises(SettingsRefused, match=word):
            publish_settings(session, database.plant, ["gw0"], read_settings(text), "boss", 1.0)
    with pytest.raises(SettingsRefused, match="TOML"):
        read_settings("[screen")


def test_settings_reach_their_gateways_and_go_back(plant_with_ten: Database) -> None:
    database = plant_with_ten

    def publish(names: list[str], text: str) -> int:
        with database.write() as session:
            return publish_settings(session, database.plant, names, read_settings(text), "boss", 1001.0)

    first = publish(["gw0", "gw1"], '[screen]\nlanguage = "en"\n')
    second = publish(["gw0"], '[gateway]\nlog_level = "debug"\n')
    wish = tell(database, "gw0", 1002.0).settings
    assert wish is not None and (wish.number, json.loads(wish.settings)) == (
        second,
        {"gateway": {"log_level": "debug"}},
    )
    tell(database, "gw0", 1003.0, settings=SettingsTold(number=second, state="refused", reason="not ready"))
    with database.write() as session:
        (row,) = targets(session, database.plant, second)
        assert (row.state, row.reason) == ("refused", "not ready")
        (third,) = roll_back(session, database.plant, second, "boss", 1004.0)
    again = tell(database, "gw0", 1005.0).settings
    assert again is not None and (again.number, json.loads(again.settings)) == (third, {"screen": {"language": "en"}})
    with database.write() as session:
        with pytest.raises(SettingsRefused):
            roll_back(session, database.plant, second, "boss", 1006.0)
        (fourth,) = roll_back(session, database.plant, first, "boss", 1006.0)
    last = tell(database, "gw1", 1007.0).settings
    assert last is not None and (last.number, last.settings) == (fourth, "{}")


def test_a_configuration_is_told_once_and_its_digest_is_checked(database: Database) -> None:
    enrol_gateway(database, "gw0")
    wish = tell(database, "gw0", 1.0, configuration="", configuration_digest=digest(OWN))
    assert wish.configuration_wanted
    wish = tell(database, "gw0", 2.0, configuration="{}", configuration_digest=digest(OWN))
    assert wish.configuration_wanted
    assert not tell(database, "gw0", 3.0).configuration_wanted
    with database.read() as session:
        found = device_of(session, database.plant, "gw0")
        assert found is not None and found.configuration == OWN


# -- the interface


class Agent:
    """A gateway's agent as the server sees it."""

    def __init__(self, app: Flask, name: str) -> None:
        self.plant: Plant = app.extensions["lineside"]
        self.client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {enrol_gateway(self.plant.database, name)}"}

    def report(self, name: str, **more: object) -> tuple[int, FleetWish | None]:
        told = FleetReport.model_validate({"gateway": name, "slot": "a", **more}).model_dump_json()
        answer = self.client.post("/api/v1/fleet", data=told, headers=self.headers, content_type="application/json")
        return answer.status_code, FleetWish.model_validate_json(answer.data) if answer.status_code == 200 else None


def test_a_bundle_comes_in_ranges_and_only_to_who_it_is_wished_of(app: Flask, tmp_path: Path) -> None:
    one, other = Agent(app, "one"), Agent(app, "other")
    here = one.plant
    content = bytes(range(256)) * 2000
    file = tmp_path / "2.0.lineside"
    file.write_bytes(content)
    assert one.report("one")[0] == 200
    assert one.report("other")[0] == 403
    with here.database.write() as session:
        sha256 = add_release(session, here.database.plant, here.config.folder, file, "2.0", "shell", here.now()).sha256
    path = f"/api/v1/fleet/bundles/{sha256}"
    ranged = {"Range": "bytes=0-"}
    assert one.client.get(path, headers=one.headers | ranged).status_code == 404
    with here.database.write() as session:
        start_rollout(session, here.database.plant, Plan("2.0", ["one"]), "boss", here.now())
    assert one.client.get(path, headers=one.headers | ranged).status_code == 404, "it was not told of it yet"
    _, wish = one.report("one")
    assert wish is not None and wish.bundle is not None and wish.bundle.sha256 == sha256
    got = b""
    while len(got) < len(content):
        answer = one.client.get(path, headers=one.headers | {"Range": f"bytes={len(got)}-"})
        assert answer.status_code == 206
        assert answer.headers["Content-Range"] == f"bytes {len(got)}-{len(got) + len(answer.data) - 1}/{len(content)}"
        assert 0 < len(answer.data) <= 256 * 1024
        got += answer.data
    assert got == content
    assert one.client.get(path, headers=one.headers | {"Range": f"bytes={len(content)}-"}).status_code == 416
    assert one.client.get(path, headers=one.headers).status_code == 400
    assert one.client.get("/api/v1/fleet/bundles/..", headers=one.headers | ranged).status_code in (400, 404)
    assert other.client.get(path, headers=other.headers | ranged).status_code == 404
    assert one.client.get(path, headers=ranged).status_code == 401


def test_a_diagnosis_bundle_comes_when_it_was_asked_for(app: Flask) -> None:
    agent = Agent(app, "one")
    here = agent.plant
    agent.report("one")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.writestr("doctor.json", "[]")

    def put(number: int, content: bytes) -> int:
        headers = agent.headers | {"Content-Type": "application/octet-stream"}
        return agent.client.put(f"/api/v1/fleet/diagnosis/{number}", data=content, headers=headers).status_code

    assert put(1, packed.getvalue()) == 404, "nobody asked"
    for number in range(1, DIAGNOSIS_KEPT_MAX + 3):
        with here.database.write() as session:
            assert ask_diagnosis(session, here.database.plant, "one", "boss", here.now()) == number
            assert ask_diagnosis(session, here.database.plant, "one", "boss", here.now()) == number
        _, wish = agent.report("one")
        assert wish is not None and wish.diagnosis == number
        assert put(number, b"not a zip") == 415
        assert put(number, b"PK\x03\x04" + bytes(1024 * 1024)) == 413
        assert put(number, packed.getvalue()) == 200
    assert kept(here.config.folder, "one") == [5, 4, 3]


def test_a_report_of_hostile_words_is_kept_as_words(app: Flask, config: CentralConfig) -> None:
    agent = Agent(app, "one")
    words = "<b>\x00\u202e" + "x" * 40
    status, _ = agent.report("one", release=words, update=UpdateTold(state=words, version=words, reason=words))
    assert status == 200
    with agent.plant.database.read() as session:
        found = device_of(session, agent.plant.database.plant, "one")
        assert found is not None and "\x00" not in found.update_reason
        assert open_rollout(session, agent.plant.database.plant) is None
