"""The notice sink against real brokers: mosquitto, and one of our own that counts."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from simulation.cut_proxy import CutProxy
from sync.broker_ports import Heard
from sync.errors import SettingsRefused
from sync.limits import NoticeLimits
from sync.memory import MemoryCard
from sync.mqtt_pump import MqttPump, StateTopic
from sync.mqtt_sink import BrokerSettings, PahoPort
from sync.ports import NoticeSkipped, PositionMoved, SinkRefused, SinkState
from sync.runner import Runner
from tests.sync.certificates import make_authority, make_certificate
from tests.sync.fake_broker import FakeBroker
from tests.sync.http_office import wait_until
from tests.sync.mosquitto import Mosquitto, free_port
from tests.sync.world import GATEWAY, Inbox

pytestmark = pytest.mark.broker
STATE = "lineside/v1/site/area/line/gate-1/state"
EVENT = "lineside/v1/site/area/line/st-1/event/report.finished"
LIMITS = NoticeLimits(retry_seconds_min=0.02, retry_seconds_max=0.3, acknowledge_seconds_max=1.0)
PROTOCOLS = ["3.1.1", "5"]


class Gateway:
    """A notice pump in its thread."""

    def __init__(
        self, settings: BrokerSettings, card: MemoryCard | None = None, position: int = 0, limits: NoticeLimits = LIMITS
    ) -> None:
        self.card = card or MemoryCard(GATEWAY)
        self.inbox = Inbox()
        self.heard: list[Heard] = []
        self.listened = 0
        self.deaths: list[BaseException] = []
        port = PahoPort(settings)
        pump = MqttPump(
            self.card,
            port,
            self.inbox,
            lambda record: EVENT,
            lambda record: record.content.encode(),
            lambda: 0.5,
            position=position,
            state=StateTopic(STATE, lambda: b'{"state":"online"}'),
            heard=self.heard.append,
            listening=self._listening,
            limits=limits,
        )
        self.runner = Runner(
            "mqtt",
            pump.step,
            time.monotonic,
            lambda name, error: self.deaths.append(error),
            waiter=port,
            finish=port.farewell,
        )
        self.runner.start()

    def _listening(self) -> None:
        self.listened += 1

    def append(self, count: int) -> None:
        for _ in range(count):
            self.card.append(str(self.card.newest() + 1))
        self.runner.wake()

    @property
    def position(self) -> int:
        moved = self.inbox.of(PositionMoved)
        return int(moved[-1].position) if moved else 0

    def states(self) -> list[bool]:
        return [state.online for state in self.inbox.of(SinkState)]

    def close(self) -> None:
        self.runner.close()
        assert self.runner.join(30)
        assert not self.deaths


@contextmanager
def running(settings: BrokerSettings, **more: object) -> Iterator[Gateway]:
    gate = Gateway(settings, **more)  # type: ignore[arg-type]
    try:
        yield gate
    finally:
        gate.close()


def settings_for(port: int, protocol: str = "3.1.1") -> BrokerSettings:
    return BrokerSettings(
        "127.0.0.1", port, GATEWAY, protocol=protocol, will_topic=STATE, keepalive_seconds=2, connect_seconds_max=1.0
    )


class Listener:
    """A subscriber with a session that survives its own and the broker's absence."""

    def __init__(self, port: int) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self.ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self.ready.set()
        self._client.on_message = lambda _, __, message: self.messages.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self.ready.wait(20)

    def _subscribe(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe("lineside/#", 1)

    def events(self) -> set[int]:
        return {int(payload) for topic, payload, _ in list(self.messages) if topic == EVENT}

    def states(self) -> list[bytes]:
        return [payload for topic, payload, _ in list(self.messages) if topic == STATE]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as made:
        yield made


@pytest.fixture
def listener(broker: Mosquitto) -> Iterator[Listener]:
    made = Listener(broker.port)
    yield made
    made.close()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_records_arrive_and_the_position_follows(broker: Mosquitto, listener: Listener, protocol: str) -> None:
    with running(settings_for(broker.port, protocol)) as gate:
        gate.append(2_000)
        wait_until(lambda: gate.position == 2_000)
        wait_until(lambda: listener.events() == set(range(1, 2_001)))
        assert gate.states() == [True]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_killed_broker_that_comes_back_loses_nothing(broker: Mosquitto, listener: Listener, protocol: str) -> None:
    with running(settings_for(broker.port, protocol)) as gate:
        for _ in range(3):
            gate.append(400)
            wait_until(lambda: gate.position > gate.card.newest() - 300)
            broker.kill()
            gate.append(100)
            broker.start()
            listener.ready.wait(20)
            wait_until(lambda: gate.position == gate.card.newest())
        wait_until(lambda: gate.position == 1_500)
        assert False in gate.states()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_state_is_online_offline_by_will_and_offline_by_farewell(
    broker: Mosquitto, listener: Listener, protocol: str
) -> None:
    with CutProxy(0, "127.0.0.1", broker.port) as proxy:
        gate = Gateway(settings_for(proxy.port, protocol))
        wait_until(lambda: listener.states() == [b'{"state":"online"}'])
        proxy.cut()
        wait_until(lambda: listener.states()[-1] == b'{"state":"offline"}')
        proxy.heal()
        wait_until(lambda: listener.states()[-1] == b'{"state":"online"}')
        count = len(listener.states())
        gate.close()
        wait_until(lambda: len(listener.states()) > count)
        assert listener.states()[count:] == [b'{"state":"offline"}']


def test_a_half_open_connection_is_noticed(broker: Mosquitto) -> None:
    with CutProxy(0, "127.0.0.1", broker.port) as proxy, running(settings_for(proxy.port)) as gate:
        gate.append(10)
        wait_until(lambda: gate.position == 10)
        proxy.freeze()
        gate.append(10)
        wait_until(lambda: False in gate.states())
        proxy.heal()
        wait_until(lambda: gate.position == 20)


def test_a_half_open_idle_connection_is_noticed_by_the_keepalive(broker: Mosquitto) -> None:
    with CutProxy(0, "127.0.0.1", broker.port) as proxy, running(settings_for(proxy.port)) as gate:
        gate.append(1)
        wait_until(lambda: gate.position == 1)
        proxy.freeze()
        wait_until(lambda: False in gate.states())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_lost_acknowledgements_mean_again_not_never(broker: Mosquitto, listener: Listener, protocol: str) -> None:
    with CutProxy(0, "127.0.0.1", broker.port) as proxy, running(settings_for(proxy.port, protocol)) as gate:
        gate.append(100)
        wait_until(lambda: gate.position == 100)
        proxy.drop_replies()
        gate.append(100)
        wait_until(lambda: False in gate.states())
        proxy.heal()
        wait_until(lambda: gate.position == 200)
        assert listener.events() == set(range(1, 201))


@pytest.mark.parametrize("version", [4, 5])
def test_the_window_is_kept_at_every_reconnect(version: int) -> None:
    with FakeBroker(version) as broker, running(settings_for(broker.port, "5" if version == 5 else "3.1.1")) as gate:
        broker.hold = True
        gate.append(3_000)
        for number in range(1, 5):
            wait_until(lambda number=number: broker.connections >= number and len(broker.payloads) >= 19 * number)
            broker.drop_all()
        broker.hold = False
        wait_until(lambda: gate.position == 3_000)
        assert broker.window_seen == 20
        assert broker.duplicates_flagged == 0


def test_the_brokers_receive_maximum_is_kept() -> None:
    with FakeBroker(5) as broker:
        broker.receive_maximum = 4
        with running(settings_for(broker.port, "5")) as gate:
            broker.hold = True
            gate.append(100)
            wait_until(lambda: len(broker.payloads) >= 4)
            broker.hold = False
            wait_until(lambda: gate.position == 100)
            assert broker.window_seen <= 4


def test_a_negative_acknowledgement_is_told_and_not_believed() -> None:
    with FakeBroker(5) as broker:
        broker.puback_reason = 0x87
        with running(settings_for(broker.port, "5")) as gate:
            gate.append(3)
            wait_until(lambda: bool(gate.inbox.of(SinkRefused)))
            assert gate.position == 0


def test_a_payload_that_is_never_taken_is_skipped() -> None:
    with FakeBroker(5) as broker, running(settings_for(broker.port, "5")) as gate:
        wait_until(lambda: len(broker.payloads) == 1)
        broker.puback_reason = 0x99
        gate.append(1)
        wait_until(lambda: gate.position == 1)
        assert gate.inbox.of(NoticeSkipped) == [NoticeSkipped("mqtt", 1, 1)]


@pytest.mark.parametrize(
    ("version", "code", "refused"), [(4, 5, True), (4, 3, False), (5, 0x87, True), (5, 0x88, False)]
)
def test_answers_to_connect(version: int, code: int, refused: bool) -> None:
    with FakeBroker(version) as broker:
        broker.connack = code
        with running(settings_for(broker.port, "5" if version == 5 else "3.1.1")) as gate:
            wait_until(lambda: False in gate.states())
            if refused:
                wait_until(lambda: bool(gate.inbox.of(SinkRefused)))
            else:
                assert not gate.inbox.of(SinkRefused)
                broker.connack = 0
                gate.append(1)
                wait_until(lambda: gate.position == 1)


def test_garbage_from_the_port_is_survived() -> None:
    with FakeBroker() as broker:
        broker._connack = lambda: b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"\xff" * 200  # type: ignore[method-assign]
        with running(settings_for(broker.port)) as gate:
            gate.append(1)
            wait_until(lambda: broker.connections >= 3)
            assert gate.states() and not any(gate.states())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_broker_away_at_the_start_is_found_later(tmp_path: Path, protocol: str) -> None:
    broker = Mosquitto(tmp_path)
    with running(settings_for(broker.port, protocol)) as gate:
        gate.append(5)
        wait_until(lambda: gate.states() == [False])
        broker.start()
        wait_until(lambda: gate.position == 5)
        broker.kill()


def test_a_restart_goes_on_from_the_position(broker: Mosquitto, listener: Listener) -> None:
    card = MemoryCard(GATEWAY)
    with running(settings_for(broker.port), card=card) as gate:
        gate.append(50)
        wait_until(lambda: gate.position == 50)
    with running(settings_for(broker.port), card=card, position=48) as gate:
        wait_until(lambda: gate.position == 50)
    wait_until(lambda: len([1 for topic, _, _ in listener.messages if topic == EVENT]) == 52)


def test_what_neighbours_say_is_heard_within_bounds(broker: Mosquitto) -> None:
    settings = BrokerSettings("127.0.0.1", broker.port, GATEWAY, subscriptions=("line/+/state",))
    with running(settings) as gate:
        wait_until(lambda: gate.listened == 1)
        other = mqtt.Client(CallbackAPIVersion.VERSION2)
        other.connect("127.0.0.1", broker.port)
        other.loop_start()
        other.publish("line/a/state", b"x" * 100_000, 1, True).wait_for_publish(10)
        other.publish("line/b/state", b"1", 1, True).wait_for_publish(10)
        wait_until(lambda: gate.heard == [Heard("line/b/state", b"1", retained=False)])
        wait_until(lambda: len(gate.inbox.of(SinkRefused)) == 1)
    with running(settings) as late:
        wait_until(lambda: late.heard == [Heard("line/b/state", b"1", retained=True)])
        other.disconnect()
        other.loop_stop()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_it_is_told_when_the_subscriptions_of_each_connection_stand(broker: Mosquitto, protocol: str) -> None:
    settings = replace(settings_for(broker.port, protocol), subscriptions=("one/state", "two/state"))
    with running(settings) as gate:
        wait_until(lambda: gate.listened == 1)
        broker.kill()
        broker.start()
        wait_until(lambda: gate.listened == 2)
    with running(settings_for(broker.port, protocol)) as deaf:
        deaf.append(1)
        wait_until(lambda: deaf.position == 1)
        assert deaf.listened == 0


@pytest.mark.parametrize("version", [4, 5])
def test_a_refused_subscription_is_told_and_never_taken_for_one_that_stands(version: int) -> None:
    with FakeBroker(version) as fake:
        fake.suback = 0x80
        settings = replace(settings_for(fake.port, PROTOCOLS[version - 4]), subscriptions=("one/state", "two/state"))
        with running(settings) as gate:
            wait_until(lambda: len(gate.inbox.of(SinkRefused)) == 1)
            gate.append(1)
            wait_until(lambda: gate.position == 1)
            assert gate.listened == 0 and gate.states() == [True]


def _password_file(folder: Path) -> Path:
    path = folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(path), GATEWAY, "right"], check=True, capture_output=True)
    return path


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_password_is_needed_where_the_broker_asks(tmp_path: Path, protocol: str) -> None:
    path = _password_file(tmp_path)
    with Mosquitto(tmp_path, ("allow_anonymous false", f"password_file {path}")) as broker:
        good = BrokerSettings("127.0.0.1", broker.port, "a", protocol=protocol, username=GATEWAY, password="right")
        bad = BrokerSettings("127.0.0.1", broker.port, "b", protocol=protocol, username=GATEWAY, password="wrong")
        assert "right" not in repr(good)
        with running(bad) as refused, running(good) as taken:
            taken.append(1)
            wait_until(lambda: taken.position == 1)
            wait_until(lambda: bool(refused.inbox.of(SinkRefused)))
            assert not any(refused.states())


def test_tls_with_the_plants_authority_and_a_client_certificate(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    other = make_authority(tmp_path, "other")
    make_certificate(tmp_path, "server")
    make_certificate(tmp_path, "client")
    lines = (
        "allow_anonymous true",
        f"cafile {authority}",
        f"certfile {tmp_path}/server.pem",
        f"keyfile {tmp_path}/server.key",
        "require_certificate true",
    )
    certificate = {"certificate_file": str(tmp_path / "client.pem"), "key_file": str(tmp_path / "client.key")}
    with Mosquitto(tmp_path, lines) as broker:

        def settings(name: str, ca_file: str, **more: str) -> BrokerSettings:
            return BrokerSettings("127.0.0.1", broker.port, name, tls=True, ca_file=ca_file, **more)  # type: ignore[arg-type]

        with (
            running(settings("a", authority, **certificate)) as good,
            running(settings("b", other, **certificate)) as strange,
            running(settings("c", authority)) as nameless,
        ):
            good.append(3_000)
            wait_until(lambda: good.position == 3_000)
            wait_until(lambda: bool(strange.inbox.of(SinkRefused)))
            assert "TLS" in strange.inbox.of(SinkRefused)[0].reason
            wait_until(lambda: False in nameless.states())
            assert not any(nameless.states())


@pytest.mark.parametrize(
    "change",
    [
        {"host": ""},
        {"port": 0},
        {"protocol": "4"},
        {"tls": True, "ca_file": "/absent.pem"},
        {"tls": True, "certificate_file": __file__},
        {"ca_file": __file__},
        {"tls": True, "ca_file": __file__},
    ],
)
def test_settings_that_can_never_work_are_refused(change: dict[str, object]) -> None:
    values: dict[str, object] = {"host": "127.0.0.1", "port": 1883, "client_id": "a", **change}
    with pytest.raises(SettingsRefused):
        PahoPort(BrokerSettings(**values))  # type: ignore[arg-type]


def test_waking_a_closed_runner_is_harmless(broker: Mosquitto) -> None:
    gate = Gateway(settings_for(broker.port))
    gate.append(1)
    wait_until(lambda: gate.position == 1)
    for _ in range(100_000):
        gate.runner.wake()
    gate.close()
    gate.runner.wake()
    gate.runner.close()


def test_a_position_is_told_soon_when_idle(broker: Mosquitto) -> None:
    with running(settings_for(broker.port)) as gate:
        wait_until(lambda: gate.states() == [True])
        begin = time.monotonic()
        gate.append(1)
        wait_until(lambda: gate.position == 1)
        assert time.monotonic() - begin < 5


def test_nobody_listens_on_the_port() -> None:
    check: Callable[[Gateway], bool] = lambda gate: gate.states() == [False]  # noqa: E731
    with running(settings_for(free_port())) as gate:
        wait_until(lambda: check(gate))
        assert not gate.inbox.of(SinkRefused)
