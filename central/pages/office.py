"""What the office pages show and ask for, as frozen values.

Pure: values in, values out. The protocol that gives them is in `central/pages/port.py`.
Times are seconds since 1970 by the server's clock.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from central.rights import ADMIN, ROLES, Action, grants_of, may, may_at
from floor.master import MasterData
from floor.rights import Grant
from floor.work import AT_WORK

__all__ = ["ADMIN", "ROLES"]

LEADER = "leader"
PLANNER = "planner"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who is signed in. `person` is their id in the master data, empty where they have none.

    `roles` are as they were given: `leader`, or `leader@site/area/line` for a place.
    """

    name: str
    roles: tuple[str, ...]
    person: str = ""

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Its roles, each with its place."""
        return grants_of(self.roles)

    def can(self, action: str, place: str | None = None) -> bool:
        """Whether it may do this at a place of the plant, as `site/area/line/station`; None: anywhere at all."""
        return may(self.grants, Action(action), place)

    def can_at(self, action: str, places: Collection[str]) -> bool:
        """Whether it may do this to something that is at these places (`central/places.py`)."""
        return may_at(self.grants, Action(action), places)


@dataclass(frozen=True, slots=True)
class OperationCard:
    """One operation on the board. `state`: idle, running, setup, paused, done. `planned` None: unknown."""

    operation: str
    number: int
    name: str
    state: str = "idle"
    people: tuple[str, ...] = ()
    station: str = ""
    since: float | None = None
    good: int = 0
    scrap: int = 0
    planned: int | None = None
    flagged: int = 0
    rework: int = 0
    """Pieces that went back, ever: neither good nor scrap."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order on the board with its operations in their order. `known`: it stands in the master data.

    `is_active`: somebody works on it or has paused. `is_done`: closed, or each of its operations is done. Both are
    asked of every order for every reader, and most orders are the same for days, so they are said once.
    """

    order: str
    item: str = ""
    name: str = ""
    quantity: int | None = None
    due: str = ""
    state: str = "released"
    known: bool = True
    operations: tuple[OperationCard, ...] = ()
    is_active: bool = field(init=False)
    is_done: bool = field(init=False)

    def __post_init__(self) -> None:
        states = [each.state for each in self.operations]
        object.__setattr__(self, "is_active", any(each in AT_WORK for each in states))
        done = self.state == "closed" or (bool(states) and all(each == "done" for each in states))
        object.__setattr__(self, "is_done", done)


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call. `state`: raised, acknowledged, resolved, cancelled. `causes`: (id, name, name_en)."""

    gateway_name: str
    call: str
    call_type: str
    name: str
    name_en: str
    impact: str
    station: str
    state: str
    raised: float
    person: str = ""
    operation: str = ""
    acknowledged_by: str = ""
    acknowledged: float | None = None
    ended: float | None = None
    cause: str = ""
    causes: tuple[tuple[str, str, str], ...] = ()
    tier: int = 0
    owner: str = ""
    """The newest tier of a call that waits, and who has to know: of that tier, or whom it was handed to since."""
    handed_by: str = ""
    """Who handed it to the owner; empty where a tier named them."""
    place: str = ""
    """Where its station is, as `site/area/line/station`; empty where the master data does not name it."""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for something."""
        return self.state in ("raised", "acknowledged")


@dataclass(frozen=True, slots=True)
class CallStepLine:
    """One step of a call. `kind`: raised, acknowledged, assigned, escalated, stopped, resolved, cancelled.

    `about`: the owner, or the cause's id. `evidence`: an acknowledgement beside the one that `counts`.
    """

    kind: str
    person: str
    source: str
    about: str
    at: float | None
    counts: bool = False
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A past case: where, with which item, its cause in both languages, what ended it, on which day."""

    station: str
    item: str
    cause: str
    cause_en: str
    fix: str
    closed: str


@dataclass(frozen=True, slots=True)
class CallDetail:
    """One call, open or over, and what became of it."""

    line: CallLine
    steps: tuple[CallStepLine, ...] = ()
    fix: str = ""
    """What ended it, where it is a past case already."""
    similar: tuple[CaseLine, ...] = ()
    """The past cases most like it, best first; never itself."""
    owners: tuple[str, ...] = ()
    """Whom it may be handed to."""


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """A photo that a record names. `here`: its file has come, too."""

    sha256: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class StreamLine:
    """One epoch of a gateway: complete up to `mark`, but for `missing` [first, last] ranges; `claimed` by the card."""

    epoch: str
    previous: str
    mark: int
    claimed: int
    safe: int
    missing: tuple[tuple[int, int], ...] = ()
    conflicts: int = 0
    forked: bool = False


@dataclass(frozen=True, slots=True)
class GatewayLine:
    """One gateway. `as_of`: everything up to then is held; counts are over all its epochs; `contiguous`: held without a
    gap up to this seq of its newest `epoch`."""

    name: str
    online: bool = False
    last_seen: float | None = None
    release: str = ""
    as_of: float | None = None
    waiting: int = 0
    gaps: int = 0
    forks: int = 0
    conflicts: int = 0
    epoch: str = ""
    contiguous: int = 0
    clock_good: bool | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person must look at. `kind` is a key of the catalogue under `alarm.`; `detail` is plain text."""

    kind: str
    gateway_name: str = ""
    subject: str = ""
    detail: str = ""
    since: float = 0
    count: int = 1


@dataclass(frozen=True, slots=True)
class Board:
    """The whole running state, as the log folds to it. `complete`: it is folded to its end."""

    orders: tuple[OrderLine, ...] = ()
    calls: tuple[CallLine, ...] = ()
    gateways: tuple[GatewayLine, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record of the log. `error`: the time's bound in seconds, None where no anchor is known.

    `clock_state`: synchronised, corrected, unsynchronised. `place` orders the log: newest has the largest.
    """

    place: int
    gateway_name: str
    epoch: str
    seq: int
    type: str
    station: str
    wall: float | None
    error: float | None
    clock_state: str
    content: str
    person: str = ""
    operation: str = ""
    data: dict[str, object] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    person_name: str = ""
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """(name, name_en) of the fields that name a row of the master data, as they are called today."""
    photo: PhotoLine | None = None


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Which records; empty texts mean any. `before`: only those with a smaller place."""

    gateway_name: str = ""
    type: str = ""
    operation: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class UserLine:
    """One user. `state`: active, waiting (has a one-time code, no password), disabled."""

    name: str
    roles: tuple[str, ...]
    state: str
    person: str = ""

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The roles, each with its place."""
        return grants_of(self.roles)


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """A code to be shown once, and until when it works. `pins`: keys of the server that a gateway may trust."""

    code: str
    until: float
    pins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """The master data in force and who published it."""

    master: MasterData
    made: float
    by: str
