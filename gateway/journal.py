"""The journal: an append-only log in SQLite, where a scan becomes a record.

`Journal.group()` is the point of no return: when its block has ended, the records are on the card (I1), numbered
without a gap (I2), under an identity that no other card can have (I3). One thread owns the one connection that
writes and checkpoints (I6); everything that reads does so through `gateway.journal_reader` with its own connection.
"""

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Self

from gateway import limits
from gateway.clock import boottime
from gateway.epochs import EpochRow
from gateway.errors import JournalBroken, JournalCorrupt, JournalDamaged, JournalFull, JournalLocked, JournalReadOnly
from gateway.journal_opening import check_tail, hear, look_at_files, set_up
from gateway.journal_room import PageCap, Room
from gateway.journal_schema import altered_table, connected, migrate
from gateway.salvage import finish, hold_log, is_damage, let_log_go, salvage, suspect
from gateway.witness import Testimony, Witness
from sync.wire import NO_DIGEST, Record, StreamReceipt, digest_of

FILE_NAME = "journal.sqlite"
COMMIT_BYTES = 3 * 4_096
"""What a commit adds to the write-ahead log beside its records: the pages it touches."""
RECORD_BYTES = 660
"""A record in the database, as measured."""


@dataclass(slots=True)
class _Pending:
    """What waits for the next commit to ride along with: nothing here is lost by a crash that a receipt cannot tell
    again."""

    epochs: set[int] = field(default_factory=set)
    sinks: dict[str, int] = field(default_factory=dict)
    server: str = ""
    since: float | None = None

    def __bool__(self) -> bool:
        return bool(self.epochs or self.sinks or self.server)


class Group:
    """The records of one commit. The transaction begins with the first one; the rows are written at its end."""

    def __init__(self, journal: "Journal") -> None:
        self._journal = journal
        self._row: EpochRow | None = None
        self._digest = b""
        self._rows: list[tuple[int, int, bytes, bytes, str]] = []
        self.records: list[Record] = []
        self.settings: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._journal.begin_group()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._journal.end_group(self, error)

    def remember(self, name: str, value: str) -> None:
        """A fact about this card that must be true exactly if this group's records are kept."""
        self._begin()
        self._journal.connection.execute(
            "INSERT INTO setting(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            (name, value),
        )
        self.settings[name] = value

    def identity(self) -> str:
        """The epoch/seq that the next record of this group will have."""
        row = self._begin()
        return f"{row.epoch}/{row.last + len(self.records) + 1}"

    def signalled(self) -> int:
        """The last seq of this epoch whose signal was given before this group, 0 in a new epoch."""
        return self._begin().last

    def append(self, content: str) -> Record:
        """Add a record. It is kept only when the group's block has ended without an error."""
        row = self._begin()
        records = self.records
        seq = row.last + len(records) + 1
        previous = records[-1].digest if records else row.last_digest
        digest = digest_of(self._journal.gateway_name, row.epoch, seq, previous, content)
        raw = bytes.fromhex(digest)
        self._rows.append((row.base + seq, row.number, self._digest, raw, content))
        self._digest = raw
        record = Record(self._journal.gateway_name, row.epoch, seq, previous, digest, content)
        records.append(record)
        return record

    def write(self) -> EpochRow:
        """Insert the rows, before the commit. Returns the epoch as it is once that has come."""
        row = self._begin()
        self._journal.connection.executemany(
            "INSERT INTO record(position, epoch_number, previous_digest, digest, content) VALUES (?, ?, ?, ?, ?)",
            self._rows,
        )
        return row.ended(row.last + len(self.records), self.records[-1].digest)

    def _begin(self) -> EpochRow:
        if self._row is None:
            if not self._journal.connection.in_transaction:
                self._journal.connection.execute("BEGIN IMMEDIATE")
            self._row = self._journal.current or self._journal.begin_epoch()
            self._digest = bytes.fromhex(self._row.last_digest)
        return self._row


class Journal:
    """The one writer of the log. `entropy(n)` gives n random bytes, `connect` opens the file: seams for simulation."""

    def __init__(
        self,
        folder: Path,
        gateway_name: str,
        *,
        entropy: Callable[[int], bytes] = os.urandom,
        bytes_max: int = limits.JOURNAL_BYTES_MAX,
        upkeep_bytes: int = limits.UPKEEP_BYTES,
        free_bytes_min: int = limits.FREE_BYTES_MIN,
        ballast_bytes: int = limits.BALLAST_BYTES,
        clock: Callable[[], float] = boottime,
        connect: Callable[[Path], sqlite3.Connection] = connected,
    ) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
        self.gateway_name = gateway_name
        self.current: EpochRow | None = None
        self.epochs: dict[int, EpochRow] = {}
        self.sinks: dict[str, int] = {}
        self.settings: dict[str, str] = {}
        self.told: set[int] = set()
        """Numbers of epochs whose marks the server has told since the journal was opened."""
        self.logged_bytes = 0
        """About how much of the write-ahead log waits to be copied into the database; its file keeps its size."""
        self._clock = clock
        self._connect = connect
        self._writing = False
        self._wrote_at = float("-inf")
        self._entropy = entropy
        self.cap = PageCap(bytes_max, upkeep_bytes)
        self._room = Room(folder, free_bytes_min, ballast_bytes)
        self._pending = _Pending()
        self._witness = Witness(folder)
        self._lock: IO[bytes] | None = None
        self._connection: sqlite3.Connection | None = None

    # -- open and close -------------------------------------------------------------------------------------------

    def open(self) -> None:
        """G1: lock, open, read every promise of the storage back, check the newest records. A damaged one is salvaged
        first (G7); what came of it is in the setting `salvage`.

        Raises JournalLocked, JournalCorrupt, JournalReadOnly, JournalFull, JournalBroken.
        """
        with self.classified():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._room.restore()
            finish(self.folder)
            testimony = self._witness.read()
            try:
                look_at_files(self.folder, testimony)
                hold_log(self.folder)
                self._open_file(testimony)
                let_log_go(self.folder)
            except (JournalDamaged, sqlite3.DatabaseError, UnicodeDecodeError) as fault:
                if not isinstance(fault, JournalDamaged) and not is_damage(fault):
                    raise
                self._let_go()
                salvage(self.folder, self.gateway_name, str(fault), testimony)
                self._open_file(None)
            self._witness.open()
            log = self.path.with_name(f"{FILE_NAME}-wal")
            self.logged_bytes = log.stat().st_size if log.exists() else 0

    def _open_file(self, testimony: Testimony | None) -> None:
        self._connection = self._connect(self.path)
        set_up(self._connection, self.cap)
        if altered := altered_table(self._connection):
            raise JournalDamaged(f"the table {altered} is not what was made")
        migrate(self._connection, self.path)
        self._belongs_here()
        self._load()
        check_tail(self.path, self.gateway_name)
        hear(self.epochs.values(), testimony)

    def close(self) -> None:
        """End without a word: what is pending is told again by the next receipts. May be called twice."""
        self._let_go()
        self._witness.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        self.current = None

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(sqlite3.DatabaseError):
            if connection.in_transaction:
                connection.rollback()
        connection.close()

    @property
    def connection(self) -> sqlite3.Connection:
        """The writer's connection; JournalBroken while the journal is closed."""
        if self._connection is None:
            raise JournalBroken("the journal is closed")
        return self._connection

    @property
    def is_open(self) -> bool:
        """Whether records can be appended at all."""
        return self._connection is not None

    def _take_lock(self) -> None:
        if self._lock is None:
            self._lock = (self.folder / "journal.lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            self._lock = None
            raise JournalLocked(f"another process has this journal open: {self.path}") from None

    def _belongs_here(self) -> None:
        row = self.connection.execute("SELECT value FROM setting WHERE name = 'gateway'").fetchone()
        if row is None:
            self.connection.execute("INSERT INTO setting(name, value) VALUES ('gateway', ?)", (self.gateway_name,))
        elif row[0] != self.gateway_name:
            raise JournalCorrupt(
                f"this journal belongs to gateway {row[0]!r}, not {self.gateway_name!r}",
                "Give the gateway its own name back in the configuration, or an empty folder.",
            )

    def _load(self) -> None:
        self._pending = _Pending()
        self.told.clear()
        self.current = None
        self.sinks = dict(self.connection.execute("SELECT name, position FROM sink"))
        self.settings = dict(self.connection.execute("SELECT name, value FROM setting"))
        self.epochs = {}
        rows = self.connection.execute(
            "SELECT number, epoch, previous_epoch, previous_last, base, floor, mark, safe, missing, floor_digest"
            " FROM epoch ORDER BY number"
        ).fetchall()
        for at, row in enumerate(rows):
            following = rows[at + 1][4] if at + 1 < len(rows) else None
            self.epochs[row[0]] = self._epoch_row(row, following)

    def _epoch_row(self, row: tuple[Any, ...], following_base: int | None) -> EpochRow:
        number, epoch, previous_epoch, previous_last, base, pruned, mark, safe, missing, floor_digest = row
        last, digest = pruned, floor_digest
        below = "" if following_base is None else f" AND position <= {following_base}"
        newest = self.connection.execute(
            f"SELECT position, digest FROM record WHERE position > ?{below} ORDER BY position DESC LIMIT 1",
            (base + pruned,),
        ).fetchone()
        if newest is not None:
            last, digest = newest[0] - base, newest[1].hex()
        ranges = tuple((a, b) for a, b in json.loads(missing))
        return EpochRow(number, epoch, previous_epoch, previous_last, base, pruned, mark, safe, ranges, last, digest)

    def is_busy(self) -> bool:
        """Whether records are being kept, or were just now: then sinks step aside (I6). For any thread."""
        return self._writing or self._clock() - self._wrote_at < limits.QUIET_SECONDS

    # -- append ---------------------------------------------------------------------------------------------------

    def group(self) -> Group:
        """Records that are committed together; several inputs that wait share one flush, a single one never waits.

        For a `with` block. After it they are kept (I1). On any error nothing of the group is, and the epoch is given
        up: whether a failed commit reached the card is not knowable, so its seqs are never used again (I3, G2).
        """
        return Group(self)

    def begin_group(self) -> None:
        """Before the block: look whether there is room. Raises JournalFull."""
        try:
            self._room.admit()
            self.cap.admit(self.connection)
        except (OSError, sqlite3.DatabaseError) as error:
            with self.classified():
                raise error
        self._writing = True

    def end_group(self, group: Group, error: BaseException | None) -> None:
        """After the block, which ended with `error` or well: commit. Raises the error, or the journal's."""
        try:
            if error is None:
                self._commit(group)
        except BaseException as fault:
            error = fault
        finally:
            self._writing, self._wrote_at = False, self._clock()
        if error is None:
            return
        with self.classified():
            self._forget_epoch()
            if self._connection is not None and self._connection.in_transaction:
                self._connection.rollback()
            raise error

    def _commit(self, group: Group) -> None:
        if group.records:
            if self._pending:
                self._flush_pending()
            row = group.write()
            self.connection.execute("COMMIT")
            if self._pending:
                self._pending = _Pending()
            self.logged_bytes += COMMIT_BYTES + RECORD_BYTES * len(group.records)
            self._witness.note(row.base + row.last, row.epoch, row.last, bytes.fromhex(row.last_digest))
            self.current = self.epochs[row.number] = row
            self.settings.update(group.settings)
        elif self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
            self._forget_epoch()

    def begin_epoch(self) -> EpochRow:
        """A new epoch, in the transaction of its first record: 128 random bits, chained to the one before (I3)."""
        newest = self.epochs[max(self.epochs)] if self.epochs else None
        row = EpochRow(
            number=(newest.number + 1) if newest else 1,
            epoch=self._entropy(16).hex(),
            previous_epoch=newest.epoch if newest else None,
            previous_last=newest.last if newest else 0,
            base=(newest.base + newest.last) if newest else 0,
            floor=0,
            mark=0,
            safe=0,
            missing=(),
            last=0,
            last_digest=newest.last_digest if newest else NO_DIGEST,
        )
        self.connection.execute(
            "INSERT INTO epoch(number, epoch, previous_epoch, previous_last, previous_digest, base, floor_digest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row.number, row.epoch, row.previous_epoch, row.previous_last, row.last_digest, row.base, row.last_digest),
        )
        self.current = row
        return row

    def _forget_epoch(self) -> None:
        """The next record opens a new epoch; the one given up keeps what was committed of it."""
        self.current = None

    # -- marks, positions, settings -------------------------------------------------------------------------------

    def believe(self, receipts: "tuple[StreamReceipt, ...]", now: float, server: str = "") -> None:
        """G4: take the server's marks as they are, also when one goes back (I5).

        `safe` too: a server that was restored tells what its own copies hold, and less is always the safe side. Another
        database's backups hold nothing of what this one promises, so with a new `server` it begins again.
        """
        if server and server != self.settings.get("server"):
            self._begin_server(server)
        by_epoch = {row.epoch: row for row in self.epochs.values()}
        for receipt in receipts:
            row = by_epoch.get(receipt.epoch)
            if row is None:
                continue
            self.told.add(row.number)
            told = replace(row, mark=receipt.mark, safe=receipt.safe, missing=tuple(receipt.missing))
            if told != row:
                self.epochs[row.number] = told
                if self.current is not None and self.current.number == row.number:
                    self.current = told
                self._pending.epochs.add(row.number)
        self._stamp(now)

    def _begin_server(self, server: str) -> None:
        if "server" in self.settings:
            for row in self.epochs.values():
                self.epochs[row.number] = replace(row, safe=min(row.safe, row.floor))
                self._pending.epochs.add(row.number)
            if self.current is not None:
                self.current = self.epochs.get(self.current.number, self.current)
        self.settings["server"] = self._pending.server = server

    def move(self, sink: str, position: int, now: float) -> None:
        """A notice sink acknowledged every record up to `position`."""
        assert position <= self.newest()
        if self.sinks.get(sink) != position:
            self.sinks[sink] = position
            self._pending.sinks[sink] = position
            self._stamp(now)

    def _stamp(self, now: float) -> None:
        if self._pending and self._pending.since is None:
            self._pending.since = now

    def flush_due(self) -> float | None:
        """When what is pending should be written at the latest."""
        return None if self._pending.since is None else self._pending.since + limits.FLUSH_SECONDS

    def flush(self) -> None:
        """Write what is pending in a transaction of its own."""
        if not self._pending:
            return
        with self.classified():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                self._flush_pending()
                self.connection.execute("COMMIT")
                self._pending = _Pending()
                self.logged_bytes += COMMIT_BYTES
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.rollback()
                raise

    def _flush_pending(self) -> None:
        pending = self._pending
        if not pending:
            return
        for number in pending.epochs:
            row = self.epochs[number]
            self.connection.execute(
                "UPDATE epoch SET mark = ?, safe = ?, missing = ? WHERE number = ?",
                (row.mark, row.safe, json.dumps(row.missing), number),
            )
        self.connection.executemany(
            "INSERT INTO sink(name, position) VALUES (?, ?)"
            " ON CONFLICT(name) DO UPDATE SET position = excluded.position",
            list(pending.sinks.items()),
        )
        if pending.server:
            self.connection.execute("INSERT OR REPLACE INTO setting VALUES ('server', ?)", (pending.server,))

    # -- how much there is ----------------------------------------------------------------------------------------

    def newest(self) -> int:
        """The newest position, over all epochs."""
        if not self.epochs:
            return 0
        row = self.epochs[max(self.epochs)]
        return row.base + row.last

    def waiting(self) -> int:
        """Records kept here that the server's mark has not passed, plus those it asks for again."""
        total = 0
        for row in self.epochs.values():
            total += max(0, row.last - max(row.mark, row.floor))
            total += sum(b - a + 1 for a, b in row.missing if a > row.floor)
        return total

    # -- faults ---------------------------------------------------------------------------------------------------

    @contextmanager
    def classified(self) -> Iterator[None]:
        """Turn what the storage says into who must act. After an I/O error this connection is never used again:
        Linux marks unwritten pages clean after a failed flush, so a retry would lie."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                self._room.release_ballast()
                raise JournalFull(f"no room in the journal: {error}") from error
            self.close()
            if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
                raise JournalReadOnly(f"the journal cannot be written: {error}") from error
            if is_damage(error):
                suspect(self.folder, str(error))
                raise JournalDamaged(f"the journal is damaged: {error}") from error
            raise JournalBroken(f"the journal failed: {error}") from error
        except OSError as error:
            self.close()
            if error.errno in Room.NO_ROOM:
                raise JournalFull(f"no room for the journal: {error}") from error
            raise JournalReadOnly(f"the journal's folder cannot be used: {error}") from error
        except JournalCorrupt as error:
            self.close()
            if isinstance(error, JournalDamaged):
                suspect(self.folder, str(error))
            raise
