"""A Pi's card: a folder with real SQLite files that loses what was not flushed when the power is cut.

With synchronous=FULL SQLite flushes the write-ahead log before a commit returns, so a cut between commits loses
nothing and a cut within one leaves any part of the sectors it was writing. With NORMAL the log is flushed by
checkpoints only; the card asks the connection which it is, as the disk would notice by the missing flush.
"""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.journal import FILE_NAME
from gateway.journal_schema import connected
from gateway.salvage import damaged_folders
from simulation.ledger import LOST_BEGINNING, CardBook, Ledger

LOG_NAME = f"{FILE_NAME}-wal"
SECTOR_BYTES = 512
PAGES_MAX = 20_000
"""The page cap of a card that is not full."""
WAL_HEADER_BYTES = 32
"""Flushed by SQLite before the frames behind it, so it is never older than they are."""

NEW_RECORDS = (
    "SELECT record.position, epoch.epoch, record.position - epoch.base, record.digest, record.content"
    " FROM record JOIN epoch ON epoch.number = record.epoch_number WHERE record.position > ? ORDER BY record.position"
)


class PowerCut(BaseException):
    """The power is gone in the middle of something; nothing of the process goes on."""


class CardConnection(sqlite3.Connection):
    """The journal's own connection, with the card between it and the files."""

    card: "Card"

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """As SQLite's, with the card's state at the begin and its fate at the commit."""
        if sql == "COMMIT":
            return self.card.commit(self)
        if sql == "BEGIN IMMEDIATE":
            self.card.begin(self)
        if sql.startswith("PRAGMA wal_checkpoint"):
            return self.card.checkpoint(self, sql)
        return super().execute(sql, parameters)

    def plainly(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """SQLite's own, past the card."""
        return super().execute(sql, parameters)


class Card:
    """`name` is whose records it holds, `serial` which piece of plastic it is."""

    def __init__(
        self,
        folder: Path,
        name: str,
        serial: str,
        ledger: Ledger,
        chance: random.Random,
        now: Callable[[], float],
        book: CardBook | None = None,
        beginning: Callable[[CardConnection], None] = lambda connection: None,
    ) -> None:
        self.folder = folder
        self.name = name
        self.serial = serial
        self.book = book or CardBook()
        self._beginning = beginning
        self.full = False
        self.read_only = False
        self.cut_at_commit = ""
        """`within`: the next commit is cut while it writes; `after`: when it has returned, before anybody hears."""
        self.cut_at_checkpoint = False
        self.damaged = False
        """Bits of its files turned at some time: what is lost by that must be named, and nothing else."""
        self._ledger = ledger
        self._chance = chance
        self._now = now
        self._position = 0
        self._torn: dict[str, bytes] = {}
        self._flushed_log: bytes | None = None
        folder.mkdir(parents=True, exist_ok=True)

    # -- what the journal sees -----------------------------------------------------------------------------------

    def connect(self, path: Path) -> sqlite3.Connection:
        """The seam of the journal."""
        found = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5, factory=CardConnection)
        found.card = self
        self._position = -1
        return found

    def begin(self, connection: CardConnection) -> None:
        """Genuine faults of SQLite's own: a page cap without a free page, a connection that may only read."""
        if self._position < 0:
            self._position = 0
            self._beginning(connection)
            self.recognise(connection)
        pages = connection.plainly("PRAGMA page_count").fetchone()[0]
        connection.plainly(f"PRAGMA max_page_count={pages if self.full else PAGES_MAX}")
        connection.plainly(f"PRAGMA query_only={int(self.read_only)}")

    def commit(self, connection: CardConnection) -> sqlite3.Cursor:
        """The point of no return, and the two instants around it at which the power may go."""
        if self._position < 0:
            return connection.plainly("COMMIT")  # Tables are made; there is no record yet.
        fate, self.cut_at_commit = self.cut_at_commit, ""
        if self._flushed_log is None and connection.plainly("PRAGMA synchronous").fetchone()[0] < 2:
            self._flushed_log = self._bytes_of(LOG_NAME)
        before = self._bytes_of(LOG_NAME) if fate == "within" else b""
        found = connection.plainly("COMMIT")
        if fate == "within":
            # SQLite flushes the log's header before the frames behind it.
            self._torn[LOG_NAME] = self._tear(before, self._bytes_of(LOG_NAME), WAL_HEADER_BYTES)
            raise PowerCut
        self._confirm(connection, self._now())
        if fate == "after":
            raise PowerCut
        return found

    def checkpoint(self, connection: CardConnection, sql: str) -> sqlite3.Cursor:
        """The log is flushed, then copied into the database; a cut within leaves any part of the copy, and the log."""
        cut, self.cut_at_checkpoint = self.cut_at_checkpoint, False
        before, log = (self._bytes_of(FILE_NAME), self._bytes_of(LOG_NAME)) if cut else (b"", b"")
        found = connection.plainly(sql)
        if cut:
            self._torn = {FILE_NAME: self._tear(before, self._bytes_of(FILE_NAME), 0), LOG_NAME: log}
            raise PowerCut
        if self._flushed_log is not None:
            self._flushed_log = self._bytes_of(LOG_NAME)
        return found

    def _confirm(self, connection: CardConnection, now: float | None) -> None:
        for position, epoch, seq, digest, content in connection.plainly(NEW_RECORDS, (self._position,)).fetchall():
            if not content.startswith(LOST_BEGINNING):
                self._ledger.confirm(self.book, (self.name, epoch, seq), digest.hex(), content, now)
            self._position = position

    def recognise(self, connection: CardConnection) -> None:
        """After a start: what a torn commit left behind the end of the book is a record like any other (P4). A salvage
        may find one at any place."""
        if self.damaged:
            for _, epoch, seq, digest, content in connection.plainly(NEW_RECORDS, (0,)).fetchall():
                identity = (self.name, epoch, seq)
                if identity not in self._ledger.entries and not content.startswith(LOST_BEGINNING):
                    self._ledger.confirm(self.book, identity, digest.hex(), content, None)
        self._position = self._known_position(connection)
        self._confirm(connection, None)

    def _known_position(self, connection: CardConnection) -> int:
        """Where this card's book ends in the file."""
        known = set(self.book.order[-400:])
        newest = 0
        for position, epoch, seq in connection.plainly(
            "SELECT record.position, epoch.epoch, record.position - epoch.base"
            " FROM record JOIN epoch ON epoch.number = record.epoch_number ORDER BY record.position DESC LIMIT 400"
        ):
            if (self.name, epoch, seq) in known:
                newest = position
                break
        return newest

    # -- what a power cut leaves ---------------------------------------------------------------------------------

    def _bytes_of(self, name: str) -> bytes:
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""

    def _tear(self, before: bytes, after: bytes, flushed_bytes: int) -> bytes:
        """The sectors that were being written: each reached the card or did not."""
        torn = bytearray(before.ljust(len(after), b"\0"))
        torn[:flushed_bytes] = after[:flushed_bytes]
        keep = self._chance.choice((0.0, 0.5, 0.9, 1.0))
        for start in range(0, len(after), SECTOR_BYTES):
            piece = slice(start, start + SECTOR_BYTES)
            if torn[piece] != after[piece] and self._chance.random() < keep:
                torn[piece] = after[piece]
        return bytes(torn)

    def image(self, target: Path) -> None:
        """What the card holds at this instant, as a copy."""
        shutil.copytree(self.folder, target, ignore=shutil.ignore_patterns("*-shm", "journal.lock"))
        left = self._torn or ({} if self._flushed_log is None else {LOG_NAME: self._flushed_log})
        for name, content in left.items():
            (target / name).write_bytes(content)
        self._torn = {}

    def put_back(self, target: Path) -> None:
        """The folder is the image from now on."""
        shutil.rmtree(self.folder)
        target.rename(self.folder)
        self._torn, self._flushed_log = {}, None

    def clear_away(self) -> None:
        """A maintainer takes the damaged journals away that are kept beside the new one."""
        for each in damaged_folders(self.folder):
            shutil.rmtree(each)

    def plain(self) -> sqlite3.Connection:
        """A checker's own connection to the journal."""
        return connected(self.folder / FILE_NAME)
