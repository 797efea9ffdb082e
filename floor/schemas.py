"""The events as others see them: JSON Schemas with their CloudEvents envelope, MQTT topics, and AsyncAPI.

Pure: values in, values out. The documents under docs/ are written from here and tests hold them to the program.
"""

from typing import Any, Final

from pydantic import TypeAdapter

from floor.cells import Segment
from floor.events import EVENTS
from floor.line_state import state_schema
from floor.texts import EVENT_NAMES

SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TOPIC_ROOT: Final = "lineside/v1"
_SEGMENT: Final = TypeAdapter[str](Segment)
_DECIMAL: Final = r"^-?[0-9]+\.[0-9]{6}$"


def event_topic(site: str, area: str, line: str, station: str, type_name: str) -> str:
    """The MQTT topic of an event. `station`: the gateway's name for an event of the gateway itself.

    Raises ValueError for a level that could not be one (security checklist, row 10).
    """
    if type_name not in EVENTS:
        raise ValueError(f"unknown event type: {type_name!r}")
    levels = [_SEGMENT.validate_python(each) for each in (site, area, line, station)]
    return "/".join((TOPIC_ROOT, *levels, "event", type_name))


def state_topic(site: str, area: str, line: str, gateway_name: str) -> str:
    """The MQTT topic of a gateway's retained state and last will. Raises ValueError as `event_topic` does."""
    levels = [_SEGMENT.validate_python(each) for each in (site, area, line, gateway_name)]
    return "/".join((TOPIC_ROOT, *levels, "state"))


def nudge_topic(gateway_name: str) -> str:
    """The MQTT topic on which the office nudges a gateway; with four levels it is no place in a plant. Raises
    ValueError as `event_topic` does."""
    return "/".join((TOPIC_ROOT, "nudge", _SEGMENT.validate_python(gateway_name)))


def schema_of(type_name: str) -> dict[str, Any]:
    """The JSON Schema of one event type in its CloudEvents 1.0 envelope. Raises KeyError for an unknown type."""
    event = EVENTS[type_name]
    data = event.model_json_schema()
    definitions = data.pop("$defs", {})
    # The writer refuses what it does not know; a reader must not, or a new field would break it.
    data.pop("additionalProperties", None)
    properties: dict[str, Any] = {
        "specversion": {"const": "1.0"},
        "id": {
            "type": "string",
            "pattern": "^[0-9a-f]{32}/[1-9][0-9]*$",
            "description": "epoch/seq: with source, the identity of the record",
        },
        "source": {"type": "string", "pattern": "^/lineside/[^/]+$", "description": "/lineside/{gateway}"},
        "type": {"const": type_name},
        "subject": {"type": "string", "minLength": 1, "description": "the station; none: the gateway itself"},
        "time": {"type": "string", "format": "date-time", "description": "wall time; see clockstate"},
        "datacontenttype": {"const": "application/json"},
        "clockstate": {"enum": ["synchronised", "unsynchronised"], "description": "how well `time` is known"},
        "bootid": {"type": "string", "description": "boottime compares only within one boot"},
        "boottime": {"type": "string", "pattern": _DECIMAL, "description": "seconds of CLOCK_BOOTTIME"},
        "walltime": {"type": "string", "pattern": _DECIMAL, "description": "seconds since 1970, uncorrected"},
        "masterversion": {"type": "integer", "minimum": 0, "description": "master data this was decided under"},
        "signalled": {
            "type": "integer",
            "minimum": 0,
            "description": "every signal up to this seq of the same epoch was given before this was decided",
        },
        "data": data,
    }
    schema: dict[str, Any] = {
        "$schema": SCHEMA_DIALECT,
        "$id": f"urn:lineside:event:{type_name}:1",
        "title": f"{type_name} · {EVENT_NAMES[type_name][0]} · {EVENT_NAMES[type_name][1]}",
        "description": (event.__doc__ or "").strip(),
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name != "subject"],
        "additionalProperties": True,
    }
    if definitions:
        schema["$defs"] = definitions
    return schema


STATE_SCHEMA: Final = state_schema()
"""Of a gateway's retained state and last will."""

_LEVELS: Final = {
    "site": "The plant.",
    "area": "A part of the plant.",
    "line": "The production line.",
    "station": "The station's id; the gateway's name for an event of the gateway itself.",
    "gateway": "The gateway's name, as enrolled.",
}


def _parameters(*names: str) -> dict[str, Any]:
    return {name: {"description": _LEVELS[name]} for name in names}


def _channel_name(type_name: str) -> str:
    return type_name.replace(".", "-")


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of what a gateway publishes by MQTT."""
    place = TOPIC_ROOT + "/{site}/{area}/{line}"
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for type_name, event in EVENTS.items():
        key = _channel_name(type_name)
        channels[key] = {
            "address": f"{place}/{{station}}/event/{type_name}",
            "title": " · ".join(EVENT_NAMES[type_name]),
            "description": (event.__doc__ or "").strip(),
            "parameters": _parameters("site", "area", "line", "station"),
            "messages": {key: {"$ref": f"#/components/messages/{key}"}},
        }
        operations[f"publish-{key}"] = _operation(key, retain=False)
    channels["state"] = {
        "address": f"{place}/{{gateway}}/state",
        "title": "网关状态 · Gateway state",
        "description": "Retained, at each change and at least every minute; the last will says `online` false. The "
        "other gateways of the line show it as hearsay, with its age.",
        "parameters": _parameters("site", "area", "line", "gateway"),
        "messages": {"state": {"$ref": "#/components/messages/state"}},
    }
    operations["publish-state"] = _operation("state", retain=True)
    operations["hear-state"] = {**_operation("state", retain=True), "action": "receive"}
    operations["hear-state"]["title"] = "The states of its own line, and no other topic"
    channels["nudge"] = {
        "address": f"{TOPIC_ROOT}/nudge/{{gateway}}",
        "title": "提醒 · Nudge",
        "description": "Something waits for this gateway, which asks the server by HTTP, at most every two seconds. "
        "Without content, never retained, at QoS 0; the plant's broker lets only the office send it. Nothing depends "
        "on it: one that is lost costs the rest of a minute.",
        "parameters": _parameters("gateway"),
        "messages": {"nudge": {"$ref": "#/components/messages/nudge"}},
    }
    operations["hear-nudge"] = {**_operation("nudge", retain=False, qos=0), "action": "receive"}
    operations["hear-nudge"]["title"] = "The nudges of its own name, where it has a server"
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lineside by MQTT",
            "version": "1",
            "description": "Each record of a gateway as a CloudEvent, at QoS 1: deliver at least once, so count by "
            "source and id. The journal is the queue: a subscriber that was away asks the server for what it missed.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": _messages()},
    }


def _operation(key: str, *, retain: bool, qos: int = 1) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{key}"},
        "messages": [{"$ref": f"#/channels/{key}/messages/{key}"}],
        "bindings": {"mqtt": {"qos": qos, "retain": retain, "bindingVersion": "0.2.0"}},
    }


def _messages() -> dict[str, Any]:
    found: dict[str, Any] = {
        _channel_name(type_name): {
            "name": type_name,
            "contentType": "application/cloudevents+json",
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": schema_of(type_name),
            },
        }
        for type_name in EVENTS
    }
    found["state"] = {"name": "state", "contentType": "application/json", "payload": STATE_SCHEMA}
    found["nudge"] = {"name": "nudge", "contentType": "text/plain", "payload": {"type": "string", "maxLength": 0}}
    return found
