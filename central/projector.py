"""The reader of the log that folds it into the tables of the board and writes facts for gateways.

Its position moves in the same transaction as what it folds, so folding is done once however often it is cut. Sums take
records in any order; states take the newest by (epoch's place in the chain, seq), never by time (I9), because a record
that filled a gap comes late.
"""

from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from central import models, positions
from central.alarms import raise_alarms
from central.change import note_change
from central.database import Database
from central.facts import tell_progress
from central.fold import Fold, FoldedRecord
from central.fold_rows import word_of
from central.ingest_rules import AlarmRaised
from central.limits import CATCH_UP_RECORDS_MAX, FOLD_RECORDS_MAX
from central.record_text import data_of, head_in
from central.times import Corrected, Observed, correct, observed_head, read_anchors
from floor.events import EVENTS, Event, JournalSalvaged, LimitReached, NoticeSkipped

NAME = "board"

RECORD = models.table_of(models.Record)
STREAM = models.table_of(models.Stream)
HAPPENING = models.table_of(models.Happening)
HEAD = models.table_of(models.LogHead)


def is_behind(session: Session, plant: str) -> bool:
    """Whether the log holds records that are not folded yet."""
    head = session.scalar(select(HEAD.c.position).where(HEAD.c.plant == plant)) or 0
    return position_of(session, plant) < head


def position_of(session: Session, plant: str) -> int:
    """How far the log is folded."""
    return positions.position_of(session, plant, NAME)


def catch_up_all(database: Database, records_max: int = CATCH_UP_RECORDS_MAX) -> int:
    """Fold until the end of the log or the bound; returns how many records. Cheap when there is nothing to do."""
    return positions.read_on(database, is_behind, catch_up, records_max)


def catch_up_for_page(database: Database, now: float) -> None:
    """Before a page is shown: what is left of the log is folded, unless a worker is there to do it."""
    with database.read() as session:
        left = positions.is_left_to_worker(session, database.plant, now)
    if not left:
        catch_up_all(database)


def is_fresh(session: Session, plant: str, now: float) -> bool:
    """Whether the tables are as a page shows them without a word."""
    return positions.is_fresh(session, plant, NAME, now)


def catch_up(session: Session, plant: str = "plant", limit: int = FOLD_RECORDS_MAX) -> int:
    """Fold the next records; `session` is one that writes. Returns how many."""
    connection = session.connection()
    # The head row is locked first, as by ingest: one order of locks, and one projector at a time.
    connection.execute(select(HEAD.c.position).where(HEAD.c.plant == plant).with_for_update())
    position = position_of(session, plant)
    rows = connection.execute(
        select(
            RECORD.c.position,
            RECORD.c.seq,
            RECORD.c.content,
            RECORD.c.received_at,
            STREAM.c.gateway,
            STREAM.c.epoch,
            STREAM.c.ordinal,
        )
        .join(STREAM, STREAM.c.id == RECORD.c.stream_id)
        .where(RECORD.c.plant == plant, RECORD.c.position > position)
        .order_by(RECORD.c.position)
        .limit(limit)
    ).all()
    if not rows:
        return 0
    _fold_rows(session, plant, rows)
    positions.move(session, plant, NAME, position, rows[-1].position)
    note_change(session, plant)
    return len(rows)


def _fold_rows(session: Session, plant: str, rows: Any) -> None:
    heads = [head_in(row.content) for row in rows]
    observed = [observed_head(head) for head in heads]
    boots = {(row.gateway, seen.boot) for row, seen in zip(rows, observed, strict=True) if seen is not None}
    anchors = read_anchors(session, plant, boots)
    happenings, found, alarms = [], [], []
    for row, head, seen in zip(rows, heads, observed, strict=True):
        when = correct(seen, anchors.get((row.gateway, seen.boot)) if seen else None)
        happenings.append(_happening(plant, row, head, when, seen))
        event = _event(head)
        if isinstance(event, str):
            alarms.append((row.gateway, AlarmRaised("unreadable_record", f"{row.epoch}/{row.seq}", event)))
        elif event is not None:
            if isinstance(event, JournalSalvaged):
                alarms.append((row.gateway, _salvaged(row, event)))
            station = word_of(head.get("subject"))
            # A remark of an unset clock is no time to count from: a call would run for decades. It came by then.
            wall = when.wall if when.error is not None else row.received_at
            found.append((FoldedRecord(row.gateway, row.epoch, row.seq, row.ordinal, station, wall), event))
            alarms += [(row.gateway, each) for each in _limit_alarms(event, row.epoch)]
    session.connection().execute(insert(HAPPENING), happenings)
    fold = Fold(session, plant)
    fold.apply_all(found)
    tell_progress(session, plant, fold.touched_operations(), rows[-1].received_at)
    for gateway_name, alarm in alarms:
        raise_alarms(session, plant, gateway_name, [alarm], rows[-1].received_at)


def _salvaged(row: Any, event: JournalSalvaged) -> AlarmRaised:
    """N10: which records may be lost, and when they were made, for whoever compares them with paper."""
    lost = f"{event.lost} records are lost, made between {event.since or '?'} and {event.until or '?'}"
    named = f" ({', '.join(event.ranges)})" if event.ranges else ""
    detail = f"{event.salvaged} records were read from it, {lost}{named}: {event.reason}"
    return AlarmRaised("journal_salvaged", f"{row.epoch}/{row.seq}", detail)


def _event(head: dict[str, Any]) -> Event | str | None:
    """The event; None for a type of a later release; why it is none, in words, for alarms.

    Nonsense with a right digest is kept in the log like everything (I12), and a person is told.
    """
    name = head.get("type")
    if not isinstance(name, str):
        return "its text is no event"
    kind = EVENTS.get(name)
    if kind is None:
        return None
    try:
        return kind.model_validate(head.get("data"))
    except ValueError:
        return f"its data is no {name}"


def _limit_alarms(event: Event, epoch: str) -> list[AlarmRaised]:
    """I10: a bound that a gateway met is told to a person, once for each of its lives."""
    if isinstance(event, LimitReached):
        said = f"{event.limit} was reached {event.count} times{f': {event.detail}' if event.detail else ''}"
        return [AlarmRaised("limit_reached", f"{event.limit} {epoch}", said)]
    if isinstance(event, NoticeSkipped):
        said = (
            f"{event.sink} was not sent the records at positions {event.first} to {event.last}; replay them from here"
        )
        return [AlarmRaised("notice_skipped", f"{event.sink} {epoch}", said)]
    return []


def _happening(plant: str, row: Any, head: dict[str, Any], when: Corrected, seen: Observed | None) -> dict[str, Any]:
    members = data_of(head)
    flags = members.get("flags")
    named = " ".join(each for each in flags if isinstance(each, str)) if isinstance(flags, list) else ""
    return {
        "plant": plant,
        "position": row.position,
        "gateway": row.gateway,
        "type": word_of(head.get("type")),
        "station": word_of(head.get("subject")),
        "person": word_of(members.get("person")),
        "operation": word_of(members.get("operation")),
        "flags": word_of(named, 256),
        "wall": when.wall,
        "error_seconds": when.error,
        "clock": when.clock,
        "boot": seen.boot if seen else "",
        "boottime": seen.boottime if seen else 0.0,
    }
