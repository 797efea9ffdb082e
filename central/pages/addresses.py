"""The addresses of pages that are filtered: what was asked for stays in them."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode


def address_of(path: str, values: Mapping[str, object], usual: Mapping[str, object] = MappingProxyType({})) -> str:
    """A path with the values as its query, but for those that are empty or as usual."""
    named = {key: 1 if value is True else value for key, value in values.items() if value and usual.get(key) != value}
    return f"{path}?{urlencode(named)}" if named else path
