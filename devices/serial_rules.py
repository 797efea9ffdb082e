"""How a serial port is set. Pure: reading settings must not import a driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PortRules:
    """`path` should be one of /dev/serial/by-id/*, which survives replugging."""

    path: str
    baud: int = 9600
    parity: Literal["none", "even", "odd"] = "none"
    data_bits: Literal[7, 8] = 8
    stop_bits: Literal[1, 2] = 1
    flow: Literal["none", "xonxoff", "rtscts"] = "none"
