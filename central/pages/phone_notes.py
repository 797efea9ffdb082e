"""Notes that were put to a call from a phone, for the page of that call."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app

from central.context import plant
from central.pages.office import PhotoLine
from central.phone.notes import notes_of_call
from central.snapshots import current_master


@dataclass(frozen=True, slots=True)
class NoteShown:
    """One note. `received`: when it came, where it had waited on a phone."""

    who: str
    text: str
    made: float
    received: float | None
    photo: PhotoLine | None


def notes_shown(gateway_name: str, epoch: str, seq: int) -> Sequence[NoteShown]:
    """The notes of a call; none over an office that has no database of its own."""
    if "lineside" not in current_app.extensions:
        return ()
    here = plant()
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
        notes = notes_of_call(session, here.database.plant, gateway_name, epoch, seq, master)
    return [
        NoteShown(
            each.who,
            each.text,
            each.made,
            each.received,
            PhotoLine(each.sha256, not here.files.missing([each.sha256])) if each.sha256 else None,
        )
        for each in notes
    ]
