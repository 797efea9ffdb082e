"""Who may do what with a call, and with a station's equipment.

A badge says who somebody is; it proves nothing more (security checklist, row 11).
Pure: values in, values out.
"""

from collections.abc import Iterable
from enum import StrEnum


class Right(StrEnum):
    """What needs a role."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE_RAISED = "resolve_raised"
    RESOLVE_ACKNOWLEDGED = "resolve_acknowledged"
    CANCEL = "cancel"
    SET_UP = "set_up"
    ASSIGN = "assign"


EVERYBODY = frozenset({"", "operator", "leader", "maintainer", "planner"})
"""The empty role is a person who has not signed in: whoever stands at the station."""

ROLES: dict[Right, frozenset[str]] = {
    Right.ACKNOWLEDGE: frozenset({"leader"}),
    Right.RESOLVE_RAISED: frozenset({"leader"}),
    Right.RESOLVE_ACKNOWLEDGED: EVERYBODY,
    Right.CANCEL: EVERYBODY,
    Right.SET_UP: frozenset({"maintainer"}),
    Right.ASSIGN: frozenset({"leader"}),
}


def may(roles: Iterable[str], right: Right) -> bool:
    """Does one of these roles give the right? No role at all counts as whoever stands there."""
    return not ROLES[right].isdisjoint({"", *roles})
