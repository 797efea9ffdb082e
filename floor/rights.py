"""Roles and where they hold; who may do what with a call, and with a station's equipment.

A badge says who somebody is; it proves nothing more (security checklist, row 11). The office gives roles for a place in
the same way (`central/rights.py`).
Pure: values in, values out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PLACE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}(/[A-Za-z0-9][A-Za-z0-9._-]{0,47}){0,2}"
"""`site`, `site/area`, `site/area/line`."""


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


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and where it holds: `site`, `site/area`, `site/area/line`; empty: the whole plant."""

    role: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.role}@{self.place}" if self.place else self.role

    def covers(self, place: str) -> bool:
        """Whether it holds at a place, as `site/area/line/station`; the empty one is a station that nobody knows."""
        return not self.place or place == self.place or place.startswith(f"{self.place}/")


def grant_of(text: str) -> Grant:
    """A grant as it is written: `leader`, `leader@site/area/line-1`. Whether there is such a role is not asked."""
    role, _, place = text.partition("@")
    return Grant(role, place)


def roles_at(grants: Iterable[Grant], place: str) -> tuple[str, ...]:
    """The roles that hold at a place, each once."""
    return tuple(dict.fromkeys(each.role for each in grants if each.covers(place)))


def may(roles: Iterable[str], right: Right) -> bool:
    """Does one of these roles give the right? No role at all counts as whoever stands there."""
    return not ROLES[right].isdisjoint({"", *roles})


def may_somewhere(grants: Iterable[Grant], right: Right) -> bool:
    """The same wherever the roles hold."""
    return may((each.role for each in grants), right)
