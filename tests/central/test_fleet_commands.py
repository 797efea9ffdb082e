"""`lineside fleet` in a shell: each command over a plant's database, and what it leaves in the audit log."""

import hashlib
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import ValidationError
from sqlalchemy import select

from central.audit import acts_behind
from central.config import CentralConfig
from central.diagnosis import take_diagnosis
from central.fleet import take_report
from central.fleet_commands import fleet_group
from central.fleet_limits import LOG_SEALS_MAX
from central.models import Alarm
from central.opening import open_database
from sync.wire import FleetReport, UpdateTold
from tests.central.conftest import enrol_gateway

OWN = json.dumps({"gateway": {"name": "press"}, "station": [{"id": "S1"}]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plant with one gateway whose agent has told of its slots."""
    (tmp_path / "central.toml").write_text(f'folder = "{tmp_path / "central"}"\n')
    database = open_database(CentralConfig(folder=tmp_path / "central"))
    try:
        enrol_gateway(database, "press")
        with database.write() as session:
            report = FleetReport(
                gateway="press",
                release="1.0",
                slot="A",
                update=UpdateTold(state="idle"),
                configuration=OWN,
                configuration_digest=hashlib.sha256(OWN.encode()).hexdigest(),
            )
            take_report(session, database.plant, "press", report, time.time())
    finally:
        database.close()
    return tmp_path


def call(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(fleet_group, [*words, "--config", str(folder / "central.toml")])


def said(folder: Path, *words: str) -> str:
    done = call(folder, *words)
    assert done.exit_code == 0, done.output
    return done.output


def audited(folder: Path) -> list[str]:
    database = open_database(CentralConfig(folder=folder / "central"))
    try:
        with database.read() as session:
            return [act.action for act in acts_behind(session, database.plant, 0, 100)]
    finally:
        database.close()


def test_a_release_is_listed_rolled_out_and_stopped(folder: Path) -> None:
    bundle = folder / "2.0.lineside"
    bundle.write_bytes(b"bundle")
    assert "release 2.0 is listed: " in said(folder, "add", str(bundle), "--version", "2.0")
    assert said(folder, "releases").split()[:2] == ["2.0", "6"]
    refused = call(folder, "rollout", "start", "2.0", "--line", "no/such/line")
    assert refused.exit_code == 1 and "no gateway with slots takes part" in refused.output
    refused = call(folder, "rollout", "start", "2.0", "--canary", "pres")
    assert refused.exit_code == 1 and "pres takes no part" in refused.output
    assert "1 gateways take part" in said(folder, "rollout", "start", "2.0", "--window", "22:00-05:30")
    said(folder, "rollout", "pause", "1")
    said(folder, "rollout", "resume", "1")
    assert said(folder, "rollout", "stop", "1") == "roll-out 1: stop\n"
    assert said(folder, "remove", "2.0") == "release 2.0 is listed no more\n"
    assert said(folder, "releases") == "" and call(folder, "remove", "2.0").exit_code == 1
    told = said(folder, "rollout", "show")
    assert "roll-out 1 of 2.0: stopped" in told and "press" in told
    assert call(folder, "rollout", "resume", "1").exit_code == 1
    (line,) = json.loads(said(folder, "list", "--json"))
    assert (line["name"], line["slot"]) == ("press", "A")
    assert said(folder, "list").startswith("press ")
    assert [each for each in audited(folder) if each.startswith("r")] == [
        *("release.added", "rollout.started", "rollout.pause", "rollout.resume", "rollout.stop", "release.removed"),
    ]


def test_settings_are_previewed_published_and_rolled_back(folder: Path) -> None:
    wished = folder / "wished.toml"
    wished.write_text('[screen]\nlanguage = "en"\n')
    words = (str(wished), "--gateway", "press")
    assert 'press: screen.language: nothing -> "en"' in said(folder, "config", "preview", *words)
    assert said(folder, "config", "apply", *words, "--note", "night") == "settings 1 are published for press\n"
    assert said(folder, "config", "rollback", "1") == "published: settings 2\n"
    wished.write_text('[central]\nurl = "http://x"\n')
    refused = call(folder, "config", "preview", *words)
    assert refused.exit_code == 1 and "cannot take it" in refused.output
    assert [each for each in audited(folder) if each.startswith("s")] == ["settings.published", "settings.rolled_back"]


def test_a_diagnosis_is_asked_for_and_copied(folder: Path) -> None:
    assert said(folder, "logs", "press").startswith("bundle 1 of press is asked for")
    database = open_database(CentralConfig(folder=folder / "central"))
    try:
        with database.write() as session:
            take_diagnosis(session, database.plant, folder / "central", "press", 1, b"PK\x03\x04zip", time.time())
    finally:
        database.close()
    out = folder / "out.zip"
    assert said(folder, "logs", "press", "--out", str(out)) == f"bundle 1 of press is in {out}\n"
    assert out.read_bytes() == b"PK\x03\x04zip"
    assert [each for each in audited(folder) if each.startswith("d")] == ["diagnosis.asked", "diagnosis.fetched"]


def test_the_keys_of_a_log_are_kept_once_each_up_to_their_bound(folder: Path) -> None:
    refused = call(folder, "seals", "press")
    assert refused.exit_code == 1 and "press has told no key" in refused.output
    keys = [f"13a4f2-e11b90-0b9c1d-{at:06x}/1c2f3a-35a4e900" for at in range(LOG_SEALS_MAX + 1)]
    database = open_database(CentralConfig(folder=folder / "central"))
    try:
        for at, key in enumerate([keys[0], *keys]):
            with database.write() as session:
                take_report(session, database.plant, "press", FleetReport(gateway="press", log_seal=key), 1_000.0 + at)
        with database.read() as session:
            assert set(session.scalars(select(Alarm.kind))) == {"log_seals_full"}
    finally:
        database.close()
    lines = said(folder, "seals", "press").splitlines()
    assert [line.split()[-1] for line in lines] == keys[:LOG_SEALS_MAX], "the first is never driven out"
    assert "log_seals.read" in audited(folder)


def test_a_log_key_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        FleetReport(gateway="press", log_seal="=HYPERLINK(1)")
