"""A card and an office in memory: complete, and nothing survives the process. For tests and the simulation.

Both pass the same contract suite as the real ones (tests/sync/contract.py).
"""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sync.errors import ReplyRefused, SinkRefused, SinkUnreachable
from sync.ports import EpochEntry, Range
from sync.ranges import added, holds, without
from sync.wire import (
    CONTENT_CHARACTERS_MAX,
    FACTS_PER_FETCH_MAX,
    NO_DIGEST,
    PROTOCOL,
    RANGES_PER_RECEIPT_MAX,
    Batch,
    Fact,
    Facts,
    Receipt,
    Record,
    SnapshotEnvelope,
    Stream,
    StreamReceipt,
    WireRecord,
    closed_digest_of,
    content_digest_of,
    digest_of,
)

Fate = Literal["pass", "lose_request", "lose_reply"]
"""What becomes of one request and its reply."""


class MemoryCard:
    """The records of one gateway, as its journal would hold them. Fits `RecordSource`; safe for several threads."""

    def __init__(self, gateway_name: str, epoch_of: Callable[[int], str] = lambda number: f"{number:032x}") -> None:
        self._gateway_name = gateway_name
        self._epoch_of = epoch_of
        self._lock = threading.Lock()
        self._entries: list[EpochEntry] = []
        self._records: dict[tuple[str, int], Record] = {}
        self._log: list[Record] = []
        self._last_digest = NO_DIGEST

    def start_epoch(self) -> str:
        """The next process start (I3)."""
        with self._lock:
            before = self._entries[-1] if self._entries else None
            epoch = self._epoch_of(len(self._entries) + 1)
            self._entries.append(
                EpochEntry(epoch, before.epoch if before else None, before.last if before else 0, 0, 0, 0, 0, ())
            )
            return epoch

    def append(self, content: str) -> Record:
        """Keep one record in the newest epoch."""
        if len(content) > CONTENT_CHARACTERS_MAX:
            raise ValueError("the content is too long")
        if not self._entries:
            self.start_epoch()
        with self._lock:
            entry = self._entries[-1]
            seq = entry.last + 1
            digest = digest_of(self._gateway_name, entry.epoch, seq, self._last_digest, content)
            record = Record(self._gateway_name, entry.epoch, seq, self._last_digest, digest, content)
            self._entries[-1] = entry._replace(last=seq)
            self._records[entry.epoch, seq] = record
            self._log.append(record)
            self._last_digest = digest
            return record

    def note(self, receipt: Receipt) -> None:
        """G4: both marks also backwards."""
        came = {each.epoch: each for each in receipt.streams}
        with self._lock:
            for index, entry in enumerate(self._entries):
                if (stream := came.get(entry.epoch)) is not None:
                    self._entries[index] = entry._replace(mark=stream.mark, safe=stream.safe, missing=stream.missing)

    def prune(self, position: int | None = None) -> None:
        """G5. `position`: how far the notice sinks are; None when there is none."""
        with self._lock:
            behind = self._seqs_at(len(self._log) if position is None else position)
            for index, entry in enumerate(self._entries):
                asked = min((first for first, _ in entry.missing), default=entry.last + 1)
                pruned_to = min(entry.mark, entry.safe, entry.last, behind.get(entry.epoch, 0), asked - 1)
                for seq in range(entry.floor + 1, pruned_to + 1):
                    self._records.pop((entry.epoch, seq), None)
                self._entries[index] = entry._replace(floor=max(entry.floor, pruned_to))

    def _seqs_at(self, position: int) -> dict[str, int]:
        return {record.epoch: record.seq for record in self._log[:position]}

    def lose(self, epoch: str, seq: int) -> None:
        """A damaged row."""
        with self._lock:
            self._records.pop((epoch, seq), None)

    def replace(self, record: Record) -> None:
        """A changed row, as a broken card would show it."""
        with self._lock:
            self._records[record.epoch, record.seq] = record

    def kept(self) -> frozenset[tuple[str, int]]:
        """The identities that are on the card."""
        with self._lock:
            return frozenset(self._records)

    def made(self) -> tuple[Record, ...]:
        """Every record ever made, also pruned ones."""
        with self._lock:
            return tuple(self._log)

    def epochs(self) -> tuple[EpochEntry, ...]:
        """See RecordSource."""
        with self._lock:
            return tuple(entry for entry in self._entries if entry.last)

    def read(self, epoch: str, after: int, limit: int) -> tuple[Record, ...]:
        """See RecordSource."""
        with self._lock:
            entry = next((each for each in self._entries if each.epoch == epoch), None)
            found: list[Record] = []
            for seq in range(after + 1, (entry.last if entry else 0) + 1):
                if len(found) >= limit:
                    break
                if (record := self._records.get((epoch, seq))) is not None:
                    found.append(record)
            return tuple(found)

    def newest(self) -> int:
        """See RecordSource."""
        return len(self._log)

    def read_after(self, position: int, limit: int) -> tuple[tuple[int, Record], ...]:
        """See RecordSource."""
        with self._lock:
            rows = self._log[position : position + limit]
            return tuple(
                (position + number, record)
                for number, record in enumerate(rows, 1)
                if (record.epoch, record.seq) in self._records
            )


@dataclass(slots=True)
class OfficeStream:
    """What an office holds of one epoch."""

    previous_epoch: str | None
    previous_last: int
    claimed: int = 0
    mark: int = 0
    safe: int = 0
    missing: tuple[Range, ...] = ()
    records: dict[int, WireRecord] = field(default_factory=dict)

    @property
    def whole(self) -> int:
        """Held up to here without a hole: what a copy of this is good for."""
        return min([self.mark, *(first - 1 for first, _ in self.missing)])


class MemoryOffice:
    """The server's steps S1 to S6 for a plant in memory. Safe for several threads."""

    def __init__(self, server: str = "office-1") -> None:
        self.server = server
        self.streams: dict[str, dict[str, OfficeStream]] = {}
        self.conflicts: list[tuple[str, str, int]] = []
        self.facts: dict[str, list[Fact]] = {}
        self.envelope: SnapshotEnvelope | None = None
        self.batches = 0
        self._manifest: dict[str, dict[str, int]] = {}
        self._lock = threading.RLock()

    def take(self, batch: Batch) -> Receipt:
        """S1 to S4, for one batch."""
        if batch.protocol > PROTOCOL:
            raise SinkRefused(f"protocol {batch.protocol} is not known here")
        with self._lock:
            self.batches += 1
            known = self.streams.setdefault(batch.gateway, {})
            for offered in batch.streams:
                self._take_stream(batch.gateway, known, offered)
            shown = {each.epoch for each in batch.streams}
            if batch.whole:  # The card's order, whatever was seen first.
                rest = {epoch: each for epoch, each in known.items() if epoch not in shown}
                known = self.streams[batch.gateway] = rest | {each.epoch: known[each.epoch] for each in batch.streams}
            closed = [(epoch, each.claimed) for epoch, each in known.items() if epoch not in shown]
            offer_all = not batch.whole and batch.closed_digest != closed_digest_of(closed)
            return Receipt(
                server=self.server,
                streams=tuple(self._receipt(each.epoch, known[each.epoch]) for each in batch.streams),
                offer_all=offer_all,
                snapshot_version=self.envelope.version if self.envelope else 0,
                snapshot_digest=self.envelope.digest if self.envelope else "",
                facts_last=len(self.facts.get(batch.gateway, ())),
            )

    def _receipt(self, epoch: str, held: OfficeStream) -> StreamReceipt:
        return StreamReceipt(epoch=epoch, mark=held.mark, safe=held.safe, missing=held.missing[:RANGES_PER_RECEIPT_MAX])

    def _take_stream(self, gateway_name: str, known: dict[str, OfficeStream], offered: Stream) -> None:
        held = known.setdefault(offered.epoch, OfficeStream(offered.previous_epoch, offered.previous_last))
        held.claimed = max(held.claimed, offered.last)
        for record in offered.records:
            if not self._take_record(gateway_name, offered, held, record):
                return
        if not offered.records and offered.floor > held.mark:  # S3
            held.missing = added(held.missing, held.mark + 1, offered.floor)
            held.mark = offered.floor

    def _take_record(self, gateway_name: str, offered: Stream, held: OfficeStream, record: WireRecord) -> bool:
        """S2; False: stop with this stream."""
        seq = record.seq
        if digest_of(gateway_name, offered.epoch, seq, record.previous_digest, record.content) != record.digest:
            return False
        if seq <= held.mark:
            if holds(held.missing, seq):
                held.missing = without(held.missing, seq, seq)
                held.records[seq] = record
            elif held.records[seq].digest != record.digest:
                self.conflicts.append((gateway_name, offered.epoch, seq))
            return True
        if seq > held.mark + 1:
            if offered.floor < seq - 1:
                return False
            held.missing = added(held.missing, held.mark + 1, seq - 1)
        held.records[seq] = record
        held.mark = seq
        return True

    def backup(self) -> dict[str, dict[str, OfficeStream]]:
        """S5: a copy, and only then `safe`."""
        with self._lock:
            copied = copy.deepcopy(self.streams)
            for gateway_name, streams in self.streams.items():
                for epoch, held in streams.items():
                    held.safe = held.whole
                    self._manifest.setdefault(gateway_name, {})[epoch] = held.mark
            return copied

    def restore(self, copied: dict[str, dict[str, OfficeStream]]) -> None:
        """S6: an older state, and what the newest manifest had more is missing."""
        with self._lock:
            self.streams = copy.deepcopy(copied)
            for gateway_name, marks in self._manifest.items():
                for epoch, mark in marks.items():
                    held = self.streams.setdefault(gateway_name, {}).setdefault(epoch, OfficeStream(None, 0))
                    held.safe = held.whole
                    if mark > held.mark:
                        held.missing = added(held.missing, held.mark + 1, mark)
                        held.mark = held.claimed = mark

    def publish(self, body: str) -> SnapshotEnvelope:
        """The next master data."""
        with self._lock:
            version = self.envelope.version + 1 if self.envelope else 1
            self.envelope = SnapshotEnvelope(version=version, digest=content_digest_of(body), body=body)
            return self.envelope

    def tell(self, gateway_name: str, kind: str, content: dict[str, Any]) -> Fact:
        """The next fact for a gateway."""
        with self._lock:
            told = self.facts.setdefault(gateway_name, [])
            told.append(Fact(number=len(told) + 1, kind=kind, content=content))
            return told[-1]

    def facts_after(self, gateway_name: str, after: int) -> Facts:
        """What `GET /api/v1/facts` answers."""
        with self._lock:
            told = self.facts.get(gateway_name, [])
            return Facts(facts=tuple(told[after : after + FACTS_PER_FETCH_MAX]), last=len(told))

    def held(self, gateway_name: str) -> dict[tuple[str, int], str]:
        """(epoch, seq) -> content of everything of one gateway."""
        with self._lock:
            streams = self.streams.get(gateway_name, {})
            return {(epoch, seq): row.content for epoch, each in streams.items() for seq, row in each.records.items()}


class MemoryExchange:
    """An office without a network between. `fate` says of each request what becomes of it."""

    def __init__(self, office: MemoryOffice, gateway_name: str, fate: Callable[[], Fate] = lambda: "pass") -> None:
        self.office = office
        self._gateway_name = gateway_name
        self._fate = fate

    def offer(self, batch: Batch) -> Receipt:
        """See Exchange. The batch goes through its text, as over a wire."""
        fate = self._fate()
        if fate == "lose_request":
            raise SinkUnreachable("the request was lost")
        if batch.gateway != self._gateway_name:
            raise SinkRefused("the credential belongs to another gateway")
        receipt = self.office.take(Batch.model_validate_json(batch.model_dump_json()))
        if fate == "lose_reply":
            raise SinkUnreachable("the reply was lost")
        return receipt

    def snapshot(self) -> SnapshotEnvelope:
        """See Exchange."""
        if self._fate() != "pass":
            raise SinkUnreachable
        if self.office.envelope is None:
            raise ReplyRefused("there is no snapshot")
        return self.office.envelope

    def facts(self, after: int) -> Facts:
        """See Exchange."""
        if self._fate() != "pass":
            raise SinkUnreachable
        return self.office.facts_after(self._gateway_name, after)

    def close(self) -> None:
        """See Exchange."""
