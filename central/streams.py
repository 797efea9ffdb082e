"""Epochs of gateways as rows: read, begun and moved within one ingest."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from central.credentials import cards_of
from central.ingest_rules import AlarmRaised, fork_alarm
from central.limits import RANGES_PER_BATCH_MAX, STREAMS_PER_GATEWAY_MAX
from central.models import Gap, table_of
from central.models import Stream as StreamTable
from central.ranges import Range
from sync.wire import Stream

Value = TypeVar("Value")

ORDINALS_PER_CARD = 1_000_000
"""More than the epochs that are kept of one gateway."""

CHUNK = 500
"""Values in one IN list: SQLite's oldest bound on parameters is 999."""

STREAM = table_of(StreamTable)
COLUMNS = (
    STREAM.c.id,
    STREAM.c.epoch,
    STREAM.c.previous_epoch,
    STREAM.c.ordinal,
    STREAM.c.mark,
    STREAM.c.safe,
    STREAM.c.claimed,
    STREAM.c.claimed_at,
    STREAM.c.offered_floor,
    STREAM.c.offered_last,
)


MINE = (STREAM.c.plant == bindparam("plant"), STREAM.c.gateway == bindparam("gateway"))
READ_ALL = select(*COLUMNS).where(*MINE)
READ_SOME = READ_ALL.where(STREAM.c.epoch.in_(bindparam("epochs", expanding=True)))
STORE = update(STREAM).where(STREAM.c.id == bindparam("row_id"))


@dataclass(slots=True)
class StreamState:
    """A row of `stream`, as far as an ingest reads and moves it."""

    id: int
    epoch: str
    previous_epoch: str | None
    ordinal: int
    mark: int
    safe: int
    claimed: int
    claimed_at: float
    offered_floor: int
    offered_last: int

    def moving(self) -> tuple[int, int, float, int, int]:
        """What an offer can change."""
        return self.mark, self.claimed, self.claimed_at, self.offered_floor, self.offered_last


@dataclass(frozen=True, slots=True)
class HandCard:
    """A card in a person's hand. `ended_at`: since when its credential is void, so that what was first seen later in
    the place behind it is of its successor; None where nothing tells."""

    ended_at: float | None


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Pieces that fit one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def read_states(session: Session, plant: str, gateway_name: str, epochs: Sequence[str]) -> dict[str, StreamState]:
    """The rows of these epochs and of the ones before them, by epoch."""
    mine = {"plant": plant, "gateway": gateway_name}
    connection = session.connection()
    if len(epochs) > CHUNK:
        rows = connection.execute(READ_ALL, mine).all()
    else:
        rows = connection.execute(READ_SOME, mine | {"epochs": epochs}).all() if epochs else []
    return {row.epoch: StreamState(**row._mapping) for row in rows}


def begin_streams(
    session: Session,
    plant: str,
    gateway_name: str,
    offered: Sequence[Stream],
    now: float,
    card: HandCard | None = None,
) -> list[AlarmRaised]:
    """First sight (S1): store what each says of the epoch before it; a shared predecessor is a fork (I4)."""
    connection = session.connection()
    mine = (STREAM.c.plant == plant, STREAM.c.gateway == gateway_name)
    wanted = select(STREAM.c.epoch, STREAM.c.ordinal, STREAM.c.first_seen_at).where(*mine)
    seen = connection.execute(wanted).all()
    known = {row.epoch: row.ordinal for row in seen}
    room = STREAMS_PER_GATEWAY_MAX - len(known)
    alarms = [] if len(offered) <= room else [AlarmRaised("streams_full", "", "more epochs were offered than are kept")]
    rows = []
    for each in offered[: max(0, room)]:
        before = known.get(each.previous_epoch or "")
        if before is not None:
            ordinal = before + 1
        else:
            followed = card is not None and _is_followed(seen, card.ended_at)
            ordinal = _card_ordinal(known.values(), cards_of(session, plant, gateway_name), card is not None, followed)
        known[each.epoch] = ordinal
        rows.append(_first_row(plant, gateway_name, each, ordinal, now))
    if rows:
        connection.execute(insert(STREAM), rows)
        alarms += find_forks(session, plant, gateway_name, {each.previous_epoch for each in offered})
    return alarms


def _is_followed(seen: Sequence[Any], ended_at: float | None) -> bool:
    """Whether the newest card is another one than that whose credential ended then."""
    newest = max((row.ordinal for row in seen), default=-1) // ORDINALS_PER_CARD
    of_newest = [row.first_seen_at for row in seen if row.ordinal // ORDINALS_PER_CARD == newest]
    return ended_at is not None and bool(of_newest) and min(of_newest) >= ended_at


def _card_ordinal(known: Collection[int], cards: int, in_hand: bool, followed: bool) -> int:
    """The place of a card's first epoch (I9): behind any that an earlier card may still turn out to have. The place of
    a card that was replaced is kept free, also where nothing of it has come; it takes it when it is `followed`."""
    newest = max(known, default=-1) // ORDINALS_PER_CARD
    if followed and newest > 0:
        middle = newest * ORDINALS_PER_CARD - ORDINALS_PER_CARD // 2
        return max([middle, *(each + 1 for each in known if middle <= each < newest * ORDINALS_PER_CARD)])
    return max(newest + 1, 0 if in_hand else cards - 1) * ORDINALS_PER_CARD


def _first_row(plant: str, gateway_name: str, offered: Stream, ordinal: int, now: float) -> dict[str, object]:
    return {
        "plant": plant,
        "gateway": gateway_name,
        "epoch": offered.epoch,
        "previous_epoch": offered.previous_epoch,
        "previous_last": offered.previous_last,
        "ordinal": ordinal,
        "mark": 0,
        "safe": 0,
        "claimed": 0,
        "claimed_at": now,
        "offered_floor": 0,
        "offered_last": 0,
        "forked": 0,
        "first_seen_at": now,
    }


def find_forks(session: Session, plant: str, gateway_name: str, parents: Collection[str | None]) -> list[AlarmRaised]:
    """Which of these epochs have more than one behind them (I4). The streams behind a fork are marked."""
    connection = session.connection()
    mine = (STREAM.c.plant == plant, STREAM.c.gateway == gateway_name)
    children: dict[str | None, list[str]] = defaultdict(list)
    conditions = [STREAM.c.previous_epoch.in_(part) for part in chunks([each for each in parents if each])]
    if None in parents:
        conditions.append(STREAM.c.previous_epoch.is_(None))
    for condition in conditions:
        for row in connection.execute(select(STREAM.c.epoch, STREAM.c.previous_epoch).where(*mine, condition)):
            children[row.previous_epoch].append(row.epoch)
    alarms = []
    for parent, epochs in children.items():
        alarm = fork_alarm(parent, epochs, cards_of(session, plant, gateway_name) if parent is None else 1)
        if alarm is None:
            continue
        alarms.append(alarm)
        if parent is not None:
            for part in chunks(epochs):
                connection.execute(update(STREAM).where(*mine, STREAM.c.epoch.in_(part)).values(forked=1))
    return alarms


def store_states(session: Session, changed: Iterable[StreamState]) -> None:
    """Write what moved."""
    rows = [
        {
            "row_id": each.id,
            "mark": each.mark,
            "claimed": each.claimed,
            "claimed_at": each.claimed_at,
            "offered_floor": each.offered_floor,
            "offered_last": each.offered_last,
        }
        for each in changed
    ]
    if rows:
        session.connection().execute(STORE, rows)


GAP = table_of(Gap)
READ_GAPS = (
    select(GAP.c.stream_id, GAP.c.first, GAP.c.last, GAP.c.asked)
    .order_by(GAP.c.stream_id, GAP.c.first)
    .limit(RANGES_PER_BATCH_MAX)
)
READ_SOME_GAPS = READ_GAPS.where(GAP.c.stream_id.in_(bindparam("ids", expanding=True)))
READ_ALL_GAPS = READ_GAPS.where(GAP.c.stream_id.in_(select(STREAM.c.id).where(*MINE)))


def read_gaps(
    session: Session, plant: str, gateway_name: str, stream_ids: Sequence[int]
) -> dict[int, tuple[list[Range], list[Range]]]:
    """(asked for, not asked for) ranges by stream. At most RANGES_PER_BATCH_MAX, the lowest first."""
    if len(stream_ids) <= CHUNK:
        rows = session.connection().execute(READ_SOME_GAPS, {"ids": stream_ids})
    else:
        rows = session.connection().execute(READ_ALL_GAPS, {"plant": plant, "gateway": gateway_name})
    found: dict[int, tuple[list[Range], list[Range]]] = {}
    for row in rows:
        found.setdefault(row.stream_id, ([], []))[0 if row.asked else 1].append((row.first, row.last))
    return found


def store_gaps(
    session: Session, stream_id: int, before: Iterable[Range], after: Iterable[Range], asked: int, now: float
) -> None:
    """Write the difference, so that ranges which were not read are left alone."""
    old, new = set(before), set(after)
    connection = session.connection()
    for first, _ in old - new:
        connection.execute(GAP.delete().where(GAP.c.stream_id == stream_id, GAP.c.first == first))
    reason = "declared" if asked else "refused"
    rows = [
        {"stream_id": stream_id, "first": first, "last": last, "asked": asked, "reason": reason, "declared_at": now}
        for first, last in sorted(new - old)
    ]
    if rows:
        connection.execute(insert(GAP), rows)
