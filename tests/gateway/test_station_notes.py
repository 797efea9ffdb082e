"""Notes: kept with who, where and what about; shown again at the station."""

import pytest

from devices.types import Signal
from floor.work_events import NoteKept
from gateway import limits
from gateway.floor_state import Floor
from gateway.station_desk import PageNote
from gateway.station_view import station_view
from gateway.view import NoteLine
from tests.gateway.floor_desk import Bench
from tests.gateway.test_station_partial import working


def shown_notes(bench: Bench) -> tuple[NoteLine, ...]:
    return station_view(bench.state, bench.desk, bench.master, "S1", bench.instant).notes


def test_a_note_is_kept_with_who_and_what_about() -> None:
    bench = working()
    decision = bench.put(PageNote("  bearing <b>loud</b> ", "W1-10"))
    assert decision.signal is Signal.KEPT
    assert decision.events == (NoteKept(person="ann", operation="W1-10", text="bearing <b>loud</b>"),)
    [line] = shown_notes(bench)
    assert (line.person_name, line.text, line.about) == ("安", "bearing <b>loud</b>", "W1 车削")


def test_a_note_about_a_call_names_it_while_it_is_open() -> None:
    bench = working()
    bench.press("quality")
    call = bench.kept[-1][0]
    decision = bench.put(PageNote("spindle", call=call))
    assert decision.events == (NoteKept(person="ann", call=call, text="spindle"),)
    assert [(each.about, each.about_en) for each in shown_notes(bench)] == [("质量", "Quality")]
    bench.press("quality", long=True)
    assert bench.put(PageNote("too late", call=call)).message.key == "call_gone"


@pytest.mark.parametrize("text", ["", "   ", "x" * 301, "\u202e"])
def test_what_is_no_note_is_refused(text: str) -> None:
    decision = working().put(PageNote(text))
    assert (decision.signal, decision.events, decision.message.key) == (Signal.REFUSED, (), "bad_note")


def test_a_note_is_somebodys() -> None:
    assert Bench().put(PageNote("hello")).message.key == "scan_badge_first"


def test_a_double_click_is_one_note() -> None:
    bench = working()
    bench.put(PageNote("once"))
    assert bench.put(PageNote("once"), after=1).signal is Signal.REPEATED
    assert len(shown_notes(bench)) == 1


def test_hostile_text_is_made_safe_and_changes_no_question() -> None:
    bench = working("C-GOOD", "C-D5A")
    before = bench.desk.prompt
    decision = bench.put(PageNote("a\u202eb\x1b<i>"))
    event = decision.events[0]
    assert isinstance(event, NoteKept)
    assert event.text == "ab\u241b<i>"
    assert bench.desk.prompt == before


def test_the_newest_notes_come_first_and_their_number_is_bounded() -> None:
    bench = working()
    for number in range(limits.NOTES_PER_STATION_MAX + 2):
        bench.put(PageNote(f"note {number}"))
    texts = [each.text for each in shown_notes(bench)]
    assert texts == [f"note {number}" for number in range(limits.NOTES_PER_STATION_MAX + 1, 1, -1)]
    assert Floor.from_json(bench.state.to_json()) == bench.state
