"""What keeps the journal small and its start-up short. Called by the main loop between inputs, in small steps (I6)."""

import hashlib
import os
from dataclasses import replace

from gateway import limits
from gateway.epochs import EpochRow
from gateway.journal import Journal
from sync.wire import NO_DIGEST


def checkpoint_state(journal: Journal, state: str) -> None:
    """Keep the folded state as of the newest position; the one before stays as a second chance (I7)."""
    digest = hashlib.sha256(state.encode()).hexdigest()
    position = journal.newest()
    with journal.classified():
        journal.connection.execute("BEGIN IMMEDIATE")
        journal.connection.execute(
            "INSERT OR REPLACE INTO checkpoint(position, digest, state) VALUES (?, ?, ?)",
            (position, digest, state),
        )
        journal.connection.execute(
            "DELETE FROM checkpoint WHERE position NOT IN"
            " (SELECT position FROM checkpoint ORDER BY position DESC LIMIT 2)"
        )
        journal.connection.execute("COMMIT")


def last_checkpoint(journal: Journal) -> tuple[int, str] | None:
    """(position, state) of the newest checkpoint whose digest holds."""
    rows = journal.connection.execute("SELECT position, digest, state FROM checkpoint ORDER BY position DESC")
    for position, digest, state in rows.fetchall():
        if hashlib.sha256(state.encode()).hexdigest() == digest:
            return position, state
    return None


def checkpoint_position(journal: Journal) -> int:
    """Up to where the newest checkpoint is folded; 0 without one."""
    with journal.classified():
        found = journal.connection.execute("SELECT coalesce(max(position), 0) FROM checkpoint").fetchone()
    return int(found[0])


def prune(journal: Journal, notice_sinks: tuple[str, ...], record_sink: str) -> int:
    """G5: delete what the record sink holds safely and every notice sink has passed; the number of records.

    Never by age and never for room (I5, I11). Nothing the running state still needs is lost: records behind the
    newest checkpoint only.
    """
    checkpoint = last_checkpoint(journal)
    bounds = [journal.sinks.get(name, 0) for name in notice_sinks]
    bounds.append(checkpoint[0] if checkpoint else 0)
    if record_sink == "export":
        bounds.append(journal.sinks.get("export", 0))
    position_max = min(bounds)
    for row in list(journal.epochs.values()):
        if record_sink == "central" and row.number not in journal.told:
            continue  # No digest covers a mark on the card; only one that was told since the start deletes anything.
        held = [a - 1 for a, b in row.missing if b > row.floor]
        promised = [row.mark, row.safe] if record_sink == "central" else []
        reach = min([row.last, position_max - row.base, *promised, *held])
        if reach > row.floor:
            return _prune_epoch(journal, row, min(reach, row.floor + limits.PRUNE_RECORDS))
    return 0


def _prune_epoch(journal: Journal, row: EpochRow, reach: int) -> int:
    with journal.classified():
        digest = journal.connection.execute(
            "SELECT digest FROM record WHERE position = ?", (row.base + reach,)
        ).fetchone()
        journal.connection.execute("BEGIN IMMEDIATE")
        deleted = journal.connection.execute(
            "DELETE FROM record WHERE position > ? AND position <= ?", (row.base + row.floor, row.base + reach)
        ).rowcount
        journal.connection.execute(
            "UPDATE epoch SET floor = ?, floor_digest = ? WHERE number = ?",
            (reach, digest[0].hex() if digest else NO_DIGEST, row.number),
        )
        journal.connection.execute("COMMIT")
    pruned = replace(row, floor=reach)
    journal.epochs[row.number] = pruned
    if journal.current is not None and journal.current.number == row.number:
        journal.current = pruned
    return deleted


def wal_bytes(journal: Journal) -> int:
    """The size of the write-ahead log."""
    try:
        return os.stat(f"{journal.path}-wal").st_size
    except FileNotFoundError:
        return 0


def checkpoint_wal(journal: Journal) -> None:
    """Copy the write-ahead log into the database, as far as readers allow; then it begins anew."""
    with journal.classified():
        _, logged, copied = journal.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if logged == copied:
        journal.logged_bytes = 0


def used_fraction(journal: Journal) -> float:
    """How much of the cap for records is in use, free pages not counted."""
    return journal.cap.used_fraction(journal.connection)
