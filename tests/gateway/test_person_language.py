"""The language of a person: a column that came after 0.1.0, and what the station's view says of it."""

import pytest
from pydantic import ValidationError

from floor.example import example_plant
from floor.master import MasterData
from floor.master_files import read_toml, write_toml
from floor.rows import Person
from tests.gateway.test_station_guards import changed


def spoken(language: str) -> MasterData:
    return changed(example_plant(), "people", example_plant().people[0].id, language=language)


def test_it_is_read_back_and_an_empty_one_is_not_written() -> None:
    first = example_plant().people[0]
    assert read_toml(write_toml(spoken("en"))).person_by_id[first.id].language == "en"
    assert "language" not in first.model_dump(), "a gateway of 0.1.0 refuses a column that it does not know"
    assert "language" not in write_toml(example_plant())


def test_only_the_two_languages_of_the_page_are_taken() -> None:
    with pytest.raises(ValidationError):
        Person.model_validate({"id": "P1", "name": "Kim", "badge": "B-1", "language": "de"})
