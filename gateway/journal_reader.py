"""Reading the journal, with a read-only connection of one's own: sinks, the screen and the journal commands.

Fits `sync.ports.RecordSource`. Transactions are single statements, so the writer's clean-up of the write-ahead log
is never held up for long (I6).
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NoReturn, Self

from gateway.errors import JournalCorrupt, JournalDamaged
from gateway.salvage import is_damage, suspect
from sync.ports import EpochEntry
from sync.wire import NO_DIGEST, Record, digest_of

_COLUMNS = (
    "record.position, epoch.epoch, record.position - epoch.base, record.previous_digest, record.digest, record.content"
)
_FROM = "record JOIN epoch ON epoch.number = record.epoch_number"
LOST_BEGINNING = '{"type":"record.lost"'
"""How the text of a `lost` record begins (G7)."""

ROWS_PER_READ = 1_000
"""Records read at once by whole-journal walks."""


class JournalReader:
    """A view of the journal for one thread. Opens itself; `close` ends it.

    `proving`: what does not hold is never handed on. It raises JournalDamaged, and the next open of the journal
    salvages it (G7); for everything that folds records or sends them.
    """

    def __init__(self, path: Path, gateway_name: str = "", proving: bool = False) -> None:
        if not path.exists():
            raise JournalCorrupt(f"there is no journal at {path}", "Name the folder that the gateway uses.")
        # Never immutable=1: that would ignore the write-ahead log and miss the newest records.
        uri = f"{path.resolve().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5)
        self._proving = proving
        self.folder = path.parent
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
        rows = self._all(
            "SELECT e.epoch, e.previous_epoch, e.previous_last, e.base, e.floor, e.mark, e.safe, e.missing,"
            " (SELECT max(position) FROM record WHERE position > e.base + e.floor AND position <= "
            "   coalesce((SELECT base FROM epoch n WHERE n.number = e.number + 1), 9223372036854775807))"
            " FROM epoch e ORDER BY e.number"
        )
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
        rows = self._all(
            "SELECT position, previous_digest, digest, content FROM record"
            " WHERE position > ? AND epoch_number = ? ORDER BY position LIMIT ?",
            base + after,
            number,
            limit,
        )
        return tuple(
            self._proven(Record(self.gateway_name, epoch, position - base, previous.hex(), digest.hex(), content))
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
        rows = self._all(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE record.position > ? ORDER BY record.position LIMIT ?",
            position,
            limit,
        )
        return tuple((row[0], self._record(row)) for row in rows)

    def newest_records(self, limit: int) -> tuple[Record, ...]:
        """The newest records, oldest of them first."""
        rows = self._all(f"SELECT {_COLUMNS} FROM {_FROM} ORDER BY record.position DESC LIMIT ?", limit)
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
        found = self._one("SELECT digest, content FROM record WHERE position = ?", base + seq)
        return found[0].hex() if found and not found[1].startswith(LOST_BEGINNING) else None

    def _record(self, row: tuple[Any, ...]) -> Record:
        _, epoch, seq, previous, digest, content = row
        return self._proven(Record(self.gateway_name, epoch, seq, previous.hex(), digest.hex(), content))

    def _one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        rows = self._all(statement, *values)
        return rows[0] if rows else None

    def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if self._proving and is_damage(error):
                self._damaged(str(error))
            raise

    def _proven(self, record: Record) -> Record:
        """The record, where its digest fits or nobody asks."""
        if self._proving and record.digest != digest_of(*record[:4], record.content):
            self._damaged(f"{record.epoch}/{record.seq} does not fit its digest")
        return record

    def _damaged(self, reason: str) -> NoReturn:
        suspect(self.folder, reason)
        raise JournalDamaged(f"the journal is damaged: {reason}")


def check(reader: JournalReader, after: int = 0, count_max: int | None = None) -> Iterator[str]:
    """Every fault among the records after a position, as a sentence: digests, links, holes (I2, I3).

    `count_max`: so many records at most.

    SQLite's own integrity check sees no flipped byte in a payload; these digests do.
    """
    listed = reader.epochs()
    for before, entry in pairwise((None, *listed)):
        if entry is not None and entry.previous_epoch != (before.epoch if before else None):
            yield f"epoch {entry.epoch} does not name the one before it"
    entries = {entry.epoch: entry for entry in listed}
    expected: dict[str, int] = {}
    links: dict[str, str | None] = {}
    for position, record in islice(reader.walk(after), count_max):
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
        # What follows a `lost` record names the one that was lost, which nobody has (I3).
        lost = record.content.startswith(LOST_BEGINNING)
        expected[record.epoch], links[record.epoch] = record.seq + 1, None if lost else record.digest
    whole = after == 0 and count_max is None
    for entry in entries.values() if whole else ():
        last_seen = expected.get(entry.epoch, entry.floor + 1) - 1
        if last_seen != entry.last:
            yield f"{entry.epoch}/{last_seen + 1} to {entry.last} are missing"


def export_digest(lines: Iterator[str]) -> str:
    """SHA-256 over exported lines, as the export's receipt states it."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode())
    return whole.hexdigest()
