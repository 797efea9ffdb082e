"""`python -m tests.process.month_card FOLDER RECORDS`: a card as a gateway leaves it after so many records without an
office, by the production loop, in the memory of the smallest gateway. Prints its resident bytes at each tenth."""

import os
import resource
import sys
from pathlib import Path

from benchmarks.readings import resident_bytes
from devices.types import Frame
from gateway import limits
from gateway.screen import inputs as page
from tests.gateway.station import BADGE, Bench

MEMORY_BYTES = 512 * 1024 * 1024
OPERATIONS = 50_000
BETWEEN_SECONDS = 2.88
"""30,000 a day."""


WAITING = limits.INPUTS_PER_COMMIT_MAX


def inputs(number: int, now: float) -> list[object]:
    """Group `number`: so many tickets to start, and in the next group their reports. Each is one record."""
    operations = [f"T-WO-{(number // 2 * WAITING + at) % OPERATIONS:06d}-10" for at in range(WAITING)]
    if number % 2 == 0:
        return [Frame("scanner", now, f"{each}\r".encode()) for each in operations]
    return [page.PageReport("S1", each, 100, 1, "surface") for each in operations]


def main(folder: Path, records: int) -> None:
    """Scans in groups, as they wait when a card is slow."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    bench = Bench(folder)
    bench.loop.upkeep.record_sink = "central"
    bench.scan(BADGE)
    number = told = 0
    while bench.journal.newest() < records:
        bench.now += WAITING * BETWEEN_SECONDS
        bench.step(*inputs(number, bench.now))
        number += 1
        bench.step()
        bench.lamp.given.clear()
        bench.views.clear()
        if bench.journal.newest() * 10 // records > told:
            told = bench.journal.newest() * 10 // records
            print(resident_bytes(os.getpid()), flush=True)
    bench.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
