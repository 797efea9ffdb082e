"""Master data: people, stations, work orders, operations, cards and call types, whole and immutable (I8).

Pure: values in, values out. Reading it from TOML, CSV and XLSX is in `floor/master_files.py`.
"""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field, model_validator

from floor.cells import GrownRow, Row
from floor.duty import Absence, Department, Deputy, Duty
from floor.error_proofing import Moment, Policy
from floor.label_codes import codes_of
from floor.limits import VERSION_MAX
from floor.product_rows import BomRevision, Item, RoutingStep, Stock
from floor.rows import (
    BlockedLot,
    CallTier,
    CallType,
    CommandCard,
    Component,
    Instruction,
    LabelPattern,
    Notice,
    Operation,
    PastCase,
    Person,
    Reason,
    RulePolicy,
    Shift,
    Skill,
    Station,
    WorkOrder,
)

if TYPE_CHECKING:
    from floor.calendar import Calendar
    from floor.cases import CaseBook

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
            "departments",
            "duties",
            "absences",
            "deputies",
            "items",
            "bom_revisions",
            "routings",
            "stock",
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
    departments: tuple[Department, ...] = ()
    duties: tuple[Duty, ...] = ()
    absences: tuple[Absence, ...] = ()
    deputies: tuple[Deputy, ...] = ()
    items: tuple[Item, ...] = ()
    bom_revisions: tuple[BomRevision, ...] = ()
    routings: tuple[RoutingStep, ...] = ()
    stock: tuple[Stock, ...] = ()

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

    def place_of(self, station: str) -> str:
        """Where a station is, as `site/area/line/station`; empty for one that no row names."""
        known = self.station_by_id.get(station)
        return known.place if known is not None else ""

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
    def revisions_of(self) -> dict[str, tuple[BomRevision, ...]]:
        """The revisions of each product's bill, in the order of the rows."""
        return _grouped((row.product, row) for row in self.bom_revisions)

    @cached_property
    def item_by_id(self) -> dict[str, Item]:
        """Items by id."""
        return {row.id: row for row in self.items}

    @cached_property
    def stock_of(self) -> dict[str, Stock]:
        """What is in stock, by item."""
        return {row.item: row for row in self.stock}

    @cached_property
    def component_codes(self) -> frozenset[str]:
        """Everything a component's label may say of it."""
        return frozenset(code for row in self.components for code in codes_of(row.item, row.label))

    @cached_property
    def blocked(self) -> frozenset[tuple[str, str]]:
        """(item, lot) of what must not be built in."""
        return frozenset((row.item, row.lot) for row in self.blocked_lots)

    @cached_property
    def department_by_id(self) -> dict[str, Department]:
        """Departments by id."""
        return {row.id: row for row in self.departments}

    @cached_property
    def duties_of(self) -> dict[str, tuple[Duty, ...]]:
        """The duty plan by the duty, in the order of the rows."""
        return _grouped((row.duty, row) for row in self.duties)

    @cached_property
    def absences_of(self) -> dict[str, tuple[Absence, ...]]:
        """Absences by the person who is away."""
        return _grouped((row.person, row) for row in self.absences)

    @cached_property
    def deputies_of(self) -> dict[str, tuple[Deputy, ...]]:
        """Deputies by the person they stand in for, the nearest first."""
        return _grouped((row.person, row) for row in sorted(self.deputies, key=lambda row: row.place))

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
    def orders_by_item(self) -> dict[str, tuple[WorkOrder, ...]]:
        """Work orders by the item they make."""
        return _grouped((row.item, row) for row in self.work_orders)

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
