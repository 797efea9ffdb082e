"""Master data: people, stations, work orders, operations, cards and call types, whole and immutable (I8).

Pure: values in, values out. Reading it from TOML, CSV and XLSX is in `floor/master_files.py`.
"""

import hashlib
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from floor.limits import CELL_CHARACTERS_MAX, MINIMUM_SECONDS_MAX, NUMBER_MAX, VERSION_MAX

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,47}$", description="letters, digits, . _ / -")]
PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\uFFFE\uFFFF]*$"
"""No character that a workbook or a database cannot hold: what was imported must be storable and come out again."""

Title = Annotated[str, Field(max_length=120, pattern=PLAIN)]
Note = Annotated[str, Field(max_length=CELL_CHARACTERS_MAX, pattern=PLAIN)]
LabelText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]+$")]
Segment = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$", description="one level of an MQTT topic")]

CommandName = Literal[
    "digit",
    "good",
    "scrap",
    "confirm",
    "cancel",
    "undo",
    "pause",
    "resume",
    "sign_out",
    "same",
    "another",
    "cause",
    "call",
]


class Row(BaseModel):
    """A row of master data: frozen, and an unknown column is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Row):
    """Somebody with a badge. `roles`: leader may acknowledge and resolve calls."""

    id: Code
    name: Title
    badge: LabelText
    roles: tuple[Literal["operator", "leader", "maintainer", "planner"], ...] = ("operator",)
    active: bool = True


class Station(Row):
    """A place with a scanner. `gateway` names the gateway that serves it."""

    id: Segment
    name: Title = ""
    site: Segment = "site"
    area: Segment = "area"
    line: Segment = "line"
    gateway: Segment = "gateway"


class WorkOrder(Row):
    """An order to make `quantity` of `item` (ISA-95 operations request)."""

    id: Code
    item: Title = ""
    name: Title = ""
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]
    due: Note = ""
    state: Literal["released", "held", "closed"] = "released"


class Operation(Row):
    """One step of an order (ISA-95 job order). `ticket` is what its printed label says."""

    id: Code
    work_order: Code
    number: Annotated[int, Field(ge=0, le=NUMBER_MAX)] = 10
    name: Title = ""
    planned: Annotated[int, Field(ge=0, le=1_000_000)]
    minimum_seconds: Annotated[float, Field(ge=0, le=MINIMUM_SECONDS_MAX)] = 0
    ticket: LabelText
    stations: tuple[Segment, ...] = ()
    """Where it may be done; empty: anywhere."""


class CommandCard(Row):
    """A printed card. `value` is the digit, the scrap reason, the cause or the call type it stands for."""

    label: LabelText
    command: CommandName
    value: Note = ""
    name: Title = ""
    name_en: Title = ""


class CallType(Row):
    """A kind of help one can call for, with the causes one may close it with."""

    id: Code
    name: Title
    name_en: Title = ""
    impact: Literal["stop", "slow", "none"] = "slow"
    causes: tuple[Code, ...] = ()


class Reason(Row):
    """A reason for scrap or a cause of a call, by the floor's name for it."""

    id: Code
    name: Title
    name_en: Title = ""


class MasterData(Row):
    """The whole of it, one version. Tickets, badges and cards are unique over all kinds of label."""

    version: Annotated[int, Field(ge=0, le=VERSION_MAX)] = 0
    people: tuple[Person, ...] = ()
    stations: tuple[Station, ...] = ()
    work_orders: tuple[WorkOrder, ...] = ()
    operations: tuple[Operation, ...] = ()
    command_cards: tuple[CommandCard, ...] = ()
    call_types: tuple[CallType, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "MasterData":
        from floor.master_rules import faults

        found = faults(self)
        if found:
            raise ValueError("; ".join(found))
        return self

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON without the version: equal data, equal digest."""
        return hashlib.sha256(self.model_dump_json(exclude={"version"}).encode()).hexdigest()

    @cached_property
    def person_by_badge(self) -> dict[str, Person]:
        """Active people by the exact text of their badge."""
        return {row.badge: row for row in self.people if row.active}

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
        found: dict[str, list[Operation]] = {}
        for row in self.operations:
            found.setdefault(row.work_order, []).append(row)
        return {order: tuple(sorted(rows, key=lambda row: row.number)) for order, rows in found.items()}

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
