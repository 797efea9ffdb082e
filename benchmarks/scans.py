"""Scan to signal: bytes into the scanner's pseudo-terminal until the main loop gives the signal, beside a bare commit.

The gateway runs as a process with both sinks. Ten times a second one bare commit, then one scan: both see the same
seconds of the same disk.
"""

import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bare import BareLog
from benchmarks.brokers import broker
from benchmarks.content import OPEN_FEW, content, label
from benchmarks.figures import Figure, at_most
from benchmarks.offices import receipt_office
from benchmarks.readings import NothingCame, percentile
from benchmarks.rig import Sinks, lay_out, wait_for_scanner
from benchmarks.scales import Scale
from benchmarks.stopwatch_gateway import INSTANT
from gateway.clock import boottime
from simulation.processes import Process

RATIO_MAX = 2.0
PERIOD_SECONDS = 0.1
SIGNAL_SECONDS_MAX = 30.0
WARM_UP = 20


class Scanner:
    """The far end of the first scanner, and the instants at which its scans were signalled."""

    def __init__(self, folder: Path, process: Process, signals: socket.socket, open_shares: int) -> None:
        self.process = process
        self._open_shares = open_shares
        self._signals = signals
        self._terminal = os.open(wait_for_scanner(folder), os.O_WRONLY | os.O_NOCTTY)
        self.sent = 0

    def send(self) -> float:
        """Scan the next label; the instant before its bytes were written."""
        raw = label(self.sent, self._open_shares) + b"\r"
        self.sent += 1
        began = boottime()
        os.write(self._terminal, raw)
        return began

    def signalled(self) -> float:
        """The instant of the next signal."""
        try:
            return float(INSTANT.unpack(self._signals.recv(INSTANT.size))[0])
        except TimeoutError as fault:
            raise NothingCame(f"no signal after {self.sent} scans:\n{self.process.tail()}") from fault

    def close(self) -> None:
        """Let the terminal go."""
        os.close(self._terminal)


@contextmanager
def stopped_gateway(
    folder: Path,
    sinks: Sinks,
    open_shares: int = OPEN_FEW,
    config: Path | None = None,
    environment: Mapping[str, str] = {},
) -> Iterator[Scanner]:
    """A gateway process under the stopwatch, ready to be scanned at."""
    config = config or lay_out(folder, sinks)
    address = str(folder / "signals")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as signals:
        signals.bind(address)
        signals.settimeout(SIGNAL_SECONDS_MAX)
        command = [sys.executable, "-m", "benchmarks.stopwatch_gateway", str(config), address]
        process = Process("stopwatch", command, folder / "stopwatch.log", "stopwatch ready", environment)
        process.start()
        try:
            process.wait_ready()
            scanner = Scanner(folder, process, signals, open_shares)
            try:
                yield scanner
            finally:
                scanner.close()
        finally:
            process.stop()


def _interleaved(scanner: Scanner, bare: BareLog, count: int) -> tuple[list[float], list[float]]:
    """(seconds of bare commits, seconds from scan to signal)."""
    commits: list[float] = []
    signals: list[float] = []
    due = time.monotonic()
    for number in range(count):
        began = time.perf_counter()
        bare.append(content(number))
        commits.append(time.perf_counter() - began)
        due += PERIOD_SECONDS / 2
        time.sleep(max(0.0, due - time.monotonic()))
        sent = scanner.send()
        signals.append(scanner.signalled() - sent)
        due += PERIOD_SECONDS / 2
        time.sleep(max(0.0, due - time.monotonic()))
    return commits, signals


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """p50 and p99 of both."""
    bare = BareLog(folder / "bare.sqlite")
    try:
        with (
            broker(folder) as port,
            receipt_office(folder) as url,
            stopped_gateway(folder, Sinks(port, url)) as scanner,
        ):
            _interleaved(scanner, bare, min(WARM_UP, scale.scans))
            commits, signals = _interleaved(scanner, bare, scale.scans)
    finally:
        bare.close()
    figures = []
    for name, fraction in (("scan_signal_p50", 0.5), ("scan_signal_p99", 0.99)):
        own, base = percentile(signals, fraction) * 1e6, percentile(commits, fraction) * 1e6
        figures.append(at_most(name, own, "us", base, RATIO_MAX))
    return figures
