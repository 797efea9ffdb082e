"""Reading the journal, with a read-only connection of one's own: sinks, the screen and the journal commands.

Fits `sync.ports.RecordSource`. Transactions are single statements, so the writer's clean-up of the write-ahead log
is never held up for long (I6).
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from gateway.errors import JournalCorrupt
from sync.ports import EpochEntry
from sync.wire import NO_DIGEST, Record, digest_of

_COLUMNS = (
    "record.position, epoch.epoch, record.position - epoch.base, record.previous_digest, record.digest, record.content"
)
_FROM = "record JOIN epoch ON epoch.number = record.epoch_number"
ROWS_PER_READ = 1_000
"""Records read at once by whole-journal walks."""


class JournalReader:
    """A view of the journal for one thread. Opens itself; `close` ends it."""

    def __init__(self, path: Path, gateway_name: str = "") -> None:
        if not path.exists():
            raise JournalCorrupt(f"there is no journal at {path}", "Name the folder that the gateway uses.")
        # Never immutable=1: that would ignore the write-ahead log and miss the newest records.
        uri = f"{path.resolve().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5)
        row = self._one("SELECT value FROM setting WHERE name = 'gateway'")
        self.gateway_name = gateway_name or (str(row[0]) if row else "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the view. May be called twice."""
        self._connection.close()

    def epochs(self) -> tuple[EpochEntry, ...]:
        """Every epoch of the card, oldest first."""
        rows = self._connection.execute(
            "SELECT e.epoch, e.previous_epoch, e.previous_last, e.base, e.floor, e.mark, e.safe, e.missing,"
            " (SELECT max(position) FROM record WHERE position > e.base + e.floor AND position <= "
            "   coalesce((SELECT base FROM epoch n WHERE n.number = e.number + 1), 9223372036854775807))"
            " FROM epoch e ORDER BY e.number"
        ).fetchall()
        return tuple(
            EpochEntry(
                epoch=row[0],
                previous_epoch=row[1],
                previous_last=row[2],
                last=row[4] if row[8] is None else row[8] - row[3],
                floor=row[4],
                mark=row[5],
                safe=row[6],
                missing=tuple((a, b) for a, b in json.loads(row[7])),
            )
            for row in rows
        )

    def read(self, epoch: str, after: int, limit: int) -> tuple[Record, ...]:
        """The next records of an epoch with seq > after, ascending."""
        row = self._one("SELECT number, base FROM epoch WHERE epoch = ?", epoch)
        if row is None:
            return ()
        number, base = row
        rows = self._connection.execute(
            "SELECT position, previous_digest, digest, content FROM record"
            " WHERE position > ? AND epoch_number = ? ORDER BY position LIMIT ?",
            (base + after, number, limit),
        )
        return tuple(
            Record(self.gateway_name, epoch, position - base, previous.hex(), digest.hex(), content)
            for position, previous, digest, content in rows
        )

    def newest(self) -> int:
        """The newest position over all epochs; 0 for an empty journal."""
        row = self._one(
            "SELECT max((SELECT coalesce(max(position), 0) FROM record),"
            " (SELECT coalesce(max(base + floor), 0) FROM epoch))"
        )
        return int(row[0]) if row else 0

    def read_after(self, position: int, limit: int) -> tuple[tuple[int, Record], ...]:
        """The next records over all epochs, with their positions."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE record.position > ? ORDER BY record.position LIMIT ?",
            (position, limit),
        )
        return tuple((row[0], self._record(row)) for row in rows)

    def newest_records(self, limit: int) -> tuple[Record, ...]:
        """The newest records, oldest of them first."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM {_FROM} ORDER BY record.position DESC LIMIT ?", (limit,)
        ).fetchall()
        return tuple(self._record(row) for row in reversed(rows))

    def positions(self) -> dict[str, int]:
        """How far each notice sink has come."""
        return dict(self._connection.execute("SELECT name, position FROM sink"))

    def walk(self, after: int = 0) -> Iterator[tuple[int, Record]]:
        """All records after a position, read in steps."""
        while rows := self.read_after(after, ROWS_PER_READ):
            yield from rows
            after = rows[-1][0]

    def floor_digest(self, epoch: str, seq: int) -> str | None:
        """The digest at seq where the card still knows it: a record, the floor, or the epoch's beginning."""
        row = self._one("SELECT base, floor, floor_digest, previous_digest FROM epoch WHERE epoch = ?", epoch)
        if row is None:
            return None
        base, pruned, floor_digest, previous_digest = row
        if seq == pruned:
            return str(floor_digest) if pruned else str(previous_digest)
        found = self._one("SELECT digest FROM record WHERE position = ?", base + seq)
        return found[0].hex() if found else None

    def _record(self, row: tuple[Any, ...]) -> Record:
        _, epoch, seq, previous, digest, content = row
        return Record(self.gateway_name, epoch, seq, previous.hex(), digest.hex(), content)

    def _one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        return row


def check(reader: JournalReader, after: int = 0) -> Iterator[str]:
    """Every fault among the records after a position, as a sentence: digests, links, holes (I2, I3).

    SQLite's own integrity check sees no flipped byte in a payload; these digests do.
    """
    entries = {entry.epoch: entry for entry in reader.epochs()}
    expected: dict[str, int] = {}
    links: dict[str, str] = {}
    for position, record in reader.walk(after):
        entry = entries[record.epoch]
        first_seen = record.epoch not in expected
        seq = expected.get(record.epoch, entry.floor + 1 if after == 0 else record.seq)
        if record.seq != seq:
            yield f"{record.epoch}/{seq} to {record.seq - 1} are missing (position {position})"
        if record.digest != digest_of(
            record.gateway_name, record.epoch, record.seq, record.previous_digest, record.content
        ):
            yield f"{record.epoch}/{record.seq} does not fit its digest (position {position})"
        link = reader.floor_digest(record.epoch, record.seq - 1) if first_seen else links[record.epoch]
        if link not in (None, NO_DIGEST, record.previous_digest):
            yield f"{record.epoch}/{record.seq} does not follow its predecessor (position {position})"
        expected[record.epoch], links[record.epoch] = record.seq + 1, record.digest
    for entry in entries.values():
        last_seen = expected.get(entry.epoch, entry.floor + 1) - 1
        if after == 0 and last_seen != entry.last:
            yield f"{entry.epoch}/{last_seen + 1} to {entry.last} are missing"


def export_digest(lines: Iterator[str]) -> str:
    """SHA-256 over exported lines, as the export's receipt states it."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode())
    return whole.hexdigest()
