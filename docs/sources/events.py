"""docs/events.md, docs/schemas/, docs/asyncapi.json and docs/openapi.json from the code."""

import json
import tempfile
from pathlib import Path
from typing import Any

from docs.sources.code import cell, first_line, load, page, table
from docs.sources.configuration import default_text, type_text
from floor.schemas import asyncapi, schema_of


def _part(kind: Any) -> str:
    whole = schema_of(kind.type_name)
    schema, defs = whole["properties"]["data"], whole.get("$defs", {})
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
    envelope = schema_of(kinds[0].type_name)["properties"]
    attributes = table(
        ("attribute", "meaning"),
        [(f"`{name}`", cell(node.get("description", "CloudEvents 1.0"))) for name, node in envelope.items()],
    )
    text = (
        "All that happens on the floor is one of these, kept in the journal before the station beeps and carried "
        "unchanged to every sink as CloudEvents 1.0 in JSON. Subscribers ignore types and fields that they do not know."
    )
    parts = [attributes, "MQTT is described in [AsyncAPI](asyncapi.json).", overview, *map(_part, kinds)]
    found = {"docs/events.md": page("Events", text, *parts)}
    for kind in kinds:
        found[f"docs/schemas/{kind.type_name}.json"] = document(schema_of(kind.type_name))
    return found | {"docs/asyncapi.json": document(asyncapi()), "docs/openapi.json": document(openapi())}


def openapi() -> dict[str, Any]:
    """What the server says of its HTTP interface."""
    from central.application import create_app
    from central.config import CentralConfig

    with tempfile.TemporaryDirectory() as folder:
        client = create_app(CentralConfig(folder=Path(folder))).test_client()
        found: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return found


def document(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
