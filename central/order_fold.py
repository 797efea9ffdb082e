"""The reader of the log behind the pages of operations, orders and traces.

It has a position of its own, so a server that gets these tables with a new release fills them from its log's first
record, and emptying the tables and that position makes them anew. It never goes beyond the board's reader, whose sums
and states it shows; the cards are worked out from those tables, whole orders at a time, because what one operation
made is what the next may go on with. It moves no counter of live pages: what they hear of is the board's reader, and
a page folds what is left before it shows anything.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from central import positions, projector
from central.database import Database
from central.fold_rows import identity_of, word_of
from central.limits import CATCH_UP_RECORDS_MAX, FOLD_RECORDS_MAX
from central.models import Happening, LogHead, Operation, Projection, Record, Report, Stream, table_of
from central.order_cards import refresh_all, refresh_orders
from central.order_tables import FlowCard, OrderCard, TraceStep
from central.record_text import data_in, data_of, head_in
from central.snapshots import current_head
from central.streams import chunks
from floor.events import ReportCorrected, ReportFinished
from floor.work_events import ComponentUsed, ProductIdentified

LOG: Final = "orders"
"""The position in the log."""

MASTER: Final = "orders master"
"""The version of the master data that the cards were worked out with."""

KINDS: Final = {
    ComponentUsed.type_name: "component",
    ProductIdentified.type_name: "product",
    ReportFinished.type_name: "report",
}
TRACE_STEP = table_of(TraceStep)
WORD_CHARACTERS_MAX = 128


def catch_up_all(database: Database, records_max: int = CATCH_UP_RECORDS_MAX) -> int:
    """Fold until the end of the log or the bound; returns how many records. Cheap when there is nothing to do."""
    projector.catch_up_all(database, records_max)
    return positions.read_on(database, _can_go_on, catch_up, records_max)


def catch_up_for_page(database: Database, now: float) -> None:
    """Before a page is shown: what is left of the log is folded, unless a worker is there to do it."""
    with database.read() as session:
        left = positions.is_left_to_worker(session, database.plant, now) and _has_master(session, database.plant)
    if not left:
        catch_up_all(database)


def is_fresh(session: Session, plant: str, now: float) -> bool:
    """Whether the tables are as a page shows them without a word."""
    return positions.is_fresh(session, plant, LOG, now) and _has_master(session, plant)


def _can_go_on(session: Session, plant: str) -> bool:
    """Whether the board's reader or the master data have what the tables do not show yet."""
    until = projector.position_of(session, plant)
    return positions.position_of(session, plant, LOG) < until or not _has_master(session, plant)


def _has_master(session: Session, plant: str) -> bool:
    version, _ = current_head(session, plant)
    return positions.position_of(session, plant, MASTER) == version


def forget(session: Session, plant: str) -> None:
    """Empty the tables and begin at the first record again; nothing is lost, for the log has it all."""
    for table in (FlowCard, OrderCard, TraceStep):
        session.execute(delete(table).where(table.plant == plant))
    session.execute(delete(Projection).where(Projection.plant == plant, Projection.name.in_((LOG, MASTER))))


def catch_up(session: Session, plant: str, limit: int = FOLD_RECORDS_MAX) -> int:
    """Fold the next records; `session` is one that writes. Returns how many."""
    # The head row is locked first, as by ingest and the board's reader: one order of locks.
    session.execute(select(LogHead.position).where(LogHead.plant == plant).with_for_update())
    after, until = positions.position_of(session, plant, LOG), projector.position_of(session, plant)
    rows = _records(session, plant, after, min(until, after + limit))
    version, _ = current_head(session, plant)
    if (before := positions.position_of(session, plant, MASTER)) != version:
        refresh_all(session, plant)
        positions.move(session, plant, MASTER, before, version)
    if rows:
        _keep_steps(session, plant, rows)
        refresh_orders(session, plant, _touched(session, plant, rows))
        positions.move(session, plant, LOG, after, rows[-1].position)
    return len(rows)


def _records(session: Session, plant: str, after: int, until: int) -> list[Any]:
    columns = (Happening.position, Happening.type, Happening.gateway, Happening.station, Happening.person)
    wanted = (
        select(*columns, Happening.operation, Happening.flags, Record.seq, Record.content)
        .add_columns(Stream.epoch, Stream.ordinal)
        .join(Record, (Record.plant == Happening.plant) & (Record.position == Happening.position))
        .join(Stream, Stream.id == Record.stream_id)
        .where(Happening.plant == plant, Happening.position > after, Happening.position <= until)
        .order_by(Happening.position)
    )
    return list(session.execute(wanted))


def _touched(session: Session, plant: str, rows: list[Any]) -> set[str]:
    """Operations that the records are about. A correction may call the operation otherwise than its report did."""
    found = {row.operation for row in rows if row.operation}
    for row in rows:
        if row.type != ReportCorrected.type_name:
            continue
        if place := identity_of(str(data_in(row.content).get("corrects"))):
            mine = (Report.plant == plant, Report.gateway == row.gateway, Report.epoch == place[0])
            found |= set(session.scalars(select(Report.operation).where(*mine, Report.seq == place[1])))
    return found


def _keep_steps(session: Session, plant: str, rows: list[Any]) -> None:
    steps = [_step(plant, row) for row in rows if row.type in KINDS]
    unnamed = {each["operation"] for each in steps if not each["work_order"]}
    orders = _orders_of(session, plant, unnamed)
    for each in steps:
        each["work_order"] = each["work_order"] or orders.get(each["operation"], "")
    if steps:
        session.execute(insert(TRACE_STEP), steps)


def _orders_of(session: Session, plant: str, operations: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    wanted = select(Operation.id, Operation.work_order).where(Operation.plant == plant)
    for part in chunks(sorted(operations)):
        rows = session.execute(wanted.where(Operation.id.in_(part)))
        found |= {row.id: row.work_order for row in rows}
    return found


def _step(plant: str, row: Any) -> dict[str, Any]:
    """A row of the trace. What a hostile gateway writes may be of any type; the record keeps it as it came."""
    head = head_in(row.content)
    data = data_of(head)
    return {
        "plant": plant,
        "position": row.position,
        "kind": KINDS[row.type],
        "gateway": row.gateway,
        "epoch": row.epoch,
        "ordinal": row.ordinal,
        "seq": row.seq,
        "station": row.station,
        "person": row.person,
        "operation": row.operation,
        "work_order": _word(data.get("work_order")),
        "item": _word(data.get("item")),
        "lot": _word(data.get("lot")),
        "serial": _word(data.get("serial")),
        "revision": _word(data.get("revision")),
        "good": _pieces(data.get("good")),
        "scrap": _pieces(data.get("scrap")),
        "master_version": _pieces(head.get("masterversion")),
        "flags": row.flags,
    }


def _word(value: object) -> str:
    return word_of(value, WORD_CHARACTERS_MAX)


def _pieces(value: object) -> int:
    """A number as a column takes it; True is one to Python and none to PostgreSQL."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**53 else 0
