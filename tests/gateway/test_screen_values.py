"""The pure parts of the station page: texts, what is shown, who may speak, what a body becomes."""

import json
import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway import station_texts
from gateway.screen import bodies, inputs
from gateway.screen.guard import Guard
from gateway.screen.set_up_texts import SET_UP_TEXTS
from gateway.screen.shown import phrase, station_content
from gateway.screen.texts import TEXTS as STATION_TEXTS
from gateway.view import LineCall, LineStation, LineView, Message
from tests.gateway import screen_samples as samples

FOLDER = Path(bodies.__file__).parent
TEXTS = STATION_TEXTS | SET_UP_TEXTS
SOURCES = [*FOLDER.glob("templates/*"), *FOLDER.glob("static/*")]
CALL = f"{samples.EPOCH}/1283"


def fields(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}


def test_every_label_has_both_languages_with_the_same_values() -> None:
    for key, both in TEXTS.items():
        assert set(both) == {"zh", "en"}, key
        assert all(both.values()), key
        assert fields(both["zh"]) == fields(both["en"]), key


def test_every_label_that_a_page_names_exists() -> None:
    named: set[str] = set()
    for path in SOURCES:
        text = path.read_text("utf-8")
        named |= set(re.findall(r'data-(?:text|hint|label)="(\w+)"', text))
        named |= set(re.findall(r'\blabel\("(\w+)"\)', text))
        named |= set(re.findall(r'\bsay\("(\w+)"', text))
    assert named - set(TEXTS) == set()
    assert len(named) > 50


def test_pages_name_no_other_host_and_hold_no_inline_script_or_style() -> None:
    for path in SOURCES:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.", text), path.name
        assert not re.search(r"\son\w+=|<style|\sstyle=|javascript:|@import|innerHTML|insertAdjacent|eval\(", text), (
            path.name
        )
        assert "<script>" not in text, path.name


def test_a_message_is_given_in_both_languages_and_a_missing_word_still_shows() -> None:
    assert phrase(Message("signed_in", {"name": "<b>李</b>"}), samples.TEXTS) == {
        "zh": "<b>李</b> 已登录",
        "en": "<b>李</b> signed in",
    }
    assert phrase(Message("nowhere", {"a": "x", "b": 2}), samples.TEXTS)["zh"] == "nowhere x 2"
    assert phrase(Message("signed_in"), samples.TEXTS)["en"] == "signed_in"
    assert phrase(Message("signed_in", {"name": "{0.__class__}"}), samples.TEXTS)["en"] == "{0.__class__} signed in"


def test_the_station_own_catalogue_fits() -> None:
    assert phrase(Message("signed_in", {"name": "李"}), station_texts.TEXTS)["zh"].startswith("李")


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_content_is_plain_json_and_without_the_time(name: str) -> None:
    view = samples.SAMPLES[name]()
    content = station_content(view, "A1", samples.TEXTS)
    assert content is not None
    assert json.loads(json.dumps(content)).keys() == content.keys()
    assert "wall" not in content and content["gateway"]["kept"] == 1284


def test_a_station_of_another_gateway_has_no_content() -> None:
    assert station_content(samples.idle(), "B9", samples.TEXTS) is None


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:80", "10.0.0.7", "station-a.plant"]
)
def test_hosts_that_name_this_machine(host: str) -> None:
    assert Guard(b"k", ["Station-A.plant"]).host_allowed(host)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a b", "[::1", "x@127.0.0.1", "é"]
)
def test_hosts_that_another_site_could_turn_here(host: str) -> None:
    assert not Guard(b"k").host_allowed(host)


def test_tokens_belong_to_a_cookie_and_a_process() -> None:
    guard, cookie = Guard(b"k" * 32), "0" * 32
    token = guard.token(cookie)
    assert guard.token_valid(cookie, token)
    assert not guard.token_valid("1" * 32, token)
    assert not guard.token_valid(cookie, token[:-1] + "é")
    assert not guard.token_valid("", "")
    assert not Guard(b"x" * 32).token_valid(cookie, token)


@pytest.mark.parametrize(
    ("origin", "site", "allowed"),
    [
        ("http://127.0.0.1:80", "same-origin", True),
        ("http://127.0.0.1:80", "", True),
        ("http://127.0.0.1:80", "cross-site", False),
        ("http://127.0.0.1:81", "", False),
        ("null", "", False),
        ("", "", False),
    ],
)
def test_only_our_own_page_may_post(origin: str, site: str, allowed: bool) -> None:
    assert Guard(b"k").origin_allowed(origin, "127.0.0.1:80", site) is allowed


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("typed", {"text": "A\x1dB"}, inputs.Typed("A1", b"A\x1dB")),
        ("typed", {"text": "工单"}, inputs.Typed("A1", "工单".encode())),
        ("report", {"operation": "OP", "good": 3}, inputs.PageReport("A1", "OP", 3, 0, "")),
        (
            "report",
            {"operation": "OP", "good": 0, "scrap": 2, "scrap_reason": "size"},
            inputs.PageReport("A1", "OP", 0, 2, "size"),
        ),
        (
            "report",
            {"operation": "OP", "good": 1, "rework": 2, "rework_reason": "flaw", "partial": True},
            inputs.PageReport("A1", "OP", 1, 0, "", 2, "flaw", True),
        ),
        ("note", {"text": "see <i>", "operation": "OP"}, inputs.PageNote("A1", "see <i>", "OP")),
        ("command", {"command": "undo"}, inputs.PageCommand("A1", "undo", "")),
        ("call", {"call_type": "machine", "long": True}, inputs.PageCall("A1", "machine", True)),
        ("acknowledge", {"call": CALL, "badge": "B-1"}, inputs.PageAcknowledge("A1", CALL, b"B-1")),
        ("acknowledge", {"call": CALL}, inputs.PageAcknowledge("A1", CALL, b"")),
        ("resolve", {"call": CALL, "cause": "jam"}, inputs.PageResolve("A1", CALL, "jam")),
        ("read_back", {"text": "120"}, inputs.PageReadBack("A1", "120")),
    ],
)
def test_a_body_becomes_an_input(kind: str, body: dict[str, object], expected: inputs.PageInput) -> None:
    assert bodies.BODIES[kind].model_validate_json(json.dumps(body)).as_input("A1") == expected


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("typed", {"text": ""}),
        ("typed", {"text": 5}),
        ("typed", {"text": "A", "more": 1}),
        ("report", {"operation": "OP", "good": -1}),
        ("report", {"operation": "OP", "good": 1_000_001}),
        ("report", {"operation": "OP", "good": "3"}),
        ("report", {"operation": "OP", "good": 1.5}),
        ("report", {"operation": "", "good": 1}),
        ("command", {"command": "reboot"}),
        ("call", {"call_type": "x" * 97}),
    ],
)
def test_a_body_that_is_not_ours_is_refused(kind: str, body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        bodies.BODIES[kind].model_validate_json(json.dumps(body))


def test_a_label_is_bounded_in_bytes_and_half_a_surrogate_is_refused() -> None:
    assert len(bodies.encoded("字" * 170)) == 510
    with pytest.raises(bodies.TypedTooLong):
        bodies.encoded("字" * 171)
    with pytest.raises(UnicodeEncodeError):
        bodies.encoded("\ud800")


def test_the_call_of_another_gateway_that_matters_most_is_named() -> None:
    def call(impact: str, began: float, acknowledged: bool = False) -> LineCall:
        return LineCall(impact, impact, impact, impact, acknowledged, "", 0, "", began)

    def named(*calls: LineCall) -> tuple[int, str, float]:
        row = LineStation("Z", "Z", "gw9", "there", 0.0, True, (), (), calls, 0, "")
        content = station_content(replace(samples.running(), line=LineView("L", (row,), 0, 60.0)), "A1", {})
        assert content is not None
        line = content["line"]
        return line["calls"], line["call"]["zh"], line["call"]["began"]

    assert named(call("slow", 5.0), call("stop", 9.0), call("stop", 7.0)) == (3, "stop", 7.0), "the oldest that stops"
    assert named(call("none", 1.0), call("slow", 2.0), call("fixed", 3.0)) == (3, "fixed", 3.0)
    assert named(call("stop", 1.0, acknowledged=True), call("none", 2.0)) == (2, "none", 2.0)
