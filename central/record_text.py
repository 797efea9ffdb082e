"""A record's text, read: nonsense with a right digest is kept like everything (I12), so it may be anything.

Pure: values in, values out.
"""

import json
from typing import Any


def head_in(content: str) -> dict[str, Any]:
    """The members of a record's text; none where it is no JSON object."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def data_of(head: dict[str, Any]) -> dict[str, Any]:
    """The event's own fields; none where they are no JSON object."""
    found = head.get("data")
    return found if isinstance(found, dict) else {}


def data_in(content: str) -> dict[str, Any]:
    """The same from a record's text."""
    return data_of(head_in(content))
