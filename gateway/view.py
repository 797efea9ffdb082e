"""What a station's screen shows, as frozen values. The main loop publishes one `GatewayView` after each step.

Pure: values in, values out.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the catalogue `gateway/station_texts.py`: its key and the values to put in (already safe to show)."""

    key: str
    values: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A person the station holds. The last one is the current person."""

    person: str
    name: str
    roles: tuple[str, ...] = ()
    language: str = ""
    """What the page speaks while they are current: zh, en, or empty for the page's own language."""


@dataclass(frozen=True, slots=True)
class InstructionLine:
    """The work instruction that holds for an operation. `here`: its file has come. `sha256` empty: it has none yet."""

    id: str
    revision: str
    title: str
    sha256: str
    media_type: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A person's share of an operation. `seconds` worked up to `as_of_wall`; it grows only while running."""

    person: str
    person_name: str
    operation: str
    operation_name: str
    work_order: str
    item: str
    planned: int | None
    good: int
    scrap: int
    state: str
    seconds: float
    as_of_wall: float
    instruction: InstructionLine | None = None


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A past case like an open call: where, with which item, its cause, what ended it, on which day."""

    station: str
    item: str
    cause: str
    cause_en: str
    fix: str
    closed: str


@dataclass(frozen=True, slots=True)
class CallLine:
    """An open call. `state`: raised or acknowledged. `impact`: stop, slow, none, fixed (at its position)."""

    call: str
    call_type: str
    name: str
    name_en: str
    impact: str
    state: str
    raised_wall: float
    person_name: str
    acknowledged_by: str
    causes: tuple[tuple[str, str, str], ...] = ()
    """(id, name, name_en) of each cause it may be closed with."""
    tier: int = 0
    owner: str = ""
    """The newest tier that has to know, and who that is: of that tier, or whom it was handed to since."""
    handed_by: str = ""
    """Who handed it to the owner; empty where a tier named them."""
    owners: tuple[str, ...] = ()
    """Whom it may be handed to."""
    stopped: bool = False
    """The line has stopped for it at its fixed position."""
    cases: tuple[CaseLine, ...] = ()
    """The past cases most like it, best first."""


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What somebody typed here. `about`: the operation's or the call's name; empty where it is about neither."""

    person_name: str
    text: str
    wall: float
    about: str = ""
    about_en: str = ""


@dataclass(frozen=True, slots=True)
class LastScan:
    """The last input and its result. `identity` is epoch/seq of its record; empty where nothing was kept."""

    shown: str
    signal: str
    message: Message
    wall: float
    identity: str = ""
    at_office: bool = False
    beep_unknown: bool = False
    file: str = ""
    """The SHA-256 of the file it is about: at the office only when record and file are."""


@dataclass(frozen=True, slots=True)
class PromptLine:
    """What the station waits for: none, or a kind of `station_desk.Prompt`."""

    kind: str = "none"
    message: Message | None = None
    good: int | None = None
    scrap: int | None = None
    scrap_reason: str = ""
    operation: str = ""
    """The operation it is about, where it is bound to one: the page must not report another."""
    reading: "ReadingLine | None" = None
    rework: int | None = None
    rework_reason: str = ""
    partial: bool = False
    entered: str = ""
    """Digits of the counter's reading so far."""


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """What is read back. `fact`: the name of the one that is asked for now; empty when all are said.

    `entered` are the digits of it so far. `about`: notice, instruction or handover.
    """

    about: str
    title: str
    title_en: str
    text: str
    fact: str
    entered: str


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A change that is to be known here."""

    notice: str
    title: str
    title_en: str
    text: str


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """The station was handed over and nobody took it yet. Names of what was open, each as (zh, en)."""

    person_name: str
    wall: float
    operations: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    notices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StationView:
    """One station's screen."""

    station: str
    name: str
    people: tuple[HeldLine, ...] = ()
    work: tuple[WorkLine, ...] = ()
    prompt: PromptLine = field(default_factory=PromptLine)
    last: LastScan | None = None
    recent: tuple[LastScan, ...] = ()
    calls: tuple[CallLine, ...] = ()
    call_types: tuple[tuple[str, str, str, str], ...] = ()
    """(id, name, name_en, impact) of each call button."""
    scrap_reasons: tuple[tuple[str, str, str], ...] = ()
    """(id, name, name_en) of each reason one may give for scrap."""
    devices: tuple[tuple[str, bool], ...] = ()
    """(name, there?) of each scanner, button and light."""
    notices: tuple[NoticeLine, ...] = ()
    handover: HandoverLine | None = None
    listening: bool = False
    """What its devices send is shown on the set-up page, and is no work."""
    rework_reasons: tuple[tuple[str, str, str], ...] = ()
    """(id, name, name_en) of each reason one may give for rework; none: the plant does not report any."""
    pause_reasons: tuple[tuple[str, str, str], ...] = ()
    """(id, name, name_en) of each reason one may give for a pause."""
    commands: tuple[str, ...] = ()
    """Commands the plant has a card for."""
    notes: tuple[NoteLine, ...] = ()
    """The newest first."""


@dataclass(frozen=True, slots=True)
class LineWork:
    """An operation in work at a station of the line. `good` and `scrap`: what its gateway counted itself."""

    title: str
    planned: int | None
    good: int
    scrap: int
    running: bool


@dataclass(frozen=True, slots=True)
class LineCall:
    """An open call at a station of the line. `began`: seconds of our own boot clock, below 0 before our boot."""

    call_type: str
    name: str
    name_en: str
    impact: str
    acknowledged: bool
    acknowledged_by: str
    tier: int
    owner: str
    began: float


@dataclass(frozen=True, slots=True)
class LineStation:
    """A station of the line. `as_of`: when it was so, in seconds of our own boot clock; None where it is our own, or
    nothing was ever heard. `age_known` False: it may be older."""

    station: str
    name: str
    gateway_name: str
    presence: str
    """own; there; gone: the broker says that its gateway is away; untold: its gateway speaks and says nothing of it;
    unheard: only master data knows it."""
    as_of: float | None = None
    age_known: bool = False
    people: tuple[str, ...] = ()
    work: tuple[LineWork, ...] = ()
    calls: tuple[LineCall, ...] = ()
    more: int = 0
    """People, operations and calls that are not listed."""
    refusing: str = ""


@dataclass(frozen=True, slots=True)
class LineView:
    """All stations of the line, ours as they are and the others' by hearsay. `more`: stations that are not listed.
    `silent_seconds`: whoever said nothing for so long is silent."""

    line: str
    stations: tuple[LineStation, ...]
    more: int = 0
    silent_seconds: float = 90.0


@dataclass(frozen=True, slots=True)
class Doubtful:
    """How many records are lost, and between which times of the wall clock; None where no record is left to tell."""

    lost: int
    since_wall: float | None
    until_wall: float | None


@dataclass(frozen=True, slots=True)
class GatewayView:
    """The gateway as every screen sees it. `waiting`: kept here, not yet at the office."""

    gateway_name: str
    stations: tuple[StationView, ...]
    kept: int = 0
    waiting: int = 0
    waiting_since_wall: float | None = None
    office: str = "none"
    """online, offline, or none where no server is configured."""
    office_seen_wall: float | None = None
    joining: str = ""
    """Why this gateway is not enrolled yet, a key of `gateway.boot_codes`; empty: it is, or needs no office."""
    broker: str = "none"
    refusing: str = ""
    """Why the station cannot keep anything now: disk_full, read_only, journal_corrupt; empty when it can."""
    doubt: Doubtful | None = None
    """Records that may be lost after the journal was damaged, for a day."""
    days_left: float | None = None
    """Days until the journal's cap at the rate of the last day; only shown without a server."""
    clock_synchronised: bool = True
    master_version: int = 0
    wall: float = 0
    line: LineView | None = None
    room_days: float | None = None
    """The same with a server too, for who maintains the gateway."""
    office_error: str = ""
    broker_error: str = ""
    """What they last failed with; empty while they are reached."""
    maintainers: bool = True
    """Whether master data names somebody who may set up a station."""
    photos_waiting: int = 0
    """Photos kept here whose files are not at the office."""
