"""What one station remembers beside the journal: the double-scan memory, what it waits for, its last results.

Pure, and process-only: none of it is folded, none of it survives a restart. Every `at` is boottime seconds.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from devices.types import Signal
from floor.events import Event
from floor.labels import LabelRules
from floor.notices import Reading
from gateway import limits
from gateway.view import LastScan, Message


@dataclass(frozen=True, slots=True)
class StationRules:
    """How a station behaves; all times in seconds of the boot clock."""

    double_scan_seconds: float = 3.0
    session_timeout_seconds: float = 8 * 3600.0
    prompt_timeout_seconds: float = 120.0
    same_piece_seconds: float = 600.0
    utc_offset_seconds: float = 0.0
    """How far the plant's day is ahead of UTC's: for the days on which badges and skills end."""
    labels: LabelRules = field(default_factory=LabelRules)


# Inputs.


@dataclass(frozen=True, slots=True)
class Scanned:
    """A label from any scanner of the station, or typed into its page: bytes exactly as received."""

    data: bytes
    device: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """An andon button, of a device or of the page."""

    call_type: str
    long: bool = False
    device: str = ""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Pieces of one report. `good` None: all that is left. `rework`: those that go back, neither good nor scrap.

    `partial`: so many are done, and the share goes on; then `good` None is 0.
    """

    good: int | None = None
    scrap: int = 0
    scrap_reason: str = ""
    rework: int = 0
    rework_reason: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class PageReport:
    """The current person reports an operation (its id, or its ticket's text)."""

    operation: str
    amounts: Amounts = field(default_factory=Amounts)


@dataclass(frozen=True, slots=True)
class PageCommand:
    """What a command card would do. `command` as in floor.master.CommandName."""

    command: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class PageAcknowledge:
    """The current person, a leader, takes a call."""

    call: str


@dataclass(frozen=True, slots=True)
class PageResolve:
    """A call is over, with its cause."""

    call: str
    cause: str


@dataclass(frozen=True, slots=True)
class PageReadBack:
    """A key fact, as the page's keys gave it."""

    text: str


@dataclass(frozen=True, slots=True)
class PageNote:
    """The current person typed something, about an operation, an open call, or neither."""

    text: str
    operation: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class PagePhoto:
    """A photo that lies on the card, whole and flushed, of a call (epoch/seq), an operation, or both."""

    sha256: str
    bytes: int
    media_type: str
    operation: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class PageAssign:
    """A call is handed to another owner."""

    call: str
    owner: str


Input = (
    Scanned
    | Pressed
    | PageReport
    | PageCommand
    | PageAcknowledge
    | PageResolve
    | PageAssign
    | PageReadBack
    | PageNote
    | PagePhoto
)

# The desk.

PromptKind = Literal[
    "quantity",
    "confirm_rule",
    "same_piece",
    "cause",
    "pause",
    "resume",
    "setup",
    "assign",
    "read_back",
    "handover",
    "counter",
]
Entering = Literal["good", "scrap", "rework"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the station waits for.

    `good`, `scrap` and `rework` are digits as given: None not asked for, "" asked for and none given yet. `entering`
    says which of them the next digit goes to. `operation` is the key of the share it is about, `call` that of the
    call, `person` who wants to sign in, `owner` whom the call goes to. `reading` is read back: `given` are the facts
    said so far, `entered` the digits of the next.
    """

    kind: PromptKind
    at: float
    message: Message
    operation: str = ""
    call: str = ""
    person: str = ""
    good: str | None = None
    scrap: str | None = None
    scrap_reason: str = ""
    reading: Reading | None = None
    given: tuple[str, ...] = ()
    entered: str = ""
    rework: str | None = None
    rework_reason: str = ""
    entering: Entering = "good"
    partial: bool = False
    """The share goes on after this report."""
    reason: str = ""
    """Of the pause that is asked about."""
    setup: bool = False
    """The start that is asked about begins with set-up."""
    ending: bool = False
    """The counter is read at the end; `entered` are its digits, also while a rule about them is asked."""
    part: str = ""
    """The label of a component or product that is asked about."""
    owner: str = ""

    @property
    def amounts(self) -> Amounts:
        """What was given so far."""
        return Amounts(
            int(self.good) if self.good else None,
            int(self.scrap or 0),
            self.scrap_reason,
            int(self.rework or 0),
            self.rework_reason,
            self.partial,
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A label that was taken, and who was the current person right after it."""

    text: str
    person: str
    at: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """The last record before this process started: its beep is not known to have sounded (P4)."""

    label: str
    identity: str
    started: float


@dataclass(frozen=True, slots=True)
class Desk:
    """One station's short memory."""

    station: str
    seen: tuple[Seen, ...] = ()
    prompt: Prompt | None = None
    recent: tuple[LastScan, ...] = ()
    doubt: Doubt | None = None

    @classmethod
    def after_start(
        cls, station: str, last_label: str, identity: str, beep_unknown: bool, started_boottime: float, wall: float = 0
    ) -> "Desk":
        """The desk of a fresh process. `last_label`: see `station_texts.label_of`; `wall`: that of the last record."""
        if not identity:
            return cls(station)
        message = Message("last_kept_unsure" if beep_unknown else "last_kept")
        last = LastScan(last_label, str(Signal.NOTED), message, wall, identity, beep_unknown=beep_unknown)
        doubt = Doubt(last_label, identity, started_boottime) if beep_unknown and last_label else None
        return cls(station, recent=(last,), doubt=doubt)

    def with_identity(self, identity: str) -> "Desk":
        """After the commit: the newest result is that record."""
        if not self.recent:
            return self
        return replace(self, recent=(replace(self.recent[0], identity=identity), *self.recent[1:]))

    def memory_of(self, text: str, person: str, now: float, window: float, alone: bool) -> tuple[str, str]:
        """(same or other, inside or outside): when, and under whom, this label was last taken.

        `alone`: only the newest label is remembered, so that another one in between makes it a new scan.
        """
        rows = [row for row in (self.seen[:1] if alone else self.seen) if row.text == text]
        same = [row for row in rows if row.person == person]
        inside = any(now - row.at <= window for row in same or rows)
        return "same" if same else "other", "inside" if inside else "outside"

    def with_seen(self, text: str, person: str, now: float, window: float) -> "Desk":
        """The label is the newest in the memory; what is past the window goes."""
        others = (
            row for row in self.seen if now - row.at <= window and not (row.text == text and row.person == person)
        )
        return replace(self, seen=(Seen(text, person, now), *others)[: limits.LABELS_SEEN_MAX])

    def with_result(self, result: LastScan) -> "Desk":
        """The newest result first. A repeat of a repeat replaces it, so that a burst does not push the others out."""
        again = bool(self.recent) and self.recent[0].signal == result.signal == Signal.REPEATED
        rest = self.recent[1:] if again and self.recent[0].shown == result.shown else self.recent
        return replace(self, recent=(result, *rest)[: limits.RECENT_RESULTS_MAX])

    def is_doubtful(self, text: str, now: float, rules: StationRules) -> bool:
        """Is this the label whose beep nobody knows of, still soon after the start?"""
        doubt = self.doubt
        return doubt is not None and doubt.label == text and now - doubt.started <= rules.same_piece_seconds


@dataclass(frozen=True, slots=True)
class Decision:
    """What the station does about an input.

    Commit `events` (one transaction), then adopt `desk` and give `signal` (I1). When the commit fails, keep the old
    desk and signal UNKEPT: the worker may then scan again at once.
    """

    events: tuple[Event, ...]
    signal: Signal
    message: Message
    desk: Desk
