"""Reading what happened: the server's log behind a position, and what the office announced."""

import json
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from central import positions
from central.alarms import raise_alarms
from central.fold_rows import identity_of, word_of
from central.ingest_rules import AlarmRaised
from central.limits import NOTIFY_RECORDS_MAX, NOTIFY_TOLD_MAX, TOLD_LATE_SECONDS_MAX
from central.models import Call, Record, Stream
from central.models import Happening as Folded
from central.notify.making import Moment, close_call, make
from central.notify.rules import CALL_KINDS, Happening
from central.notify.tables import OfficeEvent
from central.projector import position_of as folded_position
from central.record_text import head_in
from floor.calls import impact_of

NAME = "notify"

ENDING = ("andon.acknowledged", "andon.resolved", "andon.cancelled")
"""Events after which nobody has to come to a call any more."""

ANDON = (*CALL_KINDS, *ENDING)
REPORT = "report.finished"


def position_of(session: Session, plant: str) -> int:
    """How far the log was read for messages."""
    return positions.position_of(session, plant, NAME)


def is_behind(session: Session, plant: str) -> bool:
    """Whether there is something to read. The log is read as far as it is folded: a call's row is there then."""
    if position_of(session, plant) < folded_position(session, plant):
        return True
    waiting = select(OfficeEvent.id).where(OfficeEvent.plant == plant, OfficeEvent.handled_at.is_(None))
    return session.scalar(waiting.limit(1)) is not None


def read_on(moment: Moment) -> int:
    """Make notifications of the next piece, and move the position with it: each event becomes messages once.

    Returns how much there was to tell of.
    """
    session, plant = moment.session, moment.plant
    position = position_of(session, plant)
    end = min(folded_position(session, plant), position + NOTIFY_RECORDS_MAX)
    found: list[Happening | None] = []
    if end > position:
        rows = _records(session, plant, position, end)
        # What stands behind the last one that is told of now is read again.
        end = rows[-1].position if len(rows) == NOTIFY_TOLD_MAX else end
        found += [_logged(moment, row) for row in rows]
        positions.move(session, plant, NAME, position, end)
    waiting = select(OfficeEvent).where(OfficeEvent.plant == plant, OfficeEvent.handled_at.is_(None))
    for event in session.scalars(waiting.order_by(OfficeEvent.id).limit(NOTIFY_TOLD_MAX)).all():
        event.handled_at = moment.now
        found.append(_announced(moment, event))
    late = sum(not _take(moment, each) for each in found)
    if late:
        told = f"{late} events that happened more than {TOLD_LATE_SECONDS_MAX / 3600:.0f} hours ago sent no message"
        raise_alarms(session, plant, "", [AlarmRaised("notices_late", "", told)], moment.now)
    return len(found)


def _take(moment: Moment, found: Happening | None) -> bool:
    """Tell of it. False where it is too old for that."""
    if found is None:
        return True
    # One that was handed over waits anew, for somebody else: what asked the others is over.
    if found.kind in (*ENDING, "andon.assigned") and found.call:
        epoch, _, seq = found.call.partition("/")
        close_call(moment, epoch, int(seq), str(found.facts.get("person", "")))
    if found.at < moment.now - TOLD_LATE_SECONDS_MAX:
        return False
    if found.kind in CALL_KINDS and _is_over(moment, found):
        return True
    make(moment, found)
    return True


def _is_over(moment: Moment, found: Happening) -> bool:
    """Whether the call was taken or ended before anybody could be told: a gateway sent all of it at once."""
    call = _call(moment, found.call)
    wanted = ("raised", "acknowledged") if found.kind == "andon.stopped" else ("raised",)
    return call is not None and call.state not in wanted


def _records(session: Session, plant: str, after: int, end: int) -> list[Any]:
    columns = (Folded.type, Folded.station, Folded.wall, Folded.error_seconds, Folded.flags, Folded.gateway)
    its_record = (Record.plant == Folded.plant) & (Record.position == Folded.position)
    wanted = (
        select(*columns, Record.position, Record.content, Record.received_at, Record.seq, Stream.epoch)
        .join(Record, its_record)
        .join(Stream, Stream.id == Record.stream_id)
        .where(Folded.plant == plant, Folded.position > after, Folded.position <= end)
        .where(or_(Folded.type.in_(ANDON), and_(Folded.type == REPORT, Folded.flags != "")))
        .order_by(Folded.position)
        .limit(NOTIFY_TOLD_MAX)
    )
    return list(session.execute(wanted).all())


def _logged(moment: Moment, row: Any) -> Happening | None:
    """A record as something to tell of; None for what nobody has to know, or nobody can read."""
    told = head_in(row.content).get("data")
    if not isinstance(told, dict) or (row.type == REPORT and not row.flags):
        return None
    # A remark of an unset clock is no time to judge by; it came by then.
    at = row.wall if row.wall is not None and row.error_seconds is not None else row.received_at
    source = f"log/{row.position}"
    if row.type == REPORT:
        facts = _some(told, "operation", "work_order", "person", "good", "scrap") | {"flags": row.flags.split()}
        return _placed(
            moment, Happening("report.flagged", _word(told, "operation"), source, at, facts=facts), row.station
        )
    call = f"{row.epoch}/{row.seq}" if row.type == "andon.raised" else _word(told, "call")
    return _of_call(moment, row.type, source, at, call, _some(told, "person", "operation", "owner", "tier", "cause"))


def _word(told: dict[str, Any], name: str) -> str:
    return word_of(told.get(name), 120)


def _some(told: dict[str, Any], *names: str) -> dict[str, Any]:
    """Facts as a message takes them: whole numbers and short texts."""
    found: dict[str, Any] = {}
    for name in names:
        value = told.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            found[name] = value
        elif _word(told, name):
            found[name] = _word(told, name)
    return found


def _call(moment: Moment, call: str) -> Call | None:
    identity = identity_of(call)
    if identity is None:
        return None
    epoch, seq = identity
    wanted = select(Call).where(Call.plant == moment.plant, Call.epoch == epoch, Call.seq == seq)
    return moment.session.scalar(wanted.limit(1))


def _of_call(moment: Moment, kind: str, source: str, at: float, call: str, facts: dict[str, Any]) -> Happening | None:
    row = _call(moment, call)
    if row is None:
        return None
    known = moment.master.call_type_by_id.get(row.call_type)
    given = facts.get("tier")
    tier = given if isinstance(given, int) else row.tier
    kept = {"call_type": row.call_type, "operation": row.operation} | facts
    found = Happening(
        kind,
        f"{call} {tier}" if kind == "andon.escalated" else call,
        source,
        at,
        call_type=row.call_type,
        impact=impact_of(known, bool(row.stopped)),
        tier=tier,
        owner=str(facts.get("owner") or row.owner),
        gateway_name=row.gateway,
        call=call,
        facts={name: value for name, value in kept.items() if value},
    )
    return _placed(moment, found, row.station)


def _placed(moment: Moment, found: Happening, station: str) -> Happening:
    known = moment.master.station_by_id.get(station)
    return replace(found, station=station, line=known.line if known else found.line)


def _announced(moment: Moment, event: OfficeEvent) -> Happening | None:
    facts = _facts(event.facts)
    source = f"office/{event.id}"
    call = str(facts.get("call", ""))
    if event.kind in ANDON:
        return _of_call(moment, event.kind, source, event.at, call, facts)
    people = facts.get("people")
    named = tuple(map(str, people)) if isinstance(people, list) else ()
    found = Happening(
        event.kind,
        event.subject,
        source,
        event.at,
        line=str(facts.get("line", "")),
        impact=str(facts.get("impact", "")),
        owner=str(facts.get("owner", "")),
        people=named,
        facts=facts,
    )
    row = _call(moment, call) if call else None
    station = str(facts.get("station", "")) or (row.station if row else "")
    return _placed(moment, found, station)


def _facts(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}
