"""A stack light that takes a few bytes per lamp on a serial port."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import serial

from devices.clock import Clock
from devices.errors import IndicatorUnreachable
from devices.indicator_thread import LampIndicator
from devices.kind import Report
from devices.serial_port import open_port
from devices.serial_rules import PortRules
from devices.settings import SerialLightSettings, checked
from devices.types import Indicator


class SerialLamps:
    """Sends the command of each lamp whose state changes, and all of them after opening."""

    def __init__(self, rules: PortRules, commands: Mapping[str, tuple[bytes, bytes]]) -> None:
        self._rules = rules
        self._commands = dict(commands)
        self._port: serial.Serial | None = None
        self._lit: frozenset[str] | None = None

    def open(self) -> None:
        """Open the port. Raises DeviceGone."""
        self.close()
        self._port = open_port(self._rules)
        self._lit = None

    def show(self, lit: frozenset[str]) -> None:
        """Send what changed. Raises IndicatorUnreachable."""
        if self._port is None:
            raise IndicatorUnreachable("The light's port is closed.")
        before, self._lit = self._lit, lit
        for lamp, (switch_on, switch_off) in self._commands.items():
            if before is None or (lamp in lit) != (lamp in before):
                self._port.write(switch_on if lamp in lit else switch_off)

    def close(self) -> None:
        """All off, port closed."""
        port = self._port
        if port is not None:
            # The port may be the very thing that went away.
            with contextlib.suppress(OSError, IndicatorUnreachable):
                self.show(frozenset())
            self._port = None
            with contextlib.suppress(OSError):
                port.close()


def build(name: str, settings: Mapping[str, object], clock: Clock, report: Report) -> Indicator:
    """The kind `serial_light`."""
    given = checked(SerialLightSettings, settings)
    commands = {
        str(lamp): (bytes.fromhex(command.on), bytes.fromhex(command.off)) for lamp, command in given.lamps.items()
    }
    return LampIndicator(name, SerialLamps(given.port_rules(), commands), clock, report)
