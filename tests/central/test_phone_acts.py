"""Acts from a phone on both databases: done once however often they come, refused in words, notes with photos."""

import hashlib
import io
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select, update

from central.audit import acts_behind
from central.facts import read_facts
from central.limits import (
    CALL_NOTE_CHARACTERS_MAX,
    CALL_NOTES_MAX,
    PHONE_ACT_SECONDS_MAX,
    PHONE_KEY_SECONDS,
    PHONE_KEYS_PER_ACCOUNT_MAX,
    PHONE_PHOTO_BYTES_MAX,
)
from central.models import AccountRow
from central.phone.acts import purge_answers
from central.phone.pictures import bare_jpeg
from central.phone.tables import CallNote, PhoneAct
from floor.example import example_plant
from tests.central.page_client import submit
from tests.central.phone_plant import GATEWAY, KIND, OPERATION, STATION, PhonePlant, answered, new_key, send, state_of
from tests.floor.pictures import png

NOWHERE = "f" * 32 + "/1"


@pytest.fixture
def plant(app: Flask) -> PhonePlant:
    return PhonePlant(app)


@pytest.fixture
def leader(plant: PhonePlant) -> FlaskClient:
    return plant.person("wang", "leader")


def facts(plant: PhonePlant) -> list[str]:
    with plant.here.database.read() as session:
        found = read_facts(session, plant.here.database.plant, GATEWAY, 0).facts
    return [each.kind for each in found if each.kind.startswith("call.")]


def notes(plant: PhonePlant) -> list[CallNote]:
    with plant.here.database.read() as session:
        return list(session.scalars(select(CallNote).order_by(CallNote.number)))


def photo_with_a_place(size: tuple[int, int] = (320, 200)) -> bytes:
    """As a phone's camera writes it: EXIF with where it stood, and a comment."""
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 13.0, 49.0), 3: "E", 4: (121.0, 28.0, 25.0)})
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, "JPEG", exif=exif, comment=b"31.2304N")
    return out.getvalue()


def test_what_a_phone_is_told_of_an_open_call(plant: PhonePlant, leader: FlaskClient) -> None:
    call = plant.raise_call()
    state = state_of(leader)
    assert (state["account"], state["leader"], state["language"], state["more"]) == ("wang", True, "zh", 0)
    [told] = state["calls"]
    assert (told["gateway"], told["call"], told["state"]) == (GATEWAY, call, "raised")
    assert told["labels"] == [OPERATION.ticket, f"S-{STATION.id}"]
    assert told["causes"][-1] == ["other", "其他原因"] and told["owners"]
    leader.set_cookie("lineside_language", "en")
    [told] = state_of(leader)["calls"]
    assert told["name"] == "Equipment" and told["told"] == "waiting"


def test_an_act_that_comes_again_changes_nothing(plant: PhonePlant, leader: FlaskClient) -> None:
    call, key = plant.raise_call(), new_key()
    for age in ("0", "7", "3600"):
        assert answered(leader, "acknowledge", call, key=key, age=age) == ("", "")
    assert facts(plant) == ["call.acknowledged"]
    assert state_of(leader)["calls"][0]["state"] == "acknowledged"
    # Handed over once, taken back by somebody else, and the first act comes again: it does not turn that round.
    owner, other = (each[0] for each in state_of(leader)["calls"][0]["owners"][:2])
    key = new_key()
    assert answered(leader, "assign", call, key=key, about=owner) == ("", "")
    assert answered(leader, "assign", call, about=other) == ("", "")
    assert answered(leader, "assign", call, key=key, about=owner, age="60") == ("", "")
    assert answered(leader, "assign", call, about=other) == ("same", "")
    assert answered(leader, "acknowledge", call, key=key) == ("key", ""), "a key is of one act"


def test_the_same_act_twice_at_one_moment_is_done_once(plant: PhonePlant, leader: FlaskClient) -> None:
    call, key = plant.raise_call(), new_key()
    cookie = leader.get_cookie("lineside_session")
    assert cookie is not None
    told: list[tuple[str, str]] = []

    def press() -> None:
        client = plant.app.test_client()
        client.set_cookie("lineside_session", cookie.value)
        told.append(answered(client, "note", call, key=key, about="油管漏油"))

    hands = [threading.Thread(target=press) for _ in range(6)]
    for each in hands:
        each.start()
    for each in hands:
        each.join()
    assert told == [("", "")] * 6
    assert [each.text for each in notes(plant)] == ["油管漏油"]


def test_whoever_comes_second_is_told_who_was_first(plant: PhonePlant, leader: FlaskClient) -> None:
    call = plant.raise_call()
    li = plant.person("li", "leader")
    assert answered(leader, "acknowledge", call) == ("", "")
    assert answered(li, "acknowledge", call) == ("taken", "wang")
    assert answered(leader, "acknowledge", call) == ("", ""), "the same person has it already"
    assert answered(li, "resolve", call, about="other") == ("", "")
    for kind in ("acknowledge", "resolve", "assign"):
        assert answered(leader, kind, call, about="other") == ("closed", "li")
    assert state_of(leader)["calls"] == []


@pytest.mark.parametrize(
    ("kind", "about", "refusal"),
    [
        ("resolve", "made-up", "cause"),
        ("assign", "made up", "owner"),
        ("assign", "", "owner"),
        ("resolve", "", "cause"),
    ],
)
def test_a_choice_that_is_none_is_refused(
    plant: PhonePlant, leader: FlaskClient, kind: str, about: str, refusal: str
) -> None:
    call = plant.raise_call()
    assert answered(leader, kind, call, about=about) == (refusal, "")
    assert answered(leader, kind, NOWHERE, about=about) == ("gone", "")
    assert facts(plant) == []


def test_a_cause_of_the_type_closes_it(plant: PhonePlant, leader: FlaskClient) -> None:
    call = plant.raise_call()
    kind = next(each for each in example_plant().call_types if each.id == KIND)
    cause = next(iter(kind.causes), None) or example_plant().reasons[0].id
    assert answered(leader, "resolve", call, about=cause) == ("", "")
    assert facts(plant) == ["call.resolved"]


def test_an_act_of_yesterday_is_refused_and_a_note_is_not(plant: PhonePlant, leader: FlaskClient) -> None:
    call, late = plant.raise_call(), str(int(PHONE_ACT_SECONDS_MAX) + 60)
    assert answered(leader, "acknowledge", call, age=late) == ("old", "")
    assert answered(leader, "acknowledge", call, age=str(int(PHONE_ACT_SECONDS_MAX))) == ("", "")
    assert answered(leader, "note", call, about="换了皮带", age=late) == ("", "")
    page = leader.get(f"/calls/{GATEWAY}/{call}").text
    assert "换了皮带" in page and "送达" in page


def test_answers_are_kept_longer_than_an_act_may_come_and_a_note_never_doubles(
    plant: PhonePlant, leader: FlaskClient
) -> None:
    call, key = plant.raise_call(), new_key()
    assert answered(leader, "note", call, key=key, about="看过") == ("", "")
    database = plant.here.database
    for seconds, left in ((PHONE_ACT_SECONDS_MAX + 3600, 1), (PHONE_KEY_SECONDS + 3600, 0)):
        with database.write() as session:
            purge_answers(session, database.plant, plant.here.now() + seconds - PHONE_KEY_SECONDS)
            assert session.scalar(select(func.count()).select_from(PhoneAct)) == left
    assert answered(leader, "note", call, key=key, about="看过", age=str(int(PHONE_KEY_SECONDS))) == ("", "")
    assert len(notes(plant)) == 1


def test_a_note_with_its_photo_stands_on_the_page_of_the_call(plant: PhonePlant, leader: FlaskClient) -> None:
    call, taken, key = plant.raise_call(), photo_with_a_place(), new_key()
    for _ in range(2):
        assert answered(leader, "note", call, key=key, about="<b>漏油</b>\n 处", photo=taken) == ("", "")
    bare = bare_jpeg(taken)
    sha256 = hashlib.sha256(bare).hexdigest()
    page = leader.get(f"/calls/{GATEWAY}/{call}").text
    assert "&lt;b&gt;漏油&lt;/b&gt; 处" in page and page.count(f'<img src="/files/{sha256}"') == 1
    with leader.get(f"/files/{sha256}") as answer:
        kept = answer.data
    assert kept == bare and b"31.2304N" not in kept and b"A maker" not in kept
    shown = Image.open(io.BytesIO(kept))
    assert shown.size == (320, 200) and dict(shown.getexif()) == {}
    assert shown.tobytes() == Image.open(io.BytesIO(taken)).tobytes()
    assert answered(leader, "note", call, photo=taken) == ("", ""), "a photo says enough"
    assert [each.person for each in notes(plant)] == ["wang", "wang"]


def test_a_call_takes_so_many_notes(plant: PhonePlant, leader: FlaskClient) -> None:
    call = plant.raise_call()
    epoch, _, seq = call.partition("/")
    mine = {"plant": plant.here.database.plant, "gateway": GATEWAY, "epoch": epoch, "seq": int(seq)}
    with plant.here.database.write() as session:
        for number in range(1, CALL_NOTES_MAX):
            what = {"account": "li", "person": "li", "text": "x", "sha256": "", "made_at": 0.0, "received_at": 0.0}
            session.add(CallNote(**mine, **what, number=number, key=new_key()))
    assert answered(leader, "note", call, about="the last one") == ("", "")
    assert answered(leader, "note", call, about="one more") == ("full", "")


def test_an_account_has_so_many_answers_kept(plant: PhonePlant, leader: FlaskClient) -> None:
    call = plant.raise_call()
    with plant.here.database.write() as session:
        for _ in range(PHONE_KEYS_PER_ACCOUNT_MAX):
            what = {"digest": "", "refusal": "", "who": "", "answered_at": plant.here.now()}
            session.add(PhoneAct(plant=plant.here.database.plant, account="wang", key=new_key(), **what))
    assert send(leader, "acknowledge", call).status_code == 429
    assert facts(plant) == []


@pytest.mark.parametrize(
    "more",
    [
        {"key": "x"},
        {"key": "A" * 32},
        {"kind": "drop"},
        {"gateway": "../x"},
        {"call": "a/1"},
        {"call": "a" * 32 + "/" + "9" * 17},
        {"call": "a" * 32 + "/０"},
        {"age": "-1"},
        {"age": "1e9"},
        {"age": "9" * 10},
        {"kind": "note", "about": "x" * (CALL_NOTE_CHARACTERS_MAX + 1)},
        {"kind": "note", "about": "  "},
        {"kind": "resolve", "about": "x" * 200},
    ],
)
def test_what_no_phone_of_ours_sends_is_refused(plant: PhonePlant, leader: FlaskClient, more: dict[str, str]) -> None:
    values = {"kind": "acknowledge", "call": plant.raise_call(), **more}
    assert send(leader, values.pop("kind"), values.pop("call"), **values).status_code == 422
    assert facts(plant) == [] and notes(plant) == []


@pytest.mark.parametrize(
    "photo",
    [
        png(),
        b"GIF89a" + b"\0" * 64,
        b"\xff\xd8\xff\xe1<script>alert(1)</script>",
        photo_with_a_place()[:-20],
        photo_with_a_place()[:300],
        b"\xff\xd8" + b"\xff\xe1\x00\x02" * 2_000 + b"\xff\xd9",
        photo_with_a_place() + bytes(PHONE_PHOTO_BYTES_MAX),
    ],
    ids=["png", "gif", "html", "cut", "cut-head", "endless", "large"],
)
def test_what_is_no_photo_is_not_kept(plant: PhonePlant, leader: FlaskClient, photo: bytes) -> None:
    call = plant.raise_call()
    answer = send(leader, "note", call, about="x", photo=photo)
    assert answer.status_code == 415
    assert notes(plant) == [] and list(plant.here.files.every()) == []


def test_a_body_beyond_the_bound_is_refused_unread(plant: PhonePlant, leader: FlaskClient) -> None:
    photo = b"\xff" * (PHONE_PHOTO_BYTES_MAX + 128 * 1024)
    assert send(leader, "note", plant.raise_call(), photo=photo).status_code == 413


def test_what_stands_behind_the_picture_is_dropped() -> None:
    taken = photo_with_a_place()
    assert bare_jpeg(taken + b"a film" * 1_000) == bare_jpeg(taken) != b""
    assert bare_jpeg(bare_jpeg(taken)) == bare_jpeg(taken)


def test_only_a_leader_acts(plant: PhonePlant) -> None:
    call = plant.raise_call()
    planner = plant.person("zhao", "planner")
    assert state_of(planner)["leader"] is False
    assert send(planner, "acknowledge", call).status_code == 403
    stranger = plant.app.test_client()
    headers = {"Sec-Fetch-Mode": "cors"}
    assert stranger.get("/phone/state", headers=headers).status_code == 401
    assert stranger.get("/phone").location == "/sign-in?next=/phone"
    assert stranger.post("/phone/act", data={"kind": "acknowledge"}, headers=headers).status_code == 401
    assert facts(plant) == []


def granted(plant: PhonePlant, name: str, roles: str) -> FlaskClient:
    """A leader whose roles are then written anew."""
    client = plant.person(name, "leader")
    with plant.here.database.write() as session:
        session.execute(update(AccountRow).where(AccountRow.name == name).values(roles=roles))
    return client


def test_a_role_for_a_line_acts_on_that_line_alone(plant: PhonePlant) -> None:
    call = plant.raise_call()
    near = granted(plant, "near", f"leader@{STATION.site}/{STATION.area}/{STATION.line}")
    far = granted(plant, "far", f"leader@{STATION.site}/{STATION.area}/another-line")
    assert [state_of(each)["calls"][0]["may"] for each in (near, far)] == [True, False]
    for kind in ("acknowledge", "resolve", "assign", "note"):
        assert answered(far, kind, call, about="other") == ("elsewhere", "")
    assert facts(plant) == [] and notes(plant) == []
    assert answered(near, "acknowledge", call) == ("", "")


def test_each_act_that_was_done_stands_once_in_the_audit_log(plant: PhonePlant, leader: FlaskClient) -> None:
    call, key = plant.raise_call(), new_key()
    for _ in range(2):
        assert answered(leader, "acknowledge", call, key=key) == ("", "")
    assert answered(leader, "resolve", call, about="made-up") == ("cause", "")
    assert answered(leader, "note", call, about="x") == ("", "")
    assert answered(leader, "resolve", call, about="other") == ("", "")
    with plant.here.database.read() as session:
        acts = [each for each in acts_behind(session, plant.here.database.plant, 0, 100) if each.who == "wang"]
    told = [f"{each.action} {each.subject}" for each in acts if each.action.startswith("call.")]
    assert told == [f"call.{each} {GATEWAY} {call}" for each in ("acknowledged", "noted", "resolved")]


def test_a_leader_who_is_disabled_sends_nothing_more(plant: PhonePlant, leader: FlaskClient) -> None:
    call, token = plant.raise_call(), state_of(leader)["form_token"]
    submit(plant.admin, "/users", "/users/disable", name="wang")
    values = {
        "form_token": token,
        "key": new_key(),
        "kind": "acknowledge",
        "gateway": GATEWAY,
        "call": call,
        "age": "0",
    }
    answer = leader.post("/phone/act", data=values, headers={"Origin": "http://localhost", "Sec-Fetch-Mode": "cors"})
    assert answer.status_code == 401
    assert facts(plant) == []


def test_the_phones_clock_runs_from_what_the_server_says(plant: PhonePlant, leader: FlaskClient) -> None:
    before = plant.here.now()
    state = state_of(leader)
    assert before <= state["as_of"] <= plant.here.now()
    assert len(state["as_of_clock"]) == 8 and state["as_of_clock"].count(":") == 2
