"""The scans that the benchmarks make: each of them, however long a run, is kept and makes one record."""

from benchmarks.content import OPEN_FEW, OPEN_MANY, OPERATIONS, label, plant
from devices.types import Signal
from gateway.station import decide
from gateway.station_desk import Scanned
from tests.gateway.floor_desk import Bench


def test_each_scan_makes_one_record_also_when_the_tickets_come_round_again() -> None:
    for open_shares in (OPEN_FEW, OPEN_MANY):
        bench = Bench(master=plant())
        for number in range(2 * OPERATIONS + 4 * OPEN_MANY):
            bench.now += 10
            what = Scanned(label(number, open_shares))
            decision = decide(bench.state, bench.desk, what, bench.master, bench.instant, bench.rules)
            assert decision is not None and decision.signal in (Signal.KEPT, Signal.NOTED), number
            assert len(decision.events) == 1
            bench.take(decision)
