"""What became of one call, step by step: read from the log and from what the office told the station.

Each acknowledgement is a step, whoever gave it and wherever; one of them counts (N04). Steps are in the order in which
the server learned of them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.facts import CALL_ACKNOWLEDGED, CALL_ASSIGNED, CALL_RESOLVED
from central.limits import CALL_STEPS_MAX, CALL_STEPS_READ_MAX
from central.models import Call, Fact, Happening, Record, Stream
from central.record_text import data_in
from floor.events import EVENTS

KINDS: Final = {CALL_ACKNOWLEDGED: "acknowledged", CALL_ASSIGNED: "assigned", CALL_RESOLVED: "resolved"}
"""Facts as steps."""

PREFIX: Final = "andon."
TYPES: Final = tuple(each for each in EVENTS if each.startswith(PREFIX))


@dataclass(frozen=True, slots=True)
class CallStep:
    """One step. `kind`: raised, acknowledged, assigned, escalated, stopped, resolved, cancelled. `wall`: when it
    happened, seconds since 1970; `learned`: when the server learned of it. `counts`: the one acknowledgement."""

    kind: str
    person: str
    source: str
    about: str
    """The owner, or the cause."""
    wall: float | None
    learned: float
    counts: bool = False


def call_steps(session: Session, plant: str, call: Call) -> tuple[CallStep, ...]:
    """The steps of a call, at most CALL_STEPS_MAX; the log holds them all."""
    identity = f"{call.epoch}/{call.seq}"
    found = [*_recorded(session, plant, call, identity), *_told(session, plant, call, identity)]
    found.sort(key=lambda each: (each.learned, each.kind != "raised"))
    return tuple(_marked(found, call)[:CALL_STEPS_MAX])


def _recorded(session: Session, plant: str, call: Call, identity: str) -> Iterator[CallStep]:
    """From records: the call's own, and those of later ones that name it."""
    stream = select(Stream.id).where(Stream.plant == plant, Stream.gateway == call.gateway, Stream.epoch == call.epoch)
    # Records may come in any order, but none of a call comes before the first that its epoch has from there on.
    first = (
        select(Record.position)
        .where(Record.stream_id.in_(stream.scalar_subquery()), Record.seq >= call.seq)
        .order_by(Record.seq)
        .limit(CALL_STEPS_READ_MAX)
    )
    positions = session.scalars(first).all()
    if not positions:
        return
    columns = (Happening.type, Happening.person, Happening.wall, Record.content, Record.received_at)
    its_record = (Record.plant == Happening.plant) & (Record.position == Happening.position)
    its_stream = Stream.id == Record.stream_id
    wanted = (
        select(*columns, Stream.gateway, Stream.epoch, Record.seq)
        .join(Record, its_record)
        .join(Stream, its_stream)
        .where(Happening.plant == plant, Happening.type.in_(TYPES), Happening.position >= min(positions))
        .where(Record.content.contains(f'"{identity}"', autoescape=True) | (Record.position == _own(call, stream)))
        .order_by(Happening.position)
        .limit(CALL_STEPS_READ_MAX)
    )
    for row in session.execute(wanted):
        data = data_in(row.content)
        own = (row.gateway, row.epoch, row.seq) == (call.gateway, call.epoch, call.seq)
        if own or data.get("call") == identity:
            kind = row.type.removeprefix(PREFIX)
            about = str(data.get("owner") or data.get("cause") or "")
            source = str(data.get("source") or data.get("position") or "")
            yield CallStep(kind, row.person, source, about, row.wall, row.received_at)


def _own(call: Call, stream: Any) -> Any:
    mine = (Record.stream_id.in_(stream.scalar_subquery()), Record.seq == call.seq, Record.place == 0)
    return select(Record.position).where(*mine).scalar_subquery()


def _told(session: Session, plant: str, call: Call, identity: str) -> Iterator[CallStep]:
    """From what somebody at the office did."""
    wanted = (
        select(Fact)
        .where(Fact.plant == plant, Fact.gateway == call.gateway, Fact.kind.in_(KINDS))
        .where(Fact.content.contains(f'"{identity}"', autoescape=True))
        .order_by(Fact.number)
        .limit(CALL_STEPS_READ_MAX)
    )
    for row in session.scalars(wanted):
        data: dict[str, Any] = json.loads(row.content)
        about = str(data.get("owner") or data.get("cause") or "")
        source = str(data.get("source") or "office")
        yield CallStep(KINDS[row.kind], str(data.get("person", "")), source, about, row.made_at, row.made_at)


def _marked(steps: list[CallStep], call: Call) -> list[CallStep]:
    """The acknowledgement that the call's row has, since it was last handed over."""
    handed = max((at for at, each in enumerate(steps) if each.kind == "assigned"), default=-1)
    for at, each in enumerate(steps):
        if at > handed and (each.kind, each.person, each.source) == ("acknowledged", call.acknowledged_by, call.source):
            steps[at] = replace(each, counts=True)
            break
    return steps
