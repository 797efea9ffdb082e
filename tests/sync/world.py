"""A gateway's pump in virtual time against an office in memory."""

from collections.abc import Callable
from typing import Any

from sync.limits import PumpLimits
from sync.memory import Fate, MemoryCard, MemoryExchange, MemoryOffice
from sync.ports import ReceiptCame, Report, SinkRefused, SinkState
from sync.pump import CentralPump
from sync.wire import Batch, Receipt

GATEWAY = "gate-1"


class Inbox:
    """A main loop's inbox with room for `room` reports; None: without end."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.room: int | None = None

    def __call__(self, report: Report, /) -> bool:
        if self.room is not None and len(self.reports) >= self.room:
            return False
        self.reports.append(report)
        return True

    def of(self, kind: type[Any]) -> list[Any]:
        return [report for report in self.reports if isinstance(report, kind)]


class SpiedExchange(MemoryExchange):
    """Remembers what was offered and may answer differently."""

    def __init__(self, office: MemoryOffice, fate: Callable[[], Fate]) -> None:
        super().__init__(office, GATEWAY, fate)
        self.batches: list[Batch] = []
        self.change: Callable[[Receipt], Receipt] = lambda receipt: receipt
        self.error: Exception | None = None

    def offer(self, batch: Batch) -> Receipt:
        self.batches.append(batch)
        if self.error is not None:
            raise self.error
        return self.change(super().offer(batch))


class World:
    """Time stands still during an exchange; `run` jumps from wake to wake and plays the main loop between."""

    def __init__(self, limits: PumpLimits | None = None) -> None:
        self.now = 1_000.0
        self.card = MemoryCard(GATEWAY)
        self.office = MemoryOffice()
        self.fate: Fate = "pass"
        self.exchange = SpiedExchange(self.office, lambda: self.fate)
        self.inbox = Inbox()
        self.stores = True
        self.noted = 0
        self.limits = limits or PumpLimits()
        self.pump = self.fresh_pump()

    def fresh_pump(self) -> CentralPump:
        """As after a process start."""
        return CentralPump(GATEWAY, self.card, self.exchange, self.inbox, lambda: 0.5, limits=self.limits)

    def append(self, count: int = 1, text: str = "{}") -> None:
        for _ in range(count):
            self.card.append(text)

    def store(self) -> None:
        """The main loop stores what came."""
        receipts = self.inbox.of(ReceiptCame)
        for came in receipts[self.noted :]:
            self.card.note(came.receipt)
        self.noted = len(receipts)

    def step(self) -> float:
        wake = self.pump.step(self.now)
        if self.stores:
            self.store()
        return wake

    def run(self, seconds: float, steps_max: int = 10_000) -> int:
        """Step until `seconds` of virtual time have passed; returns the number of exchanges."""
        end, before = self.now + seconds, len(self.exchange.batches)
        for _ in range(steps_max):
            wake = self.step()
            if wake > end:
                self.now = end
                return len(self.exchange.batches) - before
            self.now = max(self.now, wake)
        raise AssertionError("the pump never rests")

    def missing_at_office(self) -> set[tuple[str, int]]:
        """What was made and the office does not hold."""
        return {(each.epoch, each.seq) for each in self.card.made()} - set(self.office.held(GATEWAY))

    def states(self) -> list[bool]:
        return [state.online for state in self.inbox.of(SinkState)]

    def refusals(self) -> list[str]:
        return [refused.reason for refused in self.inbox.of(SinkRefused)]
