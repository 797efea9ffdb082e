"""Wireless buttons behind zigbee2mqtt and its kin: one topic, one button."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import paho.mqtt.client as mqtt

from devices.buttons import MessageDecoder, MessageRules
from devices.clock import Clock
from devices.errors import DeviceGone
from devices.limits import MESSAGE_BYTES_MAX, MESSAGE_QUEUE_MAX
from devices.mqtt_client import make_client
from devices.settings import MqttButtonSettings, checked
from devices.types import Decoder, Frame, MessageEvent, Source

READY_TIMEOUT_SECONDS: Final = 5.0


class _Gone(str):
    """Why the connection ended."""


class Mailbox:
    """What the client's thread hands to the reader's: messages, `None` for subscribed, `_Gone` for the end."""

    def __init__(self) -> None:
        self._items: queue.Queue[Frame | _Gone | None] = queue.Queue(MESSAGE_QUEUE_MAX)
        self._gone: _Gone | None = None

    def put(self, item: Frame | None) -> None:
        """Hand on. When the reader cannot follow, the connection is declared lost: that is told, drops would not be."""
        try:
            self._items.put_nowait(item)
        except queue.Full:
            self.end("Messages came faster than they could be read.")

    def end(self, why: str) -> None:
        """Nothing more will come. The first reason stays."""
        self._gone = self._gone or _Gone(why)
        # A full queue needs no waking: its reader finds `_gone` once it has taken what is in it.
        with contextlib.suppress(queue.Full):
            self._items.put_nowait(self._gone)

    def take(self, timeout_seconds: float) -> Frame | None:
        """The next message. Raises queue.Empty when none came, DeviceGone at the end."""
        if self._gone is not None and self._items.empty():
            raise DeviceGone(str(self._gone))
        item = self._items.get(timeout=max(0.0, timeout_seconds))
        if isinstance(item, _Gone):
            raise DeviceGone(str(item))
        return item


class MqttButtonSource:
    """Subscribes to one topic. Retained messages are skipped: they are presses of the past."""

    def __init__(self, name: str, settings: MqttButtonSettings, clock: Clock) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._client: mqtt.Client | None = None
        self._mailbox: Mailbox | None = None

    def open(self) -> str:
        """Connect and subscribe. Raises DeviceGone when the broker is away or refuses."""
        self.close()
        mailbox = Mailbox()
        client = self._wire(make_client(self._settings), mailbox)
        with self._lock:
            self._client, self._mailbox = client, mailbox
        try:
            client.connect_async(self._settings.host, self._settings.port, self._settings.keepalive_seconds)
            client.loop_start()
            self._await_subscription(mailbox)
        except (ValueError, DeviceGone) as fault:
            self.close()
            raise fault if isinstance(fault, DeviceGone) else DeviceGone(str(fault)) from fault
        return f"{self._settings.topic} at {self._settings.host}:{self._settings.port}"

    def read(self, timeout_seconds: float) -> Frame | None:
        """The next message, or None. Raises DeviceGone when the broker went away."""
        mailbox = self._mailbox
        if mailbox is None:
            raise DeviceGone("The button is closed.")
        try:
            return mailbox.take(timeout_seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Disconnect. Idempotent; unblocks the reader."""
        with self._lock:
            client, self._client = self._client, None
            mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            mailbox.end("The button was closed.")
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _await_subscription(self, mailbox: Mailbox) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        try:
            while mailbox.take(deadline - time.monotonic()) is not None:
                pass
        except queue.Empty:
            raise DeviceGone("The broker does not answer.") from None

    def _wire(self, client: mqtt.Client, mailbox: Mailbox) -> mqtt.Client:
        topic = self._settings.topic

        def on_connect(_: mqtt.Client, __: Any, ___: Any, reason: Any, ____: Any) -> None:
            if reason.is_failure:
                mailbox.end(f"The broker refuses: {reason}.")
            else:
                client.subscribe(topic, qos=1)

        def on_subscribe(_: mqtt.Client, __: Any, ___: Any, reasons: Any, ____: Any) -> None:
            if any(reason.is_failure for reason in reasons):
                mailbox.end("The broker refuses the topic.")
            else:
                mailbox.put(None)

        def on_message(_: mqtt.Client, __: Any, message: mqtt.MQTTMessage) -> None:
            if not message.retain:
                event = MessageEvent(bytes(message.payload[: MESSAGE_BYTES_MAX + 1]))
                mailbox.put(Frame(self.name, self._clock(), event))

        client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
        client.on_connect_fail = lambda *_: mailbox.end("The broker cannot be reached.")
        client.on_disconnect = lambda *_: mailbox.end("The connection to the broker was lost.")
        return client


def build(name: str, settings: Mapping[str, object], clock: Clock) -> tuple[Source, Decoder]:
    """The kind `mqtt_button`."""
    given = checked(MqttButtonSettings, settings)
    actions = {word: (action.button, action.long) for word, action in given.actions.items()}
    rules = MessageRules(actions, frozenset(given.ignored), given.field_name, given.repeat_seconds)
    return MqttButtonSource(name, given, clock), MessageDecoder(name, rules)
