"""Brings the database to this release's tables, at every start, one process at a time."""

import os
import shutil
import sqlite3
import time
from pathlib import Path

import alembic.command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from central.database import Database

POSTGRES_LOCK = 0x6C696E65
"""Advisory lock number: one migration at a time over all processes."""


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """The revision this release works with."""
    return ScriptDirectory.from_config(_config(None)).get_current_head() or ""


def migrate(database: Database) -> None:
    """Run what is pending. A SQLite file that holds something is copied first, beside itself."""
    with database.turn(), database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({POSTGRES_LOCK})")
        current = MigrationContext.configure(connection).get_current_revision()
        if current == newest_revision():
            return
        if current is not None and database.is_sqlite:
            _copy_before(database.file, current)
        alembic.command.upgrade(_config(connection), "head")


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
