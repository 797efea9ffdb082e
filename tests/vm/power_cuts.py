"""Power cuts of the guest one after the other on one card, and what became of every label that was said to be kept.

The ledger is written after every cut, so a campaign that was ended goes on where it was.
"""

import json
import os
import random
import shutil
import time
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from image.programs import run
from tests.vm.machine import Machine, MachineFailed
from tests.vm.saved_state import SavedState

CARD_BYTES = 512 * 2**20
SCANNING_SECONDS_MAX = 3.0
"""A cut comes at random so long after the first signal of its start."""
STARTING_SECONDS_MAX = 4.0
EARLY_SHARE = 0.15
"""So many cuts come while the gateway still starts."""
ENDLESS = 100_000


@dataclass
class Cut:
    """One power cut. `lost` and `doubled` are found after the next start."""

    cut: int
    acknowledged: int
    lost: int
    doubled: int
    recovered: bool
    seconds: float


@dataclass
class Ledger:
    """Everything that must be known to go on: the cuts, and what was kept, found and said."""

    program: str
    commit: str
    accelerator: str = ""
    rows: list[Cut] = field(default_factory=list)
    kept: list[list[str]] = field(default_factory=list)
    """For each cut the labels that were acknowledged before it."""
    found: list[str] = field(default_factory=list)
    """Labels in the journal, in its order."""
    newest: int = 0
    words: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[str]:
        """All of them, over all cuts."""
        return [label for each in self.kept for label in each]

    def take_found(self, newest: int, labels: list[str], faults: list[str]) -> None:
        """What the journal held after the last cut, and not before."""
        self.newest = newest
        self.found += [label.removeprefix("T-") for label in labels]
        self.faults += faults
        if self.rows and len(self.rows) == len(self.kept):
            row = self.rows[-1]
            row.lost, row.doubled = judged(self.kept[-1], self.found)

    def save(self, path: Path) -> None:
        """Replaces the file whole."""
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(self)), "utf-8")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Ledger":
        """The ledger as it was saved."""
        content = json.loads(path.read_text("utf-8"))
        return cls(**{**content, "rows": [Cut(**row) for row in content["rows"]]})


def judged(kept: list[str], found: list[str]) -> tuple[int, int]:
    """(lost, doubled) of the labels that were acknowledged: not there at all, there more than once."""
    counted = Counter(found)
    return sum(counted[label] == 0 for label in kept), sum(counted[label] > 1 for label in kept)


class Campaign:
    """Cuts of one program on one card, in one folder."""

    def __init__(self, state: SavedState, folder: Path, program: str, commit: str) -> None:
        self.state = state
        self.folder = folder
        self.card = folder / "card.img"
        self.path = folder / "ledger.json"
        folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.card.exists():
            self.ledger = Ledger.load(self.path)
        else:
            self.ledger = Ledger(program, commit)
            new_card(self.card)
        self.ledger.accelerator = state.accelerator
        self.chance = random.Random(f"{program} {len(self.ledger.rows)}")

    def cut(self) -> None:
        """Start on the card, look at it, work, and lose power at a random moment."""
        began = time.monotonic()
        ledger = self.ledger
        with self.state.resumed(self.folder / "machine") as machine:
            recovered = self._start(machine, "work", labels_max=ENDLESS)
            lines = self._until_power_is_lost(machine)
            machine.cut()
            lines += machine.leftover()
        ledger.kept.append([line["label"] for line in lines if line["said"] == "kept"])
        for line in lines:
            ledger.words[line["said"]] = ledger.words.get(line["said"], 0) + 1
        number = len(ledger.rows) + 1
        seconds = round(time.monotonic() - began, 1)
        ledger.rows.append(Cut(number, len(ledger.kept[-1]), 0, 0, recovered, seconds))
        ledger.save(self.path)

    def look(self) -> Path:
        """One more start that only looks and unmounts; the journal's folder, taken out of the card."""
        with self.state.resumed(self.folder / "machine") as machine:
            self._start(machine, "look")
            machine.heard("unmounted")
        self.ledger.save(self.path)
        target = self.folder / "taken"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        run("debugfs", "-R", f"rdump gateway {target}", self.card)
        return target / "gateway"

    def _start(self, machine: Machine, what: str, **more: Any) -> bool:
        """Plug the card, and take what the guest finds there. True when the file system needed its journal."""
        machine.plug_disk(self.card)
        machine.order(
            do=what,
            program=self.ledger.program,
            # A cut that was itself ended before its ledger was written has left labels: none is used again.
            prefix=f"C{len(self.ledger.rows) + 1:03d}{os.urandom(2).hex().upper()}",
            after=self.ledger.newest,
            entropy=os.urandom(64).hex(),
            boot=str(uuid.uuid4()),
            wall=time.time(),
            **more,
        )
        recovered = bool(machine.heard("mounted")["recovered"])
        found = machine.heard("found")
        self.ledger.take_found(found["newest"], found["labels"], found["faults"])
        return recovered

    def _until_power_is_lost(self, machine: Machine) -> list[dict[str, Any]]:
        """What the guest said until then."""
        if self.chance.random() < EARLY_SHARE:
            heard = list(machine.lines(self.chance.uniform(0, STARTING_SECONDS_MAX)))
        else:
            heard = [machine.heard("ready"), machine.heard("kept")]
            heard += machine.lines(self.chance.uniform(0, SCANNING_SECONDS_MAX))
        failed = [line["why"] for line in heard if line["said"] == "failed"]
        if failed:
            raise MachineFailed(failed[0])
        return heard


def new_card(path: Path) -> None:
    """An empty ext4 card."""
    with path.open("wb") as card:
        card.truncate(CARD_BYTES)
    run("mke2fs", "-q", "-t", "ext4", path)
