"""Opening a serial port by a stable name, for scanners and lamps."""

from __future__ import annotations

import serial

from devices.errors import DeviceGone
from devices.serial_rules import PortRules

_PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


def open_port(rules: PortRules) -> serial.Serial:
    """The open port, for this process alone, never blocking. Raises DeviceGone."""
    try:
        return serial.Serial(
            rules.path,
            rules.baud,
            parity=_PARITIES[rules.parity],
            bytesize=rules.data_bits,
            stopbits=rules.stop_bits,
            xonxoff=rules.flow == "xonxoff",
            rtscts=rules.flow == "rtscts",
            timeout=0,
            write_timeout=2.0,
            exclusive=True,
        )
    except (OSError, ValueError) as fault:
        raise DeviceGone(f"The serial port {rules.path} cannot be opened: {fault}") from fault
