"""Folding events into the tables of the board. Sums take events in any order; states take the newest (I9)."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from central.facts import hand_over
from central.fold_rows import Rows, call_of, clean, identity_of, touches_rows
from central.models import Call, Operation, Share, Station, Work
from floor import events, work_events

CALL_RANK = {"raised": 0, "acknowledged": 1, "resolved": 2, "cancelled": 2}
"""A call goes forward, and back only when it is handed over: late and doubled news changes nothing (N04)."""


class FoldedRecord(NamedTuple):
    """Where an event came from. `wall`: corrected time; `ordinal`, `seq`: its order (I9)."""

    gateway_name: str
    epoch: str
    seq: int
    ordinal: int
    station: str
    wall: float | None


class Fold:
    """One piece of the log on its way into the tables."""

    def __init__(self, session: Session, plant: str) -> None:
        self._plant = plant
        self._rows = Rows(session, plant)
        self._touched: set[str] = set()
        self._apply: dict[type[events.Event], Callable[[FoldedRecord, Any], None]] = {
            events.SessionOpened: self._signed_in,
            events.SessionClosed: self._signed_out,
            events.WorkStarted: lambda record, event: self._work(record, event, "running"),
            events.WorkPaused: lambda record, event: self._work(record, event, "paused"),
            events.WorkResumed: lambda record, event: self._work(record, event, "running"),
            work_events.SetupStarted: lambda record, event: self._work(record, event, "setup"),
            work_events.SetupFinished: lambda record, event: self._work(record, event, "running"),
            events.ReportFinished: self._reported,
            work_events.ReworkReported: self._reworked,
            events.ReportCorrected: self._corrected,
            events.AndonRaised: self._raised,
            events.AndonAcknowledged: self._acknowledged,
            events.AndonAssigned: self._assigned,
            events.AndonEscalated: self._escalated,
            events.FactReceived: self._heard,
            events.AndonStopped: self._stopped,
            events.AndonResolved: lambda record, event: self._ended(record, event, "resolved", event.cause),
            events.AndonCancelled: lambda record, event: self._ended(record, event, "cancelled", ""),
        }

    def apply_all(self, found: Sequence[tuple[FoldedRecord, events.Event]]) -> None:
        """Read what they touch, apply them in order, write. Types without a table of their own touch nothing."""
        known = [(record, event) for record, event in found if type(event) in self._apply and touches_rows(event)]
        self._rows.read([(each.gateway_name, each.epoch, each.seq, each.station, event) for each, event in known])
        for record, event in known:
            self._apply[type(event)](record, event)
        self._rows.store()

    def touched_operations(self) -> set[str]:
        """Operations whose sums changed."""
        return self._touched

    def _station(self, record: FoldedRecord) -> Station | None:
        """The station's row when this record is its newest; None when a newer one was applied."""
        if not record.station:
            return None
        row = self._rows.stations.get(record.station)
        if row is None:
            row = Station(
                plant=self._plant, id=record.station, gateway=record.gateway_name, person="", ordinal=-1, seq=0
            )
            self._rows.stations[record.station] = row
            self._rows.add(row)
        if row.gateway == record.gateway_name and (record.ordinal, record.seq) < (row.ordinal, row.seq):
            return None
        row.gateway, row.recorded_at = record.gateway_name, record.wall
        row.ordinal, row.seq = record.ordinal, record.seq
        return row

    def _signed_in(self, record: FoldedRecord, event: events.SessionOpened) -> None:
        row = self._station(record)
        if row is not None:
            row.person = clean(event.person)

    def _signed_out(self, record: FoldedRecord, event: events.SessionClosed) -> None:
        row = self._station(record)
        if row is not None and row.person == clean(event.person):
            row.person = ""

    def _work(self, record: FoldedRecord, event: Any, state: str) -> None:
        person, operation = clean(event.person), clean(event.operation)
        self._operation(operation, clean(getattr(event, "work_order", "")))
        key = (record.gateway_name, person, operation)
        row = self._rows.works.get(key)
        if row is None:
            row = Work(plant=self._plant, gateway=record.gateway_name, person=person, operation=operation)
            row.station, row.state, row.since, row.ordinal, row.seq = record.station, "ended", None, -1, 0
            self._rows.works[key] = row
            self._rows.add(row)
        if (record.ordinal, record.seq) < (row.ordinal, row.seq):
            return
        row.ordinal, row.seq, row.station = record.ordinal, record.seq, record.station
        if row.state != state:
            row.state, row.since = state, record.wall

    def _operation(self, operation: str, work_order: str = "") -> Operation:
        """The operation's row; one that the master data does not know is begun here (I12)."""
        row = self._rows.operations.get(operation)
        if row is None:
            row = Operation(plant=self._plant, id=operation, work_order=work_order, number=0, name="")
            row.master_version, row.planned, row.good, row.scrap, row.flagged = None, None, 0, 0, 0
            row.rework = 0
            self._rows.operations[operation] = row
            self._rows.add(row)
        if work_order and not row.work_order:
            row.work_order = work_order
        return row

    def _share(self, operation: str, gateway_name: str) -> Share:
        row = self._rows.shares.get((operation, gateway_name))
        if row is None:
            row = Share(plant=self._plant, operation=operation, gateway=gateway_name)
            row.good, row.scrap, row.told_good, row.told_scrap = 0, 0, 0, 0
            self._rows.shares[operation, gateway_name] = row
            self._rows.add(row)
        return row

    def _report(self, record: FoldedRecord, epoch: str, seq: int, event: Any) -> dict[str, Any]:
        key = (record.gateway_name, epoch, seq)
        found = self._rows.reports.get(key)
        if found is not None:
            return found
        row = {"plant": self._plant, "gateway": record.gateway_name, "epoch": epoch, "seq": seq}
        row |= {"operation": clean(event.operation), "person": clean(event.person), "wall": record.wall}
        return self._rows.new_report(key, row | {"good": 0, "scrap": 0, "flagged": 0, "rework": 0, "state": "awaited"})

    def _count(self, record: FoldedRecord, report: dict[str, Any], sign: int) -> None:
        """Put a report into the sums or take it out."""
        row = self._operation(report["operation"])
        share = self._share(report["operation"], report["gateway"])
        row.good += sign * report["good"]
        row.scrap += sign * report["scrap"]
        row.flagged += sign * report["flagged"]
        row.rework += sign * report["rework"]
        row.changed_at = record.wall
        share.good += sign * report["good"]
        share.scrap += sign * report["scrap"]
        self._touched.add(report["operation"])

    def _reported(self, record: FoldedRecord, event: events.ReportFinished) -> None:
        self._operation(clean(event.operation), clean(event.work_order))
        self._work(record, event, "ended")
        self._take(record, event, good=event.good, scrap=event.scrap, flagged=int(bool(event.flags)))

    def _reworked(self, record: FoldedRecord, event: work_events.ReworkReported) -> None:
        """Apart from good and scrap: nothing is delivered downstream, and the share stays as it is."""
        self._operation(clean(event.operation), clean(event.work_order))
        self._take(record, event, rework=event.pieces)

    def _take(self, record: FoldedRecord, event: Any, **counts: int) -> None:
        row = self._report(record, record.epoch, record.seq, event)
        if row["state"] == "counted":
            return
        row |= {"operation": clean(event.operation), "person": clean(event.person), "wall": record.wall} | counts
        if row["state"] != "corrected":
            row["state"] = "counted"
            self._count(record, row, 1)
        self._rows.report_changed((record.gateway_name, record.epoch, record.seq))

    def _corrected(self, record: FoldedRecord, event: events.ReportCorrected) -> None:
        """The report no longer counts. Its correction may come first, when the report fills a gap later."""
        place = identity_of(event.corrects)
        if place is None:
            return
        row = self._report(record, *place, event)
        if row["state"] == "counted":
            self._operation(row["operation"])
            self._count(record, row, -1)
        row["state"] = "corrected"
        self._rows.report_changed((record.gateway_name, *place))
        if event.reopened:
            self._work(record, event, "running")

    def _call(self, record: FoldedRecord, place: tuple[str, int] | None, event: Any) -> Call | None:
        """Epochs are random, so a call is found by its identity alone: another gateway may take it (N04)."""
        if place is None:
            return None
        row = self._rows.calls.get(place)
        if row is None:
            row = Call(plant=self._plant, gateway=record.gateway_name, epoch=place[0], seq=place[1])
            row.call_type, row.station, row.state = clean(event.call_type), record.station, "raised"
            row.tier, row.owner, row.handed_by = 0, "", ""
            row.told = row.heard = row.newest_ordinal = row.newest_seq = row.stopped = 0
            row.person = row.operation = row.acknowledged_by = row.source = row.ended_by = row.cause = ""
            self._rows.calls[place] = row
            self._rows.add(row)
        return row

    def _raised(self, record: FoldedRecord, event: events.AndonRaised) -> None:
        row = self._call(record, (record.epoch, record.seq), event)
        if row is not None:
            row.raised_at, row.station = record.wall, record.station
            row.person, row.operation = clean(event.person), clean(event.operation)

    def _acknowledged(self, record: FoldedRecord, event: events.AndonAcknowledged) -> None:
        row = self._call(record, identity_of(event.call), event)
        if row is None or not self._follows(record, row) or row.acknowledged_by:
            return
        row.acknowledged_at, row.acknowledged_by, row.source = record.wall, clean(event.person), event.source
        if CALL_RANK[row.state] < CALL_RANK["acknowledged"]:
            row.state = "acknowledged"

    def _escalated(self, record: FoldedRecord, event: events.AndonEscalated) -> None:
        row = self._call(record, identity_of(event.call), event)
        if row is None or event.tier <= row.tier:
            return
        row.tier = event.tier
        if self._follows(record, row):
            row.owner, row.handed_by = clean(event.owner), ""

    def _assigned(self, record: FoldedRecord, event: events.AndonAssigned) -> None:
        row = self._call(record, identity_of(event.call), event)
        if row is not None and self._follows(record, row) and CALL_RANK[row.state] < CALL_RANK["resolved"]:
            hand_over(row, clean(event.owner), clean(event.person))

    def _follows(self, record: FoldedRecord, row: Call) -> bool:
        """Whether this record comes after all else that is known of who has the call.

        Not when a newer record was applied (a gap that fills late), and not when the office has said something that the
        station had not heard yet: in the station's journal, whose order counts (I9), that comes after this record.
        """
        if record.gateway_name == row.gateway:
            if (record.ordinal, record.seq) < (row.newest_ordinal, row.newest_seq):
                return False
            row.newest_ordinal, row.newest_seq = record.ordinal, record.seq
        return row.told <= row.heard

    def _heard(self, record: FoldedRecord, event: events.FactReceived) -> None:
        """The station has kept what the office said of a call: what it records from now on comes after that."""
        place = identity_of(call_of(event))
        row = self._rows.calls.get(place) if place else None
        if row is not None and record.gateway_name == row.gateway:
            row.heard = max(row.heard, min(event.fact, row.told))
            row.newest_ordinal, row.newest_seq = max((row.newest_ordinal, row.newest_seq), (record.ordinal, record.seq))

    def _stopped(self, record: FoldedRecord, event: events.AndonStopped) -> None:
        row = self._call(record, identity_of(event.call), event)
        if row is not None:
            row.stopped = 1

    def _ended(self, record: FoldedRecord, event: Any, state: str, cause: str) -> None:
        row = self._call(record, identity_of(event.call), event)
        if row is None or CALL_RANK[row.state] == CALL_RANK["resolved"]:
            return
        row.state, row.ended_at, row.ended_by, row.cause = state, record.wall, clean(event.person), clean(cause)
