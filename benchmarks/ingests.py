"""The server's ingest of batches of 500, from the batch to the commit, beside a bare insert of the same rows.

Bare: the driver's own executemany into a database with the same tables and indexes, one commit a batch. Both begin
with objects in memory; what HTTP and JSON cost besides is part of `central_drain`.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.content import GATEWAY_NAME, content
from benchmarks.figures import Figure, at_least
from benchmarks.readings import in_turns, median_pair
from benchmarks.scales import Scale
from central.config import CentralConfig
from central.database import Database
from central.enrolment import invite_gateway
from central.ingest import RECORD_COLUMNS, ingest
from central.limits import WAL_BYTES_MAX
from central.opening import open_database
from sync.wire import NO_DIGEST, Batch, Stream, WireRecord, digest_of
from tests.central.postgres import Postgres, find_programs

RATIO_MIN = 0.4
BATCH = 500
NOW = 1_790_000_000.0
EPOCH = "0123456789abcdef0123456789abcdef"
Row = tuple[Any, ...]


def batches(count: int) -> list[Batch]:
    """So many batches of one epoch, chained as a gateway chains them."""
    found, previous, seq = [], NO_DIGEST, 0
    for _ in range(count):
        records = []
        for _ in range(BATCH):
            seq += 1
            text = content(seq)
            digest = digest_of(GATEWAY_NAME, EPOCH, seq, previous, text)
            records.append(WireRecord(seq, previous, digest, text))
            previous = digest
        stream = Stream(epoch=EPOCH, last=seq, records=tuple(records))
        found.append(Batch(gateway=GATEWAY_NAME, release="1", streams=(stream,)))
    return found


def rows_of(batch: Batch, stream_id: int) -> list[Row]:
    """The rows that an ingest of the batch makes."""
    return [
        ("plant", each.seq, stream_id, each.seq, 0, each.previous_digest, each.digest, each.content, NOW)
        for each in batch.streams[0].records
    ]


@contextmanager
def database(folder: Path, url: str) -> Iterator[Database]:
    """A new database with the gateway and its epoch in it. `url` empty: SQLite in `folder`."""
    found = open_database(CentralConfig.model_validate({"folder": folder, "database": url}))
    try:
        with found.write() as session:
            invite_gateway(session, found.plant, GATEWAY_NAME, "bench", NOW)
        ingest(found, GATEWAY_NAME, Batch(gateway=GATEWAY_NAME, streams=(Stream(epoch=EPOCH, last=0),)), NOW)
        yield found
    finally:
        found.close()


def own(found: Database, batched: list[Batch]) -> float:
    """Records a second."""
    began = time.perf_counter()
    for batch in batched:
        receipt = ingest(found, GATEWAY_NAME, batch, NOW)
    seconds = time.perf_counter() - began
    assert receipt.streams[0].mark == BATCH * len(batched)
    return BATCH * len(batched) / seconds


def bare(connection: Any, mark: str, batched: list[list[Row]]) -> float:
    """Records a second."""
    statement = f"INSERT INTO record ({RECORD_COLUMNS}) VALUES ({', '.join([mark] * 9)})"
    cursor = connection.cursor()
    began = time.perf_counter()
    for rows in batched:
        cursor.executemany(statement, rows)
        connection.commit()
    return sum(map(len, batched)) / (time.perf_counter() - began)


def bare_sqlite(found: Database, batched: list[list[Row]]) -> float:
    """With sqlite3 itself, WAL and FULL, its log copied at the same size as the server's."""
    with closing(sqlite3.connect(found.file)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA wal_autocheckpoint={WAL_BYTES_MAX // page_bytes}")
        return bare(connection, "?", batched)


def bare_postgres(found: Database, batched: list[list[Row]]) -> float:
    """With psycopg itself."""
    with psycopg.connect(found.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)) as raw:
        return bare(raw, "%s", batched)


def compared(
    name: str,
    scale: Scale,
    folder: Path,
    fresh_url: Callable[[], str],
    insert: Callable[[Database, list[list[Row]]], float],
) -> Figure:
    """Rounds over new databases."""
    made = batches(scale.ingest_batches)
    places = (folder / f"{name}-{number}" for number in range(2 * scale.ingest_rounds))

    def run_bare() -> float:
        with database(next(places), fresh_url()) as found:
            return insert(found, [rows_of(each, 1) for each in made])

    def run_own() -> float:
        with database(next(places), fresh_url()) as found:
            return own(found, made)

    base, value = median_pair(in_turns(scale.ingest_rounds, run_bare, run_own))
    return at_least(name, value, "records/s", base, RATIO_MIN)


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """A server of our own with its data in `folder`. Raises FileNotFoundError where PostgreSQL is not installed."""
    programs = find_programs()
    if programs is None:
        raise FileNotFoundError("PostgreSQL's programs are not installed: install the package postgresql")
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    # PostgreSQL refuses root and runs as somebody else, who must get at its folder.
    folder.chmod(0o755)
    try:
        found = Postgres(programs)
    finally:
        tempfile.tempdir = before
    try:
        yield found
    finally:
        found.stop()


def measure_sqlite(scale: Scale, folder: Path) -> list[Figure]:
    """SQLite."""
    return [compared("ingest_sqlite", scale, folder, lambda: "", bare_sqlite)]


def measure_postgres(scale: Scale, folder: Path) -> list[Figure]:
    """PostgreSQL."""
    with postgres(folder) as server:
        return [compared("ingest_postgres", scale, folder, server.fresh_url, bare_postgres)]
