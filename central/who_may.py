"""Who may do something at a place: whom a person asks who may not."""

from collections.abc import Collection
from typing import Final

from sqlalchemy.orm import Session

from central.accounts import list_accounts
from central.board import person_name
from central.limits import NAMED_IN_REFUSAL_MAX
from central.rights import ADMIN, Action, grants_of, may_at
from central.snapshots import current_master

ACTIVE: Final = "active"


def who_may(session: Session, plant: str, action: str, places: Collection[str]) -> list[str]:
    """The names of some who may, as the floor calls them: those whose role holds for that line alone come first,
    administrators only where there is nobody else."""
    master = current_master(session, plant)
    found = []
    for each in list_accounts(session, plant):
        grants = grants_of(each.roles)
        if each.state == ACTIVE and may_at(grants, Action(action), places):
            last = all(grant.role == ADMIN for grant in grants)
            wide = any(not grant.place for grant in grants)
            found.append((last, wide, person_name(each.person, master) if each.person else each.name))
    if any(not last for last, _, _ in found):
        found = [each for each in found if not each[0]]
    return list(dict.fromkeys(name for _, _, name in sorted(found)))[:NAMED_IN_REFUSAL_MAX]


def lines_of(places: Collection[str]) -> list[str]:
    """The lines of some places, as `site/area/line`; without stations that nobody knows."""
    return list(dict.fromkeys(each.rpartition("/")[0] for each in sorted(places) if each))[:NAMED_IN_REFUSAL_MAX]
