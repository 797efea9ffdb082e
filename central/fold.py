"""Folding events into the tables of the board, several at a time: rows are read once and written once."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.models import Call, Operation, Report, Share, Station, Table, Work
from floor import events

CALL_RANK = {"raised": 0, "acknowledged": 1, "resolved": 2, "cancelled": 2}
"""A call only ever goes forward, so late and doubled news changes nothing (N04)."""

Row = TypeVar("Row", bound=Table)


class FoldedRecord(NamedTuple):
    """Where an event came from. `wall`: corrected time; `ordinal`, `seq`: its order (I9)."""

    gateway_name: str
    epoch: str
    seq: int
    ordinal: int
    station: str
    wall: float | None


class Fold:
    """The rows that one piece of the log touches."""

    def __init__(self, session: Session, plant: str) -> None:
        self._session = session
        self._plant = plant
        self._rows: dict[tuple[Any, ...], Any] = {}
        self._touched: set[str] = set()
        self._apply: dict[type[events.Event], Callable[[FoldedRecord, Any], None]] = {
            events.SessionOpened: self._signed_in,
            events.SessionClosed: self._signed_out,
            events.WorkStarted: lambda record, event: self._work(record, event, "running"),
            events.WorkPaused: lambda record, event: self._work(record, event, "paused"),
            events.WorkResumed: lambda record, event: self._work(record, event, "running"),
            events.ReportFinished: self._reported,
            events.ReportCorrected: self._corrected,
            events.AndonRaised: self._raised,
            events.AndonAcknowledged: self._acknowledged,
            events.AndonResolved: lambda record, event: self._ended(record, event, "resolved", event.cause),
            events.AndonCancelled: lambda record, event: self._ended(record, event, "cancelled", ""),
        }

    def apply(self, record: FoldedRecord, event: events.Event) -> None:
        """One event. Types without a table of their own leave only their place in the list of records."""
        apply = self._apply.get(type(event))
        if apply is not None:
            apply(record, event)

    def touched_operations(self) -> set[str]:
        """Operations whose sums changed."""
        return self._touched

    def store(self) -> None:
        """Write what changed."""
        self._session.flush()

    def _row(self, table: type[Row], key: tuple[Any, ...], make: Callable[[], Row]) -> Row:
        """The row of a key, read once; made where there is none."""
        place = (table, *key)
        found = self._rows.get(place)
        if found is None:
            found = self._session.get(table, (self._plant, *key))
            if found is None:
                found = make()
                self._session.add(found)
            self._rows[place] = found
        row: Row = found
        return row

    def _station(self, record: FoldedRecord) -> Station | None:
        """The station's row when this record is its newest; None when a newer one was applied."""
        if not record.station:
            return None
        row = self._row(
            Station,
            (record.station,),
            lambda: Station(
                plant=self._plant, id=record.station, gateway=record.gateway_name, person="", ordinal=-1, seq=0
            ),
        )
        if row.gateway == record.gateway_name and (record.ordinal, record.seq) < (row.ordinal, row.seq):
            return None
        row.gateway, row.ordinal, row.seq, row.recorded_at = (
            record.gateway_name,
            record.ordinal,
            record.seq,
            record.wall,
        )
        return row

    def _signed_in(self, record: FoldedRecord, event: events.SessionOpened) -> None:
        row = self._station(record)
        if row is not None:
            row.person = _text(event.person)

    def _signed_out(self, record: FoldedRecord, event: events.SessionClosed) -> None:
        row = self._station(record)
        if row is not None and row.person == _text(event.person):
            row.person = ""

    def _work(self, record: FoldedRecord, event: Any, state: str) -> None:
        person, operation = _text(event.person), _text(event.operation)
        self._operation(operation, _text(getattr(event, "work_order", "")))
        row = self._row(
            Work,
            (record.gateway_name, person, operation),
            lambda: Work(
                plant=self._plant,
                gateway=record.gateway_name,
                person=person,
                operation=operation,
                station=record.station,
                state="ended",
                since=None,
                ordinal=-1,
                seq=0,
            ),
        )
        if (record.ordinal, record.seq) < (row.ordinal, row.seq):
            return
        row.ordinal, row.seq, row.station = record.ordinal, record.seq, record.station
        if row.state != state:
            row.state, row.since = state, record.wall

    def _operation(self, operation: str, work_order: str = "") -> Operation:
        """The operation's row; one that the master data does not know is begun here (I12)."""
        row = self._row(
            Operation,
            (operation,),
            lambda: Operation(
                plant=self._plant,
                id=operation,
                master_version=None,
                work_order=work_order,
                number=0,
                name="",
                planned=None,
                good=0,
                scrap=0,
                flagged=0,
            ),
        )
        if work_order and not row.work_order:
            row.work_order = work_order
        return row

    def _share(self, operation: str, gateway_name: str) -> Share:
        return self._row(
            Share,
            (operation, gateway_name),
            lambda: Share(
                plant=self._plant,
                operation=operation,
                gateway=gateway_name,
                good=0,
                scrap=0,
                told_good=0,
                told_scrap=0,
            ),
        )

    def _report(self, record: FoldedRecord, epoch: str, seq: int, event: Any) -> Report:
        return self._row(
            Report,
            (record.gateway_name, epoch, seq),
            lambda: Report(
                plant=self._plant,
                gateway=record.gateway_name,
                epoch=epoch,
                seq=seq,
                operation=_text(event.operation),
                person=_text(event.person),
                good=0,
                scrap=0,
                flagged=0,
                wall=record.wall,
                state="awaited",
            ),
        )

    def _count(self, record: FoldedRecord, report: Report, sign: int) -> None:
        """Put a report into the sums or take it out."""
        row = self._operation(report.operation)
        share = self._share(report.operation, report.gateway)
        row.good += sign * report.good
        row.scrap += sign * report.scrap
        row.flagged += sign * report.flagged
        row.changed_at = record.wall
        share.good += sign * report.good
        share.scrap += sign * report.scrap
        self._touched.add(report.operation)

    def _reported(self, record: FoldedRecord, event: events.ReportFinished) -> None:
        self._operation(_text(event.operation), _text(event.work_order))
        self._work(record, event, "ended")
        place = (Report, record.gateway_name, record.epoch, record.seq)
        row = self._report(record, record.epoch, record.seq, event)
        corrected_before = row.state == "corrected"
        if row.state == "counted":
            return
        row.operation, row.person, row.wall = _text(event.operation), _text(event.person), record.wall
        row.good, row.scrap, row.flagged = event.good, event.scrap, int(bool(event.flags))
        self._rows[place] = row
        if not corrected_before:
            row.state = "counted"
            self._count(record, row, 1)

    def _corrected(self, record: FoldedRecord, event: events.ReportCorrected) -> None:
        """The report no longer counts. Its correction may come first, when the report fills a gap later."""
        epoch, _, seq = event.corrects.partition("/")
        if len(seq) > 16:
            return
        row = self._report(record, epoch, int(seq), event)
        if row.state == "counted":
            self._count(record, row, -1)
        row.state = "corrected"
        if event.reopened:
            self._work(record, event, "running")

    def _call(self, record: FoldedRecord, identity: str, event: Any) -> Call | None:
        epoch, _, seq = identity.partition("/")
        if len(seq) > 16:
            return None
        owner = self._session.scalar(
            select(Call.gateway).where(Call.plant == self._plant, Call.epoch == epoch, Call.seq == int(seq)).limit(1)
        )
        gateway_name = owner or record.gateway_name
        return self._row(
            Call,
            (gateway_name, epoch, int(seq)),
            lambda: Call(
                plant=self._plant,
                gateway=gateway_name,
                epoch=epoch,
                seq=int(seq),
                call_type=_text(event.call_type),
                station=record.station,
                person="",
                operation="",
                state="raised",
                acknowledged_by="",
                source="",
                ended_by="",
                cause="",
            ),
        )

    def _raised(self, record: FoldedRecord, event: events.AndonRaised) -> None:
        row = self._call(record, f"{record.epoch}/{record.seq}", event)
        if row is not None:
            row.raised_at, row.station = record.wall, record.station
            row.person, row.operation = _text(event.person), _text(event.operation)

    def _acknowledged(self, record: FoldedRecord, event: events.AndonAcknowledged) -> None:
        row = self._call(record, event.call, event)
        if row is None or row.acknowledged_by:
            return
        row.acknowledged_at, row.acknowledged_by, row.source = record.wall, _text(event.person), event.source
        if CALL_RANK[row.state] < CALL_RANK["acknowledged"]:
            row.state = "acknowledged"

    def _ended(self, record: FoldedRecord, event: Any, state: str, cause: str) -> None:
        row = self._call(record, event.call, event)
        if row is None or CALL_RANK[row.state] == CALL_RANK["resolved"]:
            return
        row.state, row.ended_at, row.ended_by, row.cause = state, record.wall, _text(event.person), _text(cause)


def _text(value: str) -> str:
    """A word of an event as a column takes it: PostgreSQL has no NUL."""
    return value.replace("\x00", "\ufffd")
