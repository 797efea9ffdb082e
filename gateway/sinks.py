"""The pumps of a gateway, built: up to the office, down from it, and out to the broker; each in a thread of its own."""

import json
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from floor import __version__
from floor.events import LimitReached, cloud_event
from floor.master import MasterData
from floor.schemas import event_topic, nudge_topic, state_topic
from gateway import limits
from gateway.client_keys import ClientKeys
from gateway.clock import boottime
from gateway.closed_broker import ClosedBroker
from gateway.config import Config
from gateway.errors import MasterRefused, SecretUnreadable
from gateway.instruction_shelf import InstructionShelf
from gateway.joining import Joining
from gateway.journal import Journal
from gateway.journal_reader import JournalReader
from gateway.journal_room import free_bytes
from gateway.keeping import NewMaster, Noted
from gateway.line import Line
from gateway.master_store import open_envelope, save
from gateway.office_exchange import office_exchange
from gateway.photo_shelf import PhotoShelf
from gateway.storage import Storage
from sync.broker_ports import BrokerPort, Heard
from sync.downlink import Downlink
from sync.file_downlink import FileDownlink
from sync.files import FilePump
from sync.limits import OFFER_INTERVAL_SECONDS, NoticeLimits
from sync.mqtt_pump import MqttPump, StateTopic
from sync.ports import FactsCame, Report, SinkRefused, SinkState, SnapshotCame
from sync.pump import CentralPump
from sync.renewal import Renewal
from sync.runner import Runner, Waiter
from sync.wire import Receipt, Record

if TYPE_CHECKING:
    from sync.mqtt_sink import BrokerSettings

log = logging.getLogger("lineside.sinks")

Died = Callable[[str, BaseException], None]
JOIN_SECONDS_MAX = 5.0


@dataclass(slots=True)
class Sinks:
    """The running pumps. `kept` is called after each commit."""

    runners: list[Runner] = field(default_factory=list)
    on_kept: list[Callable[[], None]] = field(default_factory=list)
    notice_sinks: tuple[str, ...] = ()
    on_file: list[Callable[[str], None]] = field(default_factory=list)
    on_nudge: Callable[[], None] | None = None
    """Ask the server soon; None without one."""

    def kept(self) -> None:
        """There are new records: commit, then signal, then send."""
        for wake in self.on_kept:
            wake()

    def file_kept(self, sha256: str) -> None:
        """A record names this file."""
        for wake in self.on_file:
            wake(sha256)

    def start(self) -> None:
        """Begin to send."""
        for runner in self.runners:
            runner.start()

    def stop(self) -> None:
        """End all of them; what is not acknowledged is sent again by the next process."""
        for runner in self.runners:
            runner.close()
        for runner in self.runners:
            runner.join(JOIN_SECONDS_MAX)


_CARD_HINT = "Free space on the gateway's data partition; the next version of the master data is tried anew."


@dataclass(slots=True)
class Poster:
    """How a pump's thread reaches the main loop. Master data is verified and put on the card in the pump's thread:
    a large snapshot must not hold a scan up (I6)."""

    config: Config
    put: Callable[[object], bool]
    storage: Storage
    on_master: Callable[[MasterData], None] = lambda master: None
    """Called with master data that is on the card, by the thread that brought it."""
    _short_of_room: bool = False

    def __call__(self, report: Report) -> bool:
        if isinstance(report, SnapshotCame | FactsCame) and self.storage.reason:
            return False
        if isinstance(report, SnapshotCame):
            return self._snapshot(report)
        return self.put(report)

    def has_room(self) -> bool:
        """Whether a new snapshot may be fetched: master data gives way before scans do (I11)."""
        place = self.config.gateway
        room = free_bytes(place.folder) >= place.free_bytes_min + limits.SNAPSHOT_ROOM_BYTES
        if not room and not self._short_of_room:
            self._tell_of_room()
        self._short_of_room = not room
        return room

    def _tell_of_room(self) -> None:
        detail = "the station keeps the master data it has"
        self.put(Noted("", LimitReached(limit="snapshot_room", detail=detail), telemetry=False))

    def _snapshot(self, report: SnapshotCame) -> bool:
        try:
            master = open_envelope(report.envelope)
            save(report.envelope, self.config.gateway.folder)
        except MasterRefused as error:
            return self.put(SinkRefused("central", str(error), error.hint))
        except OSError as error:
            # The card is full or cannot be written. What waits on it must be sent all the same, so the pump lives on.
            self._tell_of_room()
            return self.put(SinkRefused("central", f"the snapshot cannot be put on the card: {error}", _CARD_HINT))
        self.on_master(master)
        return self.put(NewMaster(master, "central"))


def build_sinks(
    config: Config,
    journal: Journal,
    storage: Storage,
    put: Callable[[object], bool],
    master_at: tuple[int, str],
    status: Callable[[], Mapping[str, Any]],
    died: Died,
    line: Line,
    photos: PhotoShelf,
    instructions: InstructionShelf,
    joining: Joining,
) -> Sinks:
    """Everything the configuration sends to. `master_at`: (version, digest) of the snapshot on the card."""
    found = Sinks()
    post = Poster(config, put, storage)
    token = config.token() if config.central.url else None
    unreadable = config.unreadable()
    _add_photos(found, config, journal, token, post, photos, died)
    if config.central.url:
        begun = joining.begin()
        if begun:
            _add_joining(found, joining, died)
        if "central" in unreadable:
            _tell_unreadable(unreadable["central"], post)
        elif token is None:
            log.error("not enrolled at %s: run `lineside gateway enrol`; records wait on the card", config.central.url)
        else:
            if not begun:
                # Both write the key and the certificate, and what is asked for by a code replaces them anyway.
                _add_renewal(found, config, token, died)
            _add_instructions(found, config, journal, token, post, instructions, died)
            _add_central(found, config, journal, token, post, master_at, status, died)
    if config.mqtt.host:
        _add_mqtt(found, config, journal, post, died, line, unreadable.get("mqtt"))
    return found


def _tell_unreadable(error: SecretUnreadable, post: Poster) -> None:
    """The office is away until somebody acts: the station itself needs no credential."""
    post(SinkState("central", False, str(error), boottime()))
    post(SinkRefused("central", str(error), error.hint))


def _add_joining(found: Sinks, joining: Joining, died: Died) -> None:
    """Until the office has given this gateway its credential, or another one: its code lies here."""
    found.runners.append(Runner("joining", joining.step, boottime, died))


def _add_renewal(found: Sinks, config: Config, token: str, died: Died) -> None:
    """The client certificate counts where the connection is encrypted."""
    if not config.central.url.startswith("https://"):
        return
    exchange = office_exchange(config, token)
    renewal = Renewal(exchange, ClientKeys(config.gateway.folder, config.gateway.name), random.random)
    found.runners.append(Runner("certificate", renewal.step, boottime, died, finish=exchange.close))


def _add_photos(
    found: Sinks,
    config: Config,
    journal: Journal,
    token: str | None,
    post: Poster,
    photos: PhotoShelf,
    died: Died,
) -> None:
    """A pump of their own; without a server it only keeps the folder tidy."""
    exchange = office_exchange(config, token) if token is not None else None
    pump = FilePump(photos, exchange, post, random.random)
    finish = exchange.close if exchange is not None else _nothing
    runner = Runner("photos", pump.step, boottime, died, finish=finish, others_first=journal.is_busy)

    def on_file(sha256: str) -> None:
        photos.kept(sha256)
        runner.wake()

    found.runners.append(runner)
    found.on_file.append(on_file)


def _add_instructions(
    found: Sinks,
    config: Config,
    journal: Journal,
    token: str,
    post: Poster,
    instructions: InstructionShelf,
    died: Died,
) -> None:
    """Woken by each snapshot, which names the files."""
    exchange = office_exchange(config, token)
    pump = FileDownlink(instructions, exchange, post, random.random)
    runner = Runner("instructions", pump.step, boottime, died, finish=exchange.close, others_first=journal.is_busy)

    def on_master(master: MasterData) -> None:
        instructions.plan(master)
        runner.wake()

    post.on_master = on_master
    found.runners.append(runner)


def _nothing() -> None:
    """There is no connection to close."""


def _one_after_the_other(*calls: Callable[[], None]) -> Callable[[], None]:
    def all_of_them() -> None:
        for call in calls:
            call()

    return all_of_them


def _reader(journal: Journal) -> JournalReader:
    return JournalReader(journal.path, journal.gateway_name, proving=True)


def _add_central(
    found: Sinks,
    config: Config,
    journal: Journal,
    token: str,
    post: Poster,
    master_at: tuple[int, str],
    status: Callable[[], Mapping[str, Any]],
    died: Died,
) -> None:
    up, down = (office_exchange(config, token) for _ in range(2))
    downlink = Downlink(
        down,
        post,
        random.random,
        snapshot_version=master_at[0],
        snapshot_digest=master_at[1],
        facts_after=int(journal.settings.get("facts_last", "0")),
        has_room=post.has_room,
    )
    # Each thread closes what it used: an exchange may outlast the time that stopping waits for it.
    down_runner = Runner("downlink", downlink.step, boottime, died, finish=down.close, others_first=journal.is_busy)

    def on_receipt(receipt: Receipt) -> None:
        downlink.note(receipt)
        down_runner.wake()

    source = _reader(journal)
    pump = CentralPump(
        config.gateway.name,
        source,
        up,
        post,
        random.random,
        release=__version__,
        status=status,
        on_receipt=on_receipt,
    )
    up_runner = Runner(
        "central",
        pump.step,
        boottime,
        died,
        finish=_one_after_the_other(up.close, source.close),
        others_first=journal.is_busy,
    )

    def on_nudge() -> None:
        if pump.nudge():
            up_runner.wake()

    found.on_nudge = on_nudge
    found.runners += [up_runner, down_runner]
    found.on_kept.append(lambda: up_runner.wake_within(OFFER_INTERVAL_SECONDS))


def _add_mqtt(
    found: Sinks,
    config: Config,
    journal: Journal,
    post: Poster,
    died: Died,
    line: Line,
    unreadable: SecretUnreadable | None,
) -> None:
    source = _reader(journal)
    ear = Ears(line.ear, nudge_topic(config.gateway.name), found.on_nudge)
    port, waiter, farewell = _broker(config, (line.ear.subscription, *ear.subscriptions), unreadable)
    telling = line.telling
    pump = MqttPump(
        source,
        port,
        post,
        TopicOf(config),
        payload_of,
        random.random,
        position=journal.sinks.get("mqtt", 0),
        state=StateTopic(
            _state_topic(config), lambda: state_payload(config, source, telling.fields()), telling.version
        ),
        heard=ear,
        listening=ear.listening,
        limits=NoticeLimits(window=config.mqtt.window, backlog_records_max=config.mqtt.notice_backlog_records_max),
    )
    runner = Runner(
        "mqtt",
        pump.step,
        boottime,
        died,
        waiter=waiter,
        finish=_one_after_the_other(farewell, source.close),
        others_first=journal.is_busy,
    )
    found.runners.append(runner)
    found.on_kept.append(runner.wake)
    telling.wake = runner.wake
    found.notice_sinks = (*found.notice_sinks, "mqtt")


def _broker(
    config: Config, subscriptions: tuple[str, ...], unreadable: SecretUnreadable | None
) -> tuple[BrokerPort, Waiter | None, Callable[[], None]]:
    """The way to the broker, what its thread waits on, and what it says last."""
    if unreadable is not None:
        return ClosedBroker(str(unreadable), unreadable.hint), None, _nothing
    # The broker's client is held in memory where there is a broker.
    from sync.mqtt_sink import PahoPort

    port = PahoPort(broker_settings(config, *subscriptions), boottime)
    return port, port, port.farewell


class Ears:
    """What the broker's subscriptions bring: the line's states go to `line_ear`; a message on `topic` is the office's
    nudge and calls `on_nudge`, which bounds itself. What it holds is not read, and a retained one is none. Where
    subscriptions stand anew, the office is asked too: it nudges once, and repeats nothing for whom it did not reach."""

    def __init__(self, line_ear: Callable[[Heard], None], topic: str, on_nudge: Callable[[], None] | None) -> None:
        self._line_ear = line_ear
        self._on_nudge = on_nudge
        self._topic = topic

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The nudge's topic, where there is a server to ask."""
        return (self._topic,) if self._on_nudge is not None else ()

    def listening(self) -> None:
        """From now on nudges come; those of before may have been missed."""
        if self._on_nudge is not None:
            self._on_nudge()

    def __call__(self, heard: Heard) -> None:
        """Take one message."""
        if self._on_nudge is None or heard.topic != self._topic:
            self._line_ear(heard)
        elif not heard.retained:
            self._on_nudge()


def _state_topic(config: Config) -> str:
    place = config.gateway
    return state_topic(place.site, place.area, place.line, place.name)


def state_payload(config: Config, source: JournalReader, told: Mapping[str, Any] | None = None) -> bytes:
    """The retained state: online, the newest record as an outside witness of what this card has announced, and what
    the others of the line are `told`."""
    epochs = source.epochs()
    state = {
        "gateway": config.gateway.name,
        "online": True,
        "release": __version__,
        "epoch": epochs[-1].epoch if epochs else "",
        "last": epochs[-1].last if epochs else 0,
    }
    return json.dumps({**(told or {}), **state}, ensure_ascii=False, separators=(",", ":")).encode()


def broker_settings(config: Config, *subscriptions: str) -> "BrokerSettings":
    """The broker's settings as sync takes them."""
    from sync.mqtt_sink import BrokerSettings

    mqtt = config.mqtt
    return BrokerSettings(
        host=mqtt.host,
        port=mqtt.port,
        client_id=f"lineside-{config.gateway.name}",
        protocol=mqtt.version,
        username=mqtt.username or config.gateway.name,
        password=config.password() or "",
        tls=mqtt.tls,
        ca_file=str(mqtt.ca_file or ""),
        certificate_file=str(mqtt.certificate_file or ""),
        key_file=str(mqtt.key_file or ""),
        will_topic=_state_topic(config),
        will_payload=json.dumps({"gateway": config.gateway.name, "online": False}).encode(),
        subscriptions=subscriptions,
    )


def payload_of(record: Record) -> bytes:
    """The CloudEvents JSON of a record."""
    return cloud_event(record.gateway_name, record.epoch, record.seq, record.content).encode()


class TopicOf:
    """The topic of a record: lineside/v1/{site}/{area}/{line}/{station}/event/{type}.

    The type and the station stand at the front of the text (`floor.events.encode`), so nothing is parsed: a drain of
    100,000 records would pay for it.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._topics: dict[tuple[str, str], str] = {}

    def __call__(self, record: Record) -> str:
        kind, station = _front(record.content)
        topic = self._topics.get((kind, station))
        if topic is None:
            place = self._config.gateway
            try:
                topic = event_topic(place.site, place.area, place.line, station or place.name, kind)
            except ValueError:
                # A type of a newer release, left on the card by a roll-back: MQTT has no word for it, the office does.
                topic = ""
            self._topics[kind, station] = topic
        return topic


def _front(content: str) -> tuple[str, str]:
    """(type, station) of a record's text, as `floor.events.encode` begins it; parsed in full where it begins
    otherwise."""
    if content.startswith('{"type":"'):
        kind, _, rest = content[9:].partition('","')
        station = rest[10:].partition('"')[0] if rest.startswith('subject":"') else ""
        if "\\" not in kind + station and '"' not in kind:
            return kind, station
    whole = json.loads(content)
    return str(whole.get("type", "unknown")), str(whole.get("subject", ""))
