"""The fleet at the server: what agents tell, staged roll-outs that stop by themselves, settings, diagnosis."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.config import CentralConfig
from central.context import Plant
from central.database import Database
from central.diagnosis import ask_diagnosis, kept
from central.errors import ReleaseRefused, RolloutRefused, SettingsRefused
from central.fleet import add_release, bundle_path, device_of, drop_bundle, releases, remove_release
from central.fleet_health import health_of
from central.fleet_limits import DIAGNOSIS_KEPT_MAX
from central.fleet_lines import fleet
from central.ingest import ingest
from central.rollouts import Plan, act_on, open_rollout, start_rollout
from central.wished_settings import preview, publish_settings, read_settings, roll_back, targets
from sync.wire import Batch, FleetReport, FleetWish, SettingsTold, UpdateTold
from tests.central.conftest import enrol_gateway
from tests.central.rollout_plant import OWN, begin, digest, plant_with_ten, tell

__all__ = ["plant_with_ten"]


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


def test_a_release_is_listed_once_and_its_version_is_one(plant_with_ten: Database, tmp_path: Path) -> None:
    database = plant_with_ten
    for version in ("2.0", "latest", ""):
        with database.write() as session, pytest.raises(ReleaseRefused):
            add_release(session, database.plant, tmp_path, tmp_path / "2.0.lineside", version, "shell", 1.0)
    with database.read() as session:
        assert [each.version for each in releases(session, database.plant)] == ["2.0"]


def test_a_release_goes_with_its_bundle_unless_a_roll_out_uses_it(plant_with_ten: Database, tmp_path: Path) -> None:
    database = plant_with_ten
    with database.write() as session:
        file = tmp_path / "2.0.lineside"
        sha256 = add_release(session, database.plant, tmp_path, file, "2.0.1", "shell", 1.0).sha256

    def remove(version: str) -> None:
        with database.write() as session:
            unused = remove_release(session, database.plant, version)
        drop_bundle(tmp_path, unused)

    number = begin(database)
    for act in ("pause", "stop"):
        with pytest.raises(ReleaseRefused, match=f"roll-out {number}"):
            remove("2.0")
        with database.write() as session:
            act_on(session, database.plant, number, act, "boss", 1001.0)
    remove("2.0")
    assert bundle_path(tmp_path, sha256).is_file(), "2.0.1 is the same bundle"
    remove("2.0.1")
    assert not bundle_path(tmp_path, sha256).exists()
    with database.read() as session:
        assert releases(session, database.plant) == []
    with pytest.raises(ReleaseRefused, match="not listed"):
        remove("2.0")
    with pytest.raises(RolloutRefused, match="not listed"):
        begin(database)


def test_a_bundle_is_not_taken_where_the_disk_would_be_full(plant_with_ten: Database, tmp_path: Path) -> None:
    database, file = plant_with_ten, tmp_path / "2.0.lineside"
    with database.write() as session, pytest.raises(ReleaseRefused, match="no room"):
        add_release(session, database.plant, tmp_path, file, "3.0", "shell", 1.0, room_bytes=2**60)
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
