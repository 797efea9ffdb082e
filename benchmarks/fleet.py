"""Many gateways in one process of its own: cards in memory with what the production sends them with.

Each has its own credential, its own connections, and the threads that a gateway has: the pump that offers batches and
the downlink that fetches facts. Digests, chains, batches and receipts are the protocol's own (sync/).
"""

import hashlib
import multiprocessing
import random
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.plant_events import Place, happenings
from benchmarks.readings import NothingCame
from floor.events import encode
from gateway.clock import boottime, rfc3339
from sync.central_sink import HttpExchange
from sync.downlink import Downlink
from sync.limits import OFFER_INTERVAL_SECONDS
from sync.memory import MemoryCard
from sync.ports import ReceiptCame, Report
from sync.pump import CentralPump
from sync.runner import Runner
from sync.wire import Receipt

ANSWER_SECONDS_MAX = 120.0


@dataclass(frozen=True, slots=True)
class Enlisted:
    """A gateway to play. `master`: version and digest of the master data that it has already.

    `backlog`: records that it already has, and sends when it is told to drain.
    """

    name: str
    token: str
    place: Place
    master: tuple[int, str]
    backlog: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Records of the gateways without a backlog, and of those with one. `drained_at`: of the monotonic clock."""

    made: int
    confirmed: int
    backlog: int
    drained: int
    drained_at: float


class Member:
    """One gateway."""

    def __init__(self, enlisted: Enlisted, url: str) -> None:
        self.enlisted = enlisted
        self.fault: BaseException | None = None
        self.confirmed_at = 0.0
        self._epoch = secrets.token_hex(16)
        # Epochs are random, as a gateway makes them: one starts one.
        self.card = MemoryCard(enlisted.name, lambda _: self._epoch)
        self._happenings = happenings(enlisted.place, self._epoch)
        up, down = (HttpExchange(url, enlisted.token) for _ in range(2))
        version, digest = enlisted.master
        self._downlink = Downlink(down, lambda _: True, random.random, snapshot_version=version, snapshot_digest=digest)
        pump = CentralPump(
            enlisted.name, self.card, up, self._post, random.random, release="bench", on_receipt=self._on_receipt
        )
        self._up = Runner(f"{enlisted.name} up", pump.step, boottime, self._died, finish=up.close)
        self._down = Runner(f"{enlisted.name} down", self._downlink.step, boottime, self._died, finish=down.close)

    @property
    def confirmed(self) -> int:
        """Records that the office has by its receipts."""
        return sum(each.mark for each in self.card.epochs())

    def keep(self) -> None:
        """The next record; the pump sends it as it sends a scan."""
        happening = next(self._happenings)
        self.card.append(encode(happening, rfc3339(happening.instant.wall)))
        self._up.wake_within(OFFER_INTERVAL_SECONDS)

    def start(self) -> None:
        """Begin to talk to the office."""
        self._up.start()
        self._down.start()

    def close(self) -> None:
        """End the threads that were started."""
        for each in (self._up, self._down):
            each.close()

    def digest(self) -> tuple[int, str]:
        """(records, a digest over their digests in their order)."""
        made = self.card.made()
        return len(made), hashlib.sha256("\n".join(each.digest for each in made).encode()).hexdigest()

    def _on_receipt(self, receipt: Receipt) -> None:
        self._downlink.note(receipt)
        self._down.wake()

    def _post(self, report: Report, /) -> bool:
        if isinstance(report, ReceiptCame):
            self.card.note(report.receipt)
            self.confirmed_at = time.monotonic()
        return True

    def _died(self, _: str, fault: BaseException) -> None:
        self.fault = fault


class _Fleet:
    """What runs in the process: answers its parent, and keeps records at the pace it was told."""

    def __init__(self, url: str, enlisted: Sequence[Enlisted]) -> None:
        self._members = [Member(each, url) for each in enlisted]
        self._reporters = [each for each in self._members if not each.enlisted.backlog]
        self._drainers = [each for each in self._members if each.enlisted.backlog]
        self._random = random.Random(len(enlisted))
        self._waiting: list[Member] = []
        self._interval = 0.0
        self._due = float("inf")
        for each in self._drainers:
            for _ in range(each.enlisted.backlog):
                each.keep()
        for each in self._reporters:
            each.start()

    def serve(self, connection: Connection) -> None:
        """Until `end`."""
        connection.send("ready")
        while True:
            if connection.poll(max(0.0, min(1.0, self._due - time.monotonic()))):
                word, value = connection.recv()
                connection.send(getattr(self, f"_{word}")(value))
                if word == "end":
                    return
            while self._due <= time.monotonic():
                self._next().keep()
                self._due += self._interval

    def _next(self) -> Member:
        """Each gets its turn, in another order each time."""
        if not self._waiting:
            self._waiting = self._random.sample(self._reporters, len(self._reporters))
        return self._waiting.pop()

    def _pace(self, events_per_second: float) -> None:
        self._interval = 1.0 / events_per_second if events_per_second else 0.0
        self._due = time.monotonic() if events_per_second else float("inf")

    def _drain(self, _: Any) -> None:
        for each in self._drainers:
            each.start()

    def _state(self, _: Any) -> State:
        """Raises what ended a thread, which ends the process and so the run."""
        for each in self._members:
            if each.fault is not None:
                raise each.fault
        return State(
            sum(each.card.newest() for each in self._reporters),
            sum(each.confirmed for each in self._reporters),
            sum(each.card.newest() for each in self._drainers),
            sum(each.confirmed for each in self._drainers),
            max((each.confirmed_at for each in self._drainers), default=0.0),
        )

    def _digests(self, _: Any) -> dict[str, tuple[int, str]]:
        return {each.enlisted.name: each.digest() for each in self._members}

    def _end(self, _: Any) -> None:
        for each in self._members:
            each.close()


def _run(connection: Connection, url: str, enlisted: Sequence[Enlisted]) -> None:
    _Fleet(url, enlisted).serve(connection)


class Fleet:
    """Some such processes, asked together."""

    def __init__(self, url: str, crews: Sequence[Sequence[Enlisted]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._shares = [len([each for each in crew if not each.backlog]) for crew in crews]
        self._asked: list[Connection] = []
        self._processes = []
        for crew in crews:
            here, there = context.Pipe()
            self._processes.append(context.Process(target=_run, args=(there, url, crew), daemon=True))
            self._asked.append(here)

    def start(self) -> None:
        """Return when every card holds its backlog."""
        for each in self._processes:
            each.start()
        for one in self._asked:
            self._answer(one)

    def pace(self, events_per_second: float) -> None:
        """So many records a second of all together; 0: none."""
        for one, share in zip(self._asked, self._shares, strict=True):
            self._ask(one, "pace", events_per_second * share / sum(self._shares))

    def drain(self, number: int) -> None:
        """Those with a backlog in that process begin to send it."""
        self._ask(self._asked[number], "drain")

    def states(self) -> list[State]:
        """Of each process, now."""
        return [self._ask(one, "state") for one in self._asked]

    def digests(self) -> dict[str, tuple[int, str]]:
        """By gateway, what `Member.digest` says."""
        return {name: told for one in self._asked for name, told in self._ask(one, "digests").items()}

    def pids(self) -> list[int]:
        """The processes' ids."""
        return [each.pid for each in self._processes if each.pid is not None]

    def close(self) -> None:
        """End every process."""
        for one, process in zip(self._asked, self._processes, strict=True):
            if process.is_alive():
                self._ask(one, "end")
                process.join(10)
            if process.is_alive():
                process.kill()
                process.join()

    def _ask(self, one: Connection, word: str, value: object = None) -> Any:
        one.send((word, value))
        return self._answer(one)

    def _answer(self, one: Connection) -> Any:
        if not one.poll(ANSWER_SECONDS_MAX):
            raise NothingCame("a process of gateways does not answer")
        return one.recv()


@contextmanager
def fleet(url: str, crews: Sequence[Sequence[Enlisted]]) -> Iterator[Fleet]:
    """Started, and ended afterwards."""
    found = Fleet(url, crews)
    try:
        found.start()
        yield found
    finally:
        found.close()
