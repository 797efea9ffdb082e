"""The journal's tables, as migrations. Comments stay in the file, so that a stranger's tool shows them."""

import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.journal_versions import MIGRATIONS

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

SET = "lineside.journal"
"""Under which the file itself lists the migrations it has had."""


def connected(path: Path) -> sqlite3.Connection:
    """A connection that writes a journal's file."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)


def m001_tables(db: "Database") -> None:
    """Epochs, records, positions and the folded state."""
    for statement in _TABLES:
        db.execute(statement)


_TABLES = (
    """
    CREATE TABLE epoch (
        -- A life of the gateway process that kept at least one record. Rows are never deleted (I3).
        number INTEGER PRIMARY KEY,          -- 1, 2, 3 ... in the order of this card
        epoch TEXT NOT NULL UNIQUE,          -- 128 random bits, hexadecimal
        previous_epoch TEXT,                 -- the epoch before it, NULL for the first
        previous_last INTEGER NOT NULL,      -- and that one's last seq
        previous_digest TEXT NOT NULL,       -- and the digest of that record
        base INTEGER NOT NULL,               -- record.position = base + seq
        floor INTEGER NOT NULL DEFAULT 0,    -- seqs up to it were pruned: at the office and in its backup (I5)
        floor_digest TEXT NOT NULL,          -- digest of the record at floor
        mark INTEGER NOT NULL DEFAULT 0,     -- the server holds all up to it, but for the missing ones
        safe INTEGER NOT NULL DEFAULT 0,     -- ... and has them in a confirmed backup
        missing TEXT NOT NULL DEFAULT '[]'   -- ranges [first, last] the server asks for again
    )
    """,
    """
    CREATE TABLE record (
        -- Append-only (I2). Identity is (gateway, epoch, seq); position counts over all epochs of this card.
        position INTEGER PRIMARY KEY,
        epoch_number INTEGER NOT NULL,       -- epoch.number
        previous_digest BLOB NOT NULL,
        digest BLOB NOT NULL,                -- SHA-256 of gateway, epoch, seq, previous_digest, content
        content TEXT NOT NULL                -- JSON: type, subject (station), time, clock, data
    )
    """,
    """
    CREATE TABLE sink (
        -- How far each notice sink has come (I5). The server's position is epoch.mark and epoch.safe.
        name TEXT PRIMARY KEY,
        position INTEGER NOT NULL            -- every record up to it was acknowledged
    )
    """,
    """
    CREATE TABLE checkpoint (
        -- The running state folded from all records up to position (I7).
        position INTEGER PRIMARY KEY,
        digest TEXT NOT NULL,                -- SHA-256 of state
        state TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE setting (
        -- Facts about this card: the gateway it belongs to, the last fact taken from the office.
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    )
    """,
    """
    CREATE VIEW event AS
        -- The records, readable: SELECT * FROM event ORDER BY position DESC LIMIT 20;
        SELECT record.position,
               epoch.epoch,
               record.position - epoch.base AS seq,
               json_extract(record.content, '$.type') AS type,
               json_extract(record.content, '$.subject') AS station,
               json_extract(record.content, '$.time') AS time,
               json_extract(record.content, '$.clockstate') AS clock,
               json_extract(record.content, '$.data') AS data
        FROM record JOIN epoch ON epoch.number = record.epoch_number
    """,
)


COLUMNS: dict[str, tuple[str, ...]] = {
    "epoch": (
        *("number", "epoch", "previous_epoch", "previous_last", "previous_digest", "base", "floor", "floor_digest"),
        *("mark", "safe", "missing"),
    ),
    "record": ("position", "epoch_number", "previous_digest", "digest", "content"),
    "sink": ("name", "position"),
    "checkpoint": ("position", "digest", "state"),
    "setting": ("name", "value"),
    "_sqlite_migrations": ("id", "migration_set", "name", "applied_at"),
}
"""What the first migration made; later ones may add behind it."""


def altered_table(connection: sqlite3.Connection) -> str:
    """The name of a table that is not what was made, empty where all are, or none is there yet."""
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for name, columns in COLUMNS.items() if there else ():
        found = tuple(row[1] for row in connection.execute(f"PRAGMA table_info({name})"))
        if found[: len(columns)] != columns:
            return name
    return ""


def migrations() -> "Migrations":
    """All of them, in the order of their names."""
    from sqlite_utils import Migrations

    found = Migrations(SET)
    found()(m001_tables)
    return found


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date. A journal that holds something is copied first, beside itself."""
    if _applied(connection) >= set(MIGRATIONS):
        # As at nearly every start: what makes tables is not even loaded, as a small board holds it in memory for ever.
        return
    import sqlite_utils

    db = sqlite_utils.Database(connection)
    if "record" in db.table_names():
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy2(path, path.with_suffix(".before-migration"))
    migrations().apply(db)


def _applied(connection: sqlite3.Connection) -> set[str]:
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    question = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"
    return {str(row[0]) for row in connection.execute(question, (SET,))} if there else set()
