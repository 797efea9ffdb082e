"""Processes of a fault's test, ended with it whatever happened."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.office import Office
from tests.faults.station import Station


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A server process with a SQLite database."""
    office = Office(tmp_path / "office")
    office.start()
    yield office
    office.process.kill()


@pytest.fixture
def new_station() -> Iterator[Callable[..., Station]]:
    """Makes stations, whose processes are killed at the end."""
    made: list[Station] = []

    def make(*arguments: object, **settings: object) -> Station:
        made.append(Station(*arguments, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.kill()
