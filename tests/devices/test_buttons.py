"""Every button driver against its virtual far end; wireless ones against a real mosquitto."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices import contract_labels as hostile
from devices.clock import boottime
from devices.contract import Bench, ButtonContract, PluggingContract, next_frame
from devices.contract_desk import PATIENCE_SECONDS, Desk
from devices.errors import DeviceGone
from devices.evdev_source import build_keys
from devices.gpio_button import build as build_gpio_button
from devices.kinds import build_source
from devices.limits import MESSAGE_QUEUE_MAX
from devices.mqtt_button import Mailbox
from devices.types import Frame, Garbled, MessageEvent
from devices.virtual import VirtualMqttButton
from devices.virtual_gpio import VirtualGpiod
from devices.virtual_keyboard import InputDescription, VirtualKeyboard
from tests.sync.mosquitto import Mosquitto

F1 = 59
TOPIC = "zigbee2mqtt/call-button-1"
pytestmark = pytest.mark.process


class TestKeys(ButtonContract, PluggingContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        device = VirtualKeyboard(described=InputDescription(name="gpio-keys"))
        settings: dict[str, Any] = {"device_name": "gpio-keys", "keys": {"KEY_F1": "call"}, "long_press_seconds": 0.3}
        source, decoder = build_keys("post", settings, boottime, device)
        yield Bench(source, decoder, device)
        source.close()
        device.close()

    def short(self, bench: Bench) -> None:
        self._held(bench, 0.1)

    def long(self, bench: Bench) -> None:
        self._held(bench, 0.5)

    def _held(self, bench: Bench, seconds: float) -> None:
        """Recorded events: stamped as a real press is, so that no test has to wait for a thumb."""
        began = boottime() - seconds
        bench.device.events([(1, F1, 1), (0, 0, 0)], began)
        bench.device.events([(1, F1, 0), (0, 0, 0)], began + seconds)

    def test_frames_are_stamped_when_they_arrive(self, bench: Bench) -> None:
        bench.source.open()
        stamp = boottime() - 0.5
        bench.device.events([(1, F1, 1)], stamp)
        assert abs(next_frame(bench.source).at - stamp) < 1e-5


class _Contact:
    """A contact at a pin of the virtual chip."""

    def __init__(self, chip: VirtualGpiod) -> None:
        self._chip = chip
        self.unplug, self.plug = chip.unplug, chip.plug

    def set(self, active: bool) -> None:
        self._chip.press(17, active)


class TestGpio(ButtonContract, PluggingContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        chip = VirtualGpiod()
        settings = {"lines": {"call": 17, "material": 27}, "debounce_seconds": 0.01, "long_press_seconds": 0.2}
        source, decoder = build_gpio_button("post", settings, boottime, chip)
        yield Bench(source, decoder, _Contact(chip))
        source.close()

    def test_short_and_long(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            self._short(bench, desk)
            bench.device.set(True)
            desk.until(lambda: len(desk.presses) == 2)
            bench.device.set(False)
        assert desk.presses == [("call", False), ("call", True)]

    def check_alive(self, bench: Bench, desk: Desk) -> None:
        self._short(bench, desk)

    def short(self, bench: Bench) -> None:
        bench.device.set(True)

    def _short(self, bench: Bench, desk: Desk) -> None:
        """Down; up once the contact is believed, which the decoder says by waiting for a long press."""
        before = len(desk.presses)
        bench.device.set(True)
        began = boottime()
        desk.until(lambda: (wake := bench.decoder.wake()) is not None and wake > began + 0.15)
        bench.device.set(False)
        desk.until(lambda: len(desk.presses) == before + 1)

    def test_a_line_in_use_is_gone(self, bench: Bench) -> None:
        chip = VirtualGpiod()
        first, second = (build_gpio_button("post", {"lines": {"call": 4}}, boottime, chip)[0] for _ in range(2))
        first.open()
        with pytest.raises(DeviceGone, match="busy"):
            second.open()
        first.close()
        assert second.open()
        second.close()


class _Radio:
    """A wireless button and its broker: unplugging kills the broker."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker = broker
        self._button: VirtualMqttButton | None = None

    @property
    def button(self) -> VirtualMqttButton:
        self._button = self._button or VirtualMqttButton("127.0.0.1", self._broker.port, TOPIC)
        return self._button

    def unplug(self) -> None:
        self.close()
        self._broker.kill()

    def plug(self) -> None:
        self._broker.start()

    def close(self) -> None:
        if self._button is not None:
            self._button.close()
        self._button = None


@pytest.mark.broker
class TestMqtt(ButtonContract, PluggingContract):
    @pytest.fixture
    def broker(self, tmp_path: Path) -> Iterator[Mosquitto]:
        with Mosquitto(tmp_path) as broker:
            yield broker

    @pytest.fixture
    def bench(self, broker: Mosquitto) -> Iterator[Bench]:
        device = _Radio(broker)
        source, decoder = build_source("mqtt_button", "radio", {"port": broker.port, "topic": TOPIC})
        yield Bench(source, decoder, device)
        source.close()
        device.close()

    def short(self, bench: Bench) -> None:
        bench.device.button.act("single")

    def long(self, bench: Bench) -> None:
        bench.device.button.act("hold")

    def test_lost_and_found_again_within_two_seconds(self, bench: Bench) -> None:
        """The broker itself needs time to start, so the two seconds count from when it listens."""
        super().test_lost_and_found_again_within_two_seconds(bench)

    def test_hostile_messages_press_nothing(self, bench: Bench) -> None:
        payloads = [raw for raw in hostile.inputs() if raw]
        with Desk(bench.source, bench.decoder) as desk:
            for raw in payloads:
                seen = len(desk.of(Garbled))
                bench.device.button.write(raw)
                if raw != b'{"seq":1}' and not raw.startswith(b'{"__proto__"'):
                    desk.until(lambda seen=seen: len(desk.of(Garbled)) == seen + 1)  # type: ignore[misc]
            self.short(bench)
            desk.until(lambda: desk.presses == [("call", False)])

    def test_a_large_message_is_cut_while_it_is_taken(self, bench: Bench) -> None:
        bench.source.open()
        bench.device.button.write(b"A" * 500_000)
        event = next_frame(bench.source).data
        assert isinstance(event, MessageEvent) and len(event.payload) == 2049

    def test_a_press_of_the_past_is_none(self, bench: Bench) -> None:
        bench.device.button.write(b'{"action":"single"}', retain=True)
        with Desk(bench.source, bench.decoder) as desk:
            self.long(bench)
            desk.until(lambda: bool(desk.presses))
            bench.device.button.write(b"", retain=True)
        assert desk.presses == [("call", True)]


def test_a_flood_that_nobody_reads_is_told_as_lost() -> None:
    mailbox = Mailbox()
    for number in range(MESSAGE_QUEUE_MAX + 5):
        mailbox.put(Frame("radio", float(number), MessageEvent(b"{}")))
    for number in range(MESSAGE_QUEUE_MAX):
        frame = mailbox.take(PATIENCE_SECONDS)
        assert frame is not None and frame.at == number
    with pytest.raises(DeviceGone, match="faster"):
        mailbox.take(PATIENCE_SECONDS)


@pytest.mark.broker
def test_a_broker_that_wants_a_password_gets_the_one_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("")
    (tmp_path / "passwords").chmod(0o600)
    lines = ("allow_anonymous false", f"password_file {tmp_path}/passwords")
    with Mosquitto(tmp_path, lines) as broker:
        source, _ = build_source("mqtt_button", "radio", {"port": broker.port, "topic": TOPIC})
        with pytest.raises(DeviceGone, match="refuses"):
            source.open()
    missing = {"topic": TOPIC, "username": "u", "password_file": str(tmp_path / "none")}
    with pytest.raises(DeviceGone, match="file"):
        build_source("mqtt_button", "radio", missing)[0].open()
