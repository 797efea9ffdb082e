"""The rows of master data: people, stations, work orders, operations, cards, call types and what came after them.

Pure: values in, values out. What is whole of them is in `floor/master.py`.
"""

from functools import cached_property
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator

from floor.cells import (
    PLAIN,
    Clock,
    Code,
    CommandName,
    Day,
    FactName,
    GrownRow,
    LabelText,
    LineRole,
    Note,
    Row,
    Segment,
    Span,
    Title,
)
from floor.error_proofing import Moment, Policy, RuleName
from floor.label_patterns import Pattern, PatternKind, parsed
from floor.limits import (
    FIX_CHARACTERS_MAX,
    INSTRUCTION_BYTES_MAX,
    MINIMUM_SECONDS_MAX,
    NUMBER_MAX,
    PATTERN_CHARACTERS_MAX,
)
from floor.rights import Grant, grant_of


class Person(GrownRow):
    """Somebody with a badge. `roles`: leader may acknowledge and resolve calls. `badge_until`: its last good day.

    `language`: what the station's page speaks while they are the current person; empty: the page's own language.
    `line_roles`: roles that hold at a place alone, beside `roles`, which hold everywhere. A release that does not know
    the column sees less than they may, never more.
    """

    later = frozenset({"badge_until", "language", "department", "line_roles"})
    id: Code
    name: Title
    badge: LabelText
    roles: tuple[Literal["operator", "leader", "maintainer", "planner"], ...] = ("operator",)
    active: bool = True
    badge_until: Day = ""
    language: Literal["", "zh", "en"] = ""
    department: Code | Literal[""] = ""
    line_roles: tuple[LineRole, ...] = ()

    @property
    def grants(self) -> tuple[Grant, ...]:
        """All roles, each with its place."""
        return (*(Grant(each) for each in self.roles), *map(grant_of, self.line_roles))


class Station(GrownRow):
    """A place with a scanner. `gateway` names the gateway that serves it."""

    later = frozenset({"department"})
    id: Segment
    name: Title = ""
    site: Segment = "site"
    area: Segment = "area"
    line: Segment = "line"
    gateway: Segment = "gateway"
    department: Code | Literal[""] = ""

    @property
    def place(self) -> str:
        """Where it is, as `site/area/line/station`."""
        return f"{self.site}/{self.area}/{self.line}/{self.id}"


class WorkOrder(GrownRow):
    """An order to make `quantity` of `item` (ISA-95 operations request). `label`: see Component.

    `priority`: 1 comes first, 0: none said. `bom_revision`: the revision of its bill, frozen when it began; empty:
    the one in force (`floor/bills.py`).
    """

    later = frozenset({"label", "priority", "customer", "bom_revision"})
    id: Code
    item: Title = ""
    name: Title = ""
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]
    due: Note = ""
    state: Literal["released", "held", "closed"] = "released"
    label: Title = ""
    priority: Annotated[int, Field(ge=0, le=9)] = 0
    customer: Title = ""
    bom_revision: Title = ""


class Operation(GrownRow):
    """One step of an order (ISA-95 job order). `ticket` is what its printed label says, `skill` what one must have.

    `capture`: what of the product is scanned while it runs, each piece's serial or the lot. `counting`: good pieces are
    what the machine's counter went on by. `checks`: what of it is looked at, separated by semicolons.
    """

    later = frozenset({"skill", "capture", "counting", "checks"})
    id: Code
    work_order: Code
    number: Annotated[int, Field(ge=0, le=NUMBER_MAX)] = 10
    name: Title = ""
    planned: Annotated[int, Field(ge=0, le=1_000_000)]
    minimum_seconds: Annotated[float, Field(ge=0, le=MINIMUM_SECONDS_MAX)] = 0
    ticket: LabelText
    stations: tuple[Segment, ...] = ()
    """Where it may be done; empty: anywhere."""
    skill: Code | Literal[""] = ""
    capture: Literal["serial", "lot", ""] = ""
    counting: Literal["counter", ""] = ""
    checks: Note = ""


class CommandCard(Row):
    """A printed card. `value` is the digit, reason, cause, call type or owner of a call it stands for."""

    label: LabelText
    command: CommandName
    value: Note = ""
    name: Title = ""
    name_en: Title = ""


class CallType(GrownRow):
    """A kind of help one can call for, with the causes one may close it with.

    `fixed_position`: the line runs on to the end of its cycle, and stops there when the call is still open.
    """

    later = frozenset({"fixed_position"})
    id: Code
    name: Title
    name_en: Title = ""
    impact: Literal["stop", "slow", "none"] = "slow"
    causes: tuple[Code, ...] = ()
    fixed_position: bool = False


class Reason(Row):
    """A reason for scrap or a cause of a call, by the floor's name for it."""

    id: Code
    name: Title
    name_en: Title = ""


class Skill(Row):
    """What a person may do, and until which day (the last good one; empty: for ever)."""

    key_columns = 2
    person: Code
    skill: Code
    until: Day = ""


class CallTier(Row):
    """Who has to know when a call of a type still waits after so many minutes. Tiers count from 1."""

    key_columns = 2
    call_type: Code
    tier: Annotated[int, Field(ge=1, le=9)]
    minutes: Annotated[float, Field(ge=0, le=10_080)]
    owner: Title = ""


class Notice(Row):
    """A change that has to be read before work starts. `facts` are read back (`floor/notices.py`).

    It is about an order, or an operation of it, or everything; `stations` empty: wherever that is done.
    """

    id: Code
    title: Title
    title_en: Title = ""
    text: Note = ""
    work_order: Code | Literal[""] = ""
    operation: Code | Literal[""] = ""
    stations: tuple[Segment, ...] = ()
    facts: tuple[FactName, ...] = ()
    until: Day = ""


class PastCase(Row):
    """What a call of the past was caused by and how it was ended, on which day."""

    id: Code
    call_type: Code
    station: Segment | Literal[""] = ""
    item: Title = ""
    cause: Code | Literal[""] = ""
    fix: Annotated[str, Field(min_length=1, max_length=FIX_CHARACTERS_MAX, pattern=PLAIN)]
    closed: Day = ""


class Shift(Row):
    """A shift of the plant's calendar. `days`: 1 is Monday; an `end` at or before `start` is the next day's.

    `breaks` as 09:00-09:15. `stations` empty: everywhere.
    """

    id: Code
    name: Title = ""
    days: Annotated[str, Field(pattern=r"^[1-7]{1,7}$")] = "12345"
    start: Clock
    end: Clock
    breaks: tuple[Span, ...] = ()
    stations: tuple[Segment, ...] = ()


class RulePolicy(GrownRow):
    """What the plant wants done about a broken rule; empty: the usual (`floor/error_proofing.py`)."""

    later = frozenset({"use"})
    rule: RuleName
    start: Policy | Literal[""] = ""
    finish: Policy | Literal[""] = ""
    use: Policy | Literal[""] = ""

    @property
    def chosen(self) -> tuple[tuple[Moment, Policy], ...]:
        """What the plant said, by moment."""
        moments: tuple[Moment, ...] = get_args(Moment)
        return tuple((each, policy) for each in moments if (policy := getattr(self, each)))


class Component(Row):
    """A line of a bill of materials: `quantity` of `item` go into one piece of `product`, an order or its item.

    `label` is what the item's labels say of it besides its name: a GTIN or the supplier's number. `operation`: the
    number of the operation that builds it in; 0: any of the order. `revision`: of the product's bill, where it has
    several.
    """

    key_columns = 2
    product: Annotated[Title, Field(min_length=1)]
    item: Annotated[Title, Field(min_length=1)]
    quantity: Annotated[float, Field(gt=0, le=1_000_000)] = 1
    lot_tracked: bool = False
    revision: Title = ""
    label: Title = ""
    operation: Annotated[int, Field(ge=0, le=NUMBER_MAX)] = 0

    @property
    def key(self) -> str:
        """Each revision of a bill has lines of its own."""
        return " ".join(filter(None, (self.product, self.item, self.revision)))


class BlockedLot(Row):
    """A lot of an item that must not be built in."""

    key_columns = 2
    item: Annotated[Title, Field(min_length=1)]
    lot: LabelText
    reason: Title = ""


class Instruction(Row):
    """A work instruction of one operation, or of every operation that makes an item: exactly one of the two is named.

    The file itself is not in here, only its name: the `sha256` of its `bytes` bytes. Empty: there is no file yet.
    """

    id: Code
    item: Title = ""
    operation: Code | Literal[""] = ""
    revision: Code
    title: Title = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    media_type: Annotated[str, Field(max_length=48, pattern=r"^([a-z]+/[a-z0-9.+-]+)?$")] = ""
    bytes: Annotated[int, Field(ge=0, le=INSTRUCTION_BYTES_MAX)] = 0


class LabelPattern(Row):
    """How labels that the plant already has are understood (`floor/label_patterns.py`). The lowest `place` comes first.

    `symbology` is the beginning of the AIM identifier that a label must have, as ]d or ]Q1; empty: any or none.
    """

    name: Code
    kind: PatternKind
    read: Literal["text", "elements"] = "text"
    pattern: Annotated[str, Field(min_length=1, max_length=PATTERN_CHARACTERS_MAX, pattern=PLAIN)]
    symbology: Annotated[str, Field(pattern=r"^(\][A-Za-z][0-9A-Za-z]?)?$")] = ""
    place: Annotated[int, Field(ge=0, le=NUMBER_MAX)] = 0

    @field_validator("pattern")
    @classmethod
    def _can_be_read(cls, pattern: str, told: ValidationInfo) -> str:
        if told.data.keys() >= {"kind", "read"}:
            parsed(pattern, told.data["kind"], told.data["read"])
        return pattern

    @cached_property
    def compiled(self) -> Pattern:
        """The pattern, ready to be held against a label."""
        return parsed(self.pattern, self.kind, self.read)
