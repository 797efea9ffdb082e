"""Sessions and sign-ins over the whole server: listed, ended, renewed; badge and PIN; roles that hold at a place."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central import accounts, badges
from central.application import close_app, create_app
from central.config import CentralConfig
from central.context import Plant
from central.database import Database
from central.errors import PinRefused, SignInRefused, TooManyAttempts
from central.limits import BADGE_SESSION_SECONDS, LOCK_SECONDS, PIN_FAILURES_MAX, PIN_LOCKS_MAX
from central.pages.browsers import browser_name
from central.pages.protection import SESSION_COOKIE
from central.sessions import NOWHERE, list_sessions
from central.snapshots import publish as publish_now
from floor.example import example_plant
from floor.master import MasterData
from floor.rows import Person
from tests.central.page_client import PASSWORD, first_administrator, served, submit
from tests.central.plant_feed import AndonRaised
from tests.central.test_pages_plant import OPERATION, PERSON, enrolled, publish

OTHER = "another long phrase"
AWAY = {"REMOTE_ADDR": "192.168.7.7"}
PHONE = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(CentralConfig.model_validate({"folder": tmp_path, "terminals": ["10.9.0.0/16"]}))
    yield made
    close_app(made)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return first_administrator(app)


def database_of(app: Flask) -> Database:
    plant: Plant = app.extensions["lineside"]
    return plant.database


def signed_in(app: Flask, name: str, password: str = PASSWORD, browser: str = PHONE) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = browser
    assert submit(client, "/sign-in", "/sign-in", name=name, password=password).status_code == 303
    return client


def user(app: Flask, admin: FlaskClient, name: str, **form: object) -> FlaskClient:
    """Somebody with a password, whose roles and person an administrator has set."""
    page = submit(admin, "/users", "/users/add", name=name, role="leader").text
    code = re.search(r'class="onetime code">([A-Z0-9-]+)<', page)
    assert code
    if form:
        answer = submit(admin, f"/users/{name}", "/users/change", name=name, **form)
        # Drafted: the person's row does not say so yet (tests/central/test_rights_lines.py).
        assert answer.location in [f"/users/{name}?saved={word}" for word in ("changed", "drafted")], answer.text
    client = app.test_client()
    first = {"name": name, "code": code[1], "password": PASSWORD, "repeat": PASSWORD}
    assert submit(client, "/sign-in/first", "/sign-in/first", **first).status_code == 303
    return client


def key_in(page: str) -> str:
    found = re.search(r'name="session" value="([0-9a-f]{16})"', page)
    assert found, page
    return found[1]


def is_in(client: FlaskClient) -> bool:
    return client.get("/calls").status_code == 200


# Sessions


def test_own_sessions_are_listed_and_ended(app: Flask, admin: FlaskClient) -> None:
    phone = signed_in(app, "admin")
    tablet = signed_in(app, "admin", browser="Mozilla/5.0 (iPad; CPU OS 17_4) Version/17.4 Safari/604.1")
    page = tablet.get("/account").text
    assert "Chrome · Android" in page and "Safari · iPad" in page and "127.0.0.1" in page and "当前会话" in page
    answer = submit(phone, "/account", "/account/end", session=key_in(phone.get("/account").text))
    assert answer.location == "/account?saved=ended"
    assert is_in(phone) and [is_in(admin), is_in(tablet)].count(False) == 1
    third = signed_in(app, "admin")
    submit(phone, "/account", "/account/end-others")
    assert is_in(phone) and not any(map(is_in, (admin, tablet, third)))


def test_nobody_ends_the_session_of_another_by_its_key(app: Flask, admin: FlaskClient) -> None:
    wang = user(app, admin, "wang")
    with database_of(app).read() as session:
        (line,) = list_sessions(session, "plant", "admin", time.time())
    submit(wang, "/account", "/account/end", session=line.key)
    assert is_in(admin)


def test_administrators_end_the_sessions_of_everybody(app: Flask, admin: FlaskClient) -> None:
    first, second = user(app, admin, "wang"), signed_in(app, "wang")
    page = admin.get("/users/wang").text
    assert "Chrome · Android" in page
    submit(admin, "/users/wang", "/users/end", name="wang", session=key_in(page))
    assert [is_in(first), is_in(second)].count(True) == 1
    submit(admin, "/users/wang", "/users/end", name="wang")
    assert not is_in(first) and not is_in(second) and is_in(admin)
    assert admin.get("/users/nobody").status_code == 404
    assert submit(admin, "/users", "/users/end", name="nobody").status_code == 404


def test_a_planted_session_is_not_the_one_that_is_signed_in(app: Flask, admin: FlaskClient) -> None:
    """Fixation: whatever token the browser had before, the new session has another, and the old one ends."""
    thief = signed_in(app, "admin")
    planted = thief.get_cookie(SESSION_COOKIE)
    assert planted is not None
    for value in (planted.value, "f" * 43):
        victim = app.test_client()
        page = victim.get("/sign-in").text
        token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
        assert token
        victim.set_cookie(SESSION_COOKIE, value)
        page = victim.get("/sign-in/first").text
        token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
        assert token
        form = {"form_token": token[1], "name": "admin", "password": PASSWORD}
        assert victim.post("/sign-in", data=form, headers={"Origin": "http://localhost"}).status_code == 303
        now = victim.get_cookie(SESSION_COOKIE)
        assert now is not None and now.value != value and is_in(victim)
    assert not is_in(thief), "the session that was planted opens nothing any more"


def test_a_changed_password_ends_every_other_session(app: Flask, admin: FlaskClient) -> None:
    other = signed_in(app, "admin")
    before = admin.get_cookie(SESSION_COOKIE)
    form = {"old": PASSWORD, "password": OTHER, "repeat": OTHER}
    wrong = [{"old": "not it at all"}, {"password": "short", "repeat": "short"}, {"repeat": "a different one"}]
    statuses = [submit(admin, "/account", "/account/password", **form | each).status_code for each in wrong]
    assert statuses == [403, 400, 400] and is_in(other)
    assert submit(admin, "/account", "/account/password", **form).location == "/account?saved=password"
    after = admin.get_cookie(SESSION_COOKIE)
    assert before and after and before.value != after.value
    assert is_in(admin) and not is_in(other)
    assert submit(app.test_client(), "/sign-in", "/sign-in", name="admin", password=PASSWORD).status_code == 403
    assert is_in(signed_in(app, "admin", OTHER))


def test_the_password_is_not_guessed_on_the_account_page_either(app: Flask, admin: FlaskClient) -> None:
    form = {"password": OTHER, "repeat": OTHER}
    statuses = [submit(admin, "/account", "/account/password", **form, old=f"guess {n}").status_code for n in range(11)]
    assert statuses[0] == 403 and statuses[-1] == 429
    assert submit(admin, "/account", "/account/password", **form, old=PASSWORD).status_code == 429


def test_disabling_a_user_ends_everything_at_once(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    wang = user(app, admin, "wang", role="leader", person=PERSON.id)
    submit(wang, "/account", "/account/pin", pin="8264", old=PASSWORD)
    page = submit(admin, "/users", "/users/code", name="wang").text
    code = re.search(r'class="onetime code">([A-Z0-9-]+)<', page)
    assert code
    submit(admin, "/users", "/users/disable", name="wang")
    assert not is_in(wang)
    first = {"name": "wang", "code": code[1], "password": OTHER, "repeat": OTHER}
    assert submit(app.test_client(), "/sign-in", "/sign-in/first", **first).status_code == 403
    assert submit(app.test_client(), "/sign-in", "/sign-in", name="wang", password=PASSWORD).status_code == 403
    badge = {"badge": PERSON.badge, "pin": "8264"}
    assert submit(app.test_client(), "/sign-in/badge", "/sign-in/badge", **badge).status_code == 403
    submit(admin, "/users", "/users/enable", name="wang")
    assert submit(app.test_client(), "/sign-in", "/sign-in/first", **first).status_code == 403, "the code is gone"
    assert is_in(signed_in(app, "wang"))


def test_new_roles_hold_from_the_next_request_on(app: Flask, admin: FlaskClient) -> None:
    wang = user(app, admin, "wang")
    assert wang.get("/users").status_code == 403
    assert submit(admin, "/users", "/users/change", name="wang", role=["leader", "admin"]).status_code == 303
    assert wang.get("/users").status_code == 200
    assert submit(admin, "/users", "/users/change", name="wang", role=["planner"]).status_code == 303
    assert wang.get("/users").status_code == 403
    for form in ({"role": []}, {"role": "leader", "places": "line 1/../x"}, {"role": "leader", "person": "nobody"}):
        assert submit(admin, "/users", "/users/change", name="wang", **form).status_code == 400
    assert submit(admin, "/users", "/users/change", name="admin", role="leader").status_code == 400


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (PHONE, "Chrome · Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120 Safari/537.36 Edg/120", "Edge · Windows"),
        ("curl/8.1", "curl/8.1"),
        ("", "–"),
        ("x" * 500, "x" * 32),
    ],
)
def test_browsers_are_named_in_a_few_words(said: str, shown: str) -> None:
    assert browser_name(said) == shown


# Roles at a place


def test_a_leader_of_a_line_does_nothing_on_another(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    here = example_plant().stations[0]
    place = f"{here.site}/{here.area}/{here.line}"
    mine = user(app, admin, "mine", role="leader", places=place)
    theirs = user(app, admin, "theirs", role="leader", places=f"{here.site}/{here.area}/elsewhere")
    with served(app) as address:
        feed = enrolled(admin, address, "gateway")
        call = feed.keep(AndonRaised(call_type="equipment", person=PERSON.id, operation=OPERATION), here.id)
        feed.offer()
    asked = {"gateway": "gateway", "call": call}
    assert "/calls/acknowledge" in mine.get("/calls").text
    assert "/calls/acknowledge" not in theirs.get("/calls").text, "they read it, and have no button"
    owner = re.search(r'<option value="([^"]+)">', mine.get(f"/calls/gateway/{call}").text.split("/calls/assign")[1])
    assert owner
    acts = {
        "/calls/acknowledge": asked,
        "/calls/assign": {**asked, "owner": owner[1]},
        "/calls/resolve": {**asked, "cause": "sensor"},
    }
    for path, form in acts.items():
        assert submit(theirs, "/account", path, **form).status_code == 403, path
        assert submit(mine, "/account", path, **form).status_code == 303, path
    case = {**asked, "fix": "cleaned"}
    assert submit(theirs, "/account", "/calls/case", **case).status_code == 403
    assert submit(mine, "/account", "/calls/case", **case).location.endswith("saved=yes")


# Badge and PIN


def test_a_badge_and_a_pin_open_a_short_session_of_the_floor(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    both = user(app, admin, "wang", role=["leader", "admin"], person=PERSON.id)
    assert both.get("/users").status_code == 200
    assert submit(both, "/account", "/account/pin", pin="8264", old="not it at all").status_code == 403
    for weak in ("123", "1234", "9876", "7777", "123456789", "12a4", "\u0661\u0662\u0669\u0664"):
        assert submit(both, "/account", "/account/pin", pin=weak, old=PASSWORD).status_code == 400, weak
    assert submit(both, "/account", "/account/pin", pin="8264", old=PASSWORD).location == "/account?saved=pin"
    with database_of(app).read() as session:
        stored = session.connection().exec_driver_sql("SELECT pin_hash FROM account_pin").scalar()
    assert str(stored).startswith("$argon2id$")
    terminal = app.test_client()
    answer = submit(terminal, "/sign-in/badge", "/sign-in/badge", badge=PERSON.badge, pin="8264")
    assert answer.status_code == 303
    kept = terminal.get_cookie(SESSION_COOKIE)
    assert kept is not None and kept.max_age == BADGE_SESSION_SECONDS
    assert is_in(terminal) and terminal.get("/users").status_code == 403, "no administrator by four digits"
    assert "工牌 + PIN" in both.get("/account").text
    submit(admin, "/users/wang", "/users/pin", name="wang")
    gone = submit(app.test_client(), "/sign-in/badge", "/sign-in/badge", badge=PERSON.badge, pin="8264")
    assert gone.status_code == 403


def test_a_badge_signs_in_at_terminals_alone(app: Flask, admin: FlaskClient) -> None:
    publish(admin)
    wang = user(app, admin, "wang", role="leader", person=PERSON.id)
    submit(wang, "/account", "/account/pin", pin="8264", old=PASSWORD)
    near = {"REMOTE_ADDR": "10.9.3.4"}
    for where, headers, status in (
        ({"REMOTE_ADDR": "192.168.7.7"}, {}, 403),
        (near, {"X-Forwarded-For": "10.9.3.4"}, 403),
        (near, {}, 303),
    ):
        client = app.test_client()
        client.environ_base.update(where)
        page = client.get("/sign-in", headers=headers).text
        token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
        assert token
        form = {"form_token": token[1], "badge": PERSON.badge, "pin": "8264"}
        headers = {"Origin": "http://localhost", **headers}
        assert client.post("/sign-in/badge", data=form, headers=headers).status_code == status
        shown = client.get("/sign-in/badge", headers=headers).text
        assert ('name="pin"' in shown) is (status == 303)


NOW = 1_800_000_000.0
TODAY = datetime.fromtimestamp(NOW, UTC).date().isoformat()


@pytest.fixture
def with_pin(database: Database) -> Database:
    """A user `eva` of person P1 with badge B1 and PIN 8264."""
    people = (
        Person(id="P1", name="王芳", badge="B1"),
        Person(id="P2", name="李明", badge="B2", badge_until="2001-01-01"),
        Person(id="P3", name="陈伟", badge="B3", active=False),
    )
    hashed = badges.new_pin_hash("8264")
    with database.write() as session:
        publish_now(session, MasterData(people=people), "test", NOW, database.plant)
        for name, person in (("eva", "P1"), ("li", "P2"), ("chen", "P3"), ("eva2", "P1"), ("noone", "")):
            accounts.add_account(session, database.plant, name, ("leader",), "test", NOW, person)
        for name in ("eva", "li", "chen"):
            badges.set_pin(session, database.plant, name, hashed, NOW)
    return database


def enter(database: Database, label: str = "B1", pin: str = "8264", now: float = NOW) -> str:
    return badges.sign_in_by_badge(database, label, pin, TODAY, now, NOWHERE)


def test_only_a_good_badge_with_its_own_pin_opens(with_pin: Database) -> None:
    with with_pin.read() as session:
        found = accounts.account_of(session, with_pin.plant, enter(with_pin), NOW)
        assert found is not None and found.name == "eva" and found.roles == ("leader",)
    for label in ("B2", "B3", "B9", "", "\x00", "x" * 600):
        with pytest.raises(SignInRefused):
            enter(with_pin, label)
    with with_pin.write() as session, pytest.raises(PinRefused):
        badges.set_pin(session, with_pin.plant, "eva2", "hash", NOW)
    with with_pin.write() as session, pytest.raises(PinRefused):
        badges.set_pin(session, with_pin.plant, "noone", "hash", NOW)


def test_a_pin_session_is_over_soon(with_pin: Database) -> None:
    token = enter(with_pin)
    with with_pin.read() as session:
        assert accounts.account_of(session, with_pin.plant, token, NOW + BADGE_SESSION_SECONDS - 1)
        assert accounts.account_of(session, with_pin.plant, token, NOW + BADGE_SESSION_SECONDS + 1) is None


def test_wrong_pins_rest_it_and_then_void_it(with_pin: Database) -> None:
    now = NOW
    for _ in range(PIN_LOCKS_MAX):
        for _ in range(PIN_FAILURES_MAX):
            with pytest.raises(SignInRefused):
                enter(with_pin, pin="0000", now=now)
        now += LOCK_SECONDS + 1
    with pytest.raises(SignInRefused):
        enter(with_pin, now=now)
    with with_pin.read() as session:
        assert not badges.has_pin(session, with_pin.plant, "eva")


def test_a_resting_pin_refuses_the_right_one_too(with_pin: Database) -> None:
    for _ in range(PIN_FAILURES_MAX):
        with pytest.raises(SignInRefused):
            enter(with_pin, pin="0000")
    with pytest.raises(TooManyAttempts):
        enter(with_pin)
    assert enter(with_pin, now=NOW + LOCK_SECONDS + 1)


def test_a_pin_does_not_outlast_its_person(with_pin: Database) -> None:
    with with_pin.write() as session:
        accounts.change_account(session, with_pin.plant, "eva", ("leader",), "P1")
        assert badges.has_pin(session, with_pin.plant, "eva")
        accounts.change_account(session, with_pin.plant, "eva", ("leader",), "P9")
        assert not badges.has_pin(session, with_pin.plant, "eva")
