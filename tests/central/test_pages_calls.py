"""The pages of calls through Flask's test client: taken, handed over, resolved, saved as a case, and by whom taken."""

import dataclasses
import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.pages.office import CallStepLine, CaseLine
from tests.central.memory_office import MemoryOffice, calls
from tests.central.page_client import application, signed_in, submit
from tests.central.test_pages import CALL_PAGE, HOSTILE


@pytest.fixture
def office() -> MemoryOffice:
    return MemoryOffice()


@pytest.fixture
def app(office: MemoryOffice) -> Flask:
    return application(office)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return signed_in(app, "admin")


def test_leader_takes_and_resolves_a_call(app: Flask, office: MemoryOffice) -> None:
    leader = signed_in(app, "leader")
    call = {"gateway": "line-1", "call": "a" * 32 + "/7"}
    assert submit(leader, "/calls", "/calls/acknowledge", **call).location == "/calls?done=taken"
    assert submit(leader, "/calls", "/calls/resolve", **call, cause="tool").location == "/calls?done=closed"
    assert submit(leader, "/calls", "/calls/resolve", **call, cause="made-up").status_code == 400
    assert office.acts == [
        ("acknowledge", "line-1", "a" * 32 + "/7", "leader"),
        ("resolve", "line-1", "a" * 32 + "/7", "tool", "leader"),
    ]


def test_leader_hands_a_call_to_an_owner_of_the_list(app: Flask, office: MemoryOffice) -> None:
    leader = signed_in(app, "leader")
    call = {"gateway": "line-1", "call": "a" * 32 + "/7"}
    assert submit(leader, CALL_PAGE, "/calls/assign", **call, owner="设备科").location == "/calls?done=handed"
    assert office.acts[-1] == ("assign", "line-1", call["call"], "设备科", "leader")
    assert submit(leader, CALL_PAGE, "/calls/assign", **call, owner="made up").status_code == 400


def test_the_page_of_a_call_shows_which_acknowledgement_counts_and_the_other_evidence(admin: FlaskClient) -> None:
    admin.set_cookie("lineside_language", "en")
    page = admin.get(CALL_PAGE).text
    assert "张班长" in page and "李强" in page
    assert page.count(">counts<") == 1 and page.count(">evidence as well<") == 1


@pytest.mark.parametrize(
    "path", ["/calls/line-1/x/7", "/calls/line-1/" + "a" * 32 + "/" + "9" * 30, "/calls/%00/" + "a" * 32 + "/7"]
)
def test_a_call_that_nobody_knows_is_no_page(admin: FlaskClient, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_leader_saves_a_resolved_call_as_a_case(app: Flask, office: MemoryOffice) -> None:
    leader = signed_in(app, "leader")
    page = "/calls/line-2/" + "c" * 32 + "/1"
    assert "主轴异响" in leader.get(page).text
    call = {"gateway": "line-2", "call": "c" * 32 + "/1"}
    answer = submit(leader, page, "/calls/case", **call, fix="  换刀片\n 后对刀 ")
    assert answer.location == page + "?saved=yes"
    assert office.acts[-1] == ("save_case", "line-2", "c" * 32 + "/1", "换刀片 后对刀", "leader")
    for fix in ("", "  ", "x" * 201):
        assert submit(leader, page, "/calls/case", **call, fix=fix).status_code == 400
    for gone in ("c" * 32 + "/2", "c/1", "c" * 32 + "/x", ""):
        assert submit(leader, page, "/calls/case", gateway="line-2", call=gone, fix="x").status_code == 404


def test_a_call_that_is_over_is_told_so(app: Flask, office: MemoryOffice) -> None:
    leader = signed_in(app, "leader")
    office.shown = dataclasses.replace(office.shown, calls=calls(time.time())[1:])
    gone = {"gateway": "line-1", "call": "a" * 32 + "/7"}
    assert submit(leader, "/calls", "/calls/acknowledge", **gone).location == "/calls?done=already"
    assert office.acts == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_steps_owners_and_cases_stay_text(admin: FlaskClient, office: MemoryOffice, text: str) -> None:
    first = dataclasses.replace(office.shown.calls[0], owner=text, handed_by=text)
    office.call_owners = (text,)
    office.shown = dataclasses.replace(office.shown, calls=(first,))
    office.steps = (CallStepLine(text, text, text, text, time.time(), evidence=True),)
    office.similar = (CaseLine(text, text, text, text, text, text),)
    office.ended = [dataclasses.replace(office.ended[0], cause=text)]
    office.fix = text
    for path in (CALL_PAGE, "/calls/line-2/" + "c" * 32 + "/1", "/calls"):
        page = admin.get(path, query_string={"note": text}).text
        assert "<script>alert" not in page and "<img src=x" not in page and "<svg/onload" not in page
        # What a form sends back is the text itself; nobody sees it.
        assert "\u202e" not in re.sub(r'<(?:option|input type="hidden")[^>]*>', "", page)
