"""What is asked of a journal's files and connection before anything is kept (G1): are they what was written?"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from gateway import limits
from gateway.epochs import EpochRow
from gateway.errors import JournalBroken, JournalDamaged
from gateway.journal_reader import JournalReader, check
from gateway.journal_room import PageCap
from gateway.salvage import JOURNAL_NAME, SUSPECT_NAME
from gateway.witness import Testimony


def look_at_files(folder: Path, testimony: Testimony | None) -> None:
    """What must be seen before SQLite looks: it makes an empty file a new database, and deletes its log.

    Raises JournalDamaged.
    """
    suspicion = folder / SUSPECT_NAME
    if suspicion.exists():
        raise JournalDamaged(suspicion.read_text(errors="replace")[:500] or "the journal was found damaged")
    path = folder / JOURNAL_NAME
    size = path.stat().st_size if path.exists() else 0
    if testimony is not None and size == 0:
        raise JournalDamaged("the journal's file is gone or empty, and it held records")


def set_up(connection: sqlite3.Connection, cap: PageCap) -> None:
    """The pragmas that I1 rests on, read back: a wrong build default would be silent. Raises JournalBroken."""
    for pragma, wanted in (
        ("journal_mode=WAL", "wal"),
        ("synchronous=FULL", 2),
        ("wal_autocheckpoint=0", 0),
        (f"max_page_count={cap.learn(connection)}", None),
        ("foreign_keys=ON", 1),
    ):
        connection.execute(f"PRAGMA {pragma}")
        read_back = connection.execute(f"PRAGMA {pragma.partition('=')[0]}").fetchone()[0]
        if wanted is not None and read_back != wanted:
            raise JournalBroken(f"SQLite refused {pragma}: it says {read_back!r}")


def check_tail(path: Path, gateway_name: str) -> None:
    """The newest records hold. Raises JournalDamaged."""
    with JournalReader(path, gateway_name) as reader:
        newest = reader.newest()
        for fault in check(reader, after=max(0, newest - limits.TAIL_RECORDS_CHECKED)):
            raise JournalDamaged(f"the newest records do not hold: {fault}")


def hear(epochs: Iterable[EpochRow], testimony: Testimony | None) -> None:
    """A witness of more than the journal holds: what SQLite could not read of its log, it has kept silent about.

    Raises JournalDamaged.
    """
    if testimony is None:
        return
    row = next((each for each in epochs if each.epoch == testimony.epoch), None)
    if row is None or row.last < testimony.seq:
        last = row.last if row else 0
        raise JournalDamaged(f"records {last + 1} to {testimony.seq} of {testimony.epoch} were kept and are gone")
