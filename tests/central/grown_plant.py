"""A plant with a long past, made by doubling a small real one inside the database: 2 ** DOUBLINGS times its rows.

What the doubling makes is over (operations done, calls resolved, tasks done, messages read), as a plant's past is; the
small plant's own rows stay as they are. Rows of different tables go on belonging together: positions and numbers are
shifted by the same amount everywhere, names get the same ending.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, func, insert, literal, select, update
from sqlalchemy.orm import Session

from central import models, order_tables, rights_tables, task_tables
from central.database import Database
from central.notify import tables as notify_tables

DOUBLINGS = 11
SELDOM_DOUBLINGS = 4
PAST = time.time() - 10 * 86_400.0
"""Longer ago than what pages count, and not so long that it would be deleted."""

SHIFT = 512
"""More than any number in the small plant."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How a table is doubled: which numbers are shifted, which names get an ending, what is set.

    `seldom`: (column, value) of rows of which there are only some, as there are few photos among many records.
    """

    model: type[models.Table]
    shifted: Sequence[str] = ()
    named: Sequence[str] = ()
    given: Mapping[str, object] = field(default_factory=dict)
    seldom: tuple[str, str] | None = None


GROWTHS = (
    Growth(models.Record, ("position", "seq")),
    Growth(models.Happening, ("position",), ("operation",), seldom=("type", "photo.kept")),
    Growth(models.Report, ("seq",), ("operation",)),
    Growth(models.Work, (), ("operation",), {"state": "ended"}),
    Growth(models.Operation, (), ("id", "work_order")),
    Growth(models.Share, (), ("operation",)),
    Growth(models.Call, ("seq",), ("operation",), {"state": "resolved", "ended_at": PAST}),
    Growth(models.Fact, ("number",)),
    Growth(order_tables.FlowCard, (), ("operation", "work_order"), {"state": "done"}),
    Growth(order_tables.OrderCard, (), ("id",), {"state": "done", "open": 0}),
    Growth(order_tables.TraceStep, ("position", "seq"), ("operation", "work_order", "serial", "lot")),
    Growth(task_tables.TaskRow, ("number",), ("source_key",), {"state": "done", "done_at": PAST}),
    Growth(task_tables.TaskEvent, (), ("subject",)),
    Growth(task_tables.CommentRow, ("number",), ("subject",)),
    Growth(task_tables.AttachmentRow, ("number",), ("subject",)),
    Growth(task_tables.ProblemRow, ("number",), ("source_key",), {"state": "closed"}),
    Growth(task_tables.ProblemCall, ("problem",), ("call",)),
    Growth(notify_tables.OfficeEvent, ("id",), (), {"handled_at": PAST}),
    Growth(
        notify_tables.Notification,
        ("id",),
        ("source",),
        {"made_at": PAST, "closed_at": PAST, "escalate_at": None},
    ),
    Growth(
        notify_tables.Delivery,
        ("id", "notification"),
        ("key",),
        {"state": "shown", "made_at": PAST, "next_at": None, "sending_at": None},
    ),
    Growth(notify_tables.DeliveryStep, ("delivery",)),
    Growth(rights_tables.AuditRow, ("position",)),
)
GROWN = tuple(models.table_of(each.model).name for each in GROWTHS)


def grow(database: Database) -> None:
    """Double every table of GROWTHS, and tell the planner of PostgreSQL how large they are."""
    with database.write() as session:
        for turn in range(DOUBLINGS):
            for each in GROWTHS:
                _double(session, each, SHIFT << turn, f".{turn}")
        _move_to_the_end(session, database.plant)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _double(session: Session, growth: Growth, shift: int, ending: str) -> None:
    table = models.table_of(growth.model)
    found: list[Any] = []
    for column in table.columns:
        if column.name in growth.given:
            found.append(literal(growth.given[column.name], column.type))
        elif column.name in growth.shifted:
            found.append(column + shift)
        elif column.name in growth.named:
            found.append(case((column == "", ""), else_=column.concat(ending)))
        else:
            found.append(column)
    rows = select(*found)
    if growth.seldom is not None and shift > SHIFT << SELDOM_DOUBLINGS:
        rows = rows.where(table.columns[growth.seldom[0]] != growth.seldom[1])
    session.execute(insert(table).from_select([each.name for each in table.columns], rows))


def _move_to_the_end(session: Session, plant: str) -> None:
    """The log's end and its readers, which have all read it."""
    end = session.scalar(select(func.max(models.Record.position)))
    session.execute(update(models.LogHead).values(position=end))
    readers = models.Projection.name.not_in(("orders master",))
    session.execute(update(models.Projection).where(models.Projection.plant == plant, readers).values(position=end))


def count_of(session: Session, name: str) -> int:
    """Rows of a table."""
    table = models.Table.metadata.tables[name]
    return session.scalar(select(func.count()).select_from(table)) or 0


def blank_row(model: type[models.Table], **given: object) -> dict[str, object]:
    """A row of a table with these values: elsewhere 0, an empty text, or null where that may be."""
    row: dict[str, object] = {}
    for column in models.table_of(model).columns:
        if column.name in given:
            row[column.name] = given[column.name]
        elif not column.nullable and column.autoincrement is not True:
            row[column.name] = "" if column.type.python_type is str else column.type.python_type(0)
    return row
