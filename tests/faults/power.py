"""Power cuts of a gateway whose card is the lossy file system, cycle after cycle on the same card."""

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from simulation.lossy_mount import LossyMount
from simulation.processes import ProcessDied
from tests.faults.station import Station, read_card

BURST_MAX = 5
"""Scans on their way at once, below what a light queues: so the nth signal is the nth label's."""
BURSTS_MAX = 6
CHANGES_MAX = 160
"""The card dies before the nth changing call, n up to this: from the opening of the journal to the last burst."""


@dataclass
class PowerCuts:
    """`station.data` is where the card is seen; `image` is what it holds."""

    station: Station
    image: Path
    chance: random.Random
    options: tuple[str, ...] = ()
    unflushed: int = 0
    cuts_with_loss: int = 0
    faults: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        """The first power-on ends in order: a journal is there, and a person is signed in."""
        with LossyMount(self.image, self.station.data) as card:
            self.station.start()
            self.station.sign_in()
            self.station.kill()
            card.ask("settle")
            card.cut("keep", 0)

    def cycle(self) -> None:
        """Power on, scan, power off at some instant, and look at what the card holds."""
        with LossyMount(self.image, self.station.data, *self.options) as card:
            count = self.chance.randint(1, CHANGES_MAX)
            before_start, by_call = self.chance.random() < 0.4, self.chance.random() < 0.8
            try:
                if by_call and before_start:
                    card.ask("cut_at", n=count)
                self.station.start()
                if by_call and not before_start:
                    card.ask("cut_at", n=count)
                self._scan()
            except ProcessDied:
                # A program may die of a card that is dead; the power that goes takes it anyway.
                if not card.ask("stats")["frozen"]:
                    raise
            finally:
                self.station.kill()
            cut = card.cut("mixed", self.chance.randrange(2**31))
        if cut["policy"] != "keep":
            self.unflushed += cut["unflushed"]
        self.look()

    def _scan(self) -> None:
        for _ in range(self.chance.randint(1, BURSTS_MAX)):
            signals = self.station.scan(self.chance.randint(1, BURST_MAX))
            if signals != ["kept"] * len(signals) or not self.station.process.alive:
                return
        self.station.kill_in_scan(BURST_MAX)

    def look(self) -> None:
        """Judge a copy: the next start has to recover by itself."""
        copy = self.station.home / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.image, copy)
        faults, found = read_card(copy)
        self.faults += faults
        self.cuts_with_loss += self.station.oracle.judge(found) > 0
