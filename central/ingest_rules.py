"""What becomes of each offered record: steps S1 to S3 and the alarms of S7. Pure: values in, values out.

`judge` folds one offered stream over what is held of it. It decides; `central/ingest.py` carries out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from central.limits import RANGES_PER_STREAM_MAX
from central.ranges import Ranges
from sync.wire import CONTENT_CHARACTERS_MAX, Stream, WireRecord, digest_of

SEQ_MAX = 2**53
DIGEST_CHARACTERS = 64
HEXADECIMAL = frozenset("0123456789abcdef")
LOST_BEGINNING = '{"type":"record.lost"'


class AlarmRaised(NamedTuple):
    """Something a person must look at. `subject` tells one of its kind from another."""

    kind: str
    subject: str
    detail: str


class Refused(NamedTuple):
    """A record that is kept aside as evidence: `conflict` or `refused`."""

    record: WireRecord
    kind: str


@dataclass(slots=True)
class Held:
    """What the server has of one epoch. `digests`: by seq, of the records in the range that is offered.

    `lost`: those among them that only stand for a lost record (G7). `asked` and `unasked` are the gaps.
    """

    mark: int = 0
    claimed: int = 0
    asked: Ranges = field(default_factory=Ranges)
    unasked: Ranges = field(default_factory=Ranges)
    digests: dict[int, str] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Judgement:
    """What to do. `taken` in order; `replaced`: seqs whose `lost` record makes room for its original."""

    mark: int
    claimed: int
    taken: list[WireRecord] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    alarms: list[AlarmRaised] = field(default_factory=list)
    duplicates: int = 0
    stopped: bool = False


def is_lost_record(content: str) -> bool:
    """Whether a record's text says that it takes the place of one that salvage could not read."""
    return content.startswith(LOST_BEGINNING)


def wrong_digests(gateway_name: str, stream: Stream) -> frozenset[int]:
    """Places in `stream.records` whose digest does not cover what came. Costs one SHA-256 a record."""
    epoch = stream.epoch
    return frozenset(
        place
        for place, (seq, previous, digest, content) in enumerate(stream.records)
        if digest_of(gateway_name, epoch, seq, previous, content) != digest
    )


def _is_digest(text: str) -> bool:
    return len(text) == DIGEST_CHARACTERS and HEXADECIMAL.issuperset(text)


def unusable(record: WireRecord) -> str:
    """Why a record with a right digest cannot be stored; empty when it can."""
    if len(record.content) > CONTENT_CHARACTERS_MAX:
        return f"content has {len(record.content)} characters"
    if "\x00" in record.content:
        return "content holds a NUL character"
    if not _is_digest(record.previous_digest):
        return "previous digest is none"
    return ""


def judge(epoch: str, stream: Stream, held: Held, wrong: Collection[int]) -> Judgement:
    """Fold the offered records over what is held (S1 to S3). `wrong`: places of records with a wrong digest.

    `held` is used up: its gaps and digests change as records are taken.
    """
    last = max([stream.last, *(record.seq for record in stream.records[-1:])])
    fold = Judgement(mark=held.mark, claimed=max(held.claimed, min(last, SEQ_MAX)))
    place = 0
    while (place := _run(stream.records, place, held, fold, wrong)) < len(stream.records):
        record = stream.records[place]
        if place in wrong or not 1 <= record.seq <= SEQ_MAX:
            fold.alarms.append(
                AlarmRaised("wrong_digest", f"{epoch}/{record.seq}", "a record came damaged; its stream waits there")
            )
            fold.stopped = True
            break
        if not _take(epoch, stream, held, fold, record):
            fold.stopped = True
            break
        place += 1
    if not stream.records and stream.floor > fold.mark:
        _declare(epoch, held, fold, stream.floor)
    return fold


def _run(records: Sequence[WireRecord], start: int, held: Held, fold: Judgement, wrong: Collection[int]) -> int:
    """Take records as long as each is plain, new, and linked to the one before: nearly all of them, so it is short.

    Returns the place of the first that needs a closer look.
    """
    place, mark = start, fold.mark
    before = held.digests.get(mark) if mark not in held.lost else None
    for seq, previous, digest, content in islice(records, start, None):
        if (
            seq != mark + 1
            or previous != before
            or place in wrong
            or len(content) > CONTENT_CHARACTERS_MAX
            or "\x00" in content
            or content.startswith(LOST_BEGINNING)
        ):
            break
        mark, before, place = seq, digest, place + 1
    if place > start:
        taken = records[start:place]
        fold.taken += taken
        held.digests.update((record.seq, record.digest) for record in taken)
        fold.mark = mark
    return place


def _declare(epoch: str, held: Held, fold: Judgement, last: int) -> None:
    """One range whatever its size, and an alarm: the card pruned what this server never confirmed."""
    held.asked.add(fold.mark + 1, last)
    fold.alarms.append(
        AlarmRaised(
            "floor_above_mark",
            f"{epoch}/{fold.mark + 1}",
            f"the card no longer has {fold.mark + 1} to {last}, which the server does not hold",
        )
    )
    fold.mark = last


def _take(epoch: str, stream: Stream, held: Held, fold: Judgement, record: WireRecord) -> bool:
    """One record. False: a hole that the gateway has not declared, so the rest of the stream waits."""
    seq = record.seq
    known = held.digests.get(seq)
    if known is not None:
        _meet(epoch, held, fold, record, known)
        return True
    if seq > fold.mark + 1:
        if stream.floor < seq - 1:
            return False
        if len(held.asked.all()) >= RANGES_PER_STREAM_MAX:
            fold.alarms.append(AlarmRaised("gaps_full", epoch, "the epoch has too many missing ranges; it waits"))
            return False
        _declare(epoch, held, fold, seq - 1)
    elif seq <= fold.mark:
        if seq in held.unasked:
            fold.duplicates += 1
            return True
        if seq not in held.asked:
            fold.alarms.append(AlarmRaised("not_held", f"{epoch}/{seq}", "below the mark and in no gap: not taken"))
            return True
    reason = unusable(record)
    if reason:
        _set_aside(epoch, held, fold, record, reason)
    else:
        held.asked.discard(seq)
        _link(epoch, held, fold, record)
        held.digests[seq] = record.digest
        if is_lost_record(record.content):
            held.lost.add(seq)
        fold.taken.append(record)
    fold.mark = max(fold.mark, seq)
    return True


def _set_aside(epoch: str, held: Held, fold: Judgement, record: WireRecord, reason: str) -> None:
    """Refused, never wedged: the place becomes a gap that is not asked for, and the stream goes on."""
    held.asked.discard(record.seq)
    held.unasked = Ranges([*held.unasked.all(), (record.seq, record.seq)])
    held.unasked.changed = True
    fold.refused.append(Refused(record, "refused"))
    fold.alarms.append(AlarmRaised("record_refused", f"{epoch}/{record.seq}", reason))


def _meet(epoch: str, held: Held, fold: Judgement, record: WireRecord, known: str) -> None:
    """A record whose place is taken: the same one again, a `lost` one beside its original, or a conflict (I4)."""
    seq = record.seq
    fold.mark = max(fold.mark, seq)
    if known == record.digest or is_lost_record(record.content):
        fold.duplicates += 1
    elif seq in held.lost and not unusable(record):
        if any(each.seq == seq for each in fold.taken):
            # Both came in this offer: then the original alone takes the place.
            fold.taken = [each for each in fold.taken if each.seq != seq]
        else:
            fold.replaced.append(seq)
        fold.taken.append(record)
        held.digests[seq] = record.digest
        held.lost.discard(seq)
        fold.alarms.append(AlarmRaised("lost_returned", f"{epoch}/{seq}", "a record that was given up came after all"))
    else:
        fold.refused.append(Refused(record, "conflict"))
        fold.alarms.append(AlarmRaised("conflict", f"{epoch}/{seq}", "another record came under an identity in use"))


def _link(epoch: str, held: Held, fold: Judgement, record: WireRecord) -> None:
    """A broken link is noted, never a stop (I3): it is checked only where seq-1 is held as a real record."""
    before = held.digests.get(record.seq - 1)
    if before is None or record.seq - 1 in held.lost or is_lost_record(record.content):
        return
    if record.previous_digest != before:
        fold.alarms.append(AlarmRaised("broken_link", f"{epoch}/{record.seq}", "it names another record before it"))


class ChainEnd(NamedTuple):
    """What is known of an epoch that another one names as the epoch before it."""

    mark: int
    claimed: int
    offered_last: int | None
    """Its newest seq by this same offer; None where the offer does not name it."""


def chain_alarms(stream: Stream, before: ChainEnd | None, complete: bool) -> list[AlarmRaised]:
    """S7, for one offered epoch and the epoch before it. `complete`: the offer names all that is not closed."""
    if stream.previous_epoch is None:
        return []
    subject, told = stream.previous_epoch, stream.previous_last
    if before is None:
        detail = f"epoch {stream.epoch} follows one that was never offered, with {told} records"
        return [AlarmRaised("missing_epoch", subject, detail)] if complete and told else []
    found = []
    if told < before.claimed:
        found.append(
            AlarmRaised("card_forgot", subject, f"{before.claimed} were announced, the card went on at {told}")
        )
    if before.mark > told:
        found.append(AlarmRaised("card_rolled_back", subject, f"{before.mark} are held, the card went on at {told}"))
    if before.mark < told and complete and (before.offered_last is None or before.offered_last < told):
        found.append(AlarmRaised("missing_tail", subject, f"held up to {before.mark} of {told}; the card has no more"))
    return found


def fork_alarm(previous_epoch: str | None, epochs: Collection[str], cards: int = 1) -> AlarmRaised | None:
    """Two epochs with one predecessor: a clone or a roll-back (I4). Without one: a second card under this name.

    `cards`: how many may begin under it, the first one and those that a person had take its place.
    """
    if len(epochs) < 2 or (previous_epoch is None and len(epochs) <= cards):
        return None
    names = ", ".join(sorted(epochs))
    if previous_epoch is None:
        return AlarmRaised("second_card", "", f"more than one card began under this name: {names}")
    return AlarmRaised("fork", previous_epoch, f"more than one epoch follows it: {names}")


def is_closed(stream: Stream, mark: int, safe: int) -> bool:
    """Whether a gateway may leave the epoch out of its offers: held, in a confirmed backup, and pruned."""
    return stream.floor >= stream.last and mark >= stream.last and safe >= stream.last
