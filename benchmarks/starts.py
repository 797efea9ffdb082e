"""Start to ready with a month of records on the card, beside the start with none.

Ready is the program's own word: the journal is open, checked and folded, and scanners are read. The journal holds what
a gateway without an office for 30 days has: nothing pruned, the folded state written when the idle gateway last did,
and as many records behind that as there can be.
"""

import time
from pathlib import Path

from benchmarks.cards import fill
from benchmarks.figures import Figure, at_most
from benchmarks.readings import in_turns, median_pair
from benchmarks.rig import Sinks, gateway_process, lay_out
from benchmarks.scales import Scale

RATIO_MAX = 2.0
PEER_SECONDS = 1.95
"""ThingsBoard IoT Gateway 3.8.5 with SQLite storage, from its start to the first event at the consumer: measured on
2026-11-22 with the same workload on the machine of docs/benchmarks.md. Not measured again here."""
PEER_RATIO_MAX = 0.6


def started(config: Path) -> float:
    """Seconds from the process's start to its word that it is ready; then it is ended."""
    began = time.perf_counter()
    with gateway_process(config):
        return time.perf_counter() - began


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """The same program with both cards, in turns."""
    empty, full = folder / "empty", folder / "full"
    for each in (empty, full):
        each.mkdir()
    fill(full, scale.start_records)
    configs = [lay_out(each, Sinks()) for each in (empty, full)]
    for config in configs:
        started(config)
    pairs = in_turns(scale.start_rounds, lambda: started(configs[0]), lambda: started(configs[1]))
    base, own = median_pair(pairs)
    return [
        at_most("start_ratio", own, "s", base, RATIO_MAX),
        at_most("start_beside_peer", own, "s", PEER_SECONDS, PEER_RATIO_MAX),
    ]
