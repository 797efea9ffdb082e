"""Who has a duty, and who stands in for somebody who is away."""

import re
from datetime import UTC, date, datetime

import pytest

from floor.duty import Absence, Department, Deputy, Duty, is_away, on_duty, standing_in
from floor.master import MasterData
from floor.rows import Person, Station

PEOPLE = tuple(Person(id=each, name=each, badge=f"B-{each}") for each in ("P1", "P2", "P3"))
CHINA = 8 * 3600.0


def plant(**tables: object) -> MasterData:
    return MasterData.model_validate({"people": PEOPLE} | tables)


def at(text: str) -> float:
    """A time of the plant's clock, as seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() - CHINA


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T08:00", "P1"),  # Monday, the day shift begins.
        ("2026-11-23T07:59", None),  # Nobody in the night from Sunday.
        ("2026-11-23T20:00", "P2"),
        ("2026-11-24T07:59", "P2"),  # The night shift of Monday.
        ("2026-11-28T09:00", None),  # Saturday.
        ("2026-11-28T03:00", "P2"),  # The night shift of Friday.
    ],
)
def test_a_duty_is_with_whom_the_plan_says(moment: str, expected: str | None) -> None:
    master = plant(
        duties=(
            Duty(duty="设备", person="P1", start="08:00", end="20:00", days="12345"),
            Duty(duty="设备", person="P2", start="20:00", end="08:00", days="12345"),
        )
    )
    found = on_duty(master, "设备", at(moment), CHINA)
    assert (found.id if found else None) == expected


def test_a_deputy_who_is_there_stands_in_and_a_circle_of_absent_ones_ends() -> None:
    master = plant(
        duties=(Duty(duty="设备", person="P1"),),
        absences=(
            Absence(person="P1", since="2026-11-23", until="2026-11-24"),
            Absence(person="P2", since="2026-11-24"),
        ),
        deputies=(
            Deputy(person="P1", deputy="P2"),
            Deputy(person="P2", deputy="P1"),
            Deputy(person="P2", deputy="P3", place=2),
        ),
    )
    assert standing_in(master, "P1", date(2026, 11, 22)) == "P1"
    assert standing_in(master, "P1", date(2026, 11, 23)) == "P2"
    assert standing_in(master, "P1", date(2026, 11, 24)) == "P3"
    assert standing_in(master, "P1", date(2026, 11, 25)) == "P1"
    assert is_away(master, "P2", date(2030, 1, 1))
    found = on_duty(master, "设备", at("2026-11-24T12:00"), CHINA)
    assert found is not None and found.id == "P3"
    nobody = plant(absences=(Absence(person="P1", since="2026-01-01"),))
    assert standing_in(nobody, "P1", date(2026, 2, 1)) == "P1"


def test_who_is_no_longer_active_is_not_there() -> None:
    gone = {each: Person(id=each, name=each, badge=f"B-{each}", active=False) for each in ("P1", "P2")}
    today = date(2026, 11, 23)
    tables = {
        "duties": (Duty(duty="设备", person="P1"),),
        "deputies": (Deputy(person="P1", deputy="P2"), Deputy(person="P2", deputy="P3")),
    }
    # A deputy who has left is passed over, as one who is away; so is the person themselves.
    away = plant(
        people=(PEOPLE[0], gone["P2"], PEOPLE[2]), absences=(Absence(person="P1", since="2026-11-23"),), **tables
    )
    left = plant(people=(gone["P1"], gone["P2"], PEOPLE[2]), **tables)
    for master in (away, left):
        assert standing_in(master, "P1", today) == "P3"
        found = on_duty(master, "设备", at("2026-11-23T12:00"), CHINA)
        assert found is not None and found.id == "P3"
    # Where nobody is left the task stays where it is, and the duty is with nobody.
    empty = plant(people=(gone["P1"],), duties=tables["duties"])
    assert standing_in(empty, "P1", today) == "P1"
    assert on_duty(empty, "设备", at("2026-11-23T12:00"), CHINA) is None
    assert standing_in(empty, "P9", today) == "P9"


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"duties": (Duty(duty="x", person="P9"),)}, "duty 'x' names an unknown person: 'P9'"),
        ({"absences": (Absence(person="P9", since="2026-01-01"),)}, "unknown person: 'P9'"),
        ({"deputies": (Deputy(person="P1", deputy="P1"),)}, "'P1' cannot stand in for themselves"),
        ({"departments": (Department(id="d", name="d", head="P9"),)}, "department 'd' names an unknown person"),
        ({"stations": (Station(id="s", department="d"),)}, "station 's' names an unknown department: 'd'"),
        ({"departments": (Department(id="d", name="d"),) * 2}, "departments 'd' stands 2 times"),
    ],
)
def test_rows_that_do_not_hold_are_named(tables: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        plant(**tables)
