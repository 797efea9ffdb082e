"""A photo on the card becomes a record: of a call or an operation, once, and named by the newest result."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.types import Signal
from floor.events import decode
from floor.photo_events import PhotoKept
from gateway.floor_state import Floor
from gateway.screen import inputs as page
from gateway.view import LastScan, Message
from gateway.viewing import marked
from tests.gateway.station import BADGE, Bench

HASH = "ab" * 32


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def shown(sha256: str = HASH, operation: str = "", call: str = "") -> page.PagePhoto:
    return page.PagePhoto("S1", sha256, 1234, "image/jpeg", operation, call)


def photos(bench: Bench) -> list[PhotoKept]:
    events = [decode(record.content).event for record in bench.records()]
    return [event for event in events if isinstance(event, PhotoKept)]


def test_a_photo_of_a_call_is_kept_and_its_file_is_told(bench: Bench) -> None:
    named: list[str] = []
    bench.loop.file_kept = named.append
    bench.step(page.PageCall("S1", "quality"))
    (call,) = bench.keeping.floor.calls
    bench.scan(BADGE)
    bench.step(shown(call=call))
    assert bench.lamp.given[-1] is Signal.KEPT
    assert photos(bench) == [PhotoKept(sha256=HASH, bytes=1234, media_type="image/jpeg", person="P02", call=call)]
    assert named == [HASH]
    last = bench.keeping.desks["S1"].recent[0]
    assert (last.message.key, last.message.values["about"], last.file) == ("photo_kept", "质量", HASH)
    assert last.identity


def test_the_same_photo_of_the_same_thing_is_one_record(bench: Bench) -> None:
    named: list[str] = []
    bench.loop.file_kept = named.append
    for _ in range(2):
        bench.step(shown(operation="WO-1001-10"))
    assert bench.lamp.given[-1] is Signal.REPEATED
    bench.step(shown(operation="WO-1001-20"))
    assert [event.operation for event in photos(bench)] == ["WO-1001-10", "WO-1001-20"]
    assert named == [HASH] * 3


def test_a_photo_is_kept_of_what_is_over_or_unknown(bench: Bench) -> None:
    """I12: it was taken, so it is a fact."""
    gone = "0" * 32 + "/7"
    bench.step(shown(call=gone))
    bench.step(shown("cd" * 32, operation="nobody-planned-this"))
    assert [(event.call, event.operation) for event in photos(bench)] == [(gone, ""), ("", "nobody-planned-this")]


def test_the_state_remembers_the_newest_photos(bench: Bench) -> None:
    bench.step(shown(operation="WO-1001-10"))
    state = bench.keeping.floor
    assert list(state.photos) == [(HASH, "S1", "", "WO-1001-10")]
    assert Floor.from_json(state.to_json()) == state
    assert '"photos"' not in Floor().to_json(), "a station without photos writes what it always wrote"


def test_a_record_that_names_a_file_is_at_the_office_when_both_are() -> None:
    result = LastScan("", "kept", Message("photo_kept"), 0.0, "e/3", file=HASH)
    assert not marked(result, {"e": 3}, frozenset({HASH})).at_office
    assert not marked(result, {"e": 2}, frozenset()).at_office
    assert marked(result, {"e": 3}, frozenset()).at_office
