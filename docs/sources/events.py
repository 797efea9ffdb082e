"""docs/events.md and docs/schemas/ from floor.events."""

import json
from typing import Any

from docs.sources.code import cell, first_line, load, page, table
from docs.sources.configuration import default_text, type_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NUMBER_TEXT = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{6}$"}
# The attributes that every event of ours has beside `data`; the names are those of CloudEvents 1.0, then our own.
ATTRIBUTES: dict[str, tuple[dict[str, Any], str]] = {
    "specversion": ({"const": "1.0"}, "CloudEvents"),
    "id": ({"type": "string", "pattern": "^[0-9a-f]{32}/[1-9][0-9]*$"}, "epoch/seq of the record (I3)"),
    "source": ({"type": "string", "pattern": "^/lineside/.+$"}, "the gateway that recorded it"),
    "datacontenttype": ({"const": "application/json"}, "of `data`"),
    "type": ({"type": "string"}, "the event type, see below"),
    "subject": ({"type": "string"}, "the station; empty for the gateway as a whole"),
    "time": ({"type": "string", "format": "date-time"}, "wall time as the gateway knew it; order is by `id` (I9)"),
    "clockstate": ({"enum": ["synchronised", "unsynchronised"]}, "what `time` was worth then (I9)"),
    "bootid": ({"type": "string"}, "the boot of the machine; `boottime` is comparable only within one"),
    "boottime": (NUMBER_TEXT, "seconds since that boot"),
    "walltime": (NUMBER_TEXT, "seconds since 1970 on the gateway's clock"),
    "masterversion": ({"type": "integer", "minimum": 0}, "the master data that the decision used (I8)"),
    "signalled": ({"type": "integer", "minimum": 0}, "every signal up to this seq of the epoch had been given (I1)"),
}


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of one type's `data`."""
    found = kind.model_json_schema()
    # The writer refuses what it does not know; readers must not, or a new field would break them.
    found.pop("additionalProperties", None)
    return {"$schema": DIALECT, "$id": f"urn:lineside:event:{kind.type_name}", **found}


def envelope() -> dict[str, Any]:
    """The JSON Schema of a whole event, its `data` left to the type."""
    properties = {name: {**schema, "description": said} for name, (schema, said) in ATTRIBUTES.items()}
    return {
        "$schema": DIALECT,
        "$id": "urn:lineside:event",
        "title": "Event",
        "description": "A record as every sink carries it: CloudEvents 1.0 in JSON.",
        "type": "object",
        "required": [*ATTRIBUTES, "data"],
        "properties": {**properties, "data": {"type": "object"}},
    }


def _part(kind: Any) -> str:
    schema = schema_of(kind)
    defs = schema.get("$defs", {})
    required = set(schema.get("required", ()))
    said = "\n".join(line.strip() for line in (kind.__doc__ or "").strip().splitlines())
    rows = [
        (
            f"`{name}`",
            cell(type_text(node, defs)),
            default_text(node, name in required),
            cell(node.get("description", "")),
        )
        for name, node in schema.get("properties", {}).items()
    ]
    body = table(("field of `data`", "takes", "default", "meaning"), rows) if rows else "No fields.\n"
    return f"## `{kind.type_name}`\n\n{said}\n\n[schema](schemas/{kind.type_name}.json)\n\n{body}"


def pages() -> dict[str, str]:
    module = load("floor.events")
    if module is None:
        return {}
    kinds = list(module.EVENTS.values())
    overview = table(
        ("type", "says"),
        [(f"[`{each.type_name}`](#{each.type_name.replace('.', '')})", first_line(each.__doc__)) for each in kinds],
    )
    attributes = table(("attribute", "meaning"), [(f"`{name}`", cell(said)) for name, (_, said) in ATTRIBUTES.items()])
    text = (
        "All that happens on the floor is one of these, kept in the journal before the station beeps and carried "
        "unchanged to every sink as CloudEvents 1.0 in JSON. Subscribers ignore types and fields that they do not know."
    )
    parts = [attributes, "[schema of the whole event](schemas/event.json)", overview, *map(_part, kinds)]
    found = {"docs/events.md": page("Events", text, *parts)}
    schemas = {"event": envelope()} | {kind.type_name: schema_of(kind) for kind in kinds}
    for name, schema in schemas.items():
        found[f"docs/schemas/{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return found
