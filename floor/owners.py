"""Whom a call can be handed to.

Pure: values in, values out.
"""

from collections.abc import Iterator
from itertools import islice

from floor.limits import OWNERS_MAX
from floor.master import MasterData
from floor.rows import Person


def owners(master: MasterData, call_type: str) -> tuple[str, ...]:
    """The owners of the type's tiers first, then those of other tiers, those that cards name, and the leaders."""
    return tuple(islice(dict.fromkeys(each for each in _named(master, call_type) if each), OWNERS_MAX))


def _named(master: MasterData, call_type: str) -> Iterator[str]:
    yield from (tier.owner for tier in master.tiers_of.get(call_type, ()))
    yield from (tier.owner for tier in master.call_tiers)
    yield from (card.value for card in master.command_cards if card.command == "assign")
    yield from (person.name for person in master.people if person.active and "leader" in _roles(person))


def _roles(person: Person) -> set[str]:
    """Everywhere: a call may go to the leader of another line."""
    return {each.role for each in person.grants}
