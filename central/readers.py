"""Reading the log: for the list of records, and for subscribers that replay what they missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from central.limits import RECORDS_PER_READ_MAX
from central.models import Call, Conflict, Gap, Happening, Record, Stream

POSITION_END: Final = 2**62
"""No position is so large."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record of the log as it came, with its place."""

    position: int
    gateway_name: str
    epoch: str
    seq: int
    previous_digest: str
    digest: str
    content: str
    received_at: float


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record of the log, read: the corrected time with its bound (I9)."""

    position: int
    gateway_name: str
    epoch: str
    seq: int
    type: str
    station: str
    person: str
    operation: str
    flags: tuple[str, ...]
    wall: float | None
    error_seconds: float | None
    clock: str
    content: str


@dataclass(frozen=True, slots=True)
class HeldStream:
    """An epoch of a gateway: held up to `mark` but for `missing`; `safe` in a confirmed backup."""

    epoch: str
    previous_epoch: str
    previous_last: int
    ordinal: int
    mark: int
    claimed: int
    safe: int
    missing: tuple[tuple[int, int], ...]
    conflicts: int
    forked: bool


def replay(session: Session, plant: str, gateway_name: str, epoch: str, after: int, limit: int) -> list[StoredRecord]:
    """Records of one epoch behind seq `after`, ascending: what a subscriber that saw a gap asks for."""
    columns = (Record.position, Record.seq, Record.previous_digest, Record.digest, Record.content, Record.received_at)
    rows = session.execute(
        select(*columns)
        .join(Stream, Stream.id == Record.stream_id)
        .where(Stream.plant == plant, Stream.gateway == gateway_name, Stream.epoch == epoch)
        .where(Record.seq > after, Record.place == 0)
        .order_by(Record.seq)
        .limit(min(limit, RECORDS_PER_READ_MAX))
    )
    return [
        StoredRecord(
            row.position, gateway_name, epoch, row.seq, row.previous_digest, row.digest, row.content, row.received_at
        )
        for row in rows
    ]


def read_log(session: Session, plant: str, after: int, limit: int) -> list[StoredRecord]:
    """Records behind log position `after`, ascending: positions are gapless in commit order, so none is missed."""
    rows = session.execute(
        select(Record, Stream.gateway, Stream.epoch)
        .join(Stream, Stream.id == Record.stream_id)
        .where(Record.plant == plant, Record.position > after)
        .order_by(Record.position)
        .limit(min(limit, RECORDS_PER_READ_MAX))
    )
    return [
        StoredRecord(
            row.Record.position,
            row.gateway,
            row.epoch,
            row.Record.seq,
            row.Record.previous_digest,
            row.Record.digest,
            row.Record.content,
            row.Record.received_at,
        )
        for row in rows
    ]


def newest_records(
    session: Session,
    plant: str,
    limit: int,
    *,
    before: int | None = None,
    gateway_name: str = "",
    type_name: str = "",
    operation: str = "",
) -> Sequence[ReadRecord]:
    """Folded records, newest first; empty texts mean any; `before`: only those with a smaller position."""
    named = ((Happening.gateway, gateway_name), (Happening.type, type_name), (Happening.operation, operation))
    filters = [column == value for column, value in named if value]
    if not filters:
        return _read(session, _folded(plant, before), limit)
    # The places are looked up first, and below a bound in any case: otherwise SQLite walks the whole log for them.
    below = Happening.position < (POSITION_END if before is None else before)
    places = select(Happening.position).where(Happening.plant == plant, *filters, below)
    newest = session.scalars(places.order_by(Happening.position.desc()).limit(limit)).all()
    return _read(session, _folded(plant, None).where(Happening.position.in_(newest)), limit)


def newest_of_operations(
    session: Session, plant: str, operations: Sequence[str], limit: int, before: int | None = None
) -> Sequence[ReadRecord]:
    """Folded records about any of these operations, newest first.

    The places are looked up one operation after the other: for many at once SQLite would walk the whole log.
    """
    places: list[int] = []
    for each in operations:
        wanted = select(Happening.position).where(Happening.plant == plant, Happening.operation == each)
        if before is not None:
            wanted = wanted.where(Happening.position < before)
        newest = wanted.order_by(Happening.operation, Happening.position.desc())
        places += session.scalars(newest.limit(limit))
    newest_first = sorted(places, reverse=True)[:limit]
    return _read(session, _folded(plant, None).where(Happening.position.in_(newest_first)), limit)


def places_of(plant: str, operation: str) -> Select[Any]:
    """Positions of the records about one operation, to look records up by: otherwise SQLite walks the whole log."""
    mine = aliased(Happening)
    return select(mine.position).where(mine.plant == plant, mine.operation == operation)


def by_raising() -> Any:
    """Calls by the time they were raised, as an expression: by the bare column SQLite takes the index that has that
    order, and walks every call there ever was for the few of one operation."""
    return Call.raised_at + 0.0


def _folded(plant: str, before: int | None) -> Select[Happening, int, str, str]:
    wanted = (
        select(Happening, Record.seq, Record.content, Stream.epoch)
        .join(Record, (Record.plant == Happening.plant) & (Record.position == Happening.position))
        .join(Stream, Stream.id == Record.stream_id)
        .where(Happening.plant == plant)
    )
    return wanted if before is None else wanted.where(Happening.position < before)


def _read(session: Session, wanted: Select[Happening, int, str, str], limit: int) -> Sequence[ReadRecord]:
    rows = session.execute(wanted.order_by(Happening.position.desc()).limit(limit))
    return [
        ReadRecord(
            position=row.Happening.position,
            gateway_name=row.Happening.gateway,
            epoch=row.epoch,
            seq=row.seq,
            type=row.Happening.type,
            station=row.Happening.station,
            person=row.Happening.person,
            operation=row.Happening.operation,
            flags=tuple(row.Happening.flags.split()),
            wall=row.Happening.wall,
            error_seconds=row.Happening.error_seconds,
            clock=row.Happening.clock,
            content=row.content,
        )
        for row in rows
    ]


def held_streams(session: Session, plant: str, gateway_name: str, limit: int = 200) -> list[HeldStream]:
    """Epochs of a gateway, newest first."""
    mine = (Stream.plant == plant, Stream.gateway == gateway_name)
    rows = session.scalars(select(Stream).where(*mine).order_by(Stream.ordinal.desc(), Stream.id.desc()).limit(limit))
    found = []
    for row in rows.all():
        ranges = select(Gap.first, Gap.last).where(Gap.stream_id == row.id).order_by(Gap.first).limit(100)
        missing = tuple((gap.first, gap.last) for gap in session.execute(ranges))
        conflicts = len(session.scalars(select(Conflict.id).where(Conflict.stream_id == row.id)).all())
        found.append(
            HeldStream(
                row.epoch,
                row.previous_epoch or "",
                row.previous_last,
                row.ordinal,
                row.mark,
                row.claimed,
                row.safe,
                missing,
                conflicts,
                bool(row.forked),
            )
        )
    return found
