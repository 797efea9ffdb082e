"""Taking a batch: one transaction that moves marks together with records, then the receipt (S1 to S4, I4)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import Session

from central import models
from central.alarms import raise_alarms
from central.database import Database
from central.errors import CredentialRefused, RequestRefused
from central.ingest_rules import (
    AlarmRaised,
    ChainEnd,
    Held,
    Judgement,
    Refused,
    chain_alarms,
    is_closed,
    is_lost_record,
    judge,
    wrong_digests,
)
from central.limits import (
    CONFLICTS_PER_GATEWAY_MAX,
    RELEASE_CHARACTERS_MAX,
    STATUS_CHARACTERS_MAX,
)
from central.ranges import Range, Ranges
from central.snapshots import current_head
from central.streams import (
    HandCard,
    StreamState,
    begin_streams,
    chunks,
    read_gaps,
    read_states,
    store_gaps,
    store_states,
)
from central.times import observe, observed_record
from sync.wire import (
    CONTENT_CHARACTERS_MAX,
    RANGES_PER_RECEIPT_MAX,
    Batch,
    Receipt,
    Stream,
    StreamReceipt,
    closed_digest_of,
)

RECORD = models.table_of(models.Record)
GATEWAY = models.table_of(models.Gateway)
HEAD = models.table_of(models.LogHead)

LOCK_HEAD = select(HEAD.c.position).where(HEAD.c.plant == bindparam("plant")).with_for_update()
MOVE_HEAD = (
    update(HEAD)
    .where(HEAD.c.plant == bindparam("of_plant"))
    .values(position=bindparam("position"), changes=HEAD.c.changes + 1)
)
READ_GATEWAY = select(GATEWAY).where(GATEWAY.c.plant == bindparam("plant"), GATEWAY.c.name == bindparam("name"))
STORE_GATEWAY = (
    update(GATEWAY)
    .where(GATEWAY.c.plant == bindparam("of_plant"), GATEWAY.c.name == bindparam("of_name"))
    .values(
        {
            name: bindparam(name)
            for name in ("last_seen", "waiting", "data_as_of", "clock_good", "release", "status", "closed_digest")
        }
    )
)
READ_DIGESTS = select(RECORD.c.seq, RECORD.c.digest).where(
    RECORD.c.stream_id == bindparam("stream_id"),
    RECORD.c.place == 0,
    RECORD.c.seq.in_(bindparam("seqs", expanding=True)),
)
READ_CONTENTS = READ_DIGESTS.with_only_columns(RECORD.c.seq, RECORD.c.content)
"""Statements are built once: building one costs more than running it."""

RECORD_COLUMNS = "plant, position, stream_id, seq, place, previous_digest, digest, content, received_at"


@dataclass(slots=True)
class _Work:
    """One ingest on its way."""

    session: Session
    connection: Connection
    plant: str
    gateway_name: str
    batch: Batch
    now: float
    states: dict[str, StreamState] = field(default_factory=dict)
    gaps: dict[int, tuple[list[Range], list[Range]]] = field(default_factory=dict)
    card: HandCard | None = None
    alarms: list[AlarmRaised] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    changed: bool = False


def ingest(database: Database, gateway_name: str, batch: Batch, now: float, *, card: HandCard | None = None) -> Receipt:
    """Take a batch of one gateway and answer with the marks, after the commit (S4).

    `gateway_name`: whose credential came; the caller has refused a batch that claims another. Idempotent.
    `card`: the batch was read from one in a person's hand. It says nothing of the gateway that runs now, and one that
    was revoked or retired may be long gone: only its records count (I12).
    Raises RequestRefused (nothing taken), DatabaseUnreachable (nothing taken).
    """
    if len({each.epoch for each in batch.streams}) != len(batch.streams):
        raise RequestRefused("an epoch stands twice in the batch")
    wrong = [wrong_digests(gateway_name, each) if each.records else frozenset() for each in batch.streams]
    return database.write_together(lambda session: _take(session, database, gateway_name, batch, wrong, now, card))


def _take(
    session: Session,
    database: Database,
    gateway_name: str,
    batch: Batch,
    wrong: list[frozenset[int]],
    now: float,
    card: HandCard | None,
) -> Receipt:
    # Asking a session for its connection costs as much as a small statement, so it is asked once.
    work = _Work(session, session.connection(), database.plant, gateway_name, batch, now, card=card)
    position = work.connection.execute(LOCK_HEAD, {"plant": work.plant}).scalar_one()
    row = _gateway_row(work)
    _load(work)
    before = {epoch: (state, state.moving()) for epoch, state in work.states.items()}
    for offered, places in zip(batch.streams, wrong, strict=True):
        _take_stream(work, offered, places, position)
    _chain(work)
    store_states(session, (state for state, then in before.values() if state.moving() != then))
    offer_all = card is None and _closed(work, row.closed_digest)
    if card is None:
        _store_gateway(work, row, offer_all, database.identity(session))
    if raise_alarms(session, work.plant, gateway_name, work.alarms, now):
        work.changed = True
    _store_records(work, position)
    return _receipt(work, database, row.facts_last, offer_all)


def _gateway_row(work: _Work) -> Any:
    mine = {"plant": work.plant, "name": work.gateway_name}
    row = work.connection.execute(READ_GATEWAY, mine).one_or_none()
    if row is None or (row.revoked_at is not None and work.card is None):
        raise CredentialRefused
    return row


def _load(work: _Work) -> None:
    """The rows of what is offered and of the epochs before it; new epochs begin here (S1)."""
    streams = work.batch.streams
    wanted = list(
        {*(each.epoch for each in streams), *(each.previous_epoch for each in streams if each.previous_epoch)}
    )
    work.states = read_states(work.session, work.plant, work.gateway_name, wanted)
    fresh = [each for each in streams if each.epoch not in work.states]
    if fresh:
        work.alarms += begin_streams(work.session, work.plant, work.gateway_name, fresh, work.now, work.card)
        work.states = read_states(work.session, work.plant, work.gateway_name, wanted)
        work.changed = True
    offered = [work.states[each.epoch].id for each in streams if each.epoch in work.states]
    work.gaps = read_gaps(work.session, work.plant, work.gateway_name, offered) if offered else {}


def _take_stream(work: _Work, offered: Stream, wrong: frozenset[int], position: int) -> None:
    state = work.states.get(offered.epoch)
    if state is None:
        return
    asked, unasked = work.gaps.get(state.id, ([], []))
    held = Held(state.mark, state.claimed, Ranges(asked), Ranges(unasked))
    _look_up(work, offered, state, held)
    fold = judge(offered.epoch, offered, held, wrong)
    if fold.replaced:
        _make_room(work, state.id, fold.replaced)
    if fold.taken:
        _collect(work, state.id, fold, position)
    if fold.refused:
        _set_aside(work, state.id, fold.refused)
    if held.asked.changed or held.unasked.changed:
        store_gaps(work.session, state.id, asked, held.asked.all(), 1, work.now)
        store_gaps(work.session, state.id, unasked, held.unasked.all(), 0, work.now)
        work.gaps[state.id] = (list(held.asked.all()), list(held.unasked.all()))
    work.alarms += fold.alarms
    if fold.mark < fold.claimed and (state.mark >= state.claimed or fold.mark > state.mark):
        # S7 counts from here: a backlog that moves is late but not lost.
        state.claimed_at = work.now
    state.mark, state.claimed = fold.mark, fold.claimed
    state.offered_floor, state.offered_last = offered.floor, offered.last


def _collect(work: _Work, stream_id: int, fold: Judgement, position: int) -> None:
    position += len(work.rows)
    plant, now = work.plant, work.now
    work.rows += [
        (plant, place, stream_id, record.seq, 0, record.previous_digest, record.digest, record.content, now)
        for place, record in enumerate(fold.taken, position + 1)
    ]


def _look_up(work: _Work, offered: Stream, state: StreamState, held: Held) -> None:
    """Digests held of what is offered, and of the records before: above the mark there are none, so one is usual."""
    mark = state.mark
    if not offered.records or mark == 0:
        return
    first = offered.records[0].seq
    if first == mark + 1 and all(record.seq > mark for record in offered.records):
        wanted = {mark}
    else:
        wanted = {seq for record in offered.records for seq in (record.seq, record.seq - 1) if 0 < seq <= mark}
    connection = work.connection
    for part in chunks(sorted(wanted)):
        rows = connection.execute(READ_DIGESTS, {"stream_id": state.id, "seqs": part})
        held.digests.update({row.seq: row.digest for row in rows})
    suspects = sorted(
        {
            seq
            for record in offered.records
            for seq, digest in ((record.seq, record.digest), (record.seq - 1, record.previous_digest))
            if seq <= mark and held.digests.get(seq, digest) != digest
        }
    )
    for part in chunks(suspects):
        rows = connection.execute(READ_CONTENTS, {"stream_id": state.id, "seqs": part})
        held.lost |= {row.seq for row in rows if is_lost_record(row.content)}


def _make_room(work: _Work, stream_id: int, seqs: Sequence[int]) -> None:
    """The `lost` record stays in the log under place 1; its original takes place 0 at a position of its own."""
    for part in chunks(seqs):
        work.connection.execute(
            update(RECORD)
            .where(RECORD.c.stream_id == stream_id, RECORD.c.place == 0, RECORD.c.seq.in_(part))
            .values(place=1)
        )


def _set_aside(work: _Work, stream_id: int, refused: Sequence[Refused]) -> None:
    """Evidence for a person. The same one sent again is one row; beyond the bound only the alarm counts."""
    conflict = models.table_of(models.Conflict)
    connection = work.connection
    mine = (conflict.c.plant == work.plant, conflict.c.gateway == work.gateway_name)
    columns = select(conflict.c.stream_id, conflict.c.seq, conflict.c.digest)
    held = {tuple(row) for row in connection.execute(columns.where(*mine))}
    for record, kind in refused:
        key = (stream_id, record.seq, record.digest)
        if key in held or len(held) >= CONFLICTS_PER_GATEWAY_MAX:
            continue
        held.add(key)
        row = {
            "plant": work.plant,
            "gateway": work.gateway_name,
            "stream_id": stream_id,
            "seq": record.seq,
            "kind": kind,
            "digest": record.digest,
            "content": record.content[:CONTENT_CHARACTERS_MAX].replace("\x00", "\ufffd"),
            "received_at": work.now,
        }
        connection.execute(insert(conflict), row)


def _chain(work: _Work) -> None:
    """S7 over the epochs of this offer."""
    offered = {each.epoch: each.last for each in work.batch.streams}
    for each in work.batch.streams:
        before = work.states.get(each.previous_epoch or "")
        if before is not None and before.mark == each.previous_last == before.claimed:
            continue
        end = ChainEnd(before.mark, before.claimed, offered.get(before.epoch)) if before else None
        work.alarms += chain_alarms(each, end, work.batch.whole)


def _closed(work: _Work, known: str) -> bool:
    """Whether the gateway must offer every epoch: its closed ones are not those that this server verified."""
    batch = work.batch
    if batch.closed_digest == known:
        return False
    if not batch.whole:
        return True
    for with_gaps in (False, True):
        closed = [
            (each.epoch, each.last)
            for each in batch.streams
            if each.epoch in work.states
            and is_closed(each, work.states[each.epoch].mark, work.states[each.epoch].safe)
            and (with_gaps or not work.gaps.get(work.states[each.epoch].id, ((), ()))[0])
        ]
        if closed_digest_of(closed) == batch.closed_digest:
            return False
    return True


def _store_gateway(work: _Work, row: Any, offer_all: bool, server: str) -> None:
    """Last seen, health, and what the board says of it."""
    batch, now = work.batch, work.now
    waiting = sum(
        max(0, each.last - work.states[each.epoch].mark) for each in batch.streams if each.epoch in work.states
    )
    newest = observed_record(work.rows[-1][7]) if work.rows else None
    as_of = row.data_as_of
    if waiting == 0:
        as_of = now
    elif newest is not None and newest.synchronised:
        as_of = max(row.data_as_of or 0.0, min(now, newest.wall))
    status = json.dumps(batch.status, ensure_ascii=True)
    if len(status) > STATUS_CHARACTERS_MAX:
        work.alarms.append(AlarmRaised("status_too_long", "", f"its health has {len(status)} characters"))
        status = row.status
    values: dict[str, Any] = {
        "last_seen": now,
        "waiting": waiting,
        "data_as_of": as_of,
        "clock_good": row.clock_good if newest is None else int(newest.synchronised),
        "release": batch.release.replace("\x00", "")[:RELEASE_CHARACTERS_MAX],
        "status": status,
        "closed_digest": row.closed_digest if offer_all else batch.closed_digest,
    }
    observe(work.session, work.plant, work.gateway_name, batch.status, newest, server, row.last_seen, now)
    mine = {"of_plant": work.plant, "of_name": work.gateway_name}
    work.connection.execute(STORE_GATEWAY, values | mine)
    shown = ("waiting", "clock_good", "release")
    if any(values[name] != getattr(row, name) for name in shown):
        work.changed = True
    if row.last_seen is None or now - row.last_seen > 30:
        work.changed = True


def _store_records(work: _Work, position: int) -> None:
    """The records and the end of the log. A driver's own executemany: the ORM would cost more than the insert."""
    connection = work.connection
    if work.rows:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        values = ", ".join([mark] * len(work.rows[0]))
        connection.exec_driver_sql(f"INSERT INTO record ({RECORD_COLUMNS}) VALUES ({values})", work.rows)
    if work.rows or work.changed:
        connection.execute(MOVE_HEAD, {"of_plant": work.plant, "position": position + len(work.rows)})


def _receipt(work: _Work, database: Database, facts_last: int, offer_all: bool) -> Receipt:
    version, digest = current_head(work.session, work.plant)
    receipts = []
    for each in work.batch.streams:
        state = work.states.get(each.epoch)
        if state is not None:
            missing = tuple(work.gaps.get(state.id, ((), ()))[0][:RANGES_PER_RECEIPT_MAX])
            receipts.append(
                StreamReceipt.model_construct(epoch=each.epoch, mark=state.mark, safe=state.safe, missing=missing)
            )
    return Receipt.model_construct(
        server=database.identity(work.session),
        streams=tuple(receipts),
        offer_all=offer_all,
        snapshot_version=version,
        snapshot_digest=digest,
        facts_last=facts_last,
        server_time=work.now,
    )
