"""How much is measured. `FULL` ends within 15 minutes, `QUICK` within 2; `TINY` only shows that it runs. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts of one run. A round is one pair of baseline and subject."""

    append_rounds: int
    appends_per_round: int
    scans: int
    cost_scans: int
    cost_rounds: int
    drain_records: int
    drain_rounds: int
    draining_records: int
    start_records: int
    start_rounds: int
    idle_seconds: float
    memory_scans: int
    ingest_batches: int
    ingest_rounds: int
    screen_rounds: int
    page_operations: int
    page_rounds: int


FULL = Scale(
    append_rounds=120,
    appends_per_round=50,
    scans=600,
    cost_scans=4_000,
    cost_rounds=3,
    drain_records=100_000,
    drain_rounds=3,
    draining_records=100_000,
    start_records=900_000,
    start_rounds=7,
    idle_seconds=60.0,
    memory_scans=2_000,
    ingest_batches=40,
    ingest_rounds=7,
    screen_rounds=9,
    page_operations=50_000,
    page_rounds=15,
)

QUICK = Scale(
    append_rounds=15,
    appends_per_round=50,
    scans=100,
    cost_scans=800,
    cost_rounds=1,
    drain_records=20_000,
    drain_rounds=2,
    draining_records=8_000,
    start_records=20_000,
    start_rounds=3,
    idle_seconds=8.0,
    memory_scans=200,
    ingest_batches=8,
    ingest_rounds=3,
    screen_rounds=3,
    page_operations=10_000,
    page_rounds=5,
)

TINY = Scale(
    append_rounds=2,
    appends_per_round=5,
    scans=4,
    cost_scans=20,
    cost_rounds=1,
    drain_records=600,
    drain_rounds=1,
    draining_records=600,
    start_records=50,
    start_rounds=1,
    idle_seconds=0.5,
    memory_scans=2,
    ingest_batches=2,
    ingest_rounds=1,
    screen_rounds=1,
    page_operations=1_000,
    page_rounds=1,
)
