"""PostgreSQL's own programs for copies: pg_dump, and pg_restore to read one back and to restore it."""

import shutil
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy import Engine

from central.config import inherited_environment
from central.errors import BackupCorrupt, BackupFailed, RestoreRefused

SECONDS_MAX = 3_600
"""A copy of a plant's database takes minutes; one that takes an hour hangs."""


def find_program(name: str) -> str:
    """The newest of its kind: it reads every older server. Raises BackupFailed."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda each: int(each.parts[-3]))
    found = str(places[-1]) if places else shutil.which(name)
    if not found:
        raise BackupFailed(f"{name} is not installed", "Install Debian's postgresql-client, then try again.")
    return found


def environment(engine: Engine) -> dict[str, str]:
    """How to reach the database, in the environment: a password on the command line could be read by anybody."""
    raw = engine.raw_connection()
    try:
        connection = raw.driver_connection
        assert isinstance(connection, psycopg.Connection)
        told = connection.info
        found = {
            "PGHOST": told.host,
            "PGPORT": str(told.port),
            "PGUSER": told.user,
            "PGDATABASE": told.dbname,
            "PGPASSWORD": told.password,
        }
    finally:
        raw.close()
    return {**inherited_environment(), **{name: value for name, value in found.items() if value}}


def dump(engine: Engine, snapshot: str, path: Path) -> None:
    """One compressed archive of what `snapshot` sees. Raises BackupFailed."""
    arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={path}"]
    done = _run([find_program("pg_dump"), *arguments], environment(engine))
    if done.returncode:
        raise BackupFailed(f"pg_dump: {_words(done)}")


def read_back(path: Path) -> None:
    """Unpack the whole archive to nowhere. Raises BackupCorrupt."""
    done = _run([find_program("pg_restore"), "--file=/dev/null", str(path)], inherited_environment())
    if done.returncode:
        raise BackupCorrupt(f"pg_restore cannot read {path}: {_words(done)}")


def restore(engine: Engine, path: Path) -> None:
    """Put an archive in the place of the database's tables, all or nothing. Raises RestoreRefused."""
    arguments = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    known = environment(engine)
    done = _run([find_program("pg_restore"), *arguments, f"--dbname={known['PGDATABASE']}", str(path)], known)
    if done.returncode:
        raise RestoreRefused(f"pg_restore: {_words(done)}")


def _run(command: list[str], known: dict[str, str]) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            command, env=known, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired as fault:
        raise BackupFailed(f"{command[0]} took more than {SECONDS_MAX} s") from fault


def _words(done: "subprocess.CompletedProcess[bytes]") -> str:
    return " ".join(done.stderr.decode("utf-8", "replace").split())[:500]
