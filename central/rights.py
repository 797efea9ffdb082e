"""Who may do what at the office: what each role allows, and where. The routes' rules are in `central/route_rules.py`.

Pure: values in, values out.
"""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

from floor import rights as at_stations
from floor.rights import PLACE, Grant


class Action(StrEnum):
    """What a person may do."""

    READ = "read"
    OWN_ACCOUNT = "own_account"
    TASKS = "tasks"
    LEAD_TASKS = "lead_tasks"
    PROBLEMS = "problems"
    TASK_RULES = "task_rules"
    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    RESOLVE = "resolve"
    SAVE_CASE = "save_case"
    PUBLISH = "publish"
    RELEASE = "release"
    NOTIFICATIONS = "notifications"
    SIGN_OFF = "sign_off"
    ENROL = "enrol"
    FLEET = "fleet"
    USERS = "users"
    TOKENS = "tokens"
    AUDIT = "audit"


class Scope(StrEnum):
    """What a token of a machine opens."""

    READ_BOARD = "read:board"
    READ_RECORDS = "read:records"
    READ_AUDIT = "read:audit"
    METRICS = "metrics"
    WRITE_MASTER = "write:master"


ADMIN: Final = "admin"
_EVERYBODY: Final = frozenset({Action.READ, Action.OWN_ACCOUNT, Action.TASKS})
_CALLS: Final = frozenset({Action.ACKNOWLEDGE, Action.ASSIGN, Action.RESOLVE, Action.SAVE_CASE})

ALLOWED: Final[dict[str, frozenset[Action]]] = {
    "operator": _EVERYBODY,
    "leader": _EVERYBODY | _CALLS | {Action.LEAD_TASKS, Action.PROBLEMS, Action.TASK_RULES},
    "planner": _EVERYBODY | {Action.PUBLISH, Action.RELEASE, Action.NOTIFICATIONS},
    "manager": _EVERYBODY | {Action.NOTIFICATIONS, Action.PROBLEMS, Action.TASK_RULES},
    "maintainer": _EVERYBODY | {Action.SIGN_OFF, Action.ENROL, Action.FLEET},
    ADMIN: frozenset(Action),
}
"""What each role may do, from the floor upwards."""

ROLES: Final = tuple(ALLOWED)

PERSONAL_ACTIONS: Final = frozenset({Action.READ, Action.OWN_ACCOUNT})
"""What a role allows wherever it holds: everybody reads everything."""

PLACED_ACTIONS: Final = _CALLS | {Action.TASKS, Action.LEAD_TASKS, Action.PROBLEMS}
"""What is done to a thing that is somewhere: a role that is given for a line allows it there alone.

Whatever stands in neither of the two is the whole plant's: a role that is given for a line does not allow it.
"""

PLACED_ROLES: Final = ("operator", "leader", "manager")
"""Roles that may be given for a place: most of what they allow is done at one."""

BADGE_ROLES: Final = frozenset({"operator", "leader", "manager"})
"""What a sign-in by badge and PIN is good for: neither master data nor gateways nor users hang on four digits."""

_PLACE: Final = re.compile(PLACE)


def grant_of(text: str) -> Grant:
    """A grant as it is written: `leader@site/area/line-1`. ValueError for one that there is not."""
    found = at_stations.grant_of(text)
    if found.role not in ALLOWED or str(found) != text:
        raise ValueError(f"there is no role {text!r}")
    if found.place and (found.role not in PLACED_ROLES or not _PLACE.fullmatch(found.place)):
        raise ValueError(f"{found.role} is not given for a place like {found.place!r}")
    return found


def grants_of(texts: Iterable[str]) -> tuple[Grant, ...]:
    """Grants as they are written, each once, in the order of the roles. ValueError for one that there is not."""
    found = {grant_of(text) for text in texts}
    whole = {each.role for each in found if not each.place}
    kept = [each for each in found if not each.place or each.role not in whole]
    return tuple(sorted(kept, key=lambda each: (ROLES.index(each.role), each.place)))


def may(grants: Iterable[Grant], action: Action, place: str | None = None) -> bool:
    """Whether one of the grants allows an action at a place; None asks whether it does anywhere."""
    return any(action in ALLOWED[each.role] and _holds(each, action, place) for each in grants)


def _holds(grant: Grant, action: Action, place: str | None) -> bool:
    if not grant.place or action in PERSONAL_ACTIONS:
        return True
    return action in PLACED_ACTIONS and (place is None or grant.covers(place))


def may_at(grants: Iterable[Grant], action: Action, places: Collection[str]) -> bool:
    """Whether they allow an action on what is at these places: at one of them. What is nowhere is no other line's."""
    held = tuple(grants)
    return any(may(held, action, each) for each in places) if places else may(held, action)


def by_badge(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """What is left of the grants in a session that a badge and a PIN opened; never nothing."""
    return tuple(each for each in grants if each.role in BADGE_ROLES) or (Grant("operator"),)
