"""Master data: people, stations, work orders, operations, cards and call types, whole and immutable (I8).

Pure: values in, values out. Reading it from TOML, CSV and XLSX is in `floor/master_files.py`.
"""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from floor.cells import (
    PLAIN,
    Clock,
    Code,
    CommandName,
    Day,
    FactName,
    GrownRow,
    LabelText,
    Note,
    Row,
    Segment,
    Span,
    Title,
)
from floor.error_proofing import Moment, Policy, RuleName
from floor.label_codes import codes_of
from floor.label_patterns import Pattern, PatternKind, parsed
from floor.limits import (
    FIX_CHARACTERS_MAX,
    INSTRUCTION_BYTES_MAX,
    MINIMUM_SECONDS_MAX,
    NUMBER_MAX,
    PATTERN_CHARACTERS_MAX,
    VERSION_MAX,
)

if TYPE_CHECKING:
    from floor.calendar import Calendar
    from floor.cases import CaseBook


class Person(GrownRow):
    """Somebody with a badge. `roles`: leader may acknowledge and resolve calls. `badge_until`: its last good day.

    `language`: what the station's page speaks while they are the current person; empty: the page's own language.
    """

    later = frozenset({"badge_until", "language"})
    id: Code
    name: Title
    badge: LabelText
    roles: tuple[Literal["operator", "leader", "maintainer", "planner"], ...] = ("operator",)
    active: bool = True
    badge_until: Day = ""
    language: Literal["", "zh", "en"] = ""


class Station(Row):
    """A place with a scanner. `gateway` names the gateway that serves it."""

    id: Segment
    name: Title = ""
    site: Segment = "site"
    area: Segment = "area"
    line: Segment = "line"
    gateway: Segment = "gateway"


class WorkOrder(GrownRow):
    """An order to make `quantity` of `item` (ISA-95 operations request). `label`: see Component."""

    later = frozenset({"label"})
    id: Code
    item: Title = ""
    name: Title = ""
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]
    due: Note = ""
    state: Literal["released", "held", "closed"] = "released"
    label: Title = ""


class Operation(GrownRow):
    """One step of an order (ISA-95 job order). `ticket` is what its printed label says, `skill` what one must have.

    `capture`: what of the product is scanned while it runs, each piece's serial or the lot. `counting`: good pieces are
    what the machine's counter went on by.
    """

    later = frozenset({"skill", "capture", "counting"})
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
    number of the operation that builds it in; 0: any of the order.
    """

    key_columns = 2
    product: Annotated[Title, Field(min_length=1)]
    item: Annotated[Title, Field(min_length=1)]
    quantity: Annotated[float, Field(gt=0, le=1_000_000)] = 1
    lot_tracked: bool = False
    revision: Title = ""
    label: Title = ""
    operation: Annotated[int, Field(ge=0, le=NUMBER_MAX)] = 0


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


Group = TypeVar("Group", bound=Row)


def _grouped(rows: Iterable[tuple[str, Group]]) -> dict[str, tuple[Group, ...]]:
    """Rows by their key, each group in the order of the rows."""
    found: dict[str, list[Group]] = {}
    for key, row in rows:
        found.setdefault(key, []).append(row)
    return {key: tuple(group) for key, group in found.items()}


class MasterData(GrownRow):
    """The whole of it, one version. Tickets, badges and cards are unique over all kinds of label."""

    later = frozenset(
        {
            "skills",
            "error_proofing",
            "call_tiers",
            "notices",
            "instructions",
            "label_patterns",
            "components",
            "blocked_lots",
            "cases",
            "shifts",
        }
    )
    version: Annotated[int, Field(ge=0, le=VERSION_MAX)] = 0
    people: tuple[Person, ...] = ()
    stations: tuple[Station, ...] = ()
    work_orders: tuple[WorkOrder, ...] = ()
    operations: tuple[Operation, ...] = ()
    command_cards: tuple[CommandCard, ...] = ()
    call_types: tuple[CallType, ...] = ()
    reasons: tuple[Reason, ...] = ()
    skills: tuple[Skill, ...] = ()
    error_proofing: tuple[RulePolicy, ...] = ()
    call_tiers: tuple[CallTier, ...] = ()
    notices: tuple[Notice, ...] = ()
    instructions: tuple[Instruction, ...] = ()
    label_patterns: tuple[LabelPattern, ...] = ()
    components: tuple[Component, ...] = ()
    blocked_lots: tuple[BlockedLot, ...] = ()
    cases: tuple[PastCase, ...] = ()
    shifts: tuple[Shift, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "MasterData":
        from floor.master_rules import faults

        found = faults(self)
        if found:
            raise ValueError("; ".join(found))
        return self

    def with_tables(self, **tables: tuple[Row, ...]) -> "MasterData":
        """The same with other rows in these tables, checked as a whole. Raises ValidationError, a ValueError.

        Made anew: a copy would take along what was worked out for the rows before, as the digest.
        """
        parts: dict[str, Any] = {name: getattr(self, name) for name in MasterData.model_fields}
        return MasterData(**(parts | tables))

    def operation_of(self, key: str) -> Operation | None:
        """The operation of this id, or else the one whose ticket says this."""
        return self.operation_by_id.get(key) or self.operation_by_ticket.get(key)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON without the version: equal data, equal digest."""
        return hashlib.sha256(self.model_dump_json(exclude={"version"}).encode()).hexdigest()

    @cached_property
    def person_by_badge(self) -> dict[str, Person]:
        """Active people by the exact text of their badge."""
        return {row.badge: row for row in self.people if row.active}

    @cached_property
    def revoked_by_badge(self) -> dict[str, Person]:
        """People whose badge is no longer good, by its exact text, unless somebody else has it now."""
        return {row.badge: row for row in self.people if not row.active and row.badge not in self.person_by_badge}

    @cached_property
    def tiers_of(self) -> dict[str, tuple[CallTier, ...]]:
        """The tiers of each call type, by their number."""
        return _grouped((row.call_type, row) for row in sorted(self.call_tiers, key=lambda row: row.tier))

    @cached_property
    def notices_by_order(self) -> dict[str, tuple[Notice, ...]]:
        """Notices by the order they are about; those about everything under the empty text."""
        known = ((self.operation_by_id.get(row.operation), row) for row in self.notices)
        return _grouped(
            (row.work_order if operation is None else operation.work_order, row) for operation, row in known
        )

    @cached_property
    def instruction_by_operation(self) -> dict[str, Instruction]:
        """Instructions that name an operation, by its id; the last row wins."""
        return {row.operation: row for row in self.instructions if row.operation}

    @cached_property
    def instruction_by_item(self) -> dict[str, Instruction]:
        """Instructions that name an item, by the item; the last row wins."""
        return {row.item: row for row in self.instructions if row.item}

    @cached_property
    def calendar(self) -> "Calendar":
        """When stations rest."""
        from floor.calendar import Calendar

        return Calendar(self.shifts)

    @cached_property
    def case_book(self) -> "CaseBook":
        """The past cases, indexed: made once, before a call needs it."""
        from floor.cases import CaseBook

        return CaseBook(self.cases, self.reasons)

    @cached_property
    def skill_of(self) -> dict[tuple[str, str], Skill]:
        """Skills by (person, skill)."""
        return {(row.person, row.skill): row for row in self.skills}

    @cached_property
    def policies(self) -> dict[tuple[str, Moment], Policy]:
        """What the plant said of rules, by (rule, moment)."""
        return {(row.rule, moment): chosen for row in self.error_proofing for moment, chosen in row.chosen}

    @cached_property
    def components_of(self) -> dict[str, tuple[Component, ...]]:
        """The lines of each bill by what they go into: an order's id, or an item."""
        return _grouped((row.product, row) for row in self.components)

    @cached_property
    def component_codes(self) -> frozenset[str]:
        """Everything a component's label may say of it."""
        return frozenset(code for row in self.components for code in codes_of(row.item, row.label))

    @cached_property
    def blocked(self) -> frozenset[tuple[str, str]]:
        """(item, lot) of what must not be built in."""
        return frozenset((row.item, row.lot) for row in self.blocked_lots)

    @cached_property
    def person_by_id(self) -> dict[str, Person]:
        """All people by id."""
        return {row.id: row for row in self.people}

    @cached_property
    def operation_by_ticket(self) -> dict[str, Operation]:
        """Operations by the exact text of their ticket."""
        return {row.ticket: row for row in self.operations}

    @cached_property
    def operation_by_id(self) -> dict[str, Operation]:
        """Operations by id."""
        return {row.id: row for row in self.operations}

    @cached_property
    def operations_by_order(self) -> dict[str, tuple[Operation, ...]]:
        """The operations of each order, by ascending number."""
        groups = _grouped((row.work_order, row) for row in self.operations)
        return {order: tuple(sorted(rows, key=lambda row: row.number)) for order, rows in groups.items()}

    @cached_property
    def operation_by_place(self) -> dict[tuple[str, int], Operation]:
        """Operations by (work order, number)."""
        return {(row.work_order, row.number): row for row in self.operations}

    @cached_property
    def patterns_by_place(self) -> tuple[LabelPattern, ...]:
        """The patterns of labels in the order in which they are tried."""
        return tuple(sorted(self.label_patterns, key=lambda row: row.place))

    @cached_property
    def order_by_id(self) -> dict[str, WorkOrder]:
        """Work orders by id."""
        return {row.id: row for row in self.work_orders}

    @cached_property
    def card_by_label(self) -> dict[str, CommandCard]:
        """Command cards by the exact text of their label."""
        return {row.label: row for row in self.command_cards}

    @cached_property
    def call_type_by_id(self) -> dict[str, CallType]:
        """Call types by id."""
        return {row.id: row for row in self.call_types}

    @cached_property
    def reason_by_id(self) -> dict[str, Reason]:
        """Reasons and causes by id."""
        return {row.id: row for row in self.reasons}

    @cached_property
    def station_by_id(self) -> dict[str, Station]:
        """Stations by id."""
        return {row.id: row for row in self.stations}
