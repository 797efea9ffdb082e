"""The fleet pages over a whole server: list, one gateway, roll-outs, settings, diagnosis; on every screen."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from central.audit import ActQuery, list_acts
from central.context import Plant
from central.diagnosis import take_diagnosis
from central.fleet import add_release, take_report
from central.ingest import ingest
from central.rollouts import open_rollout
from sync.wire import Batch, FleetReport, UpdateTold
from tests.central.conftest import enrol_gateway
from tests.central.local_plant import admin, app
from tests.central.page_client import PASSWORD, launched, served, submit

__all__ = ["admin", "app"]

OWN = json.dumps({"gateway": {"name": "press", "line": "line-1"}, "station": [{"id": "S1"}]})
HOSTILE = "<script>alert(1)</script>\u202e"


def fill(app: Flask) -> Plant:
    """A fleet with everything one may see: good, sick, gone, hostile."""
    here: Plant = app.extensions["lineside"]
    database, now = here.database, here.now()
    machine = {
        "model": "Raspberry Pi 4 Model B Rev 1.4",
        "disk_bytes": 31_000_000_000,
        "disk_free_bytes": 24_000_000_000,
        "temperature": 47.2,
        "network": "eth0",
        "address": "10.20.30.41",
        "under_voltage": "no",
        "disk_worn_percent": 10,
    }
    sick = machine | {"disk_free_bytes": 900_000_000, "temperature": 83.0, "under_voltage": "now", "network": "wlan0"}
    fleet = {
        "press": ("1.4.0", {"line": "site/area/line-1", "machine": machine}, UpdateTold(state="good", version="1.4.0")),
        "paint": (
            "1.3.2",
            {"line": "site/area/line-2", "machine": sick, "missing": ["S2.scanner"], "waiting_since": now - 7000},
            UpdateTold(state="returned", version="1.4.0", reason="devices are not open: S2.scanner"),
        ),
        "pack": (
            "1.3.2",
            {"line": "site/area/line-2", "machine": machine},
            UpdateTold(state="waiting", version="1.4.0"),
        ),
        "odd": (HOSTILE[:24], {"line": HOSTILE, "machine": {"model": HOSTILE}}, UpdateTold(state=HOSTILE[:40])),
    }
    for name, (release, status, update) in fleet.items():
        enrol_gateway(database, name)
        ingest(database, name, Batch(gateway=name, release=release, status=status), now)
        told = FleetReport(
            gateway=name,
            release=release,
            slot="A",
            update=update,
            configuration=OWN,
            configuration_digest=hashlib.sha256(OWN.encode()).hexdigest(),
        )
        with database.write() as session:
            take_report(session, database.plant, name, told, now)
    enrol_gateway(database, "new")
    bundle = here.config.folder / "1.5.0.lineside"
    bundle.write_bytes(b"bundle" * 999)
    with database.write() as session:
        add_release(session, database.plant, here.config.folder, bundle, "1.5.0", "shell", now)
    return here


@pytest.fixture
def here(app: Flask) -> Plant:
    return fill(app)


def test_the_list_sorts_and_filters(here: Plant, admin: FlaskClient) -> None:
    page = admin.get("/fleet").text
    assert page.index("/fleet/gateways/paint") < page.index("/fleet/gateways/press") < page.index("/fleet/gateways/new")
    assert "<script>alert" not in page
    by_name = admin.get("/fleet?sort=name&falling=1").text
    assert by_name.index("/fleet/gateways/press") < by_name.index("/fleet/gateways/pack")
    for query, shown, hidden in (
        ("line=site/area/line-2", "paint", "press"),
        ("release=1.4.0", "press", "pack"),
        ("health=bad", "paint", "press"),
        ("health=unseen", "new", "press"),
    ):
        page = admin.get(f"/fleet/fragment?{query}").text
        assert f"/fleet/gateways/{shown}" in page and f"/fleet/gateways/{hidden}" not in page
    assert "没有符合条件的网关" in admin.get("/fleet?line=nowhere").text
    told = admin.get("/api/v1/fleet").json
    assert told is not None and {each["name"] for each in told["gateways"]} == {"press", "paint", "pack", "odd", "new"}


def test_one_gateway_and_its_diagnosis(here: Plant, admin: FlaskClient) -> None:
    assert "devices are not open: S2.scanner" in admin.get("/fleet/gateways/paint").text
    assert "更新程序还没有联系过服务器" in admin.get("/fleet/gateways/new").text
    assert admin.get("/fleet/gateways/nobody").status_code == 404
    assert submit(admin, "/fleet/gateways/paint", "/fleet/diagnosis/ask", name="paint").status_code == 303
    assert "已请求" in admin.get("/fleet/gateways/paint").text
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.writestr("doctor.json", "[]")
    with here.database.write() as session:
        take_diagnosis(session, here.database.plant, here.config.folder, "paint", 1, packed.getvalue(), here.now())
    answer = admin.get("/fleet/gateways/paint/diagnosis/1")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/zip", packed.getvalue())
    assert "attachment" in answer.headers["Content-Disposition"]
    for path in ("paint/diagnosis/2", "press/diagnosis/1", "paint/diagnosis/x"):
        assert admin.get(f"/fleet/gateways/{path}").status_code == 404
    assert submit(admin, "/fleet/gateways/press", "/fleet/diagnosis/ask", name="../x").status_code == 404
    with here.database.read() as session:
        acts = [each.action for each in list_acts(session, here.database.plant, ActQuery(), 9)]
    assert acts[:2] == ["diagnosis.fetched", "diagnosis.asked"]


def test_a_roll_out_is_started_paused_and_stopped(here: Plant, admin: FlaskClient) -> None:
    page = "/fleet/rollouts"
    for wrong in (
        {"version": "9.9"},
        {"version": "1.5.0", "canaries": "nobody"},
        {"version": "1.5.0", "from": "22:00"},
        {"version": "1.5.0", "percent": "-1"},
        {"version": "1.5.0", "line": "elsewhere"},
    ):
        assert submit(admin, page, "/fleet/rollouts/start", **wrong).status_code == 400, wrong
    plan = {"version": "1.5.0", "canaries": "press、pack", "percent": "50", "from": "22:00", "until": "05:30"}
    assert submit(admin, page, "/fleet/rollouts/start", **plan).status_code == 303
    assert submit(admin, page, "/fleet/rollouts/act", number="1", act="pause").status_code == 303
    assert "已暂停" in admin.get(page).text
    assert "1.5.0" in admin.get("/fleet").text
    assert submit(admin, page, "/fleet/rollouts/act", number="1", act="finished").status_code == 400
    assert submit(admin, page, "/fleet/rollouts/act", number="1", act="stop").status_code == 303
    with here.database.read() as session:
        assert open_rollout(session, here.database.plant) is None


def test_a_release_is_removed(here: Plant, admin: FlaskClient) -> None:
    page = "/fleet/rollouts"
    assert submit(admin, page, "/fleet/rollouts/start", version="1.5.0").status_code == 303
    refused = submit(admin, page, "/fleet/releases/remove", version="1.5.0")
    assert refused.status_code == 400 and "roll-out 1" in refused.text
    assert submit(admin, page, "/fleet/rollouts/act", number="1", act="stop").status_code == 303
    assert "确定删除 1.5.0" in admin.get(page).text
    assert submit(admin, page, "/fleet/releases/remove", version="1.5.0").status_code == 303
    assert "没有可用的版本" in admin.get(page).text
    assert list((here.config.folder / "bundles").iterdir()) == []
    assert submit(admin, page, "/fleet/releases/remove", version="1.5.0").status_code == 400
    with here.database.read() as session:
        acts = [each.action for each in list_acts(session, here.database.plant, ActQuery(), 9)]
    assert acts[0] == "release.removed"


def test_settings_are_previewed_published_and_rolled_back(here: Plant, admin: FlaskClient) -> None:
    page, text = "/fleet/settings", '[screen]\nlanguage = "en"\n'
    seen = submit(admin, page, "/fleet/settings/preview", settings=text, gateway="press")
    assert seen.status_code == 200 and "screen.language" in seen.text
    wrong = submit(admin, page, "/fleet/settings/preview", settings='[central]\nurl = "http://x"\n', gateway="press")
    assert "不能发布" in wrong.text and "/fleet/settings/publish" not in wrong.text
    assert submit(admin, page, "/fleet/settings/publish", settings="[", gateway="press").status_code == 400
    assert submit(admin, page, "/fleet/settings/publish", settings=text, gateway="nobody").status_code == 400
    answer = submit(admin, page, "/fleet/settings/publish", settings=text, gateway="press", note="夜班")
    assert answer.status_code == 303
    assert "夜班" in admin.get(page).text
    assert "已发布设置 1，等待网关领取" in admin.get("/fleet/gateways/press").text
    assert submit(admin, page, "/fleet/settings/back", number="1").status_code == 303
    assert submit(admin, page, "/fleet/settings/back", number="1").status_code == 400


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "height", "language"), [(1280, 720, "zh-CN"), (390, 844, "zh-CN"), (1280, 720, "en"), (1920, 1080, "en")]
)
def test_the_pages_fit_every_screen(
    here: Plant,
    app: Flask,
    admin: FlaskClient,
    browser: Browser,
    tmp_path: Path,
    width: int,
    height: int,
    language: str,
) -> None:
    submit(admin, "/fleet/rollouts", "/fleet/rollouts/start", version="1.5.0", canaries="press")
    submit(admin, "/fleet/settings", "/fleet/settings/publish", settings="[gateway]\nphotos_max = 5\n", gateway="press")
    with served(app) as address:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=language)
        page = context.new_page()
        page.goto(f"{address}/sign-in")
        page.fill("form[action='/sign-in'] [name=name]", "admin")
        page.fill("form[action='/sign-in'] [name=password]", PASSWORD)
        page.press("form[action='/sign-in'] [name=password]", "Enter")
        page.wait_for_url("**/board")
        paths = ["/fleet", "/fleet/gateways/paint", "/fleet/rollouts", "/fleet/settings", "/fleet?tv=1"]
        for number, path in enumerate(paths):
            page.goto(f"{address}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.screenshot(path=tmp_path / f"{width}-{language}-{number}.png", full_page=True)
        context.close()
        app.extensions["lineside"].live.close()
