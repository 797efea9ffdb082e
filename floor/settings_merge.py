"""Settings that go over a gateway's own file: merged, compared, and what may not be set from afar."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

OWN_ALONE: Final = frozenset({"gateway.name", "gateway.folder", "central", "master", "update"})
"""Who the gateway is, where it keeps things and whom it believes: only its own file says that."""

_SECRET: Final = re.compile(r"(password|secret|token|pin|key|credential|authorization)s?$", re.IGNORECASE)
HIDDEN: Final = "***"

Settings = Mapping[str, Any]


def merged(own: Settings, over: Settings) -> dict[str, Any]:
    """Tables are merged, stations by their id; everything else is replaced. A station that `own` has not is added, and
    the gateway's schema judges it."""
    found = dict(own)
    for name, value in over.items():
        before = found.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            found[name] = merged(before, value)
        elif name == "station" and _are_stations(value) and _are_stations(before):
            found[name] = _merged_stations(before, value)
        else:
            found[name] = value
    return found


def _are_stations(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, Mapping) for each in value)


def _merged_stations(own: Any, over: Any) -> list[dict[str, Any]]:
    rows = {str(each.get("id", "")): dict(each) for each in own}
    for each in over:
        key = str(each.get("id", ""))
        rows[key] = merged(rows.get(key, {}), each)
    return list(rows.values())


def settings_of(text: str) -> dict[str, Any]:
    """The settings in a JSON text. ValueError where they are not an object."""
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("the settings are nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("settings are a table")
    return found


def forbidden(over: Settings) -> list[str]:
    """What of these settings only the gateway's own file may say."""
    return [
        f"{path}: only the gateway's own file says that"
        for path, _ in flattened(over)
        if path.rsplit(".", 1)[-1].endswith("_file")
        or any(path == each or path.startswith(f"{each}.") for each in OWN_ALONE)
    ]


def flattened(settings: object, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, value as JSON) of each value; stations stand by their id."""
    if isinstance(settings, Mapping) and (settings or not path):
        for name, value in settings.items():
            yield from flattened(value, f"{path}.{name}" if path else str(name))
    elif isinstance(settings, list | tuple) and settings and _are_stations(settings):
        for at, each in enumerate(settings):
            yield from flattened(each, f"{path}[{each.get('id', at)}]")
    else:
        yield path, json.dumps(settings, ensure_ascii=False)


def differences(before: Settings, after: Settings) -> list[tuple[str, str, str]]:
    """(path, before, after) of each value that is not the same; an empty text where there is none."""
    old, new = dict(flattened(before)), dict(flattened(after))
    return [
        (path, old.get(path, ""), new.get(path, ""))
        for path in sorted({*old, *new})
        if old.get(path, "") != new.get(path, "")
    ]


def without_secrets(settings: Any) -> Any:
    """The same with each password, token and key hidden. Paths of files that hold one stay."""
    if isinstance(settings, Mapping):
        return {
            name: HIDDEN if _SECRET.search(str(name)) and value not in ("", None) else without_secrets(value)
            for name, value in settings.items()
        }
    if isinstance(settings, list | tuple):
        return [without_secrets(each) for each in settings]
    return settings
