"""Whether the server holds everything a gateway ever kept, once each, and how that can be checked (N02).

What counts is told by the gateway itself: each offer announces the last seq of every epoch on the card (S1), and each
record carries the digest of the one before it (I3). A gateway is *complete* when nothing that was announced is missing,
nothing is in dispute, and no epoch is a fork; *waiting* when something announced has not come; *in doubt* when a person
has to look.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.ingest_rules import is_lost_record
from central.limits import MISSING_RANGES_TOLD_MAX
from central.models import Conflict, Gap, Gateway, Happening, Record, Stream
from sync.wire import digest_of

Verdict = Literal["complete", "waiting", "doubt", "unseen"]

LOST = "record.lost"
PROVED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class MissingRange:
    """Records of an epoch that were announced and are not held. `asked` False: refused content, not asked for again."""

    epoch: str
    first: int
    last: int
    asked: bool


@dataclass(frozen=True, slots=True)
class Completeness:
    """One gateway. `contiguous`: of its newest `epoch` everything is held up to this seq, whose digest is `digest`.

    `held` and `announced`: records over all `epochs`. `missing`: at most MISSING_RANGES_TOLD_MAX ranges; `tail`:
    announced behind what was offered so far. `lost`: records that the gateway itself declared unreadable.
    Times are seconds since 1970.
    """

    gateway: str
    verdict: Verdict
    epoch: str
    contiguous: int
    digest: str
    epochs: int
    held: int
    announced: int
    missing: tuple[MissingRange, ...]
    missing_count: int
    tail: int
    conflicts: int
    refused: int
    forks: int
    lost: int
    data_as_of: float | None
    last_seen: float | None
    clock: str
    """good, bad or unknown: whether its clock was synchronised in the newest record."""
    error_seconds: float | None
    """How far the time of its newest record may be off."""


def completeness(session: Session, plant: str) -> list[Completeness]:
    """Every gateway, by name."""
    streams: dict[str, list[Stream]] = defaultdict(list)
    for stream in session.scalars(select(Stream).where(Stream.plant == plant).order_by(Stream.ordinal)):
        streams[stream.gateway].append(stream)
    gaps: dict[str, list[Any]] = defaultdict(list)
    of_streams = select(Stream.gateway, Gap.stream_id, Gap.first, Gap.last, Gap.asked).where(Stream.plant == plant)
    of_streams = of_streams.join(Gap, Gap.stream_id == Stream.id).order_by(Stream.ordinal, Gap.first)
    for gap in session.execute(of_streams):
        gaps[gap.gateway].append(gap)
    kinds: dict[str, dict[str, int]] = defaultdict(dict)
    conflicts = select(Conflict.gateway, Conflict.kind, func.count()).where(Conflict.plant == plant)
    for gateway_name, kind, count in session.execute(conflicts.group_by(Conflict.gateway, Conflict.kind)):
        kinds[gateway_name][kind] = count
    declared = select(Happening.gateway, func.count()).where(Happening.plant == plant, Happening.type == LOST)
    lost = {name: count for name, count in session.execute(declared.group_by(Happening.gateway))}
    return [
        _of(session, row, streams[row.name], gaps[row.name], kinds[row.name], lost.get(row.name, 0))
        for row in session.scalars(select(Gateway).where(Gateway.plant == plant).order_by(Gateway.name))
    ]


def _of(
    session: Session,
    gateway_row: Gateway,
    streams: Sequence[Stream],
    gaps: Sequence[Any],
    kinds: Mapping[str, int],
    lost: int,
) -> Completeness:
    epochs = {row.id: row.epoch for row in streams}
    newest = streams[-1] if streams else None
    contiguous = 0
    if newest is not None:
        contiguous = min([newest.mark, *(row.first - 1 for row in gaps if row.stream_id == newest.id)])
    missing_count = sum(row.last - row.first + 1 for row in gaps)
    tail = sum(max(0, row.claimed - row.mark) for row in streams)
    forks = sum(row.forked for row in streams)
    doubt = bool(forks or kinds or any(not row.asked for row in gaps))
    return Completeness(
        gateway=gateway_row.name,
        verdict=_verdict(bool(streams), doubt, missing_count + tail),
        epoch=newest.epoch if newest else "",
        contiguous=contiguous,
        digest=_digest(session, newest.id, contiguous) if newest and contiguous else "",
        epochs=len(streams),
        held=sum(row.mark for row in streams) - missing_count,
        announced=sum(max(row.claimed, row.mark) for row in streams),
        missing=tuple(
            MissingRange(epochs[row.stream_id], row.first, row.last, bool(row.asked))
            for row in gaps[:MISSING_RANGES_TOLD_MAX]
        ),
        missing_count=missing_count,
        tail=tail,
        conflicts=kinds.get("conflict", 0),
        refused=kinds.get("refused", 0),
        forks=forks,
        lost=lost,
        data_as_of=gateway_row.data_as_of,
        last_seen=gateway_row.last_seen,
        clock={None: "unknown", 0: "bad"}.get(gateway_row.clock_good, "good"),
        error_seconds=_clock_error(session, gateway_row),
    )


def _verdict(seen: bool, doubt: bool, missing: int) -> Verdict:
    if doubt:
        return "doubt"
    if missing:
        return "waiting"
    return "complete" if seen else "unseen"


def _digest(session: Session, stream_id: int, seq: int) -> str:
    mine = (Record.stream_id == stream_id, Record.seq == seq, Record.place == 0)
    return session.scalar(select(Record.digest).where(*mine)) or ""


def _clock_error(session: Session, row: Gateway) -> float | None:
    mine = (Happening.plant == row.plant, Happening.gateway == row.name)
    return session.scalar(select(Happening.error_seconds).where(*mine).order_by(Happening.position.desc()).limit(1))


@dataclass(frozen=True, slots=True)
class Proof:
    """One epoch, every record of it read again. `faults`: what does not hold, in words; empty when all does."""

    gateway: str
    epoch: str
    records: int
    last: int
    digest: str
    faults: tuple[str, ...]


FAULTS_TOLD_MAX = 20


def prove(session: Session, plant: str, gateway_name: str = "") -> Iterator[Proof]:
    """Read every record, of one gateway where it is named, and work out each digest and each link anew; costs about
    20 µs a record."""
    wanted = select(Stream).where(Stream.plant == plant).order_by(Stream.gateway, Stream.ordinal)
    if gateway_name:
        wanted = wanted.where(Stream.gateway == gateway_name)
    for row in session.scalars(wanted).all():
        yield _proved(session, row)


def _proved(session: Session, stream: Stream) -> Proof:
    holes = [
        (row.first, row.last)
        for row in session.execute(select(Gap.first, Gap.last).where(Gap.stream_id == stream.id).order_by(Gap.first))
    ]
    faults: list[str] = []
    count, last, digest, link = 0, 0, "", ""
    columns = (Record.seq, Record.previous_digest, Record.digest, Record.content)
    mine = (Record.stream_id == stream.id, Record.place == 0)
    while True:
        wanted = select(*columns).where(*mine, Record.seq > last).order_by(Record.seq).limit(PROVED_AT_ONCE)
        rows = session.execute(wanted).all()
        for row in rows:
            if row.seq != last + 1:
                link = ""
                if not _declared(holes, last + 1, row.seq - 1):
                    faults.append(f"{last + 1} to {row.seq - 1} are not held, and no gap says so")
            if digest_of(stream.gateway, stream.epoch, row.seq, row.previous_digest, row.content) != row.digest:
                faults.append(f"{row.seq}: its content does not have its digest")
            # Nothing links to a record.lost: it stands in the place of one that nobody can read (I3).
            is_lost = is_lost_record(row.content)
            if link and not is_lost and row.previous_digest != link:
                faults.append(f"{row.seq}: it does not follow the record before it")
            count, last, digest, link = count + 1, row.seq, row.digest, "" if is_lost else row.digest
        if len(rows) < PROVED_AT_ONCE:
            break
    if last < stream.mark and not _declared(holes, last + 1, stream.mark):
        faults.append(f"held up to {stream.mark} by the mark, and the last record is {last}")
    return Proof(stream.gateway, stream.epoch, count, last, digest, tuple(faults[:FAULTS_TOLD_MAX]))


def _declared(holes: Sequence[tuple[int, int]], first: int, last: int) -> bool:
    """Whether the gaps, in order, cover the range without a break."""
    for start, end in holes:
        if start <= first <= end:
            first = end + 1
    return first > last
