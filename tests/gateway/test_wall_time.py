"""Nothing a station decides depends on wall time (I9): the same inputs under a jumping clock give the same records."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from devices.types import Signal
from floor.events import Instant
from gateway.clock import STEP_SECONDS, MachineClock
from gateway.screen import inputs as page
from sync.ports import ReceiptCame
from sync.wire import Receipt, StreamReceipt
from tests.gateway.station import BADGE, LEADER, OTHER_BADGE, OTHER_TICKET, TICKET, Bench

LABELS = some.sampled_from([BADGE, OTHER_BADGE, LEADER, TICKET, TICKET, OTHER_TICKET, "C-GOOD", "C-D3", "C-UNDO", "?"])
GAPS = some.sampled_from([0.2, 2.9, 3.1, 10.0, 61.0, 3_600.0, 8 * 3_600.0])
"""Around the double-scan window, the same-piece question and the badge's time-out."""
JUMPS = some.sampled_from([0.0, 0.0, 0.0, -3.0, 3.0, 3_600.0, -86_400.0, 3.2e8, -3.2e8])


class WallBench(Bench):
    """A bench whose wall clock may be moved."""

    ahead: float = 0.0

    def instant(self) -> Instant:
        """Now, and what the wall clock says of it."""
        found = super().instant()
        return Instant(found.boot, found.boottime, max(0.0, found.wall + self.ahead), self.ahead == 0.0)


Act = tuple[str, float, float]


def lived(folder: Path, acts: list[Act], jumps: bool) -> tuple[list[Signal], list[tuple[object, ...]], str, int]:
    """(signals, records without their wall time, folded state, what was pruned)."""
    bench = WallBench(folder)
    bench.loop.upkeep.record_sink = "central"
    for number, (label, gap, jump) in enumerate(acts):
        bench.ahead += jump if jumps else 0.0
        if number % 7 == 3:
            bench.step(page.PageCall("S1", "quality"))
        bench.scan(label, seconds=gap)
        bench.now += 0.5
        bench.step()
    epochs = [row.epoch for row in bench.journal.epochs.values()]
    receipt = Receipt(server="x", streams=tuple(StreamReceipt(epoch=each, mark=1, safe=1) for each in epochs))
    bench.loop.upkeep.checkpoint(bench.keeping)
    bench.step(ReceiptCame("central", receipt))
    for _ in range(4):
        bench.now += 40
        bench.step()
    state = json.loads(bench.keeping.floor.to_json().replace(epochs[0], "epoch"))
    for call in state["calls"]:
        call[4] = "raised_wall"
    state["last"][2:] = ["wall", "synchronised"]
    pruned = sum(row.floor for row in bench.journal.epochs.values())
    records = list(without_wall(bench, epochs[0]))
    bench.close()
    return bench.lamp.given, records, json.dumps(state), pruned


def without_wall(bench: Bench, epoch: str) -> Iterator[tuple[object, ...]]:
    """What of each record does not come from a wall clock."""
    for record in bench.records():
        content = json.loads(record.content.replace(epoch, "epoch"))
        kept = {name: value for name, value in content.items() if name not in ("time", "walltime", "clockstate")}
        yield record.seq, json.dumps(kept)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=some.lists(some.tuples(LABELS, GAPS, JUMPS), min_size=4, max_size=25))
def test_a_jumping_clock_changes_nothing_but_the_remark(acts: list[Act]) -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        steady, jumping = lived(Path(first), acts, False), lived(Path(second), acts, True)
    assert jumping == steady
    assert steady[3] == 1, "pruned by marks, never by age"


def test_days_left_are_told_only_from_times_that_were_vouched_for(tmp_path: Path) -> None:
    bench = WallBench(tmp_path, bytes_max=1_000_000)
    bench.now += 10 * 86_400
    bench.scan(BADGE)
    bench.now += 1
    bench.step()
    told = bench.views[-1].days_left
    assert told is not None and told > 1
    bench.ahead = 3.2e8
    bench.scan(TICKET, seconds=60)
    bench.now += 1
    bench.step()
    assert bench.views[-1].days_left is None
    bench.close()


@given(
    moves=some.lists(
        some.tuples(some.floats(0, 100), some.sampled_from([0.0, 0.0, 1e-3, 0.5, -3_600.0]), some.booleans()),
        min_size=1,
    )
)
def test_what_a_clock_vouches_for_was_true_when_it_was_read(moves: list[tuple[float, float, bool]]) -> None:
    """A flag that is asked every five seconds is never kept across a step."""
    now, ahead, good = [100.0], [0.0], [True]
    clock = MachineClock("b", boottime=lambda: now[0], wall=lambda: now[0] + ahead[0], synchronised=lambda: good[0])
    for seconds, step, kept in moves:
        now[0] += seconds
        if step:
            ahead[0] += step
            good[0] = False
        elif kept and ahead[0] == 0.0:
            good[0] = True
        instant = clock()
        if instant.synchronised:
            assert abs(instant.wall - instant.boottime) <= STEP_SECONDS * 2


@dataclass
class Between:
    """A machine whose clock is set between two readings."""

    readings: list[float] = field(default_factory=lambda: [0.0, 1_800_000_000.0])

    def wall(self) -> float:
        """Before, then after."""
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]


def test_a_step_between_two_readings_is_not_vouched_for() -> None:
    """At boot the NTP daemon sets the clock and the flag in one go; what was read just before is 1970."""
    machine = Between()
    clock = MachineClock("b", boottime=lambda: 10.0, wall=machine.wall, synchronised=lambda: True)
    first = clock()
    assert (first.wall, first.synchronised) == (0.0, False)
