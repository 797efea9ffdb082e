"""The JSON bodies of the page's POSTs and the inputs they become. Pure."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from floor.cells import CommandName
from floor.limits import NOTE_CHARACTERS_MAX, OWNER_CHARACTERS_MAX
from gateway.screen.inputs import (
    PageAcknowledge,
    PageAssign,
    PageCall,
    PageCommand,
    PageInput,
    PageNote,
    PageReadBack,
    PageReport,
    PageResolve,
    Typed,
)
from gateway.screen.limits import CODE_CHARS_MAX, PIECES_MAX, TYPED_BYTES_MAX

Text = Annotated[str, Field(min_length=1, max_length=TYPED_BYTES_MAX)]
Code = Annotated[str, Field(min_length=1, max_length=CODE_CHARS_MAX)]
CodeOrNone = Annotated[str, Field(max_length=CODE_CHARS_MAX)]
Pieces = Annotated[int, Field(ge=0, le=PIECES_MAX)]


class TypedTooLong(ValueError):
    """The label is longer than TYPED_BYTES_MAX bytes."""


class Body(BaseModel):
    """Strict: no coercion, and an unknown member is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def as_input(self, station: str) -> PageInput:
        """The input for the inbox."""
        raise TypeError(type(self).__name__)


class TypedBody(Body):
    kind: Literal["typed"] = "typed"
    text: Text

    def as_input(self, station: str) -> PageInput:
        return Typed(station, encoded(self.text))


class ReportBody(Body):
    kind: Literal["report"] = "report"
    operation: Code
    good: Pieces
    scrap: Pieces = 0
    scrap_reason: CodeOrNone = ""
    rework: Pieces = 0
    rework_reason: CodeOrNone = ""
    partial: bool = False

    def as_input(self, station: str) -> PageInput:
        return PageReport(
            station,
            self.operation,
            self.good,
            self.scrap,
            self.scrap_reason,
            self.rework,
            self.rework_reason,
            self.partial,
        )


class CommandBody(Body):
    kind: Literal["command"] = "command"
    command: CommandName
    value: CodeOrNone = ""

    def as_input(self, station: str) -> PageInput:
        return PageCommand(station, self.command, self.value)


class CallBody(Body):
    kind: Literal["call"] = "call"
    call_type: Code
    long: bool = False

    def as_input(self, station: str) -> PageInput:
        return PageCall(station, self.call_type, self.long)


class AcknowledgeBody(Body):
    kind: Literal["acknowledge"] = "acknowledge"
    call: Code
    badge: Annotated[str, Field(max_length=TYPED_BYTES_MAX)] = ""

    def as_input(self, station: str) -> PageInput:
        return PageAcknowledge(station, self.call, encoded(self.badge))


class ResolveBody(Body):
    kind: Literal["resolve"] = "resolve"
    call: Code
    cause: Code

    def as_input(self, station: str) -> PageInput:
        return PageResolve(station, self.call, self.cause)


class ReadBackBody(Body):
    kind: Literal["read_back"] = "read_back"
    text: Code

    def as_input(self, station: str) -> PageInput:
        return PageReadBack(station, self.text)


class NoteBody(Body):
    kind: Literal["note"] = "note"
    text: Annotated[str, Field(min_length=1, max_length=NOTE_CHARACTERS_MAX)]
    operation: CodeOrNone = ""
    call: CodeOrNone = ""

    def as_input(self, station: str) -> PageInput:
        self.text.encode()  # Half a surrogate is no text.
        return PageNote(station, self.text, self.operation, self.call)


class AssignBody(Body):
    kind: Literal["assign"] = "assign"
    call: Code
    owner: Annotated[str, Field(min_length=1, max_length=OWNER_CHARACTERS_MAX)]

    def as_input(self, station: str) -> PageInput:
        return PageAssign(station, self.call, self.owner)


BODIES: dict[str, type[Body]] = {
    "typed": TypedBody,
    "report": ReportBody,
    "command": CommandBody,
    "call": CallBody,
    "acknowledge": AcknowledgeBody,
    "resolve": ResolveBody,
    "read_back": ReadBackBody,
    "note": NoteBody,
    "assign": AssignBody,
}


def encoded(text: str) -> bytes:
    """A label's bytes. Raises TypedTooLong beyond the bound, UnicodeEncodeError (a ValueError) for half a surrogate."""
    data = text.encode("utf-8")
    if len(data) > TYPED_BYTES_MAX:
        raise TypedTooLong
    return data
