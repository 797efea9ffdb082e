"""A gateway's card in memory, as the tests of the server need one: it follows G1 to G7 of the protocol."""

import copy
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from floor.events import Event, Happening, Instant, encode
from sync.wire import NO_DIGEST, Batch, Receipt, Stream, WireRecord, closed_digest_of, digest_of


def record_text(type_name: str, data: object, head: Mapping[str, object] = MappingProxyType({})) -> str:
    """A record as only a hostile gateway would write it; `head` overrules whatever else it would say."""
    whole = {
        "type": type_name,
        "data": data,
        "subject": "S1",
        "bootid": "b" * 32,
        "boottime": "1.0",
        "walltime": "1800000000.0",
    }
    more = {"clockstate": "unsynchronised", "masterversion": 1, "signalled": 0}
    return json.dumps({**whole, **more, **head})


@dataclass
class CardEpoch:
    epoch: str
    previous_epoch: str | None
    previous_last: int
    last: int = 0
    floor: int = 0
    mark: int = 0
    safe: int = 0
    missing: tuple[tuple[int, int], ...] = ()

    def wanted(self, seq: int) -> bool:
        return seq > self.mark or any(first <= seq <= last for first, last in self.missing)

    def closed(self) -> bool:
        return self.last == self.floor and self.mark >= self.last and self.safe >= self.last and not self.missing


@dataclass
class Card:
    """`start()` begins an epoch with the next record, as a process start does."""

    name: str = "one"
    epochs: list[CardEpoch] = field(default_factory=list)
    records: dict[tuple[str, int], WireRecord] = field(default_factory=dict)
    newest_digest: str = NO_DIGEST
    running: CardEpoch | None = None
    boottime: float = 100.0
    boot: str = "b" * 32
    wall: float = 1_700_000_000.0
    synchronised: bool = True
    offer_all: bool = False

    def start(self) -> None:
        self.running = None

    def copy(self) -> "Card":
        """An image of the card, put into another machine."""
        found = copy.deepcopy(self)
        found.start()
        return found

    def keep(self, event: Event, station: str = "S1") -> str:
        """A record; returns epoch/seq."""
        self.boottime += 1
        self.wall += 1
        instant = Instant(self.boot, self.boottime, self.wall, self.synchronised)
        return self.keep_text(encode(Happening(event, station, instant, 1), "2026-01-01T00:00:00Z"))

    def keep_text(self, content: str) -> str:
        if self.running is None:
            before = self.epochs[-1] if self.epochs else None
            told = (before.epoch, before.last) if before else (None, 0)
            self.running = CardEpoch(secrets.token_hex(16), *told)
            self.epochs.append(self.running)
        stream = self.running
        stream.last += 1
        digest = digest_of(self.name, stream.epoch, stream.last, self.newest_digest, content)
        self.records[stream.epoch, stream.last] = WireRecord(stream.last, self.newest_digest, digest, content)
        self.newest_digest = digest
        return f"{stream.epoch}/{stream.last}"

    def lose(self, epoch: str, seq: int) -> None:
        """G7: salvage found a hole."""
        content = '{"type":"record.lost","data":' + json.dumps({"epoch": epoch, "seq": seq, "reason": "card"}) + "}"
        digest = digest_of(self.name, epoch, seq, NO_DIGEST, content)
        self.records[epoch, seq] = WireRecord(seq, NO_DIGEST, digest, content)

    def batch(self, records_max: int = 50) -> Batch:
        """G3."""
        closed = [(each.epoch, each.last) for each in self.epochs if each.closed()]
        offered = [each for each in self.epochs if self.offer_all or not each.closed()]
        streams = []
        for each in offered:
            seqs = [seq for seq in range(each.floor + 1, each.last + 1) if each.wanted(seq)]
            held = [self.records[each.epoch, seq] for seq in seqs if (each.epoch, seq) in self.records]
            taken, records_max = tuple(held[:records_max]), max(0, records_max - len(held))
            streams.append(
                Stream(
                    epoch=each.epoch,
                    previous_epoch=each.previous_epoch,
                    previous_last=each.previous_last,
                    last=each.last,
                    floor=each.floor,
                    records=taken,
                )
            )
        return Batch(
            gateway=self.name,
            whole=self.offer_all,
            closed_count=len(closed),
            closed_digest=closed_digest_of(closed),
            streams=tuple(streams),
        )

    def believe(self, receipt: Receipt) -> bool:
        """G4; returns whether anything moved."""
        before = [(each.mark, each.missing, each.safe) for each in self.epochs]
        for told in receipt.streams:
            for each in self.epochs:
                if each.epoch == told.epoch:
                    each.mark, each.safe, each.missing = told.mark, told.safe, told.missing
        moved = before != [(each.mark, each.missing, each.safe) for each in self.epochs] or (
            receipt.offer_all and not self.offer_all
        )
        self.offer_all = receipt.offer_all
        return moved

    def prune(self) -> None:
        """G5."""
        for each in self.epochs:
            pruned = min(each.mark, each.safe, each.last)
            for seq in range(each.floor + 1, pruned + 1):
                self.records.pop((each.epoch, seq), None)
            each.floor = max(each.floor, pruned)

    def drain(self, exchange: Callable[[Batch], Receipt], records_max: int = 50) -> None:
        """Exchanges until nothing moves any more."""
        for _ in range(10_000):
            if not self.believe(exchange(self.batch(records_max))):
                return
        raise AssertionError("the exchange never comes to rest")
