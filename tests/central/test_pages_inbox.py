"""Pages of messages on the real server: a person's page, the link in a message, deliveries, rules and contacts."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from central.accounts import add_account, invite_account
from central.application import close_app, create_app
from central.config import CentralConfig
from central.context import Plant
from central.limits import CONTACTS_PER_PERSON_MAX, LINK_SECONDS
from central.models import Call
from central.notify.contacts import contacts_of
from central.notify.pump import DeliveryPump
from central.notify.tables import Delivery, Notification
from floor.events import AndonRaised
from tests.central.card import Card
from tests.central.clock_ahead import Clock, clock
from tests.central.conftest import enrol_gateway
from tests.central.memory_channel import MemoryChannel
from tests.central.notify_plant import NotifyPlant
from tests.central.page_client import FORM_TOKEN, PASSWORD, first_administrator, submit

__all__ = ["clock"]

LINK = re.compile(r"https://plant\.example(/n/\S+)")
SUBSCRIPTION = {
    "endpoint": "https://push.example.org/send/abc",
    "keys": {"p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQ", "auth": "tBHItJI5svbpez7KI4CCXg"},
}


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    made = create_app(CentralConfig(folder=tmp_path), clock=clock)
    yield made
    close_app(made)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return first_administrator(app)


@pytest.fixture
def chat() -> MemoryChannel:
    return MemoryChannel()


@pytest.fixture
def plant(app: Flask, chat: MemoryChannel) -> NotifyPlant:
    """The plant behind the pages, its worker in this process and its time that of now."""
    here: Plant = app.extensions["lineside"]
    enrol_gateway(here.database, "one")
    made = NotifyPlant(here.database, {"chat": chat})
    made.now = time.time()
    made.card = Card("one", synchronised=False)
    return made


def person(app: Flask, name: str, role: str, identity: str) -> FlaskClient:
    """Somebody signed in who is a person of the master data."""
    here: Plant = app.extensions["lineside"]
    with here.database.write() as session:
        add_account(session, here.database.plant, name, (role,), "test", time.time(), identity)
        code, _ = invite_account(session, here.database.plant, name, "test", time.time())
    client = app.test_client()
    values = {"name": name, "code": code, "password": PASSWORD, "repeat": PASSWORD}
    assert submit(client, "/sign-in/first", "/sign-in/first", **values).status_code == 303
    return client


@pytest.fixture
def wang(app: Flask, plant: NotifyPlant) -> FlaskClient:
    """The leader P01."""
    return person(app, "wang", "leader", "P01")


def call_state(plant: NotifyPlant) -> tuple[str, str, str]:
    with plant.database.read() as session:
        row = session.scalars(select(Call)).one()
        return row.state, row.acknowledged_by, row.source


def link_in(chat: MemoryChannel) -> str:
    found = LINK.search(chat.sent[-1][0].link)
    assert found
    return found[1]


# A person's page


def test_a_call_is_seen_and_taken_on_the_page(plant: NotifyPlant, wang: FlaskClient) -> None:
    assert "没有消息" in wang.get("/inbox").text
    plant.happen(AndonRaised(call_type="quality", person="P02"))
    plant.run()
    page = wang.get("/inbox")
    assert "质量" in page.text and "我来处理" in page.text and page.headers["X-Unseen"] == "1"
    assert plant.states() == ["accepted"], "looking at the list is not yet seeing each"
    [row] = plant.deliveries()
    assert submit(wang, "/inbox", "/inbox/seen", key=row.key).location == "/inbox?done=seen"
    assert plant.states() == ["shown"] and wang.get("/inbox").headers["X-Unseen"] == "0"
    assert submit(wang, "/inbox", "/inbox/acknowledge", key=row.key).location == "/inbox?done=taken"
    assert call_state(plant) == ("acknowledged", "P01", "office")
    assert plant.states() == ["acknowledged"]
    assert "王建国 已响应" in wang.get("/inbox").text
    assert submit(wang, "/inbox", "/inbox/acknowledge", key=row.key).location == "/inbox?done=already"


def test_nobody_acts_on_the_messages_of_another(app: Flask, plant: NotifyPlant, wang: FlaskClient) -> None:
    zhao = person(app, "zhao", "leader", "P06")
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    [row] = plant.deliveries()
    assert submit(zhao, "/inbox", "/inbox/acknowledge", key=row.key).status_code == 404
    submit(zhao, "/inbox", "/inbox/seen", key=row.key)
    assert plant.states() == ["accepted"]


def test_an_account_that_is_nobody_has_no_messages(plant: NotifyPlant, admin: FlaskClient) -> None:
    assert "没有对应的人员" in admin.get("/inbox").text
    assert submit(admin, "/inbox", "/inbox/seen").status_code == 403


def test_push_subscriptions_are_kept_and_forgotten(plant: NotifyPlant, wang: FlaskClient) -> None:
    assert submit(wang, "/inbox", "/inbox/push", subscription=json.dumps(SUBSCRIPTION)).status_code == 204
    for wrong in (
        "x",
        "[]",
        json.dumps({**SUBSCRIPTION, "endpoint": "http://push.example.org/x"}),
        json.dumps({**SUBSCRIPTION, "endpoint": "https://127.0.0.1/x"}),
        json.dumps({**SUBSCRIPTION, "endpoint": "https://localhost/x"}),
        json.dumps({**SUBSCRIPTION, "endpoint": "https://a:b@push.example.org/x"}),
        json.dumps({**SUBSCRIPTION, "endpoint": "https://push.example.org:8443/x"}),
        json.dumps({**SUBSCRIPTION, "keys": {"p256dh": "<x>", "auth": "y"}}),
        json.dumps(SUBSCRIPTION) + " " * 3_000,
    ):
        assert submit(wang, "/inbox", "/inbox/push", subscription=wrong).status_code == 400, wrong
    for number in range(CONTACTS_PER_PERSON_MAX + 3):
        more = {**SUBSCRIPTION, "endpoint": f"https://push.example.org/send/{number}"}
        assert submit(wang, "/inbox", "/inbox/push", subscription=json.dumps(more)).status_code == 204
    with plant.database.read() as session:
        kept = contacts_of(session, "plant", "P01")
        assert len(kept) == CONTACTS_PER_PERSON_MAX and {each.channel for each in kept} == {"web_push"}
        newest = json.loads(kept[-1].address)["endpoint"]
    assert submit(wang, "/inbox", "/inbox/push/delete", endpoint=newest).status_code == 204
    with plant.database.read() as session:
        assert len(contacts_of(session, "plant", "P01")) == CONTACTS_PER_PERSON_MAX - 1


# The link


@pytest.fixture
def link(plant: NotifyPlant, chat: MemoryChannel) -> str:
    """Of a call that waits, in a message to P01 alone."""
    plant.contact("P01", "chat", "u-17")
    plant.happen(AndonRaised(call_type="quality", person="P02"))
    plant.run()
    return link_in(chat)


def test_who_looks_changes_nothing_and_who_presses_takes_the_call(app: Flask, plant: NotifyPlant, link: str) -> None:
    previewer = app.test_client()
    before = [(row.id, row.state, row.shown_at) for row in plant.deliveries()]
    for _ in range(3):
        answer = previewer.get(link)
        assert answer.status_code == 200 and "质量" in answer.text and "王建国" in answer.text
        assert answer.headers["Referrer-Policy"] == "same-origin" and answer.headers["Cache-Control"] == "no-store"
        assert previewer.head(link).status_code == 200
    assert call_state(plant)[0] == "raised"
    assert [(row.id, row.state, row.shown_at) for row in plant.deliveries()] == before
    assert previewer.post(link).status_code == 400, "a form of our own page alone"
    phone = app.test_client()
    assert submit(phone, link, link).location == "/n/done?what=taken"
    assert "工位会看到您来处理" in phone.get("/n/done?what=taken").text
    assert call_state(plant) == ("acknowledged", "P01", "link")
    assert plant.states("chat") == ["acknowledged"]
    assert {row.state for row in plant.deliveries("in_app")} <= {"refused", "shown"}
    assert phone.get(link).status_code == 410 and "已使用" in phone.get(link).text
    call = plant.notes()[0]
    assert "消息链接" in person(app, "li", "leader", "P02").get(f"/calls/one/{call.epoch}/{call.seq}").text


def test_the_form_of_an_opened_page_works_once(app: Flask, plant: NotifyPlant, link: str) -> None:
    phone = app.test_client()
    token = FORM_TOKEN.search(phone.get(link).text)
    assert token
    sent = {"data": {"form_token": token[1]}, "headers": {"Origin": "http://localhost"}}
    assert phone.post(link, **sent).status_code == 303
    assert phone.post(link, **sent).status_code == 410


def test_links_that_are_over_unknown_or_forged(app: Flask, plant: NotifyPlant, link: str, clock: Clock) -> None:
    phone = app.test_client()
    key, until, signature = link.removeprefix("/n/").split(".")
    later = f"/n/{key}.{int(until, 16) + 999_999:x}.{signature}"
    other = f"/n/{'0' * 32}.{until}.{signature}"
    for forged in (later, other, "/n/x", "/n/" + "a" * 4_000, f"/n/{key}.{until}.{signature}=="):
        answer = phone.get(forged)
        assert answer.status_code == 404 and "链接无效" in answer.text, forged
    clock.ahead = LINK_SECONDS + 60
    answer = phone.get(link, headers={"Accept-Language": "en"})
    assert answer.status_code == 410 and "This link is over" in answer.text
    assert call_state(plant)[0] == "raised"


def test_guessing_is_slowed_down_and_keeps_nobody_from_signing_in(app: Flask, link: str) -> None:
    thief = app.test_client()
    answers = [thief.get(f"/n/{number:032x}.1.{'a' * 22}").status_code for number in range(40)]
    assert answers[0] == 404 and answers[-1] == 429
    assert submit(thief, "/sign-in", "/sign-in", name="nobody", password="wrong-password").status_code == 403
    assert app.test_client().get(link).status_code == 200, "a good link is no guess"


def test_the_link_in_a_group_asks_who_it_is(app: Flask, plant: NotifyPlant, chat: MemoryChannel) -> None:
    plant.contact("P01", "chat", "", mention="13800000000")
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    link = link_in(chat)
    stranger = app.test_client()
    page = stranger.get(link).text
    assert "发到了一个群" in page and f'action="{link}"' not in page
    # A form token of another page of ours does not help: there is no session.
    assert "/sign-in" in submit(stranger, "/sign-in", link).location
    assert call_state(plant)[0] == "raised"
    planner = person(app, "zhao", "planner", "P06")
    assert submit(planner, link, link).status_code == 403
    assert call_state(plant)[0] == "raised"
    leader = person(app, "sun", "leader", "P06")
    assert submit(leader, link, link).location == "/n/done?what=taken"
    assert call_state(plant) == ("acknowledged", "P06", "link")
    assert plant.states("chat") == ["accepted"], "whom the message went to has not answered"


def test_a_link_to_a_call_that_is_over_is_told_so(app: Flask, plant: NotifyPlant, wang: FlaskClient, link: str) -> None:
    with plant.database.write() as session:
        session.execute(update(Call).values(state="resolved"))
    phone = app.test_client()
    assert "已解决" in phone.get(link).text
    assert submit(phone, link, link).location == "/n/done?what=already"


# Deliveries, rules, contacts


def test_deliveries_with_history_filters_and_times(plant: NotifyPlant, admin: FlaskClient, link: str) -> None:
    page = admin.get("/deliveries").text
    assert "质量" in page and "provider" not in page and "已接收" in page and "王建国" in page
    [row] = plant.deliveries("chat")
    one = admin.get(f"/deliveries/{row.id}").text
    assert "provider-1" in one and "服务商接收" in one and row.key in one
    assert "没有符合条件的消息" in admin.get("/deliveries?state=refused&person=P09&date=2020-01-01").text
    for state, shown in (("accepted", True), ("given_up", False)):
        assert (f'href="/deliveries/{row.id}"' in admin.get(f"/deliveries?state={state}&channel=chat").text) is shown
    for wild in ("?date=99999-01-01", "?before=x", "?state=%00", "?date=9999-12-31", "?before=999999999999999999999"):
        assert admin.get(f"/deliveries{wild}").status_code in (200, 400), wild
    assert admin.get("/deliveries/999999").status_code == 404
    with plant.database.write() as session:
        session.execute(update(Notification).values(made_at=Notification.made_at - 5_000))
        session.execute(update(Delivery).values(made_at=Delivery.made_at - 5_000))
    page = admin.get("/deliveries", headers={"Accept-Language": "en"}).text
    assert "Over the limit" in page and "not yet" in page and "limit 0:05:00" in page


def test_deliveries_as_data(plant: NotifyPlant, app: Flask, admin: FlaskClient, wang: FlaskClient, link: str) -> None:
    away = {"REMOTE_ADDR": "10.1.2.3"}
    assert app.test_client().get("/api/v1/deliveries", environ_overrides=away).status_code == 403
    assert wang.get("/api/v1/deliveries", environ_overrides=away).status_code == 403
    answer = admin.get("/api/v1/deliveries?channel=chat", environ_overrides=away)
    [told] = answer.get_json()["deliveries"]
    assert (told["state"], told["code"], told["provider_id"], told["person"]) == ("accepted", "0", "provider-1", "P01")
    for wrong in ("state=x", "limit=0", "limit=1000", "since=nan", "before=-1"):
        assert admin.get(f"/api/v1/deliveries?{wrong}").status_code == 400, wrong


def test_a_rule_is_changed_added_and_taken_back(plant: NotifyPlant, admin: FlaskClient) -> None:
    page = admin.get("/deliveries/rules").text
    assert "停线呼叫" in page and "现在通知：" in page and "内置" in page
    rule = {
        "number": "1",
        "name": "停线呼叫",
        "kind": "andon.raised",
        "enabled": "1",
        "impact": "stop",
        "person_1": "P05",
        "channels": "chat own",
        "priority": "urgent",
        "acknowledge": "1",
        "burst_max": "5",
        "minutes_1": "2.5",
        "who_2": "head",
        "limit_acknowledged": "3",
    }
    assert submit(admin, "/deliveries/rules/1", "/deliveries/rules/save", **rule).status_code == 303
    page = admin.get("/deliveries/rules").text
    assert "内置，已改" in page and "陈静" in page
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert {row.person for row in plant.deliveries()} >= {"P05"}
    own = rule | {"number": "0", "name": "夜班", "other_kind": "tool.worn", "role_1": ["leader", "maintainer"]}
    assert submit(admin, "/deliveries/rules/0", "/deliveries/rules/save", **own).status_code == 303
    assert "tool.worn" in admin.get("/deliveries/rules").text
    for wrong in ({"burst_max": "0"}, {"minutes_1": "nan"}, {"minutes_1": "-1"}, {"name": " "}, {"tier_min": "x"}):
        answer = submit(admin, "/deliveries/rules/0", "/deliveries/rules/save", **(own | wrong))
        assert answer.status_code == 400 and "没有保存" in answer.text, wrong
    assert submit(admin, "/deliveries/rules/0", "/deliveries/rules/save", **(own | {"number": "77"})).status_code == 404
    long = own | {"number": "0" * 5_000}
    assert submit(admin, "/deliveries/rules/0", "/deliveries/rules/save", **long).status_code == 400
    assert submit(admin, "/deliveries/rules/1", "/deliveries/rules/delete", number="1").status_code == 303
    assert "内置，已改" not in admin.get("/deliveries/rules").text
    assert admin.get("/deliveries/rules/100").status_code == 200
    assert submit(admin, "/deliveries/rules/100", "/deliveries/rules/delete", number="100").status_code == 303
    assert admin.get("/deliveries/rules/100").status_code == 404


def test_contacts_of_a_person(plant: NotifyPlant, admin: FlaskClient, wang: FlaskClient) -> None:
    page = "/contacts/person?id=P01"
    chat = {"person": "P01", "channel": "chat", "address": "u-17", "place": "5", "quiet_from": "22:00"}
    assert submit(wang, page, "/contacts/save", **chat, quiet_to="06:00", language="en").status_code == 303
    assert "22:00–06:00" in wang.get(page).text and "chat" in admin.get("/contacts").text
    for wrong in ({"channel": "in_app"}, {"channel": "Ä"}, {"quiet_to": ""}, {"place": "-1"}, {"address": "a\u202eb"}):
        answer = submit(wang, page, "/contacts/save", **(chat | {"quiet_to": "06:00", "address": "u-18"} | wrong))
        assert answer.status_code == 400, wrong
    assert submit(wang, page, "/contacts/save", **chat, quiet_to="06:00").status_code == 400, "there already"
    assert wang.get("/contacts/person?id=P06").status_code == 403 and wang.get("/contacts").status_code == 403
    assert submit(wang, page, "/contacts/save", **(chat | {"person": "P06"})).status_code == 403
    assert admin.get("/contacts/person?id=P99").status_code == 404
    with plant.database.read() as session:
        [row] = contacts_of(session, "plant", "P01")
    assert submit(admin, page, "/contacts/delete", person="P06", contact=str(row.id)).status_code == 303
    with plant.database.read() as session:
        assert len(contacts_of(session, "plant", "P01")) == 1, "of another person, so nothing"
    assert submit(wang, page, "/contacts/delete", person="P01", contact=str(row.id)).status_code == 303
    with plant.database.read() as session:
        assert list(contacts_of(session, "plant", "P01")) == []


def test_contacts_are_in_no_snapshot(plant: NotifyPlant, app: Flask) -> None:
    plant.contact("P01", "chat", "secret-address-17")
    token = enrol_gateway(plant.database, "two")
    answer = app.test_client().get("/api/v1/snapshot", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200 and "secret-address-17" not in answer.text


def test_hostile_texts_are_inert(plant: NotifyPlant, admin: FlaskClient, wang: FlaskClient) -> None:
    here = "<script>alert(1)</script>"
    with plant.database.write() as session:
        from central.notify.announcements import announce

        facts = {"title": here, "text": "\u202e" + here, "people": ["P01"], "path": "//evil.example/x", here: here}
        announce(session, "plant", "task.assigned", here, facts, plant.now)
    plant.run()
    for client, path in ((wang, "/inbox"), (admin, "/deliveries"), (admin, f"/deliveries/{plant.deliveries()[0].id}")):
        page = client.get(path).text
        assert "<script>alert" not in page and "&lt;script&gt;" in page and "\u202e" not in page
        assert "evil.example" not in page


def test_only_planners_see_deliveries_and_rules(wang: FlaskClient, app: Flask) -> None:
    for path in ("/deliveries", "/deliveries/1", "/deliveries/rules", "/deliveries/rules/1", "/contacts"):
        assert wang.get(path).status_code == 403, path
        assert app.test_client().get(path).status_code == 303, path


def test_the_pump_of_the_worker_is_among_its_work(plant: NotifyPlant, tmp_path: Path) -> None:
    from central.work import pumps_of

    found = [
        each for each in pumps_of(plant.database, CentralConfig(folder=tmp_path)) if isinstance(each, DeliveryPump)
    ]
    assert len(found) == 1
