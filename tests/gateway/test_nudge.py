"""A gateway that is nudged asks soon, and a flood of nudges costs it little. A real mosquitto, a counting office."""

import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from floor.schemas import nudge_topic
from gateway.sinks import Ears
from sync.broker_ports import Heard
from sync.limits import NUDGE_INTERVAL_SECONDS
from sync.memory import MemoryCard
from sync.mqtt_pump import MqttPump
from sync.mqtt_sink import BrokerSettings, PahoPort
from sync.runner import Runner
from tests.sync.http_office import wait_until
from tests.sync.mosquitto import Mosquitto
from tests.sync.world import GATEWAY, Inbox, World

TOPIC = nudge_topic(GATEWAY)
FLOOD = 3_000


def test_nudges_are_told_from_the_lines_states() -> None:
    line: list[Heard] = []
    nudged: list[bool] = []
    ears = Ears(line.append, TOPIC, lambda: nudged.append(True))
    assert ears.subscriptions == (TOPIC,)
    state = Heard("lineside/v1/site/area/line/other/state", b"{}")
    for heard in (state, Heard(TOPIC, b""), Heard(TOPIC, b"words of anybody"), Heard(TOPIC, b"", retained=True)):
        ears(heard)
    assert line == [state] and nudged == [True, True]
    ears.listening()
    assert nudged == [True, True, True], "what was said before the subscription stood was missed"


def test_without_a_server_nobody_is_asked() -> None:
    line: list[Heard] = []
    ears = Ears(line.append, TOPIC, None)
    assert ears.subscriptions == ()
    ears(Heard(TOPIC, b""))
    ears.listening()
    assert len(line) == 1


class Asking:
    """The pump to the office and the one to the broker, each in its thread, as `build_sinks` ties them together."""

    def __init__(self, port: int) -> None:
        self.world = World()
        self.deaths: list[BaseException] = []
        self.wakes = 0
        self.connections = 0
        self.up = Runner("central", self.world.pump.step, time.monotonic, self._died)
        client_port = PahoPort(BrokerSettings("127.0.0.1", port, GATEWAY, subscriptions=(TOPIC,)))
        ears = Ears(lambda heard: None, TOPIC, self._nudge)
        self.inbox = Inbox()
        pump = MqttPump(
            MemoryCard(GATEWAY),
            client_port,
            self.inbox,
            lambda record: "",
            lambda record: b"",
            lambda: 0.5,
            heard=ears,
            listening=lambda: self._listening(ears),
        )
        self.broker = Runner("mqtt", pump.step, time.monotonic, self._died, waiter=client_port)

    def _died(self, name: str, error: BaseException) -> None:
        self.deaths.append(error)

    def _nudge(self) -> None:
        if self.world.pump.nudge():
            self.wakes += 1
            self.up.wake()

    def _listening(self, ears: Ears) -> None:
        self.connections += 1
        ears.listening()

    @property
    def offers(self) -> int:
        return len(self.world.exchange.batches)

    def start(self) -> "Asking":
        self.up.start()
        self.broker.start()
        wait_until(lambda: self.offers >= 1 and self.connections == 1, 20)
        return self

    def close(self) -> None:
        for runner in (self.up, self.broker):
            runner.close()
            assert runner.join(30)
        assert not self.deaths


@pytest.mark.broker
def test_a_flood_of_nudges_is_few_offers(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        asking = Asking(broker.port).start()
        office = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="office")
        office.connect("127.0.0.1", broker.port)
        office.loop_start()
        try:

            def is_heard() -> bool:
                office.publish(TOPIC, b"", 1).wait_for_publish(20)
                return asking.offers > 1

            wait_until(is_heard, 20)
            began, before = time.monotonic(), asking.offers
            for _ in range(FLOOD):
                office.publish(TOPIC, b"", 1).wait_for_publish(20)
            lasted, during = time.monotonic() - began, asking.offers - before
            assert during <= lasted / NUDGE_INTERVAL_SECONDS + 1
            # What came last is not swallowed: one more offer follows within the interval.
            wait_until(lambda: not asking.world.pump._nudged, 20)
            assert asking.offers > before and asking.wakes <= asking.offers
        finally:
            office.disconnect()
            office.loop_stop()
            asking.close()


@pytest.mark.broker
def test_a_broker_that_comes_back_makes_the_gateway_ask(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        asking = Asking(broker.port).start()
        try:
            wait_until(lambda: not asking.world.pump._nudged, 20)
            before = asking.offers
            broker.kill()
            broker.start()
            # Long before the minute is over after which it would ask by itself.
            wait_until(lambda: asking.offers > before, 20)
            assert asking.connections == 2
        finally:
            asking.close()
