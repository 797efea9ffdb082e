"""A gateway's card as a folder with its real journal, and the office as it is reached from there."""

import random
from collections.abc import Callable
from pathlib import Path

from central.database import Database
from central.ingest import ingest
from floor.events import Happening, Instant, ReportFinished, encode
from gateway.journal import Journal
from gateway.journal_reader import JournalReader
from sync.ports import ReceiptCame, Report
from sync.pump import CentralPump
from sync.wire import Batch, Facts, Receipt, SnapshotEnvelope


class NearOffice:
    """The server's ingest without the line between: what comes over HTTP is tested elsewhere."""

    def __init__(self, database: Database, gateway_name: str, now: Callable[[], float]) -> None:
        self._database = database
        self._name = gateway_name
        self._now = now

    def offer(self, batch: Batch) -> Receipt:
        return ingest(self._database, self._name, batch, self._now())

    def snapshot(self) -> SnapshotEnvelope:
        raise AssertionError("nobody fetches it here")

    def facts(self, after: int) -> Facts:
        raise AssertionError("nobody fetches them here")

    def close(self) -> None:
        """Nothing is open."""


class CardFolder:
    """One SD card. Every `keep` is a start of the process of its own: an epoch."""

    def __init__(self, folder: Path, gateway_name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.gateway_name = gateway_name

    def keep(self, count: int) -> None:
        """So many reports, in an epoch of their own."""
        journal = self._opened()
        for number in range(count):
            instant = Instant("b" * 32, 10.0 + number, 1_700_000_000.0 + number, True)
            happening = Happening(ReportFinished(person="P1", operation="OP1", good=1), "S1", instant, 1)
            with journal.group() as group:
                group.append(encode(happening, "2026-01-01T00:00:00Z"))
        journal.close()

    def send(self, office: NearOffice, steps: int) -> None:
        """At most so many steps of the pump; what they do not reach stays on the card."""
        journal = self._opened()
        reader = JournalReader(journal.path, self.gateway_name)
        came: list[Report] = []

        def post(report: Report) -> bool:
            came.append(report)
            return True

        pump, now = CentralPump(self.gateway_name, reader, office, post, random.Random(1).random), 100.0
        for _ in range(steps):
            pump.step(now)
            for each in came:
                if isinstance(each, ReceiptCame):
                    journal.believe(each.receipt.streams, now, each.receipt.server)
            came.clear()
            now += 61
        journal.flush()
        reader.close()
        journal.close()

    def identities(self) -> set[tuple[str, int, str]]:
        """(epoch, seq, digest) of everything on the card."""
        if not (self.folder / "journal.sqlite").exists():
            return set()
        with JournalReader(self.folder / "journal.sqlite") as reader:
            return {(record.epoch, record.seq, record.digest) for _, record in reader.walk()}

    def _opened(self) -> Journal:
        journal = Journal(self.folder, self.gateway_name, free_bytes_min=0, ballast_bytes=0)
        journal.open()
        return journal
