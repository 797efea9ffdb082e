"""Planted bugs: each breaks one rule, and the simulation must notice. `Honest` is where a bug can get in."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from central import ingest as ingest_module
from central.ingest_rules import Held, Judgement, judge
from devices.types import Signal
from floor.events import Instant
from gateway.journal import Journal
from gateway.keeping import Act, Input
from gateway.loop import Loop
from simulation.virtual_network import Application
from sync.errors import SinkUnreachable
from sync.ports import Exchange
from sync.wire import Batch, Facts, Receipt, SnapshotEnvelope, Stream, StreamReceipt


class Honest:
    """No bug. A planted bug overrides one of these and says in its docstring which rule it breaks."""

    faults: tuple[str, ...] = ()
    """Kinds of fault that bring it to light; the world makes sure that a day has them."""

    manifests_trusted = True

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def beginning(self, connection: Any) -> None:
        """A journal's connection begins its first transaction."""

    def opened(self, journal: Journal) -> None:
        """A gateway process has opened its journal."""

    def built(self, loop: Loop) -> None:
        """A gateway's main loop is about to run."""

    def exchange(self, journal: Journal, exchange: Exchange) -> Exchange:
        """What the pump talks to."""
        return exchange

    def application(self, application: Application) -> Application:
        """What requests reach."""
        return application

    @contextmanager
    def at_the_office(self) -> Iterator[None]:
        """While a day runs."""
        yield


class Exchanging(Honest):
    """A bug between the pump and the office."""

    def exchange(self, journal: Journal, exchange: Exchange) -> Exchange:
        """See Honest."""
        return AlteredExchange(exchange, self.up, self.down)

    def up(self, batch: Batch) -> Batch:
        """What becomes of an offer."""
        return batch

    def down(self, batch: Batch, receipt: Receipt | SinkUnreachable) -> Receipt:
        """What becomes of its receipt."""
        if isinstance(receipt, SinkUnreachable):
            raise receipt
        return receipt


class AlteredExchange:
    """Fits sync.ports.Exchange."""

    def __init__(
        self,
        inner: Exchange,
        up: Callable[[Batch], Batch],
        down: Callable[[Batch, Receipt | SinkUnreachable], Receipt],
    ) -> None:
        self._inner = inner
        self._up = up
        self._down = down

    def offer(self, batch: Batch) -> Receipt:
        """See Exchange."""
        changed = self._up(batch)
        try:
            told: Receipt | SinkUnreachable = self._inner.offer(changed)
        except SinkUnreachable as error:
            told = error
        return self._down(changed, told)

    def snapshot(self) -> SnapshotEnvelope:
        """See Exchange."""
        return self._inner.snapshot()

    def facts(self, after: int) -> Facts:
        """See Exchange."""
        return self._inner.facts(after)

    def close(self) -> None:
        """See Exchange."""
        self._inner.close()


def _each(receipt: Receipt, change: Callable[[StreamReceipt], StreamReceipt]) -> Receipt:
    return receipt.model_copy(update={"streams": tuple(change(each) for each in receipt.streams)})


# -- the gateway's rules -----------------------------------------------------------------------------------------


class SignalBeforeCommit(Honest):
    """I1: the station beeps when it has decided, and commits afterwards."""

    faults = ("cut_within", "disk_full", "read_only")

    def built(self, loop: Loop) -> None:
        """See Honest."""
        keep = loop._keep

        def signal_first(acts: list[Act], instant: Instant) -> None:
            for act in acts:
                if isinstance(act, Input):
                    for indicator in loop.indicators.get(act.station, ()):
                        indicator.give(Signal.KEPT, act.station)
            keep(acts, instant)

        _rebind(loop, "_keep", signal_first)


class SynchronousNormal(Honest):
    """I1: synchronous=NORMAL instead of FULL, set after the journal has read its pragmas back."""

    faults = ("cut",)

    def beginning(self, connection: sqlite3.Connection) -> None:
        """See Honest."""
        connection.execute("PRAGMA synchronous=NORMAL")


class OneEpochForEver(Honest):
    """I3: a process start goes on in the epoch that the card has."""

    faults = ("card_restored", "card_cloned", "card_lies")

    def opened(self, journal: Journal) -> None:
        """See Honest."""
        if journal.is_open and journal.epochs:
            journal.current = journal.epochs[max(journal.epochs)]


class CounterEpoch(Honest):
    """I3: epochs are counted instead of random."""

    faults = ("card_restored", "card_cloned", "card_lies")

    def opened(self, journal: Journal) -> None:
        """See Honest."""

        def count(size: int) -> bytes:
            salt = sum(journal.gateway_name.encode())
            return (salt * 1_000_000 + max(journal.epochs, default=0) + 1).to_bytes(size, "big")

        journal._entropy = count


class EpochOnlyWhenTold(Honest):
    """I3: a new epoch only once the server shows more than the card has, which it cannot while the card is offline."""

    faults = ("card_restored", "card_cloned", "card_lies")

    def opened(self, journal: Journal) -> None:
        """See Honest."""
        if journal.is_open and journal.epochs:
            newest = journal.epochs[max(journal.epochs)]
            if newest.mark <= newest.last:
                journal.current = newest


# -- the way up --------------------------------------------------------------------------------------------------


class PositionBeforeReceipt(Exchanging):
    """I5: what was offered counts as held, whether or not a receipt came, and no receipt takes that back."""

    faults = ("lines",)

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self._sent: dict[str, int] = {}

    def down(self, batch: Batch, receipt: Receipt | SinkUnreachable) -> Receipt:
        """See Exchanging."""
        for each in batch.streams:
            if each.records:
                self._sent[each.epoch] = max(each.records[-1].seq, self._sent.get(each.epoch, 0))
        if isinstance(receipt, Receipt):
            return _each(
                receipt, lambda each: each.model_copy(update={"mark": max(each.mark, self._sent.get(each.epoch, 0))})
            )
        told = tuple(
            StreamReceipt(epoch=each.epoch, mark=self._sent.get(each.epoch, 0), safe=0) for each in batch.streams
        )
        return Receipt(server="", streams=told)


class LowerMarkIgnored(Exchanging):
    """I5: a mark that goes back is not believed."""

    faults = ("office_restored",)

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self._highest: dict[str, int] = {}

    def down(self, batch: Batch, receipt: Receipt | SinkUnreachable) -> Receipt:
        """See Exchanging."""

        def higher(each: StreamReceipt) -> StreamReceipt:
            mark = self._highest[each.epoch] = max(each.mark, self._highest.get(each.epoch, 0))
            return each.model_copy(update={"mark": mark, "missing": ()})

        return _each(super().down(batch, receipt), higher)


class PruneOnReceipt(Exchanging):
    """I5: what the server has is deleted before it is in a confirmed backup."""

    faults = ("office_restored",)

    def down(self, batch: Batch, receipt: Receipt | SinkUnreachable) -> Receipt:
        """See Exchanging."""
        return _each(super().down(batch, receipt), lambda each: each.model_copy(update={"safe": each.mark}))


class OnlyUnsentOffered(Exchanging):
    """G3: epochs without anything unsent are not offered, so nobody hears that the server went back."""

    faults = ("office_restored", "quiet_end")

    def up(self, batch: Batch) -> Batch:
        """See Exchanging."""
        return batch.model_copy(update={"streams": tuple(each for each in batch.streams if each.records)})


class GapsNotTold(Exchanging):
    """S4: the receipt does not say what is missing."""

    faults = ("office_restored_older",)

    def down(self, batch: Batch, receipt: Receipt | SinkUnreachable) -> Receipt:
        """See Exchanging."""
        return _each(super().down(batch, receipt), lambda each: each.model_copy(update={"missing": ()}))


class FloorNotTold(Exchanging):
    """S2, S3: the gateway does not say what it pruned, and a restore looks at no manifest."""

    faults = ("office_restored_older",)
    manifests_trusted = False

    def up(self, batch: Batch) -> Batch:
        """See Exchanging."""
        return batch.model_copy(
            update={"streams": tuple(each.model_copy(update={"floor": 0}) for each in batch.streams)}
        )


class OldEpochsForgotten(Exchanging):
    """S6: epochs that are wholly pruned are never offered again, and a restore looks at no manifest."""

    faults = ("office_restored_older", "reboots")
    manifests_trusted = False

    def up(self, batch: Batch) -> Batch:
        """See Exchanging."""
        kept = tuple(
            each.model_copy(update={"previous_epoch": None, "previous_last": 0})
            for each in batch.streams
            if each.floor < each.last
        )
        return batch.model_copy(update={"streams": kept, "closed_digest": "0" * 64, "closed_count": 0, "whole": True})


# -- the server's rules ------------------------------------------------------------------------------------------


class Judging(Honest):
    """A bug in what the server makes of an offer."""

    @contextmanager
    def at_the_office(self) -> Iterator[None]:
        """See Honest."""
        vars(ingest_module)["judge"] = self.judge
        try:
            yield
        finally:
            vars(ingest_module)["judge"] = judge

    def judge(self, epoch: str, stream: Stream, held: Held, wrong: Any) -> Judgement:
        """As central.ingest_rules.judge."""
        return judge(epoch, stream, held, wrong)


class DuplicateApplied(Judging):
    """I4: a record that is sent again is counted again (once more; a third time the database itself would object)."""

    faults = ("lines",)

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self._doubled: set[tuple[str, int]] = set()

    def judge(self, epoch: str, stream: Stream, held: Held, wrong: Any) -> Judgement:
        """See Judging."""
        before = dict(held.digests)
        fold = judge(epoch, stream, held, wrong)
        again = [
            each
            for each in stream.records
            if before.get(each.seq) == each.digest and (epoch, each.seq) not in self._doubled
        ]
        self._doubled |= {(epoch, each.seq) for each in again}
        fold.replaced += [each.seq for each in again]
        fold.taken += again
        return fold


class GapsTaken(Judging):
    """S2: the mark is the highest seq that came, whatever is missing below it."""

    faults = ("office_restored", "lines")

    def judge(self, epoch: str, stream: Stream, held: Held, wrong: Any) -> Judgement:
        """See Judging."""
        if stream.records and stream.records[0].seq > held.mark + 1:
            held.mark = stream.records[0].seq - 1
        return judge(epoch, stream, held, wrong)


class DedupeByTime(Judging):
    """I4: two records of the same second are taken for one."""

    def judge(self, epoch: str, stream: Stream, held: Held, wrong: Any) -> Judgement:
        """See Judging."""
        fold = judge(epoch, stream, held, wrong)
        seen: set[str] = set()
        kept = []
        for record in fold.taken:
            moment = record.content.partition('"walltime":"')[2].partition(".")[0] + record.content[:20]
            if moment not in seen:
                kept.append(record)
            seen.add(moment)
        fold.taken = kept
        return fold


class MarkBeforeRecords(Judging):
    """I4: marks and records move in two transactions, and the server dies between them now and then."""

    def judge(self, epoch: str, stream: Stream, held: Held, wrong: Any) -> Judgement:
        """See Judging."""
        fold = judge(epoch, stream, held, wrong)
        if fold.taken and self.chance.random() < 0.02:
            fold.taken = []
        return fold


class NoManifest(Honest):
    """S6: a restore looks at no manifest but the copy's own."""

    faults = ("office_restored_older", "card_restored")
    manifests_trusted = False


def _rebind(loop: Loop, name: str, value: Any) -> None:
    """Slots keep a method from being replaced on one object: the object's class becomes one that replaces it."""
    loop.__class__ = type("Planted", (type(loop),), {"__slots__": (), name: staticmethod(value)})


BUGS: dict[str, type[Honest]] = {
    "signal-before-commit": SignalBeforeCommit,
    "synchronous-normal": SynchronousNormal,
    "one-epoch-for-ever": OneEpochForEver,
    "counter-epoch": CounterEpoch,
    "epoch-only-when-told": EpochOnlyWhenTold,
    "position-before-receipt": PositionBeforeReceipt,
    "lower-mark-ignored": LowerMarkIgnored,
    "prune-on-receipt": PruneOnReceipt,
    "only-unsent-offered": OnlyUnsentOffered,
    "gaps-not-told": GapsNotTold,
    "floor-not-told": FloorNotTold,
    "old-epochs-forgotten": OldEpochsForgotten,
    "duplicate-applied": DuplicateApplied,
    "gaps-taken": GapsTaken,
    "dedupe-by-time": DedupeByTime,
    "mark-before-records": MarkBeforeRecords,
    "no-manifest": NoManifest,
}
"""By name, for `lineside simulate --planted NAME`."""
