"""Events of what is said back: notices and instructions that were read, and stations handed over.

Pure: values in, values out. `floor/events.py` has the others, and the list of all.
"""

from typing import Annotated

from pydantic import Field

from floor.event_base import Event, Identity, Name, Text


class NoticeRead(Event):
    """A person read a notice or an instruction, and said its key facts back (反向确认).

    `notice`: notice/id; `version` names what it said then; `facts` as name=value.
    """

    type_name = "notice.read"
    notice: Name
    version: Annotated[str, Field(max_length=64)]
    person: Name
    operation: Annotated[str, Field(max_length=64)] = ""
    facts: tuple[Text, ...] = ()


class NoticeMisread(Event):
    """What a person said back is not what the notice says: work does not start."""

    type_name = "notice.misread"
    notice: Name
    version: Annotated[str, Field(max_length=64)]
    person: Name
    operation: Annotated[str, Field(max_length=64)] = ""
    asked: Name
    given: Annotated[str, Field(max_length=64)]


class HandoverOffered(Event):
    """A person hands the station over, signed with their badge. The hand-over's identity is this record's epoch/seq.

    `operations`, `calls` and `notices` are what is open here, at most 20 of each; `facts` (name=value) are what the
    next person says back: operations and calls are counts, left the pieces not reported yet of the first operation.
    """

    type_name = "handover.offered"
    person: Name
    operations: tuple[Name, ...] = ()
    calls: tuple[Identity, ...] = ()
    notices: tuple[Name, ...] = ()
    facts: tuple[Text, ...] = ()


class HandoverMisread(Event):
    """What the next person said back is not what was handed over."""

    type_name = "handover.misread"
    handover: Identity
    person: Name
    asked: Name
    given: Annotated[str, Field(max_length=64)]


class HandoverAccepted(Event):
    """The next person said the key facts back and signed with their badge: the station is theirs."""

    type_name = "handover.accepted"
    handover: Identity
    offered_by: Name
    person: Name
    facts: tuple[Text, ...] = ()
