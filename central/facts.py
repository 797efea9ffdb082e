"""Facts: what happened elsewhere, as a numbered list for each gateway. The station decides what it makes of them."""

import json
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from central.change import note_change
from central.fold_rows import identity_of
from central.models import Call, Fact, Gateway, LogHead, Share
from central.notify.announcements import announce
from central.snapshots import current_master
from sync.wire import FACTS_PER_FETCH_MAX, Facts
from sync.wire import Fact as WireFact

PROGRESS = "operation.progress"
CALL_ACKNOWLEDGED = "call.acknowledged"
CALL_ASSIGNED = "call.assigned"
CALL_RESOLVED = "call.resolved"
OPEN_STATES = ("raised", "acknowledged")


def add_fact(session: Session, plant: str, gateway_name: str, kind: str, content: dict[str, Any], now: float) -> int:
    """Put a fact at the end of a gateway's list; returns its number, 0 where there is no such gateway.

    The caller holds the lock on the log's head, which orders all writers of facts.
    """
    mine = (Gateway.plant == plant, Gateway.name == gateway_name)
    last = session.scalar(select(Gateway.facts_last).where(*mine))
    if last is None:
        return 0
    row = {"plant": plant, "gateway": gateway_name, "number": last + 1, "kind": kind, "made_at": now}
    session.execute(insert(Fact), [row | {"content": json.dumps(content, ensure_ascii=False, separators=(",", ":"))}])
    session.execute(update(Gateway).where(*mine).values(facts_last=last + 1))
    return last + 1


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
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        for row in session.scalars(select(Share).where(Share.plant == plant, Share.operation.in_(part))):
            shares[row.operation][row.gateway] = row
    known = set(session.scalars(select(Gateway.name).where(Gateway.plant == plant)))
    for name in wanted:
        planned = master.operation_by_id.get(name)
        places = planned.stations if planned else ()
        here = {master.station_by_id[each].gateway for each in places if each in master.station_by_id}
        for gateway_name in sorted((here | set(shares[name])) & known):
            _tell(session, plant, name, gateway_name, shares[name], now)


def _tell(
    session: Session, plant: str, operation: str, gateway_name: str, shares: dict[str, Share], now: float
) -> None:
    """One gateway's fact, where its totals differ from what it was told before."""
    good = sum(each.good for name, each in shares.items() if name != gateway_name)
    scrap = sum(each.scrap for name, each in shares.items() if name != gateway_name)
    own = shares.get(gateway_name)
    if own is None:
        own = Share(plant=plant, operation=operation, gateway=gateway_name, good=0, scrap=0, told_good=0, told_scrap=0)
        shares[gateway_name] = own
        session.add(own)
    if (own.told_good, own.told_scrap) == (good, scrap):
        return
    own.told_good, own.told_scrap = good, scrap
    session.flush()
    add_fact(session, plant, gateway_name, PROGRESS, {"operation": operation, "good": good, "scrap": scrap}, now)


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
