"""A gateway without threads, on a real journal: the production loop, stepped by hand under a clock of our own."""

from dataclasses import dataclass, field
from pathlib import Path

from devices.lines import LabelRules as LineRules
from devices.lines import LineDecoder
from devices.types import Frame, Signal
from floor.events import Instant
from floor.example import example_plant
from gateway.config import Config, parse
from gateway.inbox import Inbox
from gateway.journal import Journal
from gateway.journal_reader import JournalReader
from gateway.keeping import Keeping, NewMaster
from gateway.loop import Loop
from gateway.station_desk import StationRules
from gateway.storage import Storage
from gateway.upkeep import Upkeep
from gateway.view import GatewayView
from gateway.viewing import Viewing
from sync.wire import Record

BADGE, OTHER_BADGE, LEADER = "B-P02", "B-P03", "B-P01"
TICKET, OTHER_TICKET = "T-WO-1001-10", "T-WO-1002-10"


@dataclass
class Lamp:
    """A light that remembers."""

    name: str = "lamp"
    given: list[Signal] = field(default_factory=list)

    def open(self) -> None:
        """Nothing to open."""

    def give(self, signal: Signal, station: str) -> None:
        """Remember."""
        self.given.append(signal)

    def close(self) -> None:
        """Nothing to close."""


class Bench:
    """One station S1 with one scanner and one lamp. `seconds` passes between scans unless said otherwise."""

    def __init__(self, folder: Path, boot: str = "boot-1", at: float = 1000.0, **journal: int) -> None:
        self.folder = folder
        self.boot = boot
        self.now = at
        self.lamp = Lamp()
        self.kept_calls = 0
        self.views: list[GatewayView] = []
        self.config: Config = parse('[gateway]\nname = "gw1"\n[[station]]\nid = "S1"\n')
        self.journal = Journal(folder, "gw1", **{"free_bytes_min": 0, "ballast_bytes": 0, **journal})  # type: ignore[arg-type]
        self.storage = Storage(self.journal)
        self.keeping = Keeping(self.journal, {"S1": StationRules()})
        self.inbox = Inbox()
        self.loop = Loop(
            inbox=self.inbox,
            clock=self.instant,
            keeping=self.keeping,
            storage=self.storage,
            upkeep=Upkeep(self.journal, (), "export"),
            viewing=Viewing(self.config, self.views.append),
            stations={"scanner": "S1"},
            decoders={"scanner": LineDecoder(LineRules())},
            indicators={"S1": (self.lamp,)},
            kept=self._kept,
        )
        self.keeping.master = example_plant()
        self.storage.ready(self.keeping, self.instant())
        if self.journal.settings.get("master_digest") != example_plant().digest:
            self.step(NewMaster(example_plant(), "file"))

    def instant(self) -> Instant:
        """Now."""
        return Instant(self.boot, self.now, 1_800_000_000 + self.now, True)

    def step(self, *items: object) -> None:
        """One round with these items."""
        self.loop.step(items, self.instant())

    def scan(self, *labels: str | bytes, seconds: float = 10.0) -> list[Signal]:
        """Scan labels one after the other; the signals given."""
        before = len(self.lamp.given)
        for label in labels:
            self.now += seconds
            raw = label if isinstance(label, bytes) else label.encode()
            self.step(Frame("scanner", self.now, raw + b"\r"))
        return self.lamp.given[before:]

    def records(self) -> list[Record]:
        """Everything on the card."""
        with JournalReader(self.journal.path) as reader:
            return [record for _, record in reader.walk()]

    def close(self) -> None:
        """Pull the plug: nothing is tidied up."""
        self.journal.close()

    def again(self, boot: str = "boot-2", at: float = 50.0) -> "Bench":
        """Pull the plug and start again on the same card."""
        self.close()
        return Bench(self.folder, boot, at)

    def _kept(self) -> None:
        self.kept_calls += 1
