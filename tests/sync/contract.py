"""What every record source and every exchange does, whatever stands behind it.

A test module subclasses the contract and gives it a rig; pytest then runs all of it.
"""

from abc import ABC, abstractmethod
from typing import Protocol

import pytest

from sync.errors import SinkRefused
from sync.memory import MemoryCard, MemoryOffice
from sync.ports import Exchange, RecordSource
from sync.wire import (
    NO_DIGEST,
    Batch,
    Receipt,
    Stream,
    StreamReceipt,
    WireRecord,
    closed_digest_of,
    digest_of,
)
from tests.sync.world import GATEWAY


class SourceRig(Protocol):
    """A journal in the hands of a test."""

    source: RecordSource

    def start_epoch(self) -> None:
        """A new process start; the epoch shows with its first record."""

    def append(self, content: str) -> None:
        """Keep one record."""

    def note(self, receipt: Receipt) -> None:
        """Store a receipt (G4)."""

    def prune(self) -> None:
        """G5, with no notice sink."""


class SourceContract(ABC):
    """RecordSource."""

    @abstractmethod
    def rig(self) -> SourceRig:
        """A fresh, empty journal of gateway `GATEWAY`."""

    def _filled(self) -> SourceRig:
        rig = self.rig()
        for count in (3, 2):
            rig.start_epoch()
            for number in range(count):
                rig.append(f'{{"n":{number},"合格":"{"x" * number}"}}')
        return rig

    def test_an_empty_journal_has_nothing(self) -> None:
        source = self.rig().source
        assert (source.newest(), source.epochs(), source.read_after(0, 10)) == (0, (), ())
        assert source.read("0" * 32, 0, 10) == ()

    def test_epochs_form_a_chain_and_digests_fit(self) -> None:
        source = self._filled().source
        first, second = source.epochs()
        assert (first.previous_epoch, first.previous_last, first.last) == (None, 0, 3)
        assert (second.previous_epoch, second.previous_last, second.last) == (first.epoch, 3, 2)
        assert (first.floor, first.mark, first.safe, first.missing) == (0, 0, 0, ())
        previous = NO_DIGEST
        for entry in (first, second):
            for seq, record in enumerate(source.read(entry.epoch, 0, 10), 1):
                assert (record.gateway_name, record.epoch, record.seq) == (GATEWAY, entry.epoch, seq)
                assert record.previous_digest == previous
                assert record.digest == digest_of(GATEWAY, entry.epoch, seq, previous, record.content)
                previous = record.digest

    def test_reading_starts_behind_and_ends_at_the_limit(self) -> None:
        source = self._filled().source
        epoch = source.epochs()[0].epoch
        assert [record.seq for record in source.read(epoch, 1, 10)] == [2, 3]
        assert [record.seq for record in source.read(epoch, 0, 2)] == [1, 2]
        assert source.read(epoch, 3, 10) == ()

    def test_positions_grow_over_all_epochs(self) -> None:
        rig = self._filled()
        rows = rig.source.read_after(0, 100)
        positions = [position for position, _ in rows]
        assert positions == sorted(set(positions)) and len(rows) == 5
        assert positions[-1] == rig.source.newest()
        assert rig.source.read_after(positions[2], 1) == (rows[3],)
        rig.append("{}")
        assert rig.source.newest() > positions[-1]

    def test_marks_are_stored_also_backwards_but_safe_only_forwards(self) -> None:
        rig = self._filled()
        epoch = rig.source.epochs()[0].epoch
        rig.note(Receipt(server="a", streams=(StreamReceipt(epoch=epoch, mark=3, safe=2),)))
        entry = rig.source.epochs()[0]
        assert (entry.mark, entry.safe) == (3, 2)
        rig.note(Receipt(server="a", streams=(StreamReceipt(epoch=epoch, mark=2, safe=0, missing=((1, 1),)),)))
        entry = rig.source.epochs()[0]
        assert (entry.mark, entry.safe, entry.missing) == (2, 0, ((1, 1),))

    def test_pruned_records_are_gone_and_positions_stay(self) -> None:
        rig = self._filled()
        first, second = rig.source.epochs()
        rows = rig.source.read_after(0, 100)
        streams = (
            StreamReceipt(epoch=first.epoch, mark=3, safe=3),
            StreamReceipt(epoch=second.epoch, mark=2, safe=1),
        )
        rig.note(Receipt(server="a", streams=streams))
        rig.prune()
        first, second = rig.source.epochs()
        assert (first.last, first.floor, second.last, second.floor) == (3, 3, 2, 1)
        assert rig.source.read(first.epoch, 0, 10) == ()
        assert [record.seq for record in rig.source.read(second.epoch, 0, 10)] == [2]
        assert rig.source.read_after(0, 100) == rows[4:]
        assert rig.source.newest() == rows[-1][0]


def batch_of(card: MemoryCard, **more: object) -> Batch:
    """Everything that is on a card, in one batch."""
    streams = tuple(
        Stream(
            epoch=entry.epoch,
            previous_epoch=entry.previous_epoch,
            previous_last=entry.previous_last,
            last=entry.last,
            floor=entry.floor,
            records=tuple(WireRecord(*row[2:]) for row in card.read(entry.epoch, 0, 500)),
        )
        for entry in card.epochs()
    )
    return Batch.model_validate({"gateway": GATEWAY, "streams": streams, **more})


class ExchangeContract(ABC):
    """Exchange, and S1 to S4 as a gateway sees them."""

    @abstractmethod
    def exchange(self) -> Exchange:
        """Of gateway `GATEWAY`."""

    @abstractmethod
    def office(self) -> MemoryOffice:
        """What stands behind it."""

    def _card(self, count: int = 3) -> MemoryCard:
        card = MemoryCard(GATEWAY)
        for number in range(count):
            card.append(f'{{"n":{number},"text":"合格 \\u0001"}}')
        return card

    def test_a_batch_is_taken_once_however_often_it_comes(self) -> None:
        card, exchange = self._card(), self.exchange()
        for _ in range(3):
            receipt = exchange.offer(batch_of(card))
            assert [(each.mark, each.safe, each.missing) for each in receipt.streams] == [(3, 0, ())]
        held = self.office().held(GATEWAY)
        assert held == {(record.epoch, record.seq): record.content for record in card.made()}

    def test_a_wrong_digest_stops_its_stream(self) -> None:
        card = self._card()
        card.replace(card.made()[1]._replace(content="changed"))
        assert self.exchange().offer(batch_of(card)).streams[0].mark == 1

    def test_a_gap_is_taken_only_where_the_card_was_pruned(self) -> None:
        card = self._card(5)
        epoch = card.epochs()[0].epoch
        whole = batch_of(card)
        stream = whole.streams[0]
        late = whole.model_copy(update={"streams": (stream.model_copy(update={"records": stream.records[3:]}),)})
        assert self.exchange().offer(late).streams[0].mark == 0
        pruned = stream.model_copy(update={"records": stream.records[3:], "floor": 3})
        receipt = self.exchange().offer(whole.model_copy(update={"streams": (pruned,)}))
        assert (receipt.streams[0].mark, receipt.streams[0].missing) == (5, ((1, 3),))
        receipt = self.exchange().offer(whole)
        assert (receipt.streams[0].mark, receipt.streams[0].missing) == (5, ())
        assert len(self.office().held(GATEWAY)) == 5 and epoch == receipt.streams[0].epoch

    def test_an_empty_stream_declares_what_was_pruned(self) -> None:
        offered = Stream(epoch="0" * 31 + "9", last=10**12, floor=10**12)
        receipt = self.exchange().offer(Batch(gateway=GATEWAY, streams=(offered,)))
        assert (receipt.streams[0].mark, receipt.streams[0].missing) == (10**12, ((1, 10**12),))

    def test_unknown_closed_epochs_are_asked_for(self) -> None:
        digest = closed_digest_of([("0" * 32, 4)])
        assert self.exchange().offer(Batch(gateway=GATEWAY, closed_count=1, closed_digest=digest)).offer_all
        assert not self.exchange().offer(Batch(gateway=GATEWAY)).offer_all

    def test_another_gateways_name_is_refused(self) -> None:
        with pytest.raises(SinkRefused):
            self.exchange().offer(Batch(gateway="gate-2"))

    def test_a_newer_protocol_is_refused(self) -> None:
        with pytest.raises(SinkRefused):
            self.exchange().offer(Batch(gateway=GATEWAY, protocol=99))

    def test_receipts_name_what_is_new(self) -> None:
        office, exchange = self.office(), self.exchange()
        assert exchange.offer(Batch(gateway=GATEWAY)).snapshot_digest == ""
        envelope = office.publish('{"合格": 1}')
        fact = office.tell(GATEWAY, "notice", {"text": "好"})
        receipt = exchange.offer(Batch(gateway=GATEWAY))
        assert (receipt.snapshot_version, receipt.snapshot_digest) == (envelope.version, envelope.digest)
        assert receipt.facts_last == 1
        assert exchange.snapshot() == envelope
        assert exchange.facts(0).facts == (fact,)
        assert (exchange.facts(1).facts, exchange.facts(1).last) == ((), 1)
