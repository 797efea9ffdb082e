"""A scanner on a serial port: RS-232, or USB set to COM port emulation."""

from __future__ import annotations

import os
from collections.abc import Mapping

import serial

from devices.clock import Clock
from devices.errors import DeviceGone
from devices.limits import READ_BYTES_MAX
from devices.lines import LineDecoder
from devices.port_source import PortSource
from devices.serial_port import open_port
from devices.serial_rules import PortRules
from devices.settings import SerialSettings, checked
from devices.types import Decoder, Frame, Source


class SerialSource(PortSource):
    """Opens the port by its stable path, waits, reads; a port that vanished is DeviceGone."""

    def __init__(self, name: str, rules: PortRules, clock: Clock) -> None:
        super().__init__(name, clock)
        self._rules = rules
        self._port: serial.Serial | None = None

    def _connect(self) -> str:
        self._port = open_port(self._rules)
        # What piled up while nobody listened has no instant, so it is no scan.
        self._port.reset_input_buffer()
        return os.path.realpath(self._rules.path)

    def _descriptors(self) -> list[int]:
        return [self._opened().fileno()]

    def _drain(self, ready: frozenset[int]) -> list[Frame]:
        port = self._opened()
        data = os.read(port.fileno(), READ_BYTES_MAX)
        if not data:
            raise DeviceGone(f"The serial port {self._rules.path} went away.")
        return [Frame(self.name, self._clock(), data)]

    def _disconnect(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise DeviceGone("The serial port is closed.")
        return self._port


def build(name: str, settings: Mapping[str, object], clock: Clock) -> tuple[Source, Decoder]:
    """The kind `serial`."""
    given = checked(SerialSettings, settings)
    return SerialSource(name, given.port_rules(), clock), LineDecoder(given.label_rules())
