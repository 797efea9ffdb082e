"""A machine for the tests of the update agent: slots, a card and an office in plain values, and its boots."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.updates.agent import Found, Pace, UpdateAgent
from gateway.updates.health import Health
from gateway.updates.slots import BundleContent, SlotState
from gateway.updates.states import Update, from_json
from sync.errors import SinkUnreachable
from sync.wire import BundleWish

GOOD = Health("2.0", "", "online", (), "", 9_999.0)
MIGRATIONS = ("m001_tables",)
SHA = "a" * 64
FITS = BundleContent("2.0", "lineside", MIGRATIONS)
PACE = Pace(look_seconds=1, quiet_seconds=10, healthy_seconds=5, trial_seconds_max=60, away_seconds=30)


class Cut(Exception):
    """The power goes away."""


@dataclass
class Machine:
    """A machine with slots, a card and an office, in plain values. `cut_in`: acts until the power is cut."""

    size: int = 3000
    content: BundleContent = FITS
    health_now: Health | None = GOOD
    health_of_new: Health | None = GOOD
    faults: tuple[str, ...] = ()
    install_fault: Exception | None = None
    stick: Found | None = None
    room: bool = True
    boots_come: bool = True
    refuses: str = ""
    offline: bool = False
    booted: str = "a"
    default: str = "a"
    trying: str = ""
    other_holds: str = ""
    boots: int = 1
    cut_in: int | None = None
    kept: str = ""
    shelf: bytes = b""
    whole: bool = False
    damaged: int = 0
    fetched: int = 0
    acts: list[str] = field(default_factory=list)

    def act(self, name: str) -> None:
        self.acts.append(name)
        if self.cut_in is not None:
            self.cut_in -= 1
            if self.cut_in < 0:
                self.cut_in = None
                raise Cut

    def boot(self) -> None:
        self.booted = self.trying or self.default
        self.trying = ""
        self.boots += 1

    # Slots

    def state(self) -> SlotState:
        version = "1.0" if self.booted == "a" else self.other_holds
        return SlotState(self.booted, str(self.boots), version, "lineside", self.booted != self.default)

    def inspect(self, bundle: Path) -> BundleContent:
        return self.content

    def install(self, bundle: Path) -> None:
        self.act("install")
        if self.install_fault is not None:
            raise self.install_fault
        self.other_holds = self.content.version
        self.act("installed")

    def restart(self, trial: bool) -> None:
        self.act("restart")
        if trial:
            self.trying = "b" if self.booted == "a" else "a"
        if self.boots_come:
            raise Boot

    def mark_good(self) -> None:
        self.act("mark_good")
        self.default = self.booted

    def give_up(self) -> None:
        self.act("give_up")
        self.trying = ""

    # Shelf

    def offset(self, sha256: str) -> int:
        return len(self.shelf)

    def put(self, sha256: str, piece: bytes) -> None:
        self.act("put")
        self.shelf += piece

    def finish(self, sha256: str) -> bool:
        if self.damaged:
            self.damaged -= 1
            self.shelf = b""
            return False
        self.whole = len(self.shelf) == self.size
        return self.whole

    def path(self, sha256: str) -> Path:
        return Path(sha256)

    def has_room(self, size: int) -> bool:
        return self.room

    def clear(self, but: str = "") -> None:
        if not but:
            self.shelf = b""

    # Ports

    def piece(self, update: Update, offset: int) -> bytes:
        if self.offline and update.path:
            raise FileNotFoundError(update.path)
        if self.offline:
            raise SinkUnreachable("no line")
        self.fetched += 1
        return bytes(min(1000, self.size - offset))

    def health(self) -> Health | None:
        return self.health_of_new if self.booted == "b" else self.health_now

    def interrupt(self) -> str:
        self.act("interrupt")
        return self.refuses

    def journal_faults(self) -> Sequence[str]:
        return self.faults

    def on_stick(self, running: str) -> Found | None:
        return self.stick

    def keep(self, update: Update) -> None:
        self.act(f"keep {update.state}")
        self.kept = update.to_json()

    def jitter(self) -> float:
        return 0.5


class Boot(Exception):
    """The machine boots as was asked."""


WISH = BundleWish(rollout=1, version="2.0", sha256=SHA, size=3000, bytes_per_second=1_000_000)


def run(machine: Machine, wish: BundleWish | None = WISH, seconds: float = 400.0, asked: bool = True) -> UpdateAgent:
    """The agent of that machine over boots and cuts, until nothing more happens."""
    now = 0.0
    agent = UpdateAgent(from_json(machine.kept), machine, machine, machine, MIGRATIONS, PACE)
    while now < seconds:
        if asked:
            agent.told(wish, now)
        try:
            now = max(now + 0.01, agent.step(now))
        except (Boot, Cut):
            machine.boot()
            now += 1
            agent = UpdateAgent(from_json(machine.kept), machine, machine, machine, MIGRATIONS, PACE)
    return agent
