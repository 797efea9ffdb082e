"""How much is measured. `FULL` ends within 40 minutes, `QUICK` within 4; `TINY` only shows that it runs. Pure."""

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
    load_gateways: int
    load_backlog: int
    load_idle_seconds: float
    load_seconds: float
    load_burst_seconds: float


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
    load_gateways=200,
    load_backlog=100_000,
    load_idle_seconds=40.0,
    load_seconds=120.0,
    load_burst_seconds=60.0,
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
    load_gateways=50,
    load_backlog=10_000,
    load_idle_seconds=8.0,
    load_seconds=15.0,
    load_burst_seconds=10.0,
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
    load_gateways=4,
    load_backlog=600,
    load_idle_seconds=2.0,
    load_seconds=2.0,
    load_burst_seconds=2.0,
)
