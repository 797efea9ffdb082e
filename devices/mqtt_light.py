"""Signals as MQTT messages. An old beep is of no use, so nothing is kept for a broker that is away."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import paho.mqtt.client as mqtt

from devices.clock import Clock, boottime
from devices.errors import DeviceGone, IndicatorUnreachable
from devices.indicator_thread import QueuedIndicator, log_report
from devices.kind import Report
from devices.mqtt_client import CONNECT_TIMEOUT_SECONDS, make_client
from devices.settings import MqttLightSettings, checked
from devices.types import Indicator, Signal


class MqttLight(QueuedIndicator):
    """Publishes while connected; reconnects by itself."""

    def __init__(
        self, name: str, settings: MqttLightSettings, clock: Clock = boottime, report: Report = log_report
    ) -> None:
        super().__init__(name, clock, report)
        self._settings = settings
        self._client: mqtt.Client | None = None
        self._answered = threading.Event()
        self._unsent: list[tuple[Signal, str]] = []

    def _accept(self, given: list[tuple[Signal, str]], now: float) -> None:
        self._unsent = given

    def _start(self) -> None:
        self._answered.clear()
        client = make_client(self._settings)
        client.on_connect = self._on_answer
        client.on_connect_fail = lambda *_: self._answered.set()
        client.on_disconnect = lambda *_: self._wake()
        self._client = client
        try:
            client.connect_async(self._settings.host, self._settings.port, self._settings.keepalive_seconds)
        except ValueError as fault:
            raise DeviceGone(str(fault)) from fault
        client.loop_start()
        self._answered.wait(CONNECT_TIMEOUT_SECONDS + 1)
        if not client.is_connected():
            raise IndicatorUnreachable("The broker cannot be reached.")

    def _show(self, now: float) -> float | None:
        client = self._client
        if client is None or not client.is_connected():
            raise IndicatorUnreachable("The connection to the broker was lost.")
        unsent, self._unsent = self._unsent, []
        for signal, station in unsent:
            payload = self._payload(signal, station)
            if payload is not None:
                client.publish(self._settings.topic, payload, qos=self._settings.qos)
        return None

    def _end(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _payload(self, signal: Signal, station: str) -> str | None:
        if self._settings.payloads:
            return self._settings.payloads.get(signal)
        return json.dumps({"signal": signal.value, "station": station}, ensure_ascii=False)

    def _on_answer(self, _: mqtt.Client, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        self._answered.set()

    def _wake(self) -> None:
        """Let the thread notice that the connection is gone."""
        self._answered.set()
        with self._wanted:
            self._wanted.notify()


def build(name: str, settings: Mapping[str, object], clock: Clock, report: Report) -> Indicator:
    """The kind `mqtt_light`."""
    return MqttLight(name, checked(MqttLightSettings, settings), clock, report)
