"""The broker with the plant's accounts, on a real mosquitto: nobody speaks for another."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from central.broker import Broker
from central.config import CentralConfig
from central.database import Database
from central.enrolment import revoke
from central.limits import BROKER_MESSAGE_BYTES_MAX
from central.opening import open_database
from central.snapshots import publish
from floor.master import MasterData
from floor.rows import Station
from tests.central.conftest import enrol_gateway

pytestmark = pytest.mark.broker
WAIT = 20.0


class Client:
    """One connection; what the broker grants is what a reader hears."""

    def __init__(self, port: int, name: str, password: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.connected, self.subscribed = threading.Event(), threading.Event()
        self.reason = ""
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{name}-{id(self)}")
        self._client.username_pw_set(name, password)
        self._client.on_connect = self._came
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = lambda _, __, message: self.heard.append((message.topic, message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _came(self, _: object, __: object, ___: object, reason: object, ____: object) -> None:
        self.reason = str(reason)
        self.connected.set()

    def accepted(self) -> bool:
        assert self.connected.wait(WAIT)
        return self.reason == "Success"

    def listen(self) -> None:
        assert self.accepted()
        self._client.subscribe("lineside/v1/#", qos=1)
        assert self.subscribed.wait(WAIT)

    def say(self, topic: str, payload: str = "x", retain: bool = False) -> None:
        assert self.accepted()
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def until(found: object) -> None:
    deadline = time.monotonic() + WAIT
    while not found():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(config_of(tmp_path))
    yield opened
    opened.close()


def config_of(folder: Path) -> CentralConfig:
    return CentralConfig.model_validate({"folder": folder / "central", "broker": {"port": 0}})


@pytest.fixture
def broker(tmp_path: Path, database: Database) -> Iterator[Broker]:
    with database.write() as session:
        stations = (
            Station(id="S1", site="s", area="a", line="l", gateway="one"),
            Station(id="S2", site="s", area="a", line="l", gateway="two"),
            Station(id="S3", site="s", area="a", line="far", gateway="three"),
        )
        publish(session, MasterData(stations=stations), "test", time.time())
    assert shutil.which("mosquitto") or os.path.exists("/usr/sbin/mosquitto"), "mosquitto is needed"
    found = Broker(config_of(tmp_path), database)
    yield found
    found.stop()


def test_each_gateway_writes_only_what_is_its_own(broker: Broker, database: Database) -> None:
    tokens = {name: enrol_gateway(database, name) for name in ("one", "two")}
    broker.start()
    clients = [Client(broker.port, name, token) for name, token in tokens.items()]
    reader = Client(broker.port, "reader", broker.reader_password)
    clients.append(reader)
    reader.listen()
    one, two, _ = clients
    for topic in (
        "lineside/v1/s/a/l/S2/event/x",
        "lineside/v1/s/a/l/two/state",
        "lineside/v1/S2",
        "other/topic",
        "lineside/v1/s/a/l/S1",
        "lineside/v1/s/a/other/S1/event/x",
    ):
        # mosquitto confirms what it denies, and some versions then close the connection: so one for each.
        thief = Client(broker.port, "one", tokens["one"])
        thief.say(topic, "stolen")
        thief.close()
    thief = Client(broker.port, "reader", broker.reader_password)
    thief.say("lineside/v1/s/a/l/S1/event/x", "stolen")
    thief.close()
    one.say("lineside/v1/s/a/l/S1/event/x", "own")
    one.say("lineside/v1/s/a/l/one/state", "own")
    two.say("lineside/v1/s/a/l/S2/event/x", "last")
    until(lambda: any(payload == b"last" for _, payload in reader.heard))
    granted = {(topic, payload) for topic, payload in reader.heard}
    assert granted <= {
        ("lineside/v1/s/a/l/S1/event/x", b"own"),
        ("lineside/v1/s/a/l/one/state", b"own"),
        ("lineside/v1/s/a/l/S2/event/x", b"last"),
        # mosquitto's `#` also stands for the level itself.
        ("lineside/v1/s/a/l/S1", b"stolen"),
    }
    assert len(granted) >= 3
    for each in clients:
        each.close()


def test_a_gateway_reads_the_states_of_its_own_line_and_nothing_else(broker: Broker, database: Database) -> None:
    tokens = {name: enrol_gateway(database, name) for name in ("one", "two", "three", "fresh")}
    broker.start()
    one, two, three, fresh = clients = [Client(broker.port, name, token) for name, token in tokens.items()]
    for each in clients:
        each.listen()
    two.say("lineside/v1/s/a/l/S2/event/work.started", "an event")
    two.say("lineside/v1/s/a/l/S2/state", "of a station")
    two.say("lineside/v1/s/a/l/two/state", "near", retain=True)
    three.say("lineside/v1/s/a/far/three/state", "far", retain=True)
    # A state in a line where it has no station is its own topic, and heard there: who hears it judges by master data.
    one.say("lineside/v1/s/a/far/one/state", "a stranger")
    until(lambda: len(three.heard) == 2)
    until(lambda: len(one.heard) == 2)
    assert {payload for _, payload in one.heard} == {b"of a station", b"near"}
    assert {payload for _, payload in three.heard} == {b"far", b"a stranger"}
    assert {payload for _, payload in two.heard} == {b"of a station", b"near"}
    assert fresh.heard == [], "master data puts it in no line yet"
    for each in clients:
        each.close()


def test_strangers_and_the_revoked_do_not_get_in(broker: Broker, database: Database) -> None:
    token = enrol_gateway(database, "one")
    broker.start()
    known, wrong = Client(broker.port, "one", token), Client(broker.port, "one", "wrong")
    nobody = Client(broker.port, "", "")
    assert (known.accepted(), wrong.accepted(), nobody.accepted()) == (True, False, False)
    for each in (known, wrong, nobody):
        each.close()
    with database.write() as session:
        revoke(session, "plant", "one", time.time())
    broker.step(time.monotonic())

    def is_out() -> bool:
        again = Client(broker.port, "one", token)
        try:
            return not again.accepted()
        finally:
            again.close()

    until(is_out)


def test_a_gateway_that_enrols_while_the_broker_runs_gets_in(broker: Broker, database: Database) -> None:
    broker.start()
    token = enrol_gateway(database, "late")
    broker.step(time.monotonic())

    def is_in() -> bool:
        client = Client(broker.port, "late", token)
        try:
            return client.accepted()
        finally:
            client.close()

    until(is_in)


def test_large_messages_are_refused_and_retained_ones_outlive_the_broker(broker: Broker, database: Database) -> None:
    token = enrol_gateway(database, "one")
    broker.start()
    one = Client(broker.port, "one", token)
    one.say("lineside/v1/s/a/l/one/state", "kept", retain=True)
    one.say("lineside/v1/s/a/l/S1/event/x", "y" * (BROKER_MESSAGE_BYTES_MAX + 1), retain=True)
    one.close()
    assert broker._process is not None
    broker._process.send_signal(signal.SIGKILL)
    broker._process.wait(WAIT)
    begun = time.monotonic()
    broker.step(begun)
    broker.step(begun + 60)
    reader = Client(broker.port, "reader", broker.reader_password)
    reader.listen()
    until(lambda: reader.heard)
    assert reader.heard == [("lineside/v1/s/a/l/one/state", b"kept")]
    reader.close()


def test_secrets_lie_in_files_that_only_their_owner_reads(broker: Broker, database: Database, tmp_path: Path) -> None:
    token = enrol_gateway(database, "one")
    broker.start()
    folder = tmp_path / "central" / "broker"
    for name in ("passwords", "rights", "mosquitto.conf", "reader.password"):
        assert (folder / name).stat().st_mode & 0o077 == 0
    text = (folder / "passwords").read_text()
    assert token not in text and broker.reader_password not in text
    assert not broker.write_files()
