"""A whole plant-day from one seed: gateways, office, broker, people, and everything that goes wrong.

Safety first: inputs and faults, and no promise may break. Then liveness: everything is healed, and all that any card
holds must reach the office within a bounded time, once each.
"""

import itertools
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from devices.types import Found, Frame, Lost, MessageEvent, Signal
from gateway.errors import JournalDamaged
from simulation.crew import Crew, Said, plant_of
from simulation.ledger import CardBook, Ledger, Violation
from simulation.planted import Honest
from simulation.virtual_broker import VirtualBroker, VirtualPort
from simulation.virtual_card import Card, PowerCut
from simulation.virtual_network import Line, Network
from simulation.virtual_office import Seed, VirtualOffice, copy_of, held
from simulation.virtual_pi import NEVER, Pi, Surroundings
from simulation.virtual_time import PiClock, Timeline

PLACES: dict[str, tuple[str, ...]] = {"gw1": ("S1", "S2"), "gw2": ("S3", "S4")}
ANSWERS = frozenset({Signal.KEPT, Signal.NOTED, Signal.ASK, Signal.REPEATED, Signal.REFUSED, Signal.UNKEPT})
CALL_ANSWERS = frozenset({Signal.CALLED, Signal.STOPPING, Signal.STOPPED, Signal.ACKNOWLEDGED, Signal.RESOLVED})
STEPS_AT_ONCE_MAX = 20_000
"""Steps without time passing; more than a drain of a day needs mean that something never rests."""

CONVERGE_SECONDS_MAX = 3_600.0
STORY_LINES_MAX = 60


@dataclass(slots=True)
class Waiting:
    """Labels that were scanned at a station and have not been answered: (unique label or empty, records before)."""

    labels: list[tuple[str, int]] = field(default_factory=list)


class Machine:
    """A Pi with its people, its way to the office, and what the oracle knows of it."""

    def __init__(self, world: "World", card: Card, stations: tuple[str, ...]) -> None:
        self.world = world
        self.line = Line(world.chance)
        self.waiting = {each: Waiting() for each in stations}
        self.stations = stations
        self.port = VirtualPort(world.broker, world.chance)
        network = Network(self.line, world.office_listening, self._later)
        self.pi = Pi(
            card,
            Surroundings(world.timeline, world.chance, network, self.port, stations, self.heard, world.honesty),
        )
        self.crews = {each: Crew(world.chance, world.numbers) for each in stations}
        self.unplugged: set[str] = set()
        self.retired = False

    @property
    def card(self) -> Card:
        """What is in it."""
        return self.pi.card

    @property
    def running(self) -> bool:
        """Whether its gateway runs."""
        return self.pi.process is not None

    def _later(self, act: Callable[[], None]) -> None:
        self.world.timeline.after(self.world.chance.uniform(0.1, 400.0), "a request arrives late", act)

    def heard(self, signal: Signal, station: str) -> None:
        """The oracle: what the worker is told, against what the card has confirmed by now (I1)."""
        queue = self.waiting[station].labels
        if signal in ANSWERS or (signal in CALL_ANSWERS and queue and not queue[0][0]):
            label, before = queue.pop(0) if queue else ("", 0)
            if signal is Signal.KEPT:
                self.world.acknowledged += 1
                if label:
                    self.world.ledger.beep(label, self.card.book, before)

    def say(self, station: str, said: Said) -> None:
        """A device of the station says something, in as many pieces as it likes."""
        process = self.pi.process
        if process is None or station in self.unplugged:
            return
        now = process.clock.boottime()
        if said.word:
            payload = b'{"action":"%s","battery":80}' % said.word.encode()
            process.put(Frame(f"{station}.button", now, MessageEvent(payload)))
            return
        unique = said.label.decode() if said.label.startswith(b"T-N") else ""
        if unique:
            self.world.scans.setdefault(unique, []).append((id(process), now))
        self.waiting[station].labels.append((unique, len(self.card.book.order)))
        data = said.label + b"\r"
        cut = self.world.chance.randrange(len(data) + 1) if self.world.chance.random() < 0.3 else len(data)
        for piece in (data[:cut], data[cut:]):
            if piece:
                process.put(Frame(f"{station}.scanner", now, piece))

    def unplug(self, station: str) -> None:
        """Half a label, and the cable is out."""
        if self.pi.process is not None:
            now = self.pi.process.clock.boottime()
            self.pi.process.put(Frame(f"{station}.scanner", now, b"T-N9"))
            self.pi.process.put(Lost(f"{station}.scanner", now, "unplugged"))
            self.unplugged.add(station)

    def plug(self, station: str) -> None:
        """The cable is in again."""
        self.unplugged.discard(station)
        if self.pi.process is not None:
            self.pi.process.put(Found(f"{station}.scanner", self.pi.process.clock.boottime(), "/dev/ttyV0"))

    def forget_answers(self) -> None:
        """The process is gone: nobody will be told any more."""
        for each in self.waiting.values():
            each.labels.clear()


class World:
    """One day. `seed_office` is a fresh server's folder; everything happens below `folder`."""

    def __init__(self, seed: int, folder: Path, seed_office: Seed, planted: type[Honest] = Honest) -> None:
        self.seed = seed
        self.folder = folder
        self.chance = random.Random(seed)
        self.honesty = planted(random.Random(seed))
        self.timeline = Timeline()
        self.ledger = Ledger()
        self.broker = VirtualBroker(self.ledger, lambda: self.timeline.now)
        self.numbers = itertools.count(1)
        self.machines: list[Machine] = []
        self.story: list[str] = []
        self.scans: dict[str, list[tuple[int, float]]] = {}
        """Of each unique label: in which process it was scanned, and when by its boot clock."""
        self.acknowledged = 0
        self.inputs = 0
        self.faults = 0
        self.boots = 0
        self.healed = False
        self._seed_office = seed_office
        self._serials = itertools.count(1)
        self.offices: list[VirtualOffice] = []
        self.office = self.new_office()
        for name, stations in PLACES.items():
            card = self.new_card(name)
            shutil.copy2(seed_office.folder / f"{name}.token", card.folder / "token")
            self.machines.append(Machine(self, card, stations))

    # -- things ----------------------------------------------------------------------------------------------------

    def new_office(self) -> VirtualOffice:
        """A fresh server that knows the gateways."""
        folder = self.folder / f"office{len(self.offices) + 1}"
        copy_of(self._seed_office, folder)
        found = VirtualOffice(folder, self.timeline, self.ledger, plant_of(PLACES))
        found.manifests_trusted = self.honesty.manifests_trusted
        self.offices.append(found)
        return found

    def new_card(self, name: str, book: CardBook | None = None, folder: Path | None = None) -> Card:
        """A card of its own; `folder` is an image it was written from."""
        serial = f"{name}-card{next(self._serials)}"
        place = self.folder / serial
        if folder is not None:
            folder.rename(place)
        return Card(place, name, serial, self.ledger, self.chance, lambda: self.timeline.now, book, self._beginning)

    def _beginning(self, connection: object) -> None:
        self.honesty.beginning(connection)

    def office_listening(self) -> Callable[..., object] | None:
        """What requests reach now."""
        application = self.office.listening()
        return None if application is None else self.honesty.application(application)

    def running(self) -> list[Machine]:
        """Machines whose gateway runs."""
        return [each for each in self.machines if each.running]

    def tell(self, text: str) -> None:
        """A line of the story."""
        self.story.append(f"{self.timeline.now:9.1f} s  {text}")

    # -- power -----------------------------------------------------------------------------------------------------

    def boot(self, machine: Machine) -> None:
        """Power is on; the clock may not know the time yet."""
        if machine.running or machine.retired:
            return
        self.boots += 1
        clock = PiClock(
            self.timeline,
            f"{self.chance.getrandbits(128):032x}",
            self.timeline.now,
            drift=self.chance.uniform(-50e-6, 50e-6),
        )
        if not self.healed and self.chance.random() < 0.4:
            clock.synchronised = False
            clock.wall_offset = self.chance.choice((-1.7e9, -86_400.0, -3_600.0, 5.0, 86_400.0 * 400))
            self.timeline.after(self.chance.uniform(5, 900), "a clock is set", lambda: _set(clock))
        self.guarded(machine, lambda: machine.pi.switch_on(clock))

    def restart(self, machine: Machine) -> None:
        """systemd starts the process again in the same boot."""
        if machine.pi.clock is None:
            self.boot(machine)
        elif not machine.running and not machine.retired:
            self.guarded(machine, machine.pi.start)

    def guarded(self, machine: Machine, act: Callable[[], None]) -> None:
        """Do something in which the power of this machine may go."""
        try:
            act()
        except PowerCut:
            self.tell(f"{machine.card.serial}: the power is cut in the middle of a write")
            self.cut(machine)
        except JournalDamaged as damage:
            # A thread of the gateway found it: the process ends, and systemd starts it again.
            self.tell(f"{machine.card.serial}: {damage}")
            machine.pi.kill()
            machine.forget_answers()
            self.timeline.after(2.0, "the gateway starts again", lambda: self.restart(machine))

    def cut(self, machine: Machine) -> None:
        """The power goes, and comes back some time later."""
        machine.pi.cut()
        machine.forget_answers()
        self.timeline.after(self.chance.uniform(1, 60), "power is back", lambda: self.boot(machine))

    # -- time ------------------------------------------------------------------------------------------------------

    def run_until(self, until: float) -> None:
        """Let everything happen up to then."""
        at_once, last = 0, self.timeline.now
        while True:
            machine = min(self.running(), key=lambda each: each.pi.due(), default=None)
            due = NEVER if machine is None else machine.pi.due()
            if min(due, self.timeline.next_at()) > until:
                self.timeline.now = max(self.timeline.now, until)
                return
            if self.timeline.next_at() <= due:
                _, act = self.timeline.take()
                act()
            elif machine is not None:
                self.timeline.now = max(self.timeline.now, due)
                self.guarded(machine, lambda running=machine: _step(running))  # type: ignore[misc]
            at_once = at_once + 1 if self.timeline.now == last else 0
            last = self.timeline.now
            if at_once > STEPS_AT_ONCE_MAX:
                raise Violation("liveness: something is stepped again and again without time passing")

    # -- the two phases --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Everything is switched on."""
        self.office.start()
        for each in self.machines:
            self.boot(each)
        self.run_until(self.timeline.now + 5)

    def heal(self) -> None:
        """Faults stop."""
        self.healed = True
        self.tell("everything is healed")
        self.broker.up = True
        self.office.start()
        for each in self.machines:
            each.line.cut = each.port.cut = False
            each.line.lose_request = each.line.lose_reply = each.line.cut_reply = each.line.deliver_again = 0.0
            each.port.lose = 0.0
            each.card.full = each.card.read_only = False
            each.card.cut_at_commit, each.card.cut_at_checkpoint = "", False
            for station in list(each.unplugged):
                each.plug(station)
            each.card.clear_away()
            if each.card.damaged:
                # A process that has the tables' description in its memory does not see that it has changed.
                each.pi.kill()
                each.forget_answers()
            self.boot(each)
            self.restart(each)
            if each.pi.clock is not None:
                _set(each.pi.clock)

    def converge(self) -> float:
        """Wait until the office has all that the cards hold; the seconds it took. Raises Violation if it never has."""
        began = self.timeline.now
        while True:
            self.run_until(self.timeline.now + 20)
            missing = self.missing()
            if not missing:
                return self.timeline.now - began
            if self.timeline.now - began > CONVERGE_SECONDS_MAX:
                some = ", ".join(f"{name} {epoch[:8]}/{seq}" for name, epoch, seq in sorted(missing)[:3])
                raise Violation(f"liveness: {len(missing)} records on cards never reach the office, such as {some}")

    def missing(self) -> set[tuple[str, str, int]]:
        """What some card holds and the office does not."""
        there = {identity for identity, place, _, _ in held(self.office.file) if place == 0}
        found: set[tuple[str, str, int]] = set()
        for each in self.machines:
            if not each.retired:
                found |= on_card(each.card) - there
        return found

    def close(self) -> None:
        """Give everything back."""
        for each in self.machines:
            each.pi.kill()
        for office in self.offices:
            office.stop()
        with suppress(FileNotFoundError):
            shutil.rmtree(self.folder)


def on_card(card: Card) -> set[tuple[str, str, int]]:
    """The identities in a card's file now, read with nothing of the gateway's."""
    connection = card.plain()
    try:
        rows = connection.execute(
            "SELECT epoch.epoch, record.position - epoch.base FROM record"
            " JOIN epoch ON epoch.number = record.epoch_number"
        ).fetchall()
    finally:
        connection.close()
    return {(card.name, epoch, seq) for epoch, seq in rows}


def _set(clock: PiClock) -> None:
    clock.synchronised, clock.wall_offset = True, 0.0


def _step(machine: Machine) -> None:
    process = machine.pi.process
    if process is not None:
        part = min(process.parts, key=lambda each: each.due)
        process.step(part)
        if part is process.parts[0] and not len(process.inbox):
            machine.forget_answers()
