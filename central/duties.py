"""Who is meant at a moment: deputies of those away, duties, heads of departments, and names after an @.

Days are those of the server's own time zone, which is the plant's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from central.limits import MENTIONS_PER_COMMENT_MAX
from central.plant_days import utc_offset
from floor.days import plant_day
from floor.duty import on_duty, standing_in
from floor.master import MasterData


def acting_for(master: MasterData, person: str, now: float) -> str:
    """Who has a person's tasks now: themselves, or the nearest deputy who is there."""
    return standing_in(master, person, plant_day(now, utc_offset(now)))


def duty_person(master: MasterData, duty: str, now: float) -> str:
    """Who has a duty now; empty: nobody."""
    found = on_duty(master, duty, now, utc_offset(now))
    return found.id if found is not None else ""


def is_person(master: MasterData, person: str) -> bool:
    """Whether somebody can own something."""
    found = master.person_by_id.get(person)
    return found is not None and found.active


def meant_by(master: MasterData, wanted: str, now: float) -> str:
    """The person that `person:ID`, `duty:NAME` or `department:ID` means now; empty: nobody."""
    kind, _, name = wanted.partition(":")
    if kind == "duty":
        return duty_person(master, name, now)
    if kind == "department":
        department = master.department_by_id.get(name)
        name = department.head if department is not None else ""
    elif kind != "person":
        return ""
    return name if is_person(master, name) else ""


@dataclass(frozen=True, slots=True)
class Mention:
    """An @ in a text and what follows it, `text[start:end]`. `person` empty: a duty that nobody has now."""

    start: int
    end: int
    person: str


def mentions(master: MasterData, text: str, now: float) -> tuple[Mention, ...]:
    """Whom a text calls, at most MENTIONS_PER_COMMENT_MAX times.

    Chinese has no blanks: after an @ the longest known duty, name or id counts. One that ends in a letter or digit must
    end there. A name that two people have calls both.
    """
    known = _callable(master)
    found: list[Mention] = []
    at = text.find("@")
    while at >= 0 and len(found) < MENTIONS_PER_COMMENT_MAX:
        end = at + 1
        for name in _begun_by(known, text, at + 1):
            end = at + 1 + len(name)
            duty, people = known[name]
            called = [duty_person(master, duty, now)] if duty else people
            found += [Mention(at, end, each) for each in called]
            break
        at = text.find("@", end)
    return tuple(found[:MENTIONS_PER_COMMENT_MAX])


def _callable(master: MasterData) -> dict[str, tuple[str, list[str]]]:
    """What may follow an @, in lower case -> (duty or empty, people)."""
    known: dict[str, tuple[str, list[str]]] = {duty.lower(): (duty, []) for duty in master.duties_of}
    for person in master.people:
        if person.active:
            for name in {person.id.lower(), person.name.lower()} - {""}:
                known.setdefault(name, ("", []))[1].append(person.id)
    return known


def _begun_by(known: dict[str, tuple[str, list[str]]], text: str, at: int) -> Iterator[str]:
    """The names with which the text goes on, the longest first."""
    for size in range(min(120, len(text) - at), 0, -1):
        name = text[at : at + size].lower()
        behind = text[at + size : at + size + 1]
        goes_on = name[-1].isascii() and name[-1].isalnum() and behind.isascii() and behind.isalnum()
        if name in known and not goes_on:
            yield name
