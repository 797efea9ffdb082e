"""Tables behind the pages of operations, orders and traces: folded by `central/order_fold.py`, rebuilt from the log.

One row is read for what a page shows of an operation, so a page at 50,000 operations reads no more than at 500.
"""

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from central.models import Table


def _plant() -> Mapped[str]:
    return mapped_column(String(32), primary_key=True, comment="plant id")


class FlowCard(Table):
    """An operation as the flow shows it."""

    __tablename__ = "flow_card"
    plant: Mapped[str] = _plant()
    operation: Mapped[str] = mapped_column(primary_key=True)
    work_order: Mapped[str]
    number: Mapped[int]
    name: Mapped[str]
    item: Mapped[str]
    due: Mapped[str] = mapped_column(comment="YYYY-MM-DD, or empty")
    planned: Mapped[int | None] = mapped_column(comment="null: the master data does not name it (I12)")
    good: Mapped[int]
    scrap: Mapped[int]
    rework: Mapped[int]
    flagged: Mapped[int]
    ready: Mapped[int] = mapped_column(comment="pieces that upstream has made and this one has not")
    state: Mapped[str] = mapped_column(comment="waiting, ready, running, paused, done; open calls are not in it")
    since: Mapped[float] = mapped_column(comment="when it came into that state")
    line: Mapped[str]
    department: Mapped[str]
    station: Mapped[str] = mapped_column(comment="where it is worked on, else the first where it may be")
    words: Mapped[str] = mapped_column(comment="what a search looks in, in small letters")
    __table_args__ = (
        Index("flow_card_line", "plant", "line", "state", "since", "operation"),
        Index("flow_card_department", "plant", "department", "state", "since", "operation"),
        Index("flow_card_order", "plant", "work_order", "number"),
        {"comment": "Operations by line, department and state. A projection: made anew from the log and master data."},
    )


class OrderCard(Table):
    """An order as the list shows it."""

    __tablename__ = "order_card"
    plant: Mapped[str] = _plant()
    id: Mapped[str] = mapped_column(primary_key=True)
    known: Mapped[int] = mapped_column(Integer, comment="0: the master data does not name it (I12)")
    item: Mapped[str]
    name: Mapped[str]
    quantity: Mapped[int | None]
    due: Mapped[str] = mapped_column(comment="YYYY-MM-DD, or empty")
    due_key: Mapped[str] = mapped_column(comment="due, or 9999 where there is none: what the list is sorted by")
    state: Mapped[str] = mapped_column(comment="running, paused, started, released, held, done, closed")
    open: Mapped[int] = mapped_column(Integer, comment="1: not done and not closed")
    operations: Mapped[int]
    done: Mapped[int] = mapped_column(comment="operations that are done")
    good: Mapped[int] = mapped_column(comment="pieces that every operation has made good: the least of them")
    scrap: Mapped[int] = mapped_column(comment="of all its operations")
    rework: Mapped[int] = mapped_column(comment="of all its operations")
    changed_at: Mapped[float | None]
    words: Mapped[str] = mapped_column(comment="what a search looks in, in small letters")
    __table_args__ = (
        Index("order_card_open", "plant", "open", "due_key", "id"),
        Index("order_card_due", "plant", "due_key", "id"),
        Index("order_card_state", "plant", "state", "due_key", "id"),
        {"comment": "Orders with their progress. A projection: made anew from the log and master data."},
    )


class TraceStep(Table):
    """A step by which a product came to be."""

    __tablename__ = "trace_step"
    plant: Mapped[str] = _plant()
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="of its record in the log")
    kind: Mapped[str] = mapped_column(comment="component, product or report")
    gateway: Mapped[str]
    epoch: Mapped[str]
    ordinal: Mapped[int] = mapped_column(comment="epoch's place in the chain; with seq the order on the floor (I9)")
    seq: Mapped[int]
    station: Mapped[str]
    person: Mapped[str]
    operation: Mapped[str]
    work_order: Mapped[str]
    item: Mapped[str] = mapped_column(comment="of a component")
    lot: Mapped[str]
    serial: Mapped[str]
    revision: Mapped[str] = mapped_column(comment="of the line of the bill of materials")
    good: Mapped[int] = mapped_column(comment="of a report")
    scrap: Mapped[int] = mapped_column(comment="of a report")
    master_version: Mapped[int] = mapped_column(comment="the master data it was decided by (I8)")
    flags: Mapped[str]
    __table_args__ = (
        Index("trace_step_serial", "plant", "serial", "position"),
        Index("trace_step_lot", "plant", "lot", "position"),
        Index("trace_step_order", "plant", "work_order", "position"),
        Index("trace_step_person", "plant", "person", "position"),
        Index("trace_step_station", "plant", "station", "position"),
        Index("trace_step_operation", "plant", "operation", "gateway", "kind", "ordinal", "seq"),
        Index("trace_step_share", "plant", "operation", "gateway", "kind", "person", "ordinal", "seq"),
        {"comment": "Serials, lots, components and reports, for traces both ways. A projection of the log."},
    )
