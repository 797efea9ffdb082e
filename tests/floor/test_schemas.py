"""The events as others see them: every event fits its schema, and the topics are what the design says."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floor.events import EVENTS, Event, Happening, Instant, cloud_event, decode, encode
from floor.line_state import GatewayState
from floor.schemas import STATE_SCHEMA, asyncapi, event_topic, nudge_topic, schema_of, state_topic

EPOCH = "0f" * 16
EXAMPLES: dict[str, dict[str, Any]] = {
    "session.opened": {"person": "ann"},
    "session.closed": {"person": "ann", "reason": "timeout"},
    "andon.assigned": {"call": f"{EPOCH}/1", "call_type": "quality", "owner": "设备科", "person": "lee"},
    "andon.stopped": {"call": f"{EPOCH}/1", "call_type": "quality", "position": "finish"},
    "andon.escalated": {"call": "ab" * 16 + "/1", "call_type": "quality", "tier": 1, "elapsed_seconds": 300.5},
    "scan.refused": {"rule": "order_held", "person": "ann", "operation": "W1-10", "shown": "T-W1-10"},
    "rule.broken": {"rule": "badge_expired", "person": "ann"},
    "notice.read": {"notice": "notice/N1", "version": "0" * 16, "person": "ann", "facts": ["quantity=100"]},
    "notice.misread": {"notice": "notice/N1", "version": "0", "person": "ann", "asked": "quantity", "given": "9"},
    "handover.offered": {"person": "ann", "operations": ["W1-10"], "calls": [f"{EPOCH}/1"], "facts": ["calls=1"]},
    "handover.misread": {"handover": f"{EPOCH}/9", "person": "bob", "asked": "calls", "given": "2"},
    "handover.accepted": {"handover": f"{EPOCH}/9", "offered_by": "ann", "person": "bob", "facts": ["calls=1"]},
    "work.started": {"person": "ann", "operation": "W1-10", "work_order": "W1", "flags": ["order_held"]},
    "work.paused": {"person": "ann", "operation": "W1-10"},
    "work.resumed": {"person": "ann", "operation": "W1-10"},
    "setup.started": {"person": "ann", "operation": "W1-10"},
    "setup.finished": {"person": "ann", "operation": "W1-10", "seconds": 90.5},
    "component.used": {"person": "ann", "operation": "W1-10", "item": "轴承", "lot": "L7", "expires": "2027-01-31"},
    "product.identified": {"person": "ann", "operation": "W1-10", "serial": "S99", "flags": ["serial_repeated"]},
    "counter.read": {"person": "ann", "operation": "W1-10", "purpose": "end", "reading": "00412"},
    "report.finished": {
        "person": "安",
        "operation": "W1-10",
        "good": 1,
        "scrap": 2,
        "seconds": 1.5,
        "flags": ["early"],
    },
    "rework.reported": {"person": "ann", "operation": "W1-10", "pieces": 3, "reason": "flaw"},
    "report.corrected": {"person": "ann", "corrects": f"{EPOCH}/1", "operation": "W1-10", "good": -1},
    "scan.rejected": {"reason": "unknown_label", "shown": "<b>", "size": 3},
    "note.kept": {"person": "ann", "operation": "W1-10", "call": f"{EPOCH}/1", "text": "<b>刀具</b>"},
    "andon.raised": {"call_type": "quality"},
    "andon.acknowledged": {"call": f"{EPOCH}/1", "call_type": "quality", "person": "lee"},
    "andon.resolved": {"call": f"{EPOCH}/1", "call_type": "quality", "cause": "flaw"},
    "andon.cancelled": {"call": f"{EPOCH}/1", "call_type": "quality"},
    "photo.kept": {"sha256": "0" * 64, "bytes": 9, "media_type": "image/png", "call": f"{EPOCH}/1"},
    "snapshot.applied": {"version": 1, "digest": "0" * 64, "source": "file"},
    "fact.received": {"fact": 1, "kind": "operation.progress", "content": {"operation": "W1-10", "good": 1}},
    "device.found": {"device": "s"},
    "device.lost": {"device": "s", "detail": "unplugged"},
    "device.assigned": {"person": "ann", "device": "S1.scanner1", "kind": "evdev", "role": "scanner"},
    "device.unassigned": {"person": "ann", "device": "S1.scanner1"},
    "listening.started": {"person": "ann", "seconds": 120.0},
    "signal.tested": {"person": "ann", "signal": "kept"},
    "limit.reached": {"limit": "inbox"},
    "notice.skipped": {"sink": "mqtt", "first": 1, "last": 2},
    "record.lost": {"epoch": EPOCH, "seq": 1, "reason": "torn"},
    "journal.salvaged": {"folder": "damaged-1", "reason": "torn", "salvaged": 9, "lost": 1, "ranges": [f"{EPOCH}/4-4"]},
    "gateway.stopped": {},
}
VALIDATORS = {
    name: jsonschema.Draft202012Validator(schema_of(name), format_checker=jsonschema.FormatChecker()) for name in EVENTS
}


def envelope(event: Event, station: str = "S1") -> dict[str, Any]:
    happening = Happening(event, station, Instant("boot", 1.25, 1.8e9, False), 3, 7)
    whole: dict[str, Any] = json.loads(cloud_event("gw1", EPOCH, 4, encode(happening, "2027-01-15T08:00:00Z")))
    return whole


def test_every_type_has_an_example() -> None:
    assert set(EXAMPLES) == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_fits_its_schema_and_reads_back(name: str) -> None:
    event = EVENTS[name].model_validate(EXAMPLES[name])
    whole = envelope(event)
    jsonschema.Draft202012Validator.check_schema(schema_of(name))
    VALIDATORS[name].validate(whole)
    assert (whole["id"], whole["source"], whole["type"], whole["subject"]) == (
        f"{EPOCH}/4",
        "/lineside/gw1",
        name,
        "S1",
    )
    assert decode(encode(Happening(event, "S1", Instant("b", 1, 2, True), 1), "x")).event == event


@pytest.mark.parametrize(
    "change",
    [
        {"type": "other"},
        {"specversion": "0.3"},
        {"id": "1"},
        {"clockstate": "guessed"},
        {"data": {"person": ""}},
        {"data": {}},
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    whole = envelope(EVENTS["session.opened"].model_validate({"person": "ann"}))
    assert VALIDATORS["session.opened"].is_valid(whole)
    assert not VALIDATORS["session.opened"].is_valid(whole | change)


def test_a_reader_bears_a_field_of_a_later_release() -> None:
    whole = envelope(EVENTS["session.opened"].model_validate({"person": "ann"}))
    assert VALIDATORS["session.opened"].is_valid(whole | {"data": {"person": "ann", "shoe": 1}, "later": 2})


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=64).filter(bool), st.integers(0, 10**6), st.none() | st.floats(0, 1e9), st.text(max_size=20))
def test_any_report_fits_its_schema(person: str, good: int, seconds: float | None, station: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in person + station):
        return
    event = EVENTS["report.finished"].model_validate(
        {"person": person, "operation": "T-X", "good": good, "seconds": seconds}
    )
    VALIDATORS["report.finished"].validate(envelope(event, station))


def test_topics() -> None:
    assert event_topic("p", "a", "L1", "S1", "report.finished") == "lineside/v1/p/a/L1/S1/event/report.finished"
    assert event_topic("p", "a", "L1", "gw1", "gateway.stopped") == "lineside/v1/p/a/L1/gw1/event/gateway.stopped"
    assert state_topic("p", "a", "L1", "gw1") == "lineside/v1/p/a/L1/gw1/state"


@pytest.mark.parametrize("level", ["", "+", "#", "a/b", "$SYS", "a\x00", "工位", "a" * 49])
def test_nothing_else_becomes_a_topic_level(level: str) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        event_topic(level, "a", "l", "S1", "report.finished")
    with pytest.raises(ValueError, match="1 validation error"):
        state_topic("p", "a", "l", level)
    if level:
        with pytest.raises(ValueError, match="1 validation error"):
            event_topic("p", "a", "l", level, "report.finished")
    with pytest.raises(ValueError, match="unknown event type"):
        event_topic("p", "a", "l", "S1", level)


def resolved(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for inner in value.values() for each in references(inner)]
    return [each for inner in value for each in references(inner)] if isinstance(value, list) else []


def test_the_asyncapi_document_is_whole() -> None:
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert len(document["channels"]) == len(EVENTS) + 2
    for reference in references(document):
        resolved(document, reference)
    for name in EVENTS:
        channel = document["channels"][name.replace(".", "-")]
        values = {"site": "p", "area": "a", "line": "L1", "station": "S1"}
        assert set(channel["parameters"]) == set(values)
        assert channel["address"].format(**values) == event_topic(**values, type_name=name)
    state = document["channels"]["state"]
    values = {"site": "p", "area": "a", "line": "L1", "gateway": "gw1"}
    assert state["address"].format(**values) == state_topic("p", "a", "L1", "gw1")
    assert document["operations"]["publish-state"]["bindings"]["mqtt"] == {
        "qos": 1,
        "retain": True,
        "bindingVersion": "0.2.0",
    }
    assert document["operations"]["hear-state"]["action"] == "receive"
    assert document["channels"]["nudge"]["address"].format(gateway="gw1") == nudge_topic("gw1")
    nudge = document["operations"]["hear-nudge"]
    assert nudge["action"] == "receive" and nudge["bindings"]["mqtt"] == {
        "qos": 0,
        "retain": False,
        "bindingVersion": "0.2.0",
    }
    for wild in ("+", "#", "a/b", "", "gw1\n"):
        with pytest.raises(ValueError):
            nudge_topic(wild)
    json.dumps(document)


def test_what_a_gateway_says_of_its_line_fits_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(STATE_SCHEMA)
    valid = jsonschema.Draft202012Validator(STATE_SCHEMA).is_valid
    call = {"call_type": "quality", "name": "质量", "elapsed_seconds": 12.5}
    station = {"station": "S1", "people": ["安"], "work": [{"operation": "W1-10", "good": 3}], "calls": [call]}
    whole = {"gateway": "gw1", "online": True, "stations": [station], "counts": [["W1-10", 3, 0]]}
    assert valid(whole) and GatewayState.model_validate_json(json.dumps(whole)).stations[0].calls[0].name == "质量"
    assert valid({"gateway": "gw1", "online": False}), "the last will, and all that 0.1.0 says"
    assert valid(whole | {"later": 1})
    for change in ({"stations": [station] * 9}, {"counts": [["x", 1]]}, {"online": "yes"}, {"age_seconds": -1}):
        assert not valid(whole | change)
        with pytest.raises(ValueError, match="validation error"):
            GatewayState.model_validate_json(json.dumps(whole | change))
