"""The rows that one piece of the log touches: read together beforehand, written together afterwards."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from central.digits import whole_number
from central.models import Call, Operation, Report, Share, Station, Work, table_of
from floor import events, work_events

CHUNK = 500
REPORT = table_of(Report)
REPORT_KEYS = ("plant", "gateway", "epoch", "seq")

IDENTITY = re.compile(r"[0-9a-f]{32}/[1-9][0-9]{0,15}")

ReportKey = tuple[str, str, int]
"""gateway, epoch, seq."""


class Rows:
    """Rows by key, complete for the events they were read for: a key that is not here is not in the database."""

    def __init__(self, session: Session, plant: str) -> None:
        self._session = session
        self._plant = plant
        self.operations: dict[str, Operation] = {}
        self.shares: dict[tuple[str, str], Share] = {}
        self.works: dict[tuple[str, str, str], Work] = {}
        self.stations: dict[str, Station] = {}
        self.calls: dict[tuple[str, int], Call] = {}
        self.reports: dict[ReportKey, dict[str, Any]] = {}
        self._new_reports: list[dict[str, Any]] = []
        self._new_keys: set[ReportKey] = set()
        self._changed_reports: dict[ReportKey, dict[str, Any]] = {}

    def read(self, found: Sequence[tuple[str, str, int, str, events.Event]]) -> None:
        """Everything that these (gateway, epoch, seq, station, event) can touch."""
        self._read_reports(found)
        operations = {clean(each[4].operation) for each in found if hasattr(each[4], "operation")}
        # A correction is taken out of the operation that was reported, whatever it calls that operation itself.
        operations |= {row["operation"] for row in self.reports.values()}
        people = {clean(each[4].person) for each in found if hasattr(each[4], "person")}
        for row in self._all(Operation, Operation.id, operations):
            self.operations[row.id] = row
        for row in self._all(Share, Share.operation, operations):
            self.shares[row.operation, row.gateway] = row
        gateways = {each[0] for each in found}
        for row in self._all(
            Work, Work.operation, operations, Work.person.in_(people) if len(people) <= CHUNK else None
        ):
            if row.gateway in gateways:
                self.works[row.gateway, row.person, row.operation] = row
        for row in self._all(Station, Station.id, {each[3] for each in found}):
            self.stations[row.id] = row
        self._read_calls(found)

    def _all(self, table: Any, column: Any, values: Iterable[Any], *more: Any) -> Iterator[Any]:
        wanted = sorted(values)
        conditions = [each for each in more if each is not None]
        for start in range(0, len(wanted), CHUNK):
            part = column.in_(wanted[start : start + CHUNK])
            yield from self._session.scalars(select(table).where(table.plant == self._plant, part, *conditions))

    def _read_reports(self, found: Sequence[tuple[str, str, int, str, events.Event]]) -> None:
        """Reports that were folded before, or corrected before they came."""
        wanted: dict[tuple[str, str], set[int]] = defaultdict(set)
        for gateway_name, epoch, seq, _, event in found:
            if isinstance(event, events.ReportFinished | work_events.ReworkReported):
                wanted[gateway_name, epoch].add(seq)
            elif isinstance(event, events.ReportCorrected) and (place := identity_of(event.corrects)):
                wanted[gateway_name, place[0]].add(place[1])
        for (gateway_name, epoch), seqs in wanted.items():
            mine = (REPORT.c.plant == self._plant, REPORT.c.gateway == gateway_name, REPORT.c.epoch == epoch)
            ordered = sorted(seqs)
            for start in range(0, len(ordered), CHUNK):
                part = REPORT.c.seq.in_(ordered[start : start + CHUNK])
                for row in self._session.connection().execute(select(REPORT).where(*mine, part)):
                    self.reports[gateway_name, epoch, row.seq] = dict(row._mapping)

    def _read_calls(self, found: Sequence[tuple[str, str, int, str, events.Event]]) -> None:
        """By (epoch, seq) alone: another gateway may take a call. One by one, for an epoch may have had thousands."""
        wanted: dict[str, set[int]] = defaultdict(set)
        for _, epoch, seq, _, event in found:
            if isinstance(event, events.AndonRaised):
                wanted[epoch].add(seq)
            if place := identity_of(call_of(event)):
                wanted[place[0]].add(place[1])
        for epoch, seqs in wanted.items():
            for row in self._all(Call, Call.seq, seqs, Call.epoch == epoch):
                self.calls[row.epoch, row.seq] = row

    def add(self, row: Any) -> None:
        """A new row."""
        self._session.add(row)

    def new_report(self, key: ReportKey, row: dict[str, Any]) -> dict[str, Any]:
        """A report that is in no table yet. It may still change before `store`."""
        self.reports[key] = row
        self._new_reports.append(row)
        self._new_keys.add(key)
        return row

    def report_changed(self, key: ReportKey) -> None:
        """One that was there before differs now; for a new one this does nothing."""
        row = self.reports[key]
        if key not in self._new_keys:
            self._changed_reports[key] = row

    def store(self) -> None:
        """Write what is new and what changed."""
        self._session.flush()
        connection = self._session.connection()
        if self._new_reports:
            connection.execute(insert(REPORT), self._new_reports)
        for row in self._changed_reports.values():
            mine = [REPORT.c[name] == row[name] for name in REPORT_KEYS]
            values = {name: value for name, value in row.items() if name not in REPORT_KEYS}
            connection.execute(update(REPORT).where(*mine).values(**values))


def clean(value: str) -> str:
    """A word of an event as a column takes it: PostgreSQL has no NUL, and no database takes half a surrogate pair.

    JSON can spell such a half, so one record of one gateway could otherwise hold up the board of the whole plant.
    """
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def word_of(value: object, characters_max: int = 64) -> str:
    """A foreign value as a column takes it; empty where it is no text."""
    return clean(value[:characters_max]) if isinstance(value, str) else ""


def call_of(event: events.Event) -> str:
    """The identity of the call that an event is about, as it says it; empty for one about none."""
    if not isinstance(event, events.FactReceived):
        return str(getattr(event, "call", ""))
    found = event.content.get("call")
    return found if isinstance(found, str) and IDENTITY.fullmatch(found) else ""


def touches_rows(event: events.Event) -> bool:
    """Of the many facts that gateways receive only those about calls do."""
    return not isinstance(event, events.FactReceived) or event.kind.startswith("call.")


def identity_of(text: str) -> tuple[str, int] | None:
    """(epoch, seq) of an identity; None for one whose number no column holds."""
    epoch, _, seq = text.partition("/")
    number = whole_number(seq, 16)
    return None if number is None else (epoch, number)
