"""What the next batch to the office holds (G3). Pure."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sync.limits import PumpLimits
from sync.ports import EpochEntry, Range, RecordSource
from sync.wire import NO_DIGEST, PROTOCOL, Batch, Record, Stream, WireRecord, closed_digest_of

_HEAD_BYTES_MAX = 64 * 1024
"""Room for everything of a batch but its streams; the status is small."""

_STREAM_BYTES_MAX = 200
"""A stream without its records: two epochs, four numbers, the names of the members."""

_RECORD_BYTES_MAX = 200
"""A record without its content: two digests, a number, brackets."""

_CHARACTER_BYTES_MAX = 6
"""A control character in JSON."""


class Stamp(NamedTuple):
    """Who offers: the members of a batch that do not depend on the journal."""

    gateway_name: str
    release: str
    status: dict[str, Any]


class Draft(NamedTuple):
    """A batch and what it left out. `cut`: epochs of which the bounds allowed no, or not every, record.

    `left_out`: epochs that did not fit. `urgent_left_out`: whether one of them has records to offer.
    """

    batch: Batch
    entries: tuple[EpochEntry, ...]
    cut: frozenset[str]
    left_out: frozenset[str]
    urgent_left_out: bool


def is_closed(entry: EpochEntry) -> bool:
    """Whether all of it is at the office, safe and pruned, so that a digest can stand for it."""
    return entry.last == entry.floor and entry.mark >= entry.last and entry.safe >= entry.last and not entry.missing


def wanted(entry: EpochEntry) -> Iterator[Range]:
    """What is on the card and the office has not: the missing ranges, then all behind the mark; ascending."""
    for first, last in entry.missing:
        lower, upper = max(first, entry.floor + 1), min(last, entry.mark, entry.last)
        if lower <= upper:
            yield lower, upper
    lower = max(entry.mark, entry.floor) + 1
    if lower <= entry.last:
        yield lower, entry.last


class _Room:
    """How many records and bytes the batch still takes."""

    def __init__(self, records: int, size: int) -> None:
        self.records = records
        self.size = size
        self._empty = True

    def take(self, record: Record) -> bool:
        """Whether the record fits; the first one always does."""
        need = len(record.content) * _CHARACTER_BYTES_MAX + _RECORD_BYTES_MAX
        if need > self.size:
            need = len(json.dumps(record.content, ensure_ascii=False).encode()) + _RECORD_BYTES_MAX
        if self.records <= 0 or (need > self.size and not self._empty):
            return False
        self.records -= 1
        self.size -= need
        self._empty = False
        return True


def _records_of(source: RecordSource, entry: EpochEntry, room: _Room) -> tuple[tuple[WireRecord, ...], bool]:
    """(records, cut?) of one epoch. Rows that are not on the card any more are passed over (G7)."""
    taken: list[WireRecord] = []
    for first, last in wanted(entry):
        after = first - 1
        while after < last:
            if room.records <= 0:
                return tuple(taken), True
            rows = source.read(entry.epoch, after, min(room.records, last - after))
            for row in rows:
                if row.seq > last:
                    break
                if not room.take(row):
                    return tuple(taken), True
                taken.append(WireRecord(row.seq, row.previous_digest, row.digest, row.content))
            if not rows or rows[-1].seq >= last:
                break
            after = rows[-1].seq
    return tuple(taken), False


def compose(
    source: RecordSource,
    entries: Sequence[EpochEntry],
    stamp: Stamp,
    limits: PumpLimits,
    held: Callable[[str], bool],
    whole: bool,
    turn_of: Callable[[str], int],
) -> Draft:
    """The next batch: every open epoch in order, records of the oldest first. `held(epoch)`: offer no records of it.

    With `whole` the closed epochs are offered too. The digest of the closed ones is always told. `turn_of(epoch)`: when
    it was offered last, where there is no room for all of them.
    """
    closed = [(entry.epoch, entry.last) for entry in entries if is_closed(entry)]
    offered = list(entries) if whole else [entry for entry in entries if not is_closed(entry)]
    shown, urgent_left_out = _bounded(offered, limits.streams_max, held, turn_of)
    room = _Room(limits.records_max, limits.batch_bytes_max - _HEAD_BYTES_MAX - _STREAM_BYTES_MAX * len(shown))
    streams: list[Stream] = []
    cut: set[str] = set()
    for entry in shown:
        records, short = ((), False) if held(entry.epoch) else _records_of(source, entry, room)
        if short:
            cut.add(entry.epoch)
        streams.append(_stream(entry, records))
    batch = Batch.model_construct(
        protocol=PROTOCOL,
        gateway=stamp.gateway_name,
        release=stamp.release,
        whole=whole,
        closed_count=len(closed),
        closed_digest=closed_digest_of(closed) if closed else NO_DIGEST,
        streams=tuple(streams),
        status=stamp.status,
    )
    left_out = frozenset(entry.epoch for entry in offered) - {entry.epoch for entry in shown}
    return Draft(batch, tuple(shown), frozenset(cut), left_out, urgent_left_out)


def _bounded(
    offered: list[EpochEntry], streams_max: int, held: Callable[[str], bool], turn_of: Callable[[str], int]
) -> tuple[list[EpochEntry], bool]:
    """At most `streams_max` epochs in their order (I10): those with records to offer come first, then those that were
    not offered for the longest; and whether even one with records was left out."""
    if len(offered) <= streams_max:
        return offered, False
    urgent = {entry.epoch for entry in offered if next(wanted(entry), None) and not held(entry.epoch)}

    def rank(index: int) -> tuple[bool, int, int]:
        epoch = offered[index].epoch
        return epoch not in urgent, turn_of(epoch), index

    ranked = sorted(range(len(offered)), key=rank)
    return [offered[index] for index in sorted(ranked[:streams_max])], len(urgent) > streams_max


def _stream(entry: EpochEntry, records: tuple[WireRecord, ...]) -> Stream:
    """The values are our own and were checked when they were written, so they are not validated again."""
    return Stream.model_construct(
        epoch=entry.epoch,
        previous_epoch=entry.previous_epoch,
        previous_last=entry.previous_last,
        last=entry.last,
        floor=entry.floor,
        records=records,
    )
