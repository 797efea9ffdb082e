"""`python -m benchmarks.stopwatch_gateway CONFIG ADDRESS`: the production gateway with a stopwatch for a light.

The instant at which the main loop gives a signal goes to the Unix socket ADDRESS as a float64 of CLOCK_BOOTTIME.
"""

import contextlib
import socket
import struct
import sys
import threading
from pathlib import Path

from benchmarks.rig import station
from devices.types import Signal
from gateway.clock import boottime
from gateway.ending import on_end_signal

INSTANT = struct.Struct("<d")


class Stopwatch:
    """Fits devices.types.Indicator; `give` is called where a light would be told."""

    name = "stopwatch"

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.connect(address)

    def open(self) -> None:
        """Nothing to open."""

    def give(self, given: Signal, at_station: str) -> None:
        """Send the instant; what the sending costs comes after it."""
        now = boottime()
        if given in (Signal.KEPT, Signal.NOTED):
            with contextlib.suppress(OSError):
                self._socket.send(INSTANT.pack(now))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def main(config: Path, address: str) -> None:
    """Run until SIGTERM."""
    told = threading.Event()
    threading.stack_size(512 * 1024)
    on_end_signal(lambda _: told.set())
    with station(config, Stopwatch(address)) as running:
        screen = running.program._start_screen()
        print("stopwatch ready", flush=True)
        told.wait()
        if screen is not None:
            screen.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
