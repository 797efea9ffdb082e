"""Lights: they never delay the caller, show what stands again when they are back, and drop the oldest of too much."""

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from devices.clock import boottime
from devices.contract import IndicatorContract
from devices.contract_desk import PATIENCE_SECONDS
from devices.errors import IndicatorUnreachable
from devices.gpio_light import build as build_gpio_light
from devices.indicator_thread import LampIndicator
from devices.kinds import build_indicator
from devices.limits import SIGNAL_QUEUE_MAX
from devices.patterns import LAMPS, PATTERNS, LampState
from devices.types import Indicator, Signal
from devices.virtual import VirtualSerialScanner
from devices.virtual_gpio import VirtualGpiod
from devices.virtual_light import VirtualLight
from tests.sync.mosquitto import Mosquitto

pytestmark = pytest.mark.process


def until(reached: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    tick = threading.Event()
    while not reached():
        assert time.monotonic() < deadline, "not reached"
        tick.wait(0.01)


class SlowLamps:
    """Lamps whose `show` waits for leave, and that can be out of reach."""

    def __init__(self) -> None:
        self.leave = threading.Event()
        self.leave.set()
        self.reachable = True
        self.shown: list[frozenset[str]] = []
        self.shows = threading.Semaphore(0)

    def open(self) -> None:
        if not self.reachable:
            raise IndicatorUnreachable

    def show(self, lit: frozenset[str]) -> None:
        self.shows.release()
        self.leave.wait(PATIENCE_SECONDS)
        if not self.reachable:
            raise OSError(5, "Input/output error")
        self.shown.append(lit)

    def close(self) -> None:
        """Nothing to let go."""


def test_a_stalled_lamp_never_delays_the_station_and_drops_the_oldest() -> None:
    lamps, reports = SlowLamps(), queue.SimpleQueue[str]()
    light = LampIndicator("tower", lamps, boottime, reports.put)
    light.open()
    assert lamps.shows.acquire(timeout=PATIENCE_SECONDS)
    lamps.leave.clear()
    light.give(Signal.KEPT, "S1")
    assert lamps.shows.acquire(timeout=PATIENCE_SECONDS)
    began = time.monotonic()
    light.give(Signal.UNKEPT, "S1")
    for _ in range(SIGNAL_QUEUE_MAX + 4):
        light.give(Signal.NOTED, "S1")
    assert time.monotonic() - began < 1.0
    assert light.dropped == 5
    assert "too slow" in reports.get(timeout=PATIENCE_SECONDS)
    assert reports.empty()
    lamps.leave.set()
    # "Could not be kept" was the oldest of all and is shown nevertheless.
    until(lambda: any("red" in lit for lit in lamps.shown))
    light.close()
    light.close()


def test_a_lamp_that_is_back_shows_what_stands() -> None:
    lamps, reports = SlowLamps(), queue.SimpleQueue[str]()
    lamps.reachable = False
    light = LampIndicator("tower", lamps, boottime, reports.put)
    light.open()
    assert "tower" in reports.get(timeout=PATIENCE_SECONDS)
    light.give(Signal.ACKNOWLEDGED, "S1")
    lamps.reachable = True
    assert "back" in reports.get(timeout=PATIENCE_SECONDS)
    until(lambda: bool(lamps.shown) and lamps.shown[-1] == {"red"})
    light.close()


def test_every_signal_is_shown_somehow() -> None:
    assert PATTERNS.keys() == set(Signal)
    assert all(beat.lamp in LAMPS for pattern in PATTERNS.values() for beat in (*pattern.passing, *pattern.standing))


def test_kept_is_green_unkept_is_red_until_kept_again() -> None:
    state = LampState()
    state.give(Signal.KEPT, "S1", 10.0)
    assert state.lit(10.0) == {"green", "buzzer"}
    assert state.lit(10.1) == {"green"}
    assert state.lit(11.0) == frozenset()
    state.give(Signal.UNKEPT, "S1", 20.0)
    assert state.lit(20.0) == {"red", "buzzer"}
    assert any("red" in state.lit(3600.0 + tenth / 10) for tenth in range(10))
    state.give(Signal.KEPT, "S2", 4000.0)
    assert any("red" in state.lit(4010.0 + tenth / 10) for tenth in range(10))
    state.give(Signal.KEPT, "S1", 5000.0)
    assert not any(state.lit(5010.0 + tenth / 10) for tenth in range(10))


def test_a_call_blinks_until_acknowledged_and_stands_until_resolved() -> None:
    state = LampState()
    state.give(Signal.CALLED, "S1", 0.0)
    assert state.lit(10.25) == {"red"} and state.lit(10.75) == frozenset()
    state.give(Signal.ACKNOWLEDGED, "S1", 20.0)
    assert state.lit(20.75) == {"red"} and state.wake(21.0) is None
    state.give(Signal.RESOLVED, "S1", 30.0)
    assert state.lit(31.0) == frozenset() and state.wake(31.0) is None


CALL_SIGNALS = (
    Signal.CALLED,
    Signal.STOPPING,
    Signal.ESCALATED,
    Signal.STOPPED,
    Signal.ACKNOWLEDGED,
    Signal.RESOLVED,
)


def rhythm(signal: Signal, *before: Signal, passing: bool = True) -> tuple[frozenset[str], ...]:
    """What is lit in each twentieth of a second of the first two, or, without what passes, of two later ones."""
    state = LampState()
    for each in before:
        state.give(each, "S1", 0.0)
    state.give(signal, "S1", 10.0)
    return tuple(state.lit((10.0 if passing else 40.0) + tick / 20) for tick in range(40))


@pytest.mark.parametrize("passing", [True, False])
def test_each_state_of_a_call_looks_like_itself(passing: bool) -> None:
    assert len({rhythm(each, passing=passing) for each in CALL_SIGNALS}) == len(CALL_SIGNALS)


def test_a_call_looks_the_same_while_the_office_is_away() -> None:
    """Yellow that stands must not swallow yellow that blinks."""
    away = {rhythm(each, Signal.OFFLINE, passing=False) for each in CALL_SIGNALS}
    assert len(away) == len(CALL_SIGNALS)
    amber = rhythm(Signal.STOPPING, Signal.OFFLINE, passing=False)
    assert amber == rhythm(Signal.STOPPING, passing=False)
    assert rhythm(Signal.RESOLVED, Signal.OFFLINE, Signal.STOPPING, passing=False) == (frozenset({"yellow"}),) * 40


def test_a_report_that_stops_the_line_is_still_heard() -> None:
    state = LampState()
    state.give(Signal.STOPPING, "S1", 0.0)
    state.give(Signal.KEPT, "S1", 10.0)
    assert state.lit(10.01) >= {"green", "buzzer"}
    state.give(Signal.STOPPED, "S1", 10.3)
    assert state.lit(10.5) == {"green", "red", "buzzer"}
    assert "red" in state.lit(60.3)


@given(st.lists(st.tuples(st.sampled_from(list(Signal)), st.floats(0.01, 3)), min_size=1, max_size=20), st.floats(0, 9))
def test_lamps_change_only_when_they_said_they_would(given_signals: list[tuple[Signal, float]], wait: float) -> None:
    state, now = LampState(), 100.0
    for signal, pause in given_signals:
        now += pause
        state.give(signal, "S1", now)
    wake = state.wake(now)
    later = now + wait if wake is None else now + (wake - now) * 0.99 * min(wait, 1)
    assert state.lit(later) == state.lit(now)
    assert wake is None or wake >= now


def test_standing_lamps_are_bounded() -> None:
    state = LampState()
    for number in range(1000):
        state.give(Signal.CALLED, f"S{number}", 1.0)
    assert len(state._standing) <= 48


def test_pins() -> None:
    chip = VirtualGpiod()
    light = build_gpio_light("tower", {"lamps": {"green": 5, "red": 6}}, boottime, lambda _: None, chip)
    light.open()
    until(lambda: chip.in_use(5))
    light.give(Signal.KEPT, "S1")
    until(lambda: chip.lit(5))
    until(lambda: not chip.lit(5))
    light.give(Signal.CALLED, "S1")
    until(lambda: chip.history(6).count(True) >= 2)
    light.close()
    assert not chip.lit(6)
    assert not any(chip.history(5)[-1:])


SERIAL_LAMPS = {"green": {"on": "12", "off": "22"}, "red": {"on": "11 01", "off": "11 00"}}


def test_serial_lamps_and_their_replugging(tmp_path: Path) -> None:
    device = VirtualSerialScanner(str(tmp_path / "lamp"))
    reports: queue.SimpleQueue[str] = queue.SimpleQueue()
    light = build_indicator(
        "serial_light", "tower", {"path": device.link, "lamps": SERIAL_LAMPS}, boottime, reports.put
    )
    sent = bytearray()

    def reached(wanted: bytes) -> Callable[[], bool]:
        def look() -> bool:
            sent.extend(device.received(0.05))
            return bytes(sent).endswith(wanted)

        return look

    light.open()
    until(reached(b"\x22\x11\x00"))
    light.give(Signal.ACKNOWLEDGED, "S1")
    until(reached(b"\x11\x01"))
    device.unplug()
    light.give(Signal.KEPT, "S1")
    assert "tower" in reports.get(timeout=PATIENCE_SECONDS)
    device.plug()
    sent.clear()
    until(reached(b"\x22\x11\x01"))
    assert "back" in reports.get(timeout=PATIENCE_SECONDS)
    light.close()
    device.close()


@pytest.mark.broker
class TestMqttLight:
    @pytest.fixture
    def broker(self, tmp_path: Path) -> Iterator[Mosquitto]:
        with Mosquitto(tmp_path) as broker:
            yield broker

    @pytest.fixture
    def heard(self, broker: Mosquitto) -> Iterator["queue.SimpleQueue[bytes]"]:
        heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        subscribed = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.on_connect = lambda *_: client.subscribe("lamp/1")
        client.on_subscribe = lambda *_: subscribed.set()
        client.on_message = lambda _, __, message: heard.put(bytes(message.payload))
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        assert subscribed.wait(PATIENCE_SECONDS)
        yield heard
        client.disconnect()
        client.loop_stop()

    def test_signals_are_messages_also_after_the_broker_came_back(
        self, broker: Mosquitto, heard: "queue.SimpleQueue[bytes]"
    ) -> None:
        reports: queue.SimpleQueue[str] = queue.SimpleQueue()
        settings = {"port": broker.port, "topic": "lamp/1"}
        light = build_indicator("mqtt_light", "tower", settings, boottime, reports.put)
        light.open()
        light.give(Signal.KEPT, '工位"1')
        assert json.loads(heard.get(timeout=PATIENCE_SECONDS)) == {"signal": "kept", "station": '工位"1'}
        broker.kill()
        assert "tower" in reports.get(timeout=PATIENCE_SECONDS)
        light.give(Signal.REFUSED, "S1")
        broker.start()
        assert "back" in reports.get(timeout=PATIENCE_SECONDS)

        def repeated() -> bool:
            light.give(Signal.ONLINE, "S1")
            try:
                return b"online" in heard.get(timeout=0.2)
            except queue.Empty:
                return False

        until(repeated)
        light.close()

    def test_own_payloads(self, broker: Mosquitto, heard: "queue.SimpleQueue[bytes]") -> None:
        settings = {"port": broker.port, "topic": "lamp/1", "payloads": {"unkept": "ALARM"}, "qos": 1}
        light = build_indicator("mqtt_light", "tower", settings)
        light.open()
        light.give(Signal.KEPT, "S1")
        light.give(Signal.UNKEPT, "S1")
        assert heard.get(timeout=PATIENCE_SECONDS) == b"ALARM"
        light.close()


def test_a_log_line_holds_one_signal_whatever_the_station_is_called(caplog: pytest.LogCaptureFixture) -> None:
    light = build_indicator("log", "tower", {})
    with caplog.at_level(logging.INFO, "devices"):
        light.open()
        light.give(Signal.KEPT, "S1\n2026-01-01 INFO forged\x1b[2J")
        until(lambda: bool(caplog.messages))
        light.close()
    assert caplog.messages == ["light 'tower': kept at station 'S1\\n2026-01-01 INFO forged\\x1b[2J'"]


class TestVirtualLight(IndicatorContract):
    @pytest.fixture
    def indicator(self) -> Iterator[Indicator]:
        yield build_indicator("virtual_light", "tower", {})

    def shown(self, indicator: Indicator) -> str:
        assert isinstance(indicator, VirtualLight)
        return " ".join(indicator.signals)


class TestSerialLight(IndicatorContract):
    @pytest.fixture
    def indicator(self, tmp_path: Path) -> Iterator[Indicator]:
        self.far_end = VirtualSerialScanner(str(tmp_path / "port"))
        lamps = {"green": {"on": "11", "off": "21"}}
        light = build_indicator("serial_light", "tower", {"path": self.far_end.link, "lamps": lamps})
        yield light
        light.close()
        self.far_end.close()

    def shown(self, indicator: Indicator) -> str:
        return self.far_end.received(0.1).hex()


def test_the_virtual_light_remembers() -> None:
    light = build_indicator("virtual_light", "tower", {"kept_max": 2})
    assert isinstance(light, VirtualLight)
    light.open()
    for signal in (Signal.KEPT, Signal.ASK, Signal.CALLED):
        light.give(signal, "S1")
    assert light.signals == [Signal.ASK, Signal.CALLED]
    assert light.wait_for(lambda signals: Signal.ASK in signals, 0)
    light.close()
