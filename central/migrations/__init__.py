"""Brings the database to this release's tables, at every start, one process at a time."""

import os
import shutil
import sqlite3
import time
from pathlib import Path

from sqlalchemy import Connection, inspect

from central.database import Database

POSTGRES_LOCK = 0x6C696E65
"""Advisory lock number: one migration at a time over all processes."""

NEWEST_REVISION = "0016"
"""The revision this release works with. Named here because Alembic takes half a second to import."""


def migrate(database: Database) -> None:
    """Run what is pending. A SQLite file that holds something is copied first, beside itself."""
    with database.turn(), database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({POSTGRES_LOCK})")
        current = current_revision(connection)
        if current == NEWEST_REVISION:
            return
        if current is not None and database.is_sqlite:
            _copy_before(database.file, current)
        upgrade(connection)


def current_revision(connection: Connection) -> str | None:
    """What the database was brought to; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def upgrade(connection: Connection) -> None:
    """To the newest revision, in the transaction of this connection."""
    import alembic.command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")


def _copy_before(path: Path, revision: str) -> None:
    """A copy by SQLite's own means, flushed, under a name that tells what it was."""
    wanted = path.with_name(f"{path.name}.before-{revision}-{int(time.time())}")
    partial = wanted.with_name(wanted.name + ".part")
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    target = sqlite3.connect(partial)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    handle = os.open(partial, os.O_RDWR)
    os.fsync(handle)
    os.close(handle)
    shutil.move(partial, wanted)
