"""The audit log: tied together, so that a row changed or removed in the file itself is found; bounded; in order."""

import hashlib
import json
import re
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from central import accounts, audit
from central.audit import ActQuery, acts_behind, list_acts, newest_act, purge_acts, record_act, verify_acts
from central.commands import central_group
from central.config import CentralConfig
from central.context import Plant
from central.database import Database
from central.errors import SignInRefused
from central.limits import AUDIT_DETAIL_CHARACTERS_MAX, AUDIT_FAILURES_PER_HOUR_MAX
from central.opening import open_database
from floor.example import example_plant
from tests.central.local_plant import admin, app
from tests.central.page_client import served, submit
from tests.central.plant_feed import AndonRaised
from tests.central.test_pages_plant import OPERATION, PERSON, enrolled, publish

__all__ = ["admin", "app"]

NOW = 1_800_000_000.0


def keep(database: Database, count: int, now: float = NOW, who: str = "admin") -> None:
    for number in range(count):
        with database.write() as session:
            record_act(session, database.plant, who, "user.added", f"u{number}", {"n": number}, now + number, "::1")


def test_each_act_names_the_one_before_it(database: Database) -> None:
    keep(database, 3)
    with database.read() as session:
        acts = acts_behind(session, database.plant, 0, 10)
        verdict = verify_acts(session, database.plant)
        assert newest_act(session, database.plant) == (3, acts[-1].digest)
    assert [each.position for each in acts] == [1, 2, 3]
    assert [each.previous_digest for each in acts] == ["", acts[0].digest, acts[1].digest]
    assert (verdict.acts, verdict.position, verdict.digest, verdict.fault) == (3, 3, acts[-1].digest, "")


def test_an_act_goes_with_the_transaction_of_what_it_tells(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        record_act(session, database.plant, "admin", "user.added", "x", {}, NOW)
        raise RuntimeError
    keep(database, 1)
    with database.read() as session:
        assert verify_acts(session, database.plant).acts == 1


def test_hostile_and_long_texts_are_kept_as_they_can_be(database: Database) -> None:
    with database.write() as session:
        record_act(session, database.plant, "a\x00b", "x.y", "\ud800" * 500, {"t": "z" * 9_000, "\x00": "</b>"}, NOW)
    with database.read() as session:
        (act,) = acts_behind(session, database.plant, 0, 10)
        assert verify_acts(session, database.plant).fault == ""
    assert act.who == "a\ufffdb" and len(act.detail) == AUDIT_DETAIL_CHARACTERS_MAX and len(act.subject) == 200


def test_acts_of_several_threads_stand_in_one_row(database: Database) -> None:
    threads = [threading.Thread(target=keep, args=(database, 8), kwargs={"who": f"t{n}"}) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    with database.read() as session:
        assert verify_acts(session, database.plant).acts == 32
        assert len(list_acts(session, database.plant, ActQuery(who="t3"), 100)) == 8


def test_acts_are_found_by_who_what_and_when(database: Database) -> None:
    keep(database, 5)
    with database.write() as session:
        record_act(session, database.plant, "eva", "token.made", "erp", {}, NOW + 100)
    with database.read() as session:

        def places(query: ActQuery) -> list[int]:
            return [each.position for each in list_acts(session, database.plant, query, 3)]

        assert places(ActQuery()) == [6, 5, 4]
        assert places(ActQuery(before=4)) == [3, 2, 1]
        assert places(ActQuery(who="eva")) == [6] == places(ActQuery(action="token.made"))
        assert places(ActQuery(since=NOW + 1, until=NOW + 3)) == [3, 2]


CHANGES = {
    "a word": ("UPDATE audit SET detail = '{\"n\": 7}' WHERE position = 3", "act 3 was changed"),
    "a time": ("UPDATE audit SET at = at - 1 WHERE position = 2", "act 2 was changed"),
    "the first": ("DELETE FROM audit WHERE position = 1", "act 1 is missing: act 2 comes next"),
    "one between": ("DELETE FROM audit WHERE position = 3", "act 3 is missing: act 4 comes next"),
    "the last": ("DELETE FROM audit WHERE position = 5", "the log ends at act 4, and act 5 was the newest written"),
    "all": ("DELETE FROM audit", "the log ends at act 0, and act 5 was the newest written"),
    "two in each other's place": (
        "UPDATE audit SET position = CASE position WHEN 2 THEN -3 ELSE -2 END WHERE position IN (2, 3);"
        "UPDATE audit SET position = -position WHERE position < 0",
        "act 2 does not follow the one before it",
    ),
    "a whole act with its digest": (
        "UPDATE audit SET (who, digest) = ('eva', (SELECT digest FROM audit WHERE position = 4)) WHERE position = 3",
        "act 3 was changed",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_the_file_itself_is_found(tmp_path: Path, change: str) -> None:
    config = CentralConfig(folder=tmp_path)
    database = open_database(config)
    keep(database, 5)
    database.close()
    run = ["audit", "verify", "--folder", str(tmp_path)]
    before = CliRunner().invoke(central_group, run)
    assert before.exit_code == 0 and before.output.startswith("5 acts, none changed or removed; newest: 5/")
    statements, fault = CHANGES[change]
    with sqlite3.connect(tmp_path / "central.sqlite3") as opened:
        opened.executescript(statements)
    opened.close()
    after = CliRunner().invoke(central_group, run)
    assert after.exit_code == 1 and fault in after.output


def test_a_log_written_anew_is_found_by_what_was_kept_elsewhere(tmp_path: Path) -> None:
    database = open_database(CentralConfig(folder=tmp_path))
    keep(database, 5)
    with database.read() as session:
        position, digest = newest_act(session, database.plant)
    kept = ["audit", "verify", "--folder", str(tmp_path), "--holds", f"{position}/{digest}"]
    assert CliRunner().invoke(central_group, kept).exit_code == 0
    with database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM audit")
        session.connection().exec_driver_sql("DELETE FROM audit_head")
    keep(database, 6, NOW + 1)
    database.close()
    assert CliRunner().invoke(central_group, kept[:-2]).exit_code == 0, "nothing in the log itself tells"
    answer = CliRunner().invoke(central_group, kept)
    assert answer.exit_code == 1 and "does not hold" in answer.output


def test_failed_sign_ins_are_told_and_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "AUDIT_FAILURES_PER_HOUR_MAX", 3)
    assert AUDIT_FAILURES_PER_HOUR_MAX > 3
    for number in range(6):
        with pytest.raises(SignInRefused):
            accounts.sign_in(database, f"thief{number}", "not the password", NOW + number)
    with pytest.raises(SignInRefused):
        accounts.sign_in(database, "thief", "not the password", NOW + 7200)
    with database.read() as session:
        told = [each.action for each in acts_behind(session, database.plant, 0, 20)]
        assert {each.who for each in acts_behind(session, database.plant, 0, 20)} == {"?"}, "it may be a password"
    assert told == [*["sign_in.failed"] * 3, "sign_in.failures_full", "sign_in.failed"]


def test_old_acts_go_and_the_rest_still_proves_itself(database: Database) -> None:
    keep(database, 5)
    day = 86_400
    kept = 400 * 86_400.0
    later = NOW + kept
    keep(database, 2, later)
    with database.write() as session:
        purge_acts(session, database.plant, later + 3 - kept, later + 3)
        assert newest_act(session, database.plant)[0] == 7, "not before there is a day's worth of it"
        purge_acts(session, database.plant, later + day + 3 - kept, later + day + 3)
    with database.read() as session:
        acts = acts_behind(session, database.plant, 0, 20)
        assert verify_acts(session, database.plant).fault == ""
    assert [each.position for each in acts] == [6, 7, 8]
    assert acts[-1].action == "audit.purged" and json.loads(acts[-1].detail) == {"first": 1, "last": 5}
    with database.write() as session:
        purge_acts(session, database.plant, later + day + 3 - kept, later + day + 3)
        assert newest_act(session, database.plant)[0] == 8, "nothing more to purge is no act"


# Over the whole server


def told(app: Flask) -> list[str]:
    """What the log says, oldest first: who, what, to what."""
    plant: Plant = app.extensions["lineside"]
    with plant.database.read() as session:
        acts = acts_behind(session, plant.database.plant, 0, 1000)
        assert verify_acts(session, plant.database.plant).fault == ""
    return [f"{each.who} {each.action} {each.subject}" for each in acts]


def test_every_change_of_a_person_is_an_act(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    submit(admin, "/users", "/users/add", name="wang", role="leader")
    submit(admin, "/users", "/users/change", name="wang", role=["leader"], places="site/area/line", person="")
    submit(admin, "/users", "/users/code", name="wang")
    submit(admin, "/users", "/users/end", name="wang")
    submit(admin, "/users", "/users/disable", name="wang")
    submit(admin, "/users", "/users/enable", name="wang")
    submit(admin, "/tokens", "/tokens/make", name="erp", scope="read:board", days="7")
    submit(admin, "/tokens", "/tokens/revoke", name="erp")
    assert admin.get("/records.csv").status_code == 200
    assert admin.get("/master/download.toml").status_code == 200
    with served(app) as address:
        feed = enrolled(admin, address, "gateway")
        call = feed.keep(AndonRaised(call_type="equipment", person=PERSON.id, operation=OPERATION), station())
        feed.offer()
    asked = {"gateway": "gateway", "call": call}
    submit(admin, "/calls", "/calls/acknowledge", **asked)
    submit(admin, "/calls", "/calls/acknowledge", **asked)
    submit(admin, "/calls", "/calls/resolve", **asked, cause="sensor")
    submit(admin, f"/calls/gateway/{call}", "/calls/case", **asked, fix="cleaned")
    submit(admin, "/gateways", "/gateways/revoke", name="gateway")
    submit(admin, "/account", "/sign-out")
    assert told(app) == [
        "admin password.set admin",
        "admin master.published 1",
        "admin user.added wang",
        "admin user.changed wang",
        "admin user.invited wang",
        "admin session.ended wang",
        "admin user.disabled wang",
        "admin user.enabled wang",
        "admin token.made erp",
        "admin token.revoked erp",
        "admin data.exported records.csv",
        "admin data.exported master.toml",
        "admin gateway.invited gateway",
        "gateway:gateway gateway.enrolled gateway",
        f"admin call.acknowledged gateway {call}",
        f"admin call.resolved gateway {call}",
        "admin master.published 2",
        f"admin call.case_saved gateway {call}",
        "admin gateway.revoked gateway",
        "admin sign_out.done admin",
    ]


def station() -> str:
    return example_plant().stations[0].id


def test_the_page_finds_and_pages(app: Flask, admin: FlaskClient) -> None:
    plant: Plant = app.extensions["lineside"]
    keep(plant.database, 60, time.time() - 100, "<b>eva</b>")
    page = admin.get("/audit")
    assert page.status_code == 200 and page.text.count("<tr>") == 51 and "&lt;b&gt;eva" in page.text
    older = re.search(r'href="(/audit\?before=\d+)"', page.text)
    assert older
    rest = admin.get(older[1])
    assert rest.text.count("<tr>") == 12 and "设置密码" in rest.text
    assert admin.get("/audit?who=admin").text.count("<tr>") == 2
    assert admin.get("/audit?action=password.set").text.count("<tr>") == 2
    assert "没有符合条件" in admin.get("/audit?from=2001-01-01&to=2001-01-02").text
    assert admin.get("/audit?who=admin").text.count("一次性登录码") == 1, "what an act tells is told in words"
    assert admin.get("/audit?from=x&to=9999-12-31&before=x").text.count("<tr>") == 51
    assert admin.get("/audit?from=0001-01-01&to=0001-01-02").status_code == 200
    with admin.session_transaction():
        admin.set_cookie("lineside_language", "en")
    assert "set a password with a code" in admin.get("/audit?who=admin").text


def test_a_copy_by_http_proves_itself(app: Flask, admin: FlaskClient) -> None:
    plant: Plant = app.extensions["lineside"]
    keep(plant.database, 3)
    answer = admin.get("/api/v1/audit?after=1&limit=2")
    assert answer.status_code == 200 and [each["position"] for each in answer.get_json()["acts"]] == [2, 3]
    for act in answer.get_json()["acts"]:
        names = ("position", "at", "who", "address", "action", "subject", "detail")
        content = json.dumps(["plant", *(act[name] for name in names)], ensure_ascii=False, separators=(",", ":"))
        made = hashlib.sha256(f"{act['previous_digest']}\n{content}".encode()).hexdigest()
        assert made == act["digest"], "as the page of the interface says it"
    refused = admin.get("/api/v1/audit?limit=0")
    assert refused.status_code == 400 and refused.get_json()["error"].startswith("limit: ")
    assert app.test_client().get("/api/v1/audit").status_code == 403, "not even at the machine itself"


def test_commands_at_the_server_are_acts_of_the_shell(tmp_path: Path) -> None:
    for words in (["enrol", "gw1"], ["revoke", "gw1"], ["admin-code"]):
        done = CliRunner().invoke(central_group, [*words, "--folder", str(tmp_path)])
        assert done.exit_code == 0, done.output
    database = open_database(CentralConfig(folder=tmp_path))
    with database.read() as session:
        found = [(each.who, each.action) for each in acts_behind(session, database.plant, 0, 10)]
    database.close()
    names = ("gateway.invited", "gateway.revoked", "user.administrator_invited")
    assert found == [("shell", name) for name in names]
