"""What is read out of a record's text, whatever somebody wrote into it."""

import json

import pytest

from central.record_text import data_in, head_in

DEEP = '{"data":' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.mark.parametrize("content", ["", "x", "[]", "1", '"data"', "null", DEEP])
def test_nonsense_has_no_members(content: str) -> None:
    assert head_in(content) == data_in(content) == {}


@pytest.mark.parametrize("data", [None, 1, "x", [], True])
def test_an_event_without_fields_of_its_own(data: object) -> None:
    content = json.dumps({"type": "note.kept", "data": data})
    assert head_in(content)["type"] == "note.kept" and data_in(content) == {}


def test_the_fields_of_an_event() -> None:
    assert data_in('{"data": {"good": 3}}') == {"good": 3}
