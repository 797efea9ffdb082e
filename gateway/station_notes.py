"""Notes typed on the station's page. Pure."""

from devices.types import Signal
from floor.label_texts import shown
from floor.limits import NOTE_CHARACTERS_MAX
from floor.work_events import NoteKept
from gateway.station_case import Case, answer, refuse
from gateway.station_desk import Decision, PageNote
from gateway.view import Message


def keep_note(case: Case, what: PageNote, operation: str) -> Decision:
    """Kept with who wrote it. `operation`: the key of the share it is about; a call must still be open here."""
    if not case.person:
        return refuse(case, "scan_badge_first")
    text = what.text.strip()
    if not text or len(text) > NOTE_CHARACTERS_MAX:
        return refuse(case, "bad_note")
    if what.call and what.call not in {each.identity for each in case.state.calls_at(case.station)}:
        return refuse(case, "call_gone")
    plain = shown(text, NOTE_CHARACTERS_MAX)
    if not plain:
        return refuse(case, "bad_note")
    event = NoteKept(person=case.person, operation=operation, call=what.call, text=plain)
    return answer(case, Signal.KEPT, Message("note_kept", {"text": plain}), event)
