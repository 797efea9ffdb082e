"""The database: one engine, sessions that read or write, and what must hold of each connection.

SQLite 3.7.0 to 3.51.2 can lose committed pages when two connections write or checkpoint at the same moment, and Debian
ships such versions. So all writers of one file, over all processes, take turns at a lock file beside it, checkpoints
happen under that lock alone, and readers never write.
"""

import fcntl
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from central.errors import DatabaseCorrupt, DatabaseUnreachable
from central.limits import BUSY_SECONDS_MAX, WAL_BYTES_MAX
from central.models import LogHead, ServerRow
from central.rights_tables import AuditHead
from central.together import Result, Together

WRITES = "lineside_writes"

LOOK_SECONDS = 0.001
"""Between two looks at a lock that another process holds."""

CORRUPT_WORDS = ("malformed", "not a database")
UNREACHABLE_WORDS = (
    "database is locked",
    "disk I/O error",
    "unable to open database",
    "disk is full",
    "readonly database",
    "connection failed",
    "connection to server",
    "server closed the connection",
    "the database system is",
    "too many clients",
    "No space left",
)
"""What drivers say when the database is away rather than the statement wrong: they have no class for it."""


FIRST_ROWS_LOCK = 0x11E51DE
"""PostgreSQL's advisory lock around a plant's first rows. Any number that nothing else takes."""


class WriterTurn:
    """One writer at a time, over threads and processes: a lock in this process, then a lock on a file.

    Whoever waits for that file holds the place of the next one meanwhile, a second file: a process that writes piece
    after piece cannot be first again and again while another one looks only now and then.
    """

    def __init__(self, path: Path) -> None:
        self._inside = threading.RLock()
        self._depth = 0
        self._pause = threading.Event()
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._next = os.open(path.with_name(path.name + "-next"), flags, 0o600)

    def __enter__(self) -> "WriterTurn":
        give_up = time.monotonic() + BUSY_SECONDS_MAX
        if not self._inside.acquire(timeout=BUSY_SECONDS_MAX):
            raise DatabaseUnreachable("another thread has been writing for too long")
        try:
            if self._depth == 0:
                self._lock(self._next, give_up)
                try:
                    self._lock(self._file, give_up)
                finally:
                    fcntl.flock(self._next, fcntl.LOCK_UN)
        except BaseException:
            self._inside.release()
            raise
        self._depth += 1
        return self

    def _lock(self, file: int, give_up: float) -> None:
        """flock has no time-out, so it is asked again in short steps."""
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise DatabaseUnreachable("another process has been writing for too long") from None
                self._pause.wait(LOOK_SECONDS)

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._inside.release()

    def close(self) -> None:
        """Give the files back."""
        os.close(self._file)
        os.close(self._next)


class Database:
    """The plant's database. `write()` and `read()` give sessions that commit or roll back at their end.

    Raises DatabaseUnreachable when it does not answer and DatabaseCorrupt when it is not set to keep what it commits.
    """

    def __init__(self, url: str, plant: str = "plant") -> None:
        self.plant = plant
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = self.engine.execution_options(**{WRITES: True})
        self._turn: WriterTurn | None = None
        self._together = Together(self.write)
        self._identity = ""
        self._at_close: list[Callable[[], None]] = []
        if self.is_sqlite:
            path = self.file
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._turn = WriterTurn(path.with_name(path.name + ".writer"))

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(str(self.engine.url.database))

    def identity(self, session: Session) -> str:
        """The database's own identity, which never changes."""
        if not self._identity:
            self._identity = session.scalar(select(ServerRow.identity).where(ServerRow.plant == self.plant)) or ""
        return self._identity

    def begin_plant(self, now: float) -> None:
        """The first rows of a new plant; nothing where they stand."""
        with self.write() as session:
            if not self.is_sqlite:
                # Two processes that start together would both find no row; on SQLite the writer's turn serves.
                session.execute(select(func.pg_advisory_xact_lock(FIRST_ROWS_LOCK)))
            if session.get(ServerRow, self.plant) is None:
                secret, identity = secrets.token_hex(32), secrets.token_hex(16)
                session.add(ServerRow(plant=self.plant, identity=identity, secret=secret, made_at=now))
                session.add(LogHead(plant=self.plant, position=0, changes=0))
            if session.get(AuditHead, self.plant) is None:
                session.add(AuditHead(plant=self.plant, position=0, digest="", purged=0, purged_digest=""))

    def secret(self) -> str:
        """The key that signs forms."""
        with self.read() as session:
            return session.scalar(select(ServerRow.secret).where(ServerRow.plant == self.plant)) or ""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """This process's turn to write; nothing to wait for on PostgreSQL, where rows are locked."""
        if self._turn is None:
            yield
            return
        with self._turn:
            yield

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose transaction may write; committed at the end, rolled back on any error."""
        with self.turn(), _answering():
            with Session(self._writing, expire_on_commit=False) as session, session.begin():
                yield session
            if self.is_sqlite:
                self._checkpoint()

    def write_together(self, act: Callable[[Session], Result]) -> Result:
        """What `act` returns, after a commit that others who wait may share (`central/together.py`)."""
        return self._together.do(act)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment of the database and writes nothing."""
        with _answering(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def _checkpoint(self) -> None:
        """Under our turn, so that no other connection writes or checkpoints at this moment. Never waits for readers."""
        log = self.file.with_name(self.file.name + "-wal")
        if not log.exists() or log.stat().st_size <= WAL_BYTES_MAX:
            return
        raw = self.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            raw.close()

    def close(self) -> None:
        """Close every connection. The last one of a SQLite file checkpoints, so it closes in our turn."""
        with self.turn():
            self.engine.dispose()
        if self._turn is not None:
            self._turn.close()
            self._turn = None
        while self._at_close:
            self._at_close.pop()()

    def at_close(self, act: Callable[[], None]) -> None:
        """Something to give back together with the database."""
        self._at_close.append(act)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except sqlalchemy.exc.TimeoutError as fault:
        raise DatabaseUnreachable("every connection to the database is busy") from fault
    except DBAPIError as fault:
        text = str(fault.orig)
        if any(word in text for word in CORRUPT_WORDS):
            raise DatabaseCorrupt(text) from fault
        if fault.connection_invalidated or any(word in text for word in UNREACHABLE_WORDS):
            raise DatabaseUnreachable(text) from fault
        raise


def _engine(url: str) -> Engine:
    parsed = sqlalchemy.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            connect_args={"timeout": BUSY_SECONDS_MAX, "check_same_thread": False},
            # As many as write and read at the same moment; one beyond these is closed after use, and opening one again
            # costs as much as reading a page. The last one used comes first, so a quiet server touches few.
            pool_size=64,
            max_overflow=32,
            pool_use_lifo=True,
            poolclass=sqlalchemy.QueuePool,
        )
        event.listen(engine, "connect", _closing_on_faults(_prepare_sqlite))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        parsed,
        # A PostgreSQL as Debian installs it takes 100 connections; several processes share them.
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "options": "-c synchronous_commit=on -c timezone=UTC"},
    )
    event.listen(engine, "connect", _closing_on_faults(_check_postgres))
    return engine


def _closing_on_faults(prepare: Callable[[Any], None]) -> Callable[[Any, object], None]:
    """A connection that is not as it must be is closed: nobody else knows of it yet."""

    def prepared(raw: Any, _: object) -> None:
        try:
            prepare(raw)
        except BaseException:
            raw.close()
            raise

    return prepared


def _prepare_sqlite(raw: sqlite3.Connection) -> None:
    """WAL and FULL, read back: a build with other defaults is silent about it (I1)."""
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS_MAX * 1000)}")
    if raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA wal_autocheckpoint=0")
    raw.execute(f"PRAGMA journal_size_limit={WAL_BYTES_MAX // 2}")
    raw.execute("PRAGMA foreign_keys=ON")
    found = [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    if found != ["wal", 2]:
        raise DatabaseCorrupt(f"SQLite is set to journal_mode, synchronous = {found}, not WAL and FULL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _check_postgres(raw: Any) -> None:
    found = raw.execute("SHOW synchronous_commit").fetchone()[0]
    durable = raw.execute("SHOW fsync").fetchone()[0]
    raw.rollback()
    if (found, durable) != ("on", "on"):
        raise DatabaseCorrupt(f"PostgreSQL is set to synchronous_commit={found}, fsync={durable}; both must be on")
