"""Facts: what happened elsewhere, as a numbered list for each gateway. The station decides what it makes of them."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from central.change import note_change
from central.fold_rows import identity_of
from central.models import Call, Fact, Gateway, LogHead, Share, table_of
from central.notify.announcements import announce
from central.snapshots import current_master
from central.streams import chunks
from sync.wire import FACTS_PER_FETCH_MAX, Facts
from sync.wire import Fact as WireFact

PROGRESS = "operation.progress"
CALL_ACKNOWLEDGED = "call.acknowledged"
CALL_ASSIGNED = "call.assigned"
CALL_RESOLVED = "call.resolved"
OPEN_STATES = ("raised", "acknowledged")

FACT = table_of(Fact)
GATEWAY = table_of(Gateway)


class NewFact(NamedTuple):
    """A fact before it has its number."""

    gateway_name: str
    kind: str
    content: dict[str, Any]


def add_fact(session: Session, plant: str, gateway_name: str, kind: str, content: dict[str, Any], now: float) -> int:
    """Put a fact at the end of a gateway's list; returns its number, 0 where there is no such gateway.

    The caller holds the lock on the log's head, which orders all writers of facts.
    """
    return add_facts(session, plant, [NewFact(gateway_name, kind, content)], now).get(gateway_name, 0)


def add_facts(session: Session, plant: str, found: Sequence[NewFact], now: float) -> dict[str, int]:
    """Put each at the end of its gateway's list, in their order; returns the newest number of each gateway that there
    is. As `add_fact`, with a statement for all: a piece of the log has hundreds."""
    connection = session.connection()
    last: dict[str, int] = {}
    for part in chunks(sorted({each.gateway_name for each in found})):
        wanted = select(GATEWAY.c.name, GATEWAY.c.facts_last).where(GATEWAY.c.plant == plant, GATEWAY.c.name.in_(part))
        last |= {row.name: row.facts_last for row in connection.execute(wanted)}
    rows = []
    for each in found:
        if each.gateway_name not in last:
            continue
        last[each.gateway_name] += 1
        text = json.dumps(each.content, ensure_ascii=False, separators=(",", ":"))
        row = {"plant": plant, "gateway": each.gateway_name, "number": last[each.gateway_name], "kind": each.kind}
        rows.append(row | {"content": text, "made_at": now})
    if rows:
        connection.execute(insert(FACT), rows)
        connection.execute(
            update(GATEWAY)
            .where(GATEWAY.c.plant == bindparam("its_plant"), GATEWAY.c.name == bindparam("its_name"))
            .values(facts_last=bindparam("newest")),
            [{"its_plant": plant, "its_name": name, "newest": number} for name, number in last.items()],
        )
    return last


def read_facts(session: Session, plant: str, gateway_name: str, after: int) -> Facts:
    """The next facts behind number `after`, in order, at most FACTS_PER_FETCH_MAX."""
    rows = session.scalars(
        select(Fact)
        .where(Fact.plant == plant, Fact.gateway == gateway_name, Fact.number > after)
        .order_by(Fact.number)
        .limit(FACTS_PER_FETCH_MAX)
    )
    facts = tuple(WireFact(number=row.number, kind=row.kind, content=json.loads(row.content)) for row in rows)
    last = session.scalar(select(Gateway.facts_last).where(Gateway.plant == plant, Gateway.name == gateway_name))
    return Facts(facts=facts, last=last or 0)


def tell_progress(session: Session, plant: str, operations: Collection[str], now: float) -> None:
    """Absolute totals of what *other* gateways reported, to each gateway that has to do with the operation."""
    if not operations:
        return
    master = current_master(session, plant)
    shares: dict[str, dict[str, Share]] = defaultdict(dict)
    wanted = sorted(operations)
    for part in chunks(wanted):
        for row in session.scalars(select(Share).where(Share.plant == plant, Share.operation.in_(part))):
            shares[row.operation][row.gateway] = row
    known = set(session.scalars(select(Gateway.name).where(Gateway.plant == plant)))
    facts = []
    for name in wanted:
        planned = master.operation_by_id.get(name)
        places = planned.stations if planned else ()
        here = {master.station_by_id[each].gateway for each in places if each in master.station_by_id}
        for gateway_name in sorted((here | set(shares[name])) & known):
            if content := _progress(session, plant, name, gateway_name, shares[name]):
                facts.append(NewFact(gateway_name, PROGRESS, content))
    session.flush()
    add_facts(session, plant, facts, now)


def _progress(
    session: Session, plant: str, operation: str, gateway_name: str, shares: dict[str, Share]
) -> dict[str, Any] | None:
    """What one gateway is to be told, and noted as told; None where its totals are what it was told before."""
    good = sum(each.good for name, each in shares.items() if name != gateway_name)
    scrap = sum(each.scrap for name, each in shares.items() if name != gateway_name)
    own = shares.get(gateway_name)
    if own is None:
        own = Share(plant=plant, operation=operation, gateway=gateway_name, good=0, scrap=0, told_good=0, told_scrap=0)
        shares[gateway_name] = own
        session.add(own)
    if (own.told_good, own.told_scrap) == (good, scrap):
        return None
    own.told_good, own.told_scrap = good, scrap
    return {"operation": operation, "good": good, "scrap": scrap}


def acknowledge_call(
    session: Session,
    plant: str,
    gateway_name: str,
    call: str,
    person: str,
    person_name: str,
    now: float,
    source: str = "office",
) -> bool:
    """The office takes a call: the board shows it and its station is told. False when somebody took it before.

    `source`: office, or link where the person opened the link in a message. That somebody else would have come is kept
    too: one acknowledgement counts, and each is evidence (N04).
    """
    row = _lock_call(session, plant, gateway_name, call)
    if row is None or row.state not in OPEN_STATES:
        return False
    counts = row.state == "raised"
    if not counts and row.acknowledged_by == person:
        return False
    content = {"call": call, "call_type": row.call_type, "person": person, "person_name": person_name}
    if source != "office":
        content["source"] = source
    row.told = add_fact(session, plant, gateway_name, CALL_ACKNOWLEDGED, content, now)
    if counts:
        row.state, row.acknowledged_at, row.acknowledged_by, row.source = "acknowledged", now, person, source
        _announce(session, plant, "andon.acknowledged", row, {"person": person}, now)
    return counts


def assign_call(
    session: Session, plant: str, gateway_name: str, call: str, owner: str, person: str, person_name: str, now: float
) -> bool:
    """The office hands a call to another owner, for whom it waits. False when it is closed, or with them already."""
    row = _lock_call(session, plant, gateway_name, call)
    if row is None or row.state not in OPEN_STATES or (row.state == "raised" and row.owner == owner):
        return False
    content = {
        "call": call,
        "call_type": row.call_type,
        "owner": owner,
        "person": person,
        "person_name": person_name,
    }
    row.told = add_fact(session, plant, gateway_name, CALL_ASSIGNED, content, now)
    hand_over(row, owner, person)
    _announce(session, plant, "andon.assigned", row, {"person": person, "owner": owner}, now)
    return True


def _announce(session: Session, plant: str, kind: str, row: Call, facts: dict[str, Any], now: float) -> None:
    """The station's own journal will not have it, so the people that a rule names are told from here."""
    call = f"{row.epoch}/{row.seq}"
    announce(session, plant, kind, call, {"gateway": row.gateway, "call": call, **facts}, now)


def hand_over(row: Call, owner: str, person: str) -> None:
    """It waits for the new owner; whoever had taken it no longer has it."""
    row.state, row.owner, row.handed_by = "raised", owner, person
    row.acknowledged_at, row.acknowledged_by, row.source = None, "", ""


def resolve_call(
    session: Session,
    plant: str,
    gateway_name: str,
    call: str,
    cause: str,
    person: str,
    person_name: str,
    now: float,
) -> bool:
    """The office closes a call with its cause. False when it was closed before."""
    row = _lock_call(session, plant, gateway_name, call)
    if row is None or row.state not in OPEN_STATES:
        return False
    row.state, row.ended_at, row.ended_by, row.cause = "resolved", now, person, cause
    content = {
        "call": call,
        "call_type": row.call_type,
        "person": person,
        "person_name": person_name,
        "cause": cause,
    }
    add_fact(session, plant, gateway_name, CALL_RESOLVED, content, now)
    _announce(session, plant, "andon.resolved", row, {"person": person, "cause": cause}, now)
    return True


def _lock_call(session: Session, plant: str, gateway_name: str, call: str) -> Call | None:
    """The row of a call, with the head locked: the projector and another office user wait."""
    session.execute(select(LogHead.position).where(LogHead.plant == plant).with_for_update())
    note_change(session, plant)
    identity = identity_of(call)
    return None if identity is None else session.get(Call, (plant, gateway_name, *identity))
