"""What a person did on the station page, as frozen values for the inbox. Pure.

Nothing here is trusted: the page may be stale, so the station judges each value against what it holds.
"""

from dataclasses import dataclass

from floor.events import Event


@dataclass(frozen=True, slots=True)
class Typed:
    """A label that came as keys: by a keyboard-wedge scanner or by hand. 1 to TYPED_BYTES_MAX bytes, UTF-8."""

    station: str
    text: bytes


@dataclass(frozen=True, slots=True)
class PageReport:
    """A work report of the current person's operation, pieces."""

    station: str
    operation: str
    good: int
    scrap: int = 0
    scrap_reason: str = ""
    rework: int = 0
    rework_reason: str = ""
    partial: bool = False
    """So many are done, and the work goes on."""


@dataclass(frozen=True, slots=True)
class PageCommand:
    """The same as a command card: `command` is one of `floor.master.CommandName`, `value` what the card would say."""

    station: str
    command: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class PageCall:
    """A call button: short raises, `long` takes an open call of this type back."""

    station: str
    call_type: str
    long: bool = False


@dataclass(frozen=True, slots=True)
class PageAcknowledge:
    """Somebody is coming: `badge` is the text of their badge, exactly as read; empty: the current person."""

    station: str
    call: str
    badge: bytes


@dataclass(frozen=True, slots=True)
class PageResolve:
    """A call is over, by its cause."""

    station: str
    call: str
    cause: str


@dataclass(frozen=True, slots=True)
class PageReadBack:
    """A key fact that was said back, as the page's keys gave it."""

    station: str
    text: str


@dataclass(frozen=True, slots=True)
class PageAssign:
    """A call is handed to another owner, by their name as the page has it."""

    station: str
    call: str
    owner: str


@dataclass(frozen=True, slots=True)
class PageNote:
    """A note of the current person, about an operation, an open call, or neither."""

    station: str
    text: str
    operation: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class PagePhoto:
    """A photo that was put on the card, of a call or an operation."""

    station: str
    sha256: str
    bytes: int
    media_type: str
    operation: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class SetUpListen:
    """Show what the station's devices send, for so long at most, and count none of it."""

    station: str
    person: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SetUpStop:
    """Count again what the station's devices send."""

    station: str


@dataclass(frozen=True, slots=True)
class SetUpSignal:
    """Try a signal on the station's lights."""

    station: str
    person: str
    signal: str


@dataclass(frozen=True, slots=True)
class SetUpDone:
    """Keep a record of what was done on the set-up page."""

    station: str
    event: Event


@dataclass(frozen=True, slots=True)
class SetUpRestart:
    """End in order, to be started again with what was assigned."""

    station: str
    person: str


SetUpInput = SetUpListen | SetUpStop | SetUpSignal | SetUpDone | SetUpRestart
PageInput = (
    SetUpInput
    | Typed
    | PageReport
    | PageCommand
    | PageCall
    | PageAcknowledge
    | PageResolve
    | PageAssign
    | PageReadBack
    | PageNote
    | PagePhoto
)
