"""What an idle gateway costs: 8 stations, both sinks connected, the station page with open pages, no scan.

CPU against half a percent of a core, and memory against the bare import of the same libraries.
"""

import contextlib
import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.brokers import broker
from benchmarks.content import STATIONS, label
from benchmarks.figures import Figure, at_most, below
from benchmarks.offices import receipt_office
from benchmarks.readings import NothingCame, cpu_seconds, resident_bytes
from benchmarks.rig import Sinks, gateway_process, lay_out, wait_for_scanner
from benchmarks.scales import Scale
from simulation.processes import Process

PAGES = 10
CORE_PERCENT_MAX = 0.5
MEMORY_RATIO_MAX = 1.6
MEMORY_MB_MAX = 100.0
SETTLE_SECONDS_MAX = 8.0
LIBRARIES = [
    "sqlite3",
    "paho.mqtt.client",
    "flask",
    "waitress",
    "requests",
    "serial",
    "evdev",
    "pyudev",
    "pydantic",
    "click",
    "sqlite_utils",
    "prometheus_client",
    "systemd_watchdog",
]
"""What a gateway declares as its dependencies, and sqlite3."""

MB = 1_000_000


def bare_import_bytes() -> int:
    """Resident memory of a process that imports the libraries and does nothing else."""
    program = f"import {', '.join(LIBRARIES)}\nprint(open('/proc/self/status').read())"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    found = re.search(r"VmRSS:\s+(\d+) kB", said)
    if found is None:
        raise NothingCame("the bare process has no memory")
    return int(found[1]) * 1024


class Page:
    """An open station page: the document once, then its stream of server-sent events."""

    def __init__(self, port: int, station: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._connection.request("GET", f"/station/{station}")
        document = self._connection.getresponse()
        document.read()
        self._connection.request("GET", f"/station/{station}/events", headers={"Accept": "text/event-stream"})
        self._stream = self._connection.getresponse()
        if (document.status, self._stream.status) != (200, 200):
            raise NothingCame(f"the page of {station} answered {document.status} and {self._stream.status}")
        while b"event: view" not in self._stream.readline():
            pass

    def close(self) -> None:
        """Leave."""
        self._stream.close()
        self._connection.close()


@contextmanager
def pages(process: Process) -> Iterator[None]:
    """`PAGES` open pages of the gateway's screen."""
    found = re.search(r":(\d+)/?$", process.ready_line)
    if found is None:
        raise NothingCame(f"the gateway does not say where its page is: {process.ready_line!r}")
    with contextlib.ExitStack() as stack:
        for number in range(PAGES):
            stack.enter_context(contextlib.closing(Page(int(found[1]), STATIONS[number % len(STATIONS)])))
        yield


def scan(folder: Path, count: int) -> None:
    """Some work at the first station, so that nothing is measured that was never used."""
    terminal = os.open(wait_for_scanner(folder), os.O_WRONLY | os.O_NOCTTY)
    try:
        for number in range(count):
            os.write(terminal, label(number) + b"\r")
            if number % 50 == 49:
                time.sleep(0.1)
    finally:
        os.close(terminal)


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """Memory after some scans, then CPU over idle seconds."""
    bare = bare_import_bytes()
    with broker(folder) as port, receipt_office(folder) as url:
        config = lay_out(folder, Sinks(port, url), stations=len(STATIONS), screen=True)
        with gateway_process(config, "gateway ready") as process, pages(process):
            scan(folder, scale.memory_scans)
            time.sleep(min(SETTLE_SECONDS_MAX, scale.idle_seconds))
            resident = resident_bytes(process.pid)
            before, began = cpu_seconds(process.pid), time.monotonic()
            time.sleep(scale.idle_seconds)
            used = (cpu_seconds(process.pid) - before) / (time.monotonic() - began) * 100
    return [
        at_most("memory_ratio", resident / MB, "MB", bare / MB, MEMORY_RATIO_MAX),
        below("memory", resident / MB, "MB", MEMORY_MB_MAX),
        below("idle_cpu", used, "% of a core", CORE_PERCENT_MAX),
    ]
