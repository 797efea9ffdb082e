"""Reading deliveries: the list, one with its history, a person's messages, and times against their limits."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from central.limits import (
    BREACHES_SHOWN_MAX,
    DELIVERIES_JUDGED_MAX,
    DELIVERIES_PER_READ_MAX,
    DELIVERY_STEPS_MAX,
    INBOX_MAX,
)
from central.notify.rule_rows import rules_of
from central.notify.rules import CALL_KINDS, IN_APP, Rule
from central.notify.states import DeliveryState
from central.notify.tables import Delivery, DeliveryStep, Notification

WEEK_SECONDS = 7 * 86_400.0
MEASURES = ("accepted", "shown", "acknowledged")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which deliveries; empty texts mean any. `since`, `until`: when they were made. `before`: only smaller ids."""

    state: str = ""
    person: str = ""
    channel: str = ""
    since: float = 0.0
    until: float = 0.0
    before: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery with what it tells of."""

    delivery: Delivery
    note: Notification


@dataclass(frozen=True, slots=True)
class Measure:
    """Times to one thing, seconds: how many had it, half of them by, the last; the rules' limits, how many over."""

    name: str
    count: int
    median: float | None
    longest: float | None
    limits: tuple[float, ...]
    over: int


@dataclass(frozen=True, slots=True)
class KindTimes:
    """One kind's times in a week. `told`: how often a person was told."""

    kind: str
    told: int
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """A person was told later, looked later or answered later than the rule wants; `seconds` so far where not yet."""

    note: Notification
    person: str
    measure: str
    seconds: float
    limit: float
    done: bool


def list_deliveries(session: Session, plant: str, asked: Asked, limit: int) -> list[Line]:
    """The newest that match, newest first."""
    wanted = _told(plant)
    for column, value in (
        (Delivery.state, asked.state),
        (Delivery.person, asked.person),
        (Delivery.channel, asked.channel),
    ):
        if value:
            wanted = wanted.where(column == value)
    if asked.since:
        wanted = wanted.where(Delivery.made_at >= asked.since)
    if asked.until:
        wanted = wanted.where(Delivery.made_at < asked.until)
    if asked.before:
        wanted = wanted.where(Delivery.id < asked.before)
    # By the bare id SQLite would walk every delivery there is for the few of one person or day.
    narrow = asked.person or asked.since or asked.until
    newest = (Delivery.id + 0).desc() if narrow else Delivery.id.desc()
    rows = session.execute(wanted.order_by(newest).limit(min(limit, DELIVERIES_PER_READ_MAX)))
    return [Line(row, note) for row, note in rows.all()]


def _told(plant: str) -> Select[Delivery, Notification]:
    """Deliveries, each with what it tells of."""
    wanted = select(Delivery, Notification).join(Notification, Notification.id == Delivery.notification)
    return wanted.where(Delivery.plant == plant)


def counts_of(session: Session, plant: str, since: float) -> dict[str, int]:
    """Deliveries made since, by state."""
    wanted = select(Delivery.state, func.count()).where(Delivery.plant == plant, Delivery.made_at >= since)
    found = {state: count for state, count in session.execute(wanted.group_by(Delivery.state)).all()}
    return {str(each): found[str(each)] for each in DeliveryState if str(each) in found}


def one_delivery(session: Session, plant: str, identity: int) -> tuple[Line, Sequence[DeliveryStep]] | None:
    """A delivery with its steps in their order."""
    row = session.get(Delivery, identity)
    note = session.get(Notification, row.notification) if row and row.plant == plant else None
    if row is None or note is None:
        return None
    mine = (DeliveryStep.plant == plant, DeliveryStep.delivery == identity)
    steps = select(DeliveryStep).where(*mine).order_by(DeliveryStep.number).limit(DELIVERY_STEPS_MAX)
    return Line(row, note), session.scalars(steps).all()


def others_of(session: Session, line: Line) -> list[Delivery]:
    """The other deliveries of the same notification, by level and person."""
    wanted = select(Delivery).where(Delivery.plant == line.note.plant, Delivery.notification == line.note.id)
    rows = session.scalars(wanted.order_by(Delivery.level, Delivery.person, Delivery.id)).all()
    return [each for each in rows if each.id != line.delivery.id]


def inbox(session: Session, plant: str, person: str, everything: bool) -> list[Line]:
    """A person's messages on their page, newest first; `everything`: also those that a summary stands for."""
    wanted = _told(plant).where(Delivery.person == person, Delivery.channel == IN_APP)
    shown = [str(DeliveryState.ACCEPTED), str(DeliveryState.SHOWN), str(DeliveryState.ACKNOWLEDGED)]
    if everything:
        shown += [str(DeliveryState.SUPPRESSED), str(DeliveryState.OVERTAKEN)]
    rows = session.execute(wanted.where(Delivery.state.in_(shown)).order_by(Delivery.id.desc()).limit(INBOX_MAX))
    return [Line(row, note) for row, note in rows.all()]


# Times against limits


def times_of(session: Session, plant: str, now: float) -> tuple[list[KindTimes], list[Breach]]:
    """Times of the last week by kind, and what was over its limit, newest first.

    Judged are the newest DELIVERIES_JUDGED_MAX: by person the first acceptance, sight and answer over any channel;
    an answer to a call is anybody's.
    """
    rules = {each.number: each for each in rules_of(session, plant)}
    wanted = _told(plant).where(Delivery.made_at >= now - WEEK_SECONDS)
    suppressed = (str(DeliveryState.SUPPRESSED), str(DeliveryState.DIGESTED))
    wanted = wanted.where(Delivery.state.not_in(suppressed), Notification.rule.in_(list(rules)))
    rows = session.execute(wanted.order_by(Delivery.id.desc()).limit(DELIVERIES_JUDGED_MAX)).all()
    groups: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for row, note in rows:
        groups[note.id, row.person].append((row, note))
    kinds: dict[str, list[list[_Judged]]] = defaultdict(list)
    breaches: list[Breach] = []
    for (_, person), group in groups.items():
        note = group[0][1]
        judged = _judge([row for row, _ in group], note, rules[note.rule], now)
        kinds[note.kind].append(judged)
        breaches += [
            Breach(note, person, each.name, each.seconds, each.limit, each.done) for each in judged if each.over
        ]
    return [_times(kind, found) for kind, found in sorted(kinds.items())], breaches[:BREACHES_SHOWN_MAX]


@dataclass(frozen=True, slots=True)
class _Judged:
    name: str
    seconds: float
    limit: float
    done: bool
    over: bool


def _judge(rows: Sequence[Delivery], note: Notification, rule: Rule, now: float) -> list[_Judged]:
    told = min(row.made_at for row in rows)
    ends = {
        "accepted": _first(row.accepted_at for row in rows),
        "shown": _first(row.shown_at for row in rows),
        "acknowledged": _first(row.acknowledged_at for row in rows),
    }
    if note.kind in CALL_KINDS and note.closed_at is not None:
        # A call needs one answer; to the others it is over, and nothing of theirs is late any more.
        ends = {name: at if at is not None else note.closed_at for name, at in ends.items()}
    limits = {"accepted": rule.limit_accepted, "shown": rule.limit_shown, "acknowledged": 0.0}
    if note.acknowledge:
        limits["acknowledged"] = rule.limit_acknowledged
    found = []
    for name in MEASURES:
        at, limit = ends[name], limits[name]
        seconds = max(0.0, (now if at is None else at) - told)
        found.append(_Judged(name, seconds, limit, at is not None, bool(limit) and seconds > limit))
    return found


def _first(times: Any) -> float | None:
    known = [each for each in times if each is not None]
    return min(known) if known else None


def _times(kind: str, groups: Sequence[Sequence[_Judged]]) -> KindTimes:
    measures = []
    for index, name in enumerate(MEASURES):
        column = [group[index] for group in groups]
        done = [each.seconds for each in column if each.done]
        measures.append(
            Measure(
                name,
                len(done),
                statistics.median(done) if done else None,
                max(done) if done else None,
                tuple(sorted({each.limit for each in column if each.limit})),
                sum(each.over for each in column),
            )
        )
    return KindTimes(kind, len(groups), tuple(measures))
