"""A Pi in virtual time: the production loop, journal and pumps, stepped by the world instead of by threads.

It is what `gateway.main` puts together, without the threads, the sockets and the page.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from devices.buttons import MessageDecoder, MessageRules
from devices.labels import LabelRules
from devices.lines import LineDecoder
from devices.types import Decoder, Signal
from floor import __version__
from floor.events import GatewayStopped
from gateway.config import Config, parse
from gateway.errors import GatewayError
from gateway.inbox import Inbox
from gateway.journal import Journal
from gateway.journal_reader import JournalReader
from gateway.keeping import Keeping, NewMaster, Noted
from gateway.limits import INPUTS_PER_COMMIT_MAX
from gateway.loop import Loop
from gateway.master_store import saved
from gateway.sinks import Poster, TopicOf, payload_of, state_payload
from gateway.station_desk import StationRules
from gateway.storage import Storage
from gateway.upkeep import Upkeep
from gateway.viewing import Viewing
from simulation.planted import Honest
from simulation.virtual_broker import VirtualPort
from simulation.virtual_card import Card, CardConnection
from simulation.virtual_network import Network
from simulation.virtual_time import PiClock, Timeline
from sync.central_sink import HttpExchange
from sync.downlink import Downlink
from sync.limits import OFFER_INTERVAL_SECONDS
from sync.mqtt_pump import MqttPump, StateTopic
from sync.pump import CentralPump
from sync.wire import Receipt

CHECKPOINT_RECORDS = 60
"""The state is written more often than on a real card, so that a day of 200 inputs prunes and recovers from it."""

NEVER = float("inf")

Heard = Callable[[Signal, str], None]


@dataclass(slots=True)
class Lamp:
    """A light that the oracle looks at."""

    name: str
    heard: Heard

    def open(self) -> None:
        """Nothing to open."""

    def give(self, signal: Signal, station: str) -> None:
        """The worker sees it."""
        self.heard(signal, station)

    def close(self) -> None:
        """Nothing to close."""


@dataclass(slots=True)
class Part:
    """Something that is stepped. `due`: true seconds."""

    step: Callable[[float], float | None]
    due: float = 0.0


@dataclass(slots=True)
class Surroundings:
    """What a Pi is plugged into. `honesty` is where a planted bug gets in."""

    timeline: Timeline
    chance: random.Random
    network: Network
    port: VirtualPort
    stations: tuple[str, ...]
    heard: Heard
    honesty: Honest


@dataclass(slots=True)
class Pi:
    """One machine with its card. `process` is there while the gateway runs."""

    card: Card
    around: Surroundings
    process: "Process | None" = None
    boots: int = 0
    clock: PiClock | None = None

    def switch_on(self, clock: PiClock) -> None:
        """Power, and the gateway starts."""
        self.clock = clock
        self.boots += 1
        self.start()

    def start(self) -> None:
        """The gateway process begins in the boot that runs."""
        assert self.clock is not None
        began = Process(self, self.clock)
        try:
            began.put_together()
        except BaseException:
            began.drop()
            raise
        self.process = began

    def kill(self) -> None:
        """SIGKILL: files stay as they are, for what the kernel holds reaches the card."""
        if self.process is not None:
            self.process.drop()
            self.process = None

    def cut(self) -> None:
        """The power goes: the card keeps what it flushed, and perhaps more."""
        image = self.card.folder.with_name(f"{self.card.folder.name}.image")
        self.card.image(image)
        self.kill()
        self.card.put_back(image)
        self.clock = None

    def due(self) -> float:
        """When this machine next has something to do."""
        return NEVER if self.process is None else min(part.due for part in self.process.parts)


class Process:
    """One life of the gateway process."""

    def __init__(self, pi: Pi, clock: PiClock) -> None:
        self.pi = pi
        self.clock = clock
        around, card = pi.around, pi.card
        self.config = _config(card, around.stations)
        self.inbox = Inbox()
        self.journal = Journal(
            card.folder,
            card.name,
            entropy=around.chance.randbytes,
            free_bytes_min=0,
            ballast_bytes=0,
            clock=clock.boottime,
            connect=card.connect,
        )
        self.storage = Storage(self.journal)
        self.keeping = Keeping(self.journal, {each: StationRules() for each in around.stations})
        self.viewing = Viewing(self.config, lambda view: None)
        self.readers: list[JournalReader] = []

    def put_together(self) -> None:
        """What may fail: opening the journal, and reading it."""
        around, card = self.pi.around, self.pi.card
        self._open()
        connection = self.journal.connection if self.journal.is_open else None
        if isinstance(connection, CardConnection):
            card.recognise(connection)
        around.honesty.opened(self.journal)
        self.loop = self._loop()
        around.honesty.built(self.loop)
        self.parts = [Part(self._step_loop), *self._sinks()]
        for part in self.parts:
            part.due = around.timeline.now

    # -- put together ----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        found = saved(self.pi.card.folder)
        if found is not None:
            self.keeping.master = found[1]
        self._master_at = (found[0].version, found[0].digest) if found else (0, "")
        instant = self.clock()
        try:
            self.storage.ready(self.keeping, instant)
        except GatewayError as error:
            self.storage.refuse(error, instant.boottime)
        if found is not None and self.journal.settings.get("master_digest") != found[1].digest:
            self.put(NewMaster(found[1], "central"))

    def _loop(self) -> Loop:
        stations: dict[str, str] = {}
        decoders: dict[str, Decoder] = {}
        for station in self.pi.around.stations:
            decoders[f"{station}.scanner"] = LineDecoder(LabelRules())
            decoders[f"{station}.button"] = MessageDecoder(f"{station}.button", BUTTON)
            stations |= {f"{station}.scanner": station, f"{station}.button": station}
        lamps = {each: (Lamp(f"{each}.lamp", self.pi.around.heard),) for each in self.pi.around.stations}
        return Loop(
            inbox=self.inbox,
            clock=self.clock,
            keeping=self.keeping,
            storage=self.storage,
            upkeep=Upkeep(self.journal, ("mqtt",), "central", CHECKPOINT_RECORDS),
            viewing=self.viewing,
            stations=stations,
            decoders=decoders,
            indicators=lamps,
            kept=self._kept,
        )

    def _sinks(self) -> list[Part]:
        around, card = self.pi.around, self.pi.card
        token = (card.folder / "token").read_text()
        poster = Poster(self.config, self.put, self.storage)
        up, down = (
            around.honesty.exchange(self.journal, HttpExchange("http://office.plant", token, adapter=around.network))
            for _ in range(2)
        )
        self.downlink = Downlink(
            down,
            poster,
            around.chance.random,
            snapshot_version=self._master_at[0],
            snapshot_digest=self._master_at[1],
            facts_after=int(self.journal.settings.get("facts_last", "0")),
        )
        self.pump = CentralPump(
            card.name,
            self._reader(),
            up,
            poster,
            around.chance.random,
            release=__version__,
            status=self._status,
            on_receipt=self._on_receipt,
        )
        self.source = self._reader()
        self.notices = MqttPump(
            self.source,
            around.port,
            poster,
            TopicOf(self.config),
            payload_of,
            around.chance.random,
            position=self.journal.sinks.get("mqtt", 0),
            state=StateTopic(f"lineside/v1/state/{card.serial}", lambda: state_payload(self.config, self.source)),
        )
        return [Part(self.pump.step), Part(self.downlink.step), Part(self.notices.step)]

    def _reader(self) -> JournalReader:
        found = JournalReader(self.journal.path, self.journal.gateway_name, proving=True)
        self.readers.append(found)
        return found

    def _status(self) -> dict[str, object]:
        return {
            "bootid": self.clock.boot,
            "boottime": self.clock.boottime(),
            "clock_synchronised": self.clock.synchronised,
            "master_version": self.keeping.master.version,
        }

    # -- moved by the world ----------------------------------------------------------------------------------------

    def put(self, item: object) -> bool:
        """Hand something to the main loop."""
        taken = self.inbox.put(item)
        if hasattr(self, "parts"):
            self.parts[0].due = self.pi.around.timeline.now
        return taken

    def _kept(self) -> None:
        """Commit, then signal, then send: the pumps are woken."""
        now = self.pi.around.timeline.now
        self.parts[1].due = min(self.parts[1].due, now + OFFER_INTERVAL_SECONDS)
        self.parts[3].due = now

    def _on_receipt(self, receipt: Receipt) -> None:
        self.downlink.note(receipt)
        self.parts[2].due = self.pi.around.timeline.now

    def _step_loop(self, now: float) -> float | None:
        return self.loop.step(self.inbox.take(INPUTS_PER_COMMIT_MAX, 0), self.clock())

    def step(self, part: Part) -> None:
        """Let one part go on, and note when it wants to be called again."""
        part.due = NEVER
        wake = part.step(self.clock.boottime())
        if wake is not None:
            part.due = min(part.due, max(self.pi.around.timeline.now, self.clock.true_of(wake)))
        if self.pi.around.port.has_news():
            self.parts[3].due = self.pi.around.timeline.now

    def end(self) -> None:
        """SIGTERM: what `gateway.main` does at its end."""
        instant = self.clock()
        try:
            while len(self.inbox):
                self.loop.step(self.inbox.take(len(self.inbox), 0), instant)
            if self.journal.is_open and self.journal.current is not None and not self.storage.reason:
                self.keeping.keep([Noted("", GatewayStopped(reason="SIGTERM"))], instant)
                self.loop.upkeep.checkpoint(self.keeping)
                self.journal.flush()
        except GatewayError:
            # As in production: the end could not be kept, and the next start recovers.
            self.ended_badly = True

    ended_badly: bool = False

    def drop(self) -> None:
        """The process is no more."""
        for reader in self.readers:
            reader.close()
        self.journal.close()
        self.pi.around.port.drop()


BUTTON = MessageRules(actions={"single": ("quality", False), "hold": ("quality", True)})


def _config(card: Card, stations: tuple[str, ...]) -> Config:
    lines = ["[gateway]", f"name = {json.dumps(card.name)}", f"folder = {json.dumps(str(card.folder))}"]
    lines += ['site = "plant"', 'area = "machining"', 'line = "L1"']
    lines += ["[central]", 'url = "http://office.plant"', "[mqtt]", 'host = "127.0.0.1"']
    for station in stations:
        lines += ["[[station]]", f'id = "{station}"']
    return parse("\n".join(lines))
