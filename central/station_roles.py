"""What the office grants a user, at the stations: it goes into a draft of the person's row, and down with its release.

A station goes by the roles of people in the master data, offline too. So a role that a station asks for, given to or
taken from a user who is a person, is a change of that person's row, in the draft of the administrator who made it.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.orm import Session

from central.drafts import change, open_desk
from central.errors import DraftRefused
from floor.rights import Grant
from floor.rows import Person

STATION_ROLES: Final = ("leader", "maintainer")
"""Roles that give a right at a station which others have not (`floor/rights.py`)."""


def with_grants(row: Person, before: Iterable[Grant], after: Iterable[Grant]) -> Person:
    """A person's row with what changed of the grants: of a role that did not change the row's own word holds."""
    held, wanted, grants = tuple(before), tuple(after), list(row.grants)
    for role in STATION_ROLES:
        said = _of(role, wanted)
        if said not in (_of(role, held), _of(role, grants)):
            grants = [each for each in grants if each.role != role] + sorted(said, key=str)
    roles = tuple(each.role for each in grants if not each.place) or ("operator",)
    places = tuple(str(each) for each in grants if each.place)
    return Person.model_validate({**row.model_dump(), "roles": roles, "line_roles": places})


def _of(role: str, grants: Iterable[Grant]) -> set[Grant]:
    return {each for each in grants if each.role == role}


def draft_roles(
    session: Session,
    plant: str,
    owner: str,
    person: str,
    before: Iterable[Grant],
    after: Iterable[Grant],
    now: float,
) -> bool:
    """Puts it into `owner`'s draft; whether anything of it is new there.

    Where the draft takes no more, what the office itself allows has changed all the same: a revocation never waits.
    """
    people = open_desk(session, plant, owner).tables["people"]
    row = next((each for each in people if each.key == person), None)
    if not isinstance(row, Person):
        return False
    later = with_grants(row, before, after)
    if later == row:
        return False
    try:
        change(session, plant, owner, {"people": {person: later}}, now)
    except DraftRefused:
        return False
    return True
