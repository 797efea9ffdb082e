"""Events of work that came after 0.1.0, each a type of its own: what 0.1.0 counts stays as it is.

Pure: values in, values out. `floor/events.py` has the others, and the list of all.
"""

from typing import Annotated, Literal

from pydantic import Field

from floor.event_base import Event, Name, Pieces
from floor.limits import NOTE_CHARACTERS_MAX


class SetupStarted(Event):
    """A person's running share is in set-up from now on: no time worked, but time of its own."""

    type_name = "setup.started"
    person: Name
    operation: Name


class SetupFinished(Event):
    """The set-up is over and the share runs. `seconds` it took; None where a reboot in between makes it unknown."""

    type_name = "setup.finished"
    person: Name
    operation: Name
    seconds: float | None = None


class ComponentUsed(Event):
    """A component was scanned while an operation ran: what is built in from now on.

    `item` is the bill's name for it, `expires` the last good day its label gives (YYYY-MM-DD), `quantity` what the bill
    wants for one piece, `revision` that of the bill's line.
    """

    type_name = "component.used"
    person: Name
    operation: Name
    work_order: str = ""
    item: Annotated[str, Field(min_length=1, max_length=120)]
    lot: Annotated[str, Field(max_length=64)] = ""
    serial: Annotated[str, Field(max_length=64)] = ""
    expires: Annotated[str, Field(max_length=10)] = ""
    quantity: float = 1
    revision: Annotated[str, Field(max_length=120)] = ""
    flags: tuple[str, ...] = ()


class ProductIdentified(Event):
    """A piece of what an operation makes, by its serial or its lot: it belongs to the person's next report of it."""

    type_name = "product.identified"
    person: Name
    operation: Name
    work_order: str = ""
    serial: Annotated[str, Field(max_length=64)] = ""
    lot: Annotated[str, Field(max_length=64)] = ""
    flags: tuple[str, ...] = ()


class CounterRead(Event):
    """A machine's counter as a person read it: at the start of a share, or at the end, just before its report.

    `reading` has the digits as given, leading zeros too: they say how wide the counter is.
    """

    type_name = "counter.read"
    person: Name
    operation: Name
    work_order: str = ""
    purpose: Literal["start", "end"]
    reading: Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]


class ReworkReported(Event):
    """Pieces of the report before it that go back: neither good nor scrap, reported as one of them later.

    A `report.corrected` takes it back as it does a report, with nothing good and no scrap of its own.
    """

    type_name = "rework.reported"
    person: Name
    operation: Name
    work_order: str = ""
    pieces: Pieces
    reason: Annotated[str, Field(max_length=64)] = ""


class NoteKept(Event):
    """What a person typed at a station, made safe for display. About an operation, about an open call, or neither."""

    type_name = "note.kept"
    person: Name
    operation: Annotated[str, Field(max_length=64)] = ""
    call: Annotated[str, Field(pattern=r"^([0-9a-f]{32}/[1-9][0-9]*)?$", description="epoch/seq, or empty")] = ""
    text: Annotated[str, Field(min_length=1, max_length=NOTE_CHARACTERS_MAX)]
