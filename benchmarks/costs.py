"""CPU time of the whole gateway for each kept scan, journal and both sinks included, beside bare paho and sqlite3.

As fast as scans are kept, which is how peers are measured, too; the baseline works at the same pace. And at 20 a
second, the burst of a shop, as a share of a core: there the caches are cold after each pause, which costs the
baseline's few lines less than a whole program, so its ratio is shown and not judged.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.brokers import broker
from benchmarks.content import OPEN_FEW, OPEN_MANY
from benchmarks.figures import Figure, at_most, below
from benchmarks.offices import receipt_office
from benchmarks.readings import cpu_seconds, in_turns, median_pair, wait_until
from benchmarks.rig import Sinks
from benchmarks.scales import Scale
from benchmarks.scans import Scanner, stopped_gateway
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from simulation.processes import Process

RATIO_MAX = 3.0
WAITING_MAX = 32
"""Scans on their way at once when scanning as fast as possible: what a busy gateway has."""
SHOP_PER_SECOND = 20.0
SHOP_CORE_PERCENT_MAX = 10.0


def fast(scanner: Scanner, count: int) -> None:
    """As fast as they are kept."""
    waiting = 0
    for _ in range(count):
        if waiting >= WAITING_MAX:
            scanner.signalled()
            waiting -= 1
        scanner.send()
        waiting += 1
    for _ in range(waiting):
        scanner.signalled()


def paced(scanner: Scanner, count: int) -> None:
    """At a shop's pace."""
    due = time.monotonic()
    for _ in range(count):
        due += 1 / SHOP_PER_SECOND
        scanner.send()
        scanner.signalled()
        time.sleep(max(0.0, due - time.monotonic()))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast events come. `per_second` 0: as fast as they are kept."""

    name: str
    per_second: float
    scan: Callable[[Scanner, int], None]


def _all_sent(folder: Path) -> Callable[[], bool]:
    """Whether both sinks have acknowledged everything, as the card tells."""

    def sent() -> bool:
        with JournalReader(folder / "gateway" / FILE_NAME) as reader:
            newest = reader.newest()
            marks = sum(entry.mark for entry in reader.epochs())
            return reader.positions().get("mqtt", 0) >= newest and marks >= newest

    return sent


def _own(folder: Path, sinks: Sinks, count: int, pace: Pace) -> float:
    """Microseconds of CPU a scan."""
    folder.mkdir()
    with stopped_gateway(folder, sinks, OPEN_FEW if pace.per_second else OPEN_MANY) as scanner:
        pace.scan(scanner, min(50, count))
        wait_until("both sinks", _all_sent(folder), step_seconds=0.2)
        before = cpu_seconds(scanner.process.pid)
        pace.scan(scanner, count)
        wait_until("both sinks", _all_sent(folder), step_seconds=0.2)
        return (cpu_seconds(scanner.process.pid) - before) / count * 1e6


def _bare(folder: Path, port: int, count: int, per_second: float) -> float:
    """Microseconds of CPU an event, told by the process itself at its end."""
    folder.mkdir()
    command = [sys.executable, "-m", "benchmarks.bare_gateway", str(folder / "bare.sqlite")]
    command += [str(port), str(count), str(per_second)]
    process = Process("bare gateway", command, folder / "bare.log", "cost ")
    process.start()
    try:
        return float(process.wait_ready(600).split()[1])
    finally:
        process.stop()


def _pair(pace: Pace, folder: Path, sinks: Sinks, count: int, rounds: int) -> tuple[float, float]:
    """(bare, own) microseconds of CPU."""
    places = (folder / f"{pace.name}-{number}" for number in range(2 * rounds))
    pairs = in_turns(
        rounds,
        lambda: _bare(next(places), sinks.broker_port, count, pace.per_second),
        lambda: _own(next(places), sinks, count, pace),
    )
    return median_pair(pairs)


def _served(folder: Path, pace: Pace, count: int, rounds: int) -> tuple[float, float]:
    with broker(folder) as port, receipt_office(folder) as url:
        return _pair(pace, folder, Sinks(port, url), count, rounds)


def measure_fast(scale: Scale, folder: Path) -> list[Figure]:
    """As fast as scans are kept."""
    base, own = _served(folder, Pace("scan_cpu", 0.0, fast), scale.cost_scans, scale.cost_rounds)
    return [at_most("scan_cpu", own, "us", base, RATIO_MAX)]


def measure_shop(scale: Scale, folder: Path) -> list[Figure]:
    """At a shop's pace."""
    base, own = _served(folder, Pace("scan_cpu_shop", SHOP_PER_SECOND, paced), max(10, scale.cost_scans // 8), 1)
    to_percent = SHOP_PER_SECOND / 1e6 * 100
    return [below("scan_cpu_shop", own * to_percent, "% of a core", SHOP_CORE_PERCENT_MAX, base * to_percent)]
