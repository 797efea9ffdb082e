"""Who is there: departments, the duty plan, absences and deputies.

Pure: values in, values out. Times of the plant are its wall clock; `utc_offset_seconds` is what it is ahead of UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from floor.cells import Clock, Code, Day, Row, Title
from floor.days import plant_day

if TYPE_CHECKING:
    from floor.master import MasterData
    from floor.rows import Person

DEPUTIES_DEEP_MAX = 5
"""How far a chain of deputies is followed; behind it the task stays with whoever it is at."""


class Department(Row):
    """A department. `head`: the person who answers for it; empty: nobody by name."""

    id: Code
    name: Title
    name_en: Title = ""
    head: Code | Literal[""] = ""


class Duty(Row):
    """A person of the duty plan. `duty` is what others ask for, as 设备值班; `days`: 1 is Monday.

    An `end` at or before `start` is the next day's. The first row that covers a moment has the duty then.
    """

    key_columns = 3
    duty: Annotated[Title, Field(min_length=1)]
    person: Code
    start: Clock = "00:00"
    end: Clock = "00:00"
    days: Annotated[str, Field(pattern=r"^[1-7]{1,7}$")] = "1234567"


class Absence(Row):
    """A person is away from day `since` to day `until`, the last day away; empty: until further notice."""

    key_columns = 2
    person: Code
    since: Annotated[Day, Field(min_length=1)]
    until: Day = ""
    why: Title = ""


class Deputy(Row):
    """Who stands in for a person who is away. The lowest `place` who is there comes first."""

    key_columns = 2
    person: Code
    deputy: Code
    place: Annotated[int, Field(ge=1, le=9)] = 1


def is_away(master: "MasterData", person: str, today: date) -> bool:
    """Is a person away on a day?"""
    day = today.isoformat()
    return any(row.since <= day and (not row.until or day <= row.until) for row in master.absences_of.get(person, ()))


def standing_in(master: "MasterData", person: str, today: date) -> str:
    """Who has a person's tasks on a day: themselves, or the nearest deputy who is there. Themselves when nobody is.

    Who is no longer active is not there; a person whom the master data has lost is stood in for by nobody.
    """
    return next((each for each in _chain(master, person) if _is_there(master, each, today)), person)


def _is_there(master: "MasterData", person: str, today: date) -> bool:
    known = master.person_by_id.get(person)
    return known is not None and known.active and not is_away(master, person, today)


def _chain(master: "MasterData", person: str) -> Iterator[str]:
    """The person, their deputies, the deputies of those, each once."""
    known, level = {person}, [person]
    for _ in range(DEPUTIES_DEEP_MAX):
        yield from level
        level = [row.deputy for each in level for row in master.deputies_of.get(each, ()) if row.deputy not in known]
        level = list(dict.fromkeys(level))
        known.update(level)


def on_duty(master: "MasterData", duty: str, wall: float, utc_offset_seconds: float) -> "Person | None":
    """Who has a duty at `wall` (seconds since 1970), or stands in for them; None where the plan names nobody then, or
    only somebody who is no longer active."""
    local = datetime.fromtimestamp(wall + utc_offset_seconds, UTC)
    for row in master.duties_of.get(duty, ()):
        if _covers(row, local):
            person = master.person_by_id.get(standing_in(master, row.person, plant_day(wall, utc_offset_seconds)))
            return person if person is not None and person.active else None
    return None


def _covers(row: Duty, local: datetime) -> bool:
    clock = local.strftime("%H:%M")
    today, yesterday = str(local.isoweekday()), str((local - timedelta(days=1)).isoweekday())
    if row.start < row.end:
        return today in row.days and row.start <= clock < row.end
    return (today in row.days and clock >= row.start) or (yesterday in row.days and clock < row.end)


def duty_faults(master: "MasterData") -> list[str]:
    """What does not hold in the tables of this module; each names its row."""
    people = {row.id for row in master.people}
    named: list[tuple[str, str]] = [(f"department {row.id!r}", row.head) for row in master.departments if row.head]
    named += [(f"duty {row.duty!r}", row.person) for row in master.duties]
    named += [(f"absence from {row.since}", row.person) for row in master.absences]
    named += [("deputy", each) for row in master.deputies for each in (row.person, row.deputy)]
    found = [f"{what} names an unknown person: {person!r}" for what, person in named if person not in people]
    found += [f"{row.person!r} cannot stand in for themselves" for row in master.deputies if row.person == row.deputy]
    departments = {row.id for row in master.departments}
    found += [
        f"{what} {row.id!r} names an unknown department: {row.department!r}"
        for what, rows in (("person", master.people), ("station", master.stations))
        for row in rows
        if row.department and row.department not in departments
    ]
    return found
