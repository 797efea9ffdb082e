"""docs/configuration.md from the models that check the files."""

import json
from typing import Any

from docs.sources.code import cell, load, page, table

FILES = (
    (
        "gateway.config",
        "Config",
        "gateway.toml",
        "The gateway reads it at its start. `lineside gateway check-config` names every fault.",
    ),
    (
        "central.config",
        "CentralConfig",
        "central.toml",
        "The server's commands read it at their start; options go over it.",
    ),
)
BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "maxLength": "at most {} characters",
    "maxItems": "at most {}",
    "pattern": "`{}`",
}
KINDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "object": "table"}


def _resolved(node: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """The node with its reference followed and an optional's `null` taken away."""
    if "$ref" in node:
        return {**defs[node["$ref"].rsplit("/", 1)[1]], **{k: v for k, v in node.items() if k != "$ref"}}
    if "anyOf" in node:
        (inner,) = [each for each in node["anyOf"] if each.get("type") != "null"]
        return {**_resolved(inner, defs), **{k: v for k, v in node.items() if k != "anyOf"}}
    return node


def type_text(node: dict[str, Any], defs: dict[str, Any]) -> str:
    node = _resolved(node, defs)
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if node.get("type") == "array":
        items = node.get("items") or (node.get("prefixItems") or [{}])[0]
        kind = f"list of {type_text(items, defs)}"
    elif node.get("format") in ("path", "file-path", "directory-path"):
        kind = "path"
    elif node.get("format") == "password":
        kind = "secret text"
    else:
        kind = KINDS.get(str(node.get("type", "")), "any")
    bounds = [text.format(node[key]) for key, text in BOUNDS.items() if key in node]
    return ", ".join([kind, *bounds])


def default_text(node: dict[str, Any], required: bool) -> str:
    if required:
        return "must be given"
    value = node.get("default")
    return "none" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _is_table(node: dict[str, Any], defs: dict[str, Any]) -> bool:
    return "properties" in _resolved(node, defs)


def _is_tables(node: dict[str, Any], defs: dict[str, Any]) -> bool:
    node = _resolved(node, defs)
    return node.get("type") == "array" and _is_table(node.get("items") or {}, defs)


def _kinds(node: dict[str, Any], defs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The tables of a setting that holds named tables of several kinds, by kind; empty for any other setting."""
    inner = next(iter(node.get("patternProperties", {}).values()), {})
    if "discriminator" not in inner:
        return {}
    return {kind: _resolved({"$ref": ref}, defs) for kind, ref in inner["discriminator"]["mapping"].items()}


def rows(model: dict[str, Any], defs: dict[str, Any]) -> list[tuple[str, ...]]:
    """setting, what it takes, default, meaning: the settings that stand directly in a table."""
    required = set(model.get("required", ()))
    found = []
    for name, node in model.get("properties", {}).items():
        if _is_table(node, defs) or _is_tables(node, defs):
            continue
        if _kinds(node, defs):
            found.append((f"`{name}`", f"tables `[{name}.NAME]`, each of one kind below", "none", ""))
            continue
        meaning = cell(_resolved(node, defs).get("description", ""))
        found.append((f"`{name}`", cell(type_text(node, defs)), default_text(node, name in required), meaning))
    return found


def sections(model: dict[str, Any], defs: dict[str, Any], prefix: str = "") -> list[str]:
    """A part for each table of the file, outer ones first. Titles are the tables' heads in TOML."""
    parts = []
    own = rows(model, defs)
    if own:
        title = f"### `{prefix}`\n\n" if prefix else ""
        said = model.get("description", "").split("\n\n")[0]
        parts.append(f"{title}{said}\n\n" + table(("setting", "takes", "default", "meaning"), own))
    name = prefix.strip("[]")
    for key, node in model.get("properties", {}).items():
        inner = f"{name}.{key}" if name else key
        if _is_table(node, defs):
            parts += sections(_resolved(node, defs), defs, f"[{inner}]")
        elif _is_tables(node, defs):
            parts += sections(_resolved(_resolved(node, defs)["items"], defs), defs, f"[[{inner}]]")
        for kind, table_of_kind in _kinds(node, defs).items():
            parts += sections(table_of_kind, defs, f'[{inner}.NAME] kind = "{kind}"')
    return parts


def model_parts(model: Any) -> list[str]:
    schema = model.model_json_schema()
    return sections(schema, schema.get("$defs", {}))


def device_parts() -> list[str]:
    """The settings of each kind of device, which stand in its table beside `kind` and `name`."""
    module = load("devices.kinds")
    if module is None:
        return []
    parts = [
        "## Kinds of device",
        "What may stand in a `[[station.scanner]]`, `button` or `light` beside `kind` and `name`.",
    ]
    for name, kind in module.KINDS.items():
        schema = kind.settings.model_json_schema()
        parts.append(f"### kind `{name}`, a {kind.role}")
        parts += sections(schema, schema.get("$defs", {})) or ["No settings."]
    return parts


def pages() -> dict[str, str]:
    parts = []
    for dotted, name, file, said in FILES:
        module = load(dotted)
        if module is not None:
            parts += [f"## {file}", said, *model_parts(getattr(module, name))]
    parts += device_parts()
    text = "Every setting, as the programs check them. A setting that is not listed is refused by its name."
    return {"docs/configuration.md": page("Configuration", text, *parts)}
