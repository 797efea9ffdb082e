"""Backups (S5): a copy, verified by opening it, then its manifest, and only then `safe` in the live database.

Gateways delete a record only when `safe` has passed it, so a copy that was not confirmed must never count.
"""

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.orm import Session

from central import postgres_programs
from central.change import note_change
from central.config import CentralConfig
from central.database import Database
from central.errors import BackupCorrupt, BackupFailed
from central.file_backup import copy_files
from central.files import FileStore
from central.manifests import (
    SUFFIX,
    Backup,
    Manifest,
    StreamMark,
    digest_of_file,
    flush,
    write_manifest,
)
from central.models import BackupRow, LogHead, ServerRow, Stream, table_of
from floor import __version__

STREAM = table_of(Stream)
MARK_COLUMNS = "gateway, epoch, previous_epoch, previous_last, ordinal, mark, claimed"
WHOLE = "coalesce((SELECT min(gap.first) - 1 FROM gap WHERE gap.stream_id = stream.id AND gap.asked = 1), stream.mark)"
"""Up to where an epoch is held without a gap."""


def make_backup(database: Database, config: CentralConfig, now: float) -> Backup:
    """A confirmed backup. Raises BackupFailed or BackupCorrupt; then nothing became `safe`."""
    folder = config.backup_folder
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = folder / f".copy-{os.getpid()}.part"
        partial.unlink(missing_ok=True)
        try:
            files = copy_files(FileStore(config.folder, config.files_bytes_max), folder)
            manifest = _copy(database, partial, now).model_copy(update={"files": files[0], "file_bytes": files[1]})
            path = folder / manifest.file
            partial.chmod(0o600)
            flush(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        write_manifest(folder, manifest)
    except (OSError, sqlite3.Error) as fault:
        raise BackupFailed(f"the copy in {folder} was not made: {fault}") from fault
    with database.write() as session:
        confirm(session, manifest)
    forget_old(folder, config.backup.keep, manifest.file)
    return Backup(path, manifest.position, manifest.bytes, manifest.sha256, now)


def _copy(database: Database, partial: Path, now: float) -> Manifest:
    if database.is_sqlite:
        server, position, streams = _copy_sqlite(database, partial)
        suffix = "sqlite3"
    else:
        server, position, streams = _copy_postgres(database, partial)
        suffix = "pgdump"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    return Manifest(
        release=__version__,
        plant=database.plant,
        server=server,
        engine=suffix,
        made_at=now,
        file=f"central-{stamp}-{position}-{int(now * 1000) % 1000:03d}.{suffix}",
        bytes=partial.stat().st_size,
        sha256=digest_of_file(partial),
        position=position,
        streams=tuple(streams),
    )


def _copy_sqlite(database: Database, partial: Path) -> tuple[str, int, Sequence[StreamMark]]:
    """SQLite's own backup, in one step: it sees one moment and holds up no writer."""
    with (
        closing(sqlite3.connect(f"file:{database.file}?mode=ro", uri=True, timeout=30)) as source,
        closing(sqlite3.connect(partial)) as target,
    ):
        source.backup(target)
        # One file, so that no write-ahead log can be left beside it.
        target.execute("PRAGMA journal_mode=DELETE").fetchall()
    return read_sqlite_copy(partial, database.plant)


def read_sqlite_copy(path: Path, plant: str) -> tuple[str, int, list[StreamMark]]:
    """(server identity, log position, marks) of a copy, after opening and checking it. Raises BackupCorrupt."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
        try:
            verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
            if verdict != "ok":
                raise BackupCorrupt(f"the copy is damaged: {verdict}")
            server = copy.execute("SELECT identity FROM server WHERE plant=?", (plant,)).fetchone()[0]
            position = copy.execute("SELECT position FROM log_head WHERE plant=?", (plant,)).fetchone()[0]
            held = copy.execute("SELECT count(*), max(position) FROM record WHERE plant=?", (plant,)).fetchone()
            rows = copy.execute(f"SELECT {MARK_COLUMNS}, {WHOLE} FROM stream WHERE plant=?", (plant,)).fetchall()
        except (sqlite3.Error, TypeError) as fault:
            raise BackupCorrupt(f"the copy cannot be read: {fault}") from fault
    if (held[0], held[1] or 0) != (position, position):
        raise BackupCorrupt(f"the copy holds {held[0]} records up to {held[1]}, its log ends at {position}")
    names = [*(each.strip() for each in MARK_COLUMNS.split(",")), "whole"]
    return server, position, [StreamMark.model_validate(dict(zip(names, row, strict=True))) for row in rows]


def _copy_postgres(database: Database, partial: Path) -> tuple[str, int, Sequence[StreamMark]]:
    """pg_dump and the marks see the same snapshot; then the whole archive is read back."""
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        server = connection.scalar(select(ServerRow.identity).where(ServerRow.plant == database.plant)) or ""
        position = connection.scalar(select(LogHead.position).where(LogHead.plant == database.plant)) or 0
        marks = text(f"SELECT {MARK_COLUMNS}, {WHOLE} AS whole FROM stream WHERE plant = :plant")
        rows = connection.execute(marks, {"plant": database.plant}).all()
        postgres_programs.dump(database.engine, str(snapshot), partial)
    postgres_programs.read_back(partial)
    return server, position, [StreamMark.model_validate(dict(row._mapping)) for row in rows]


def confirm(session: Session, manifest: Manifest) -> None:
    """S5's last step, in the live database: never lower, and never beyond what the copy holds."""
    live = {
        (row.gateway, row.epoch): row
        for row in session.execute(
            select(STREAM.c.id, STREAM.c.gateway, STREAM.c.epoch, STREAM.c.safe).where(STREAM.c.plant == manifest.plant)
        )
    }
    moved = []
    for each in manifest.streams:
        row = live.get((each.gateway, each.epoch))
        if row is not None and row.safe < each.safe:
            moved.append({"row_id": row.id, "safe": each.safe})
    if moved:
        session.connection().execute(update(STREAM).where(STREAM.c.id == bindparam("row_id")), moved)
    made = {
        "plant": manifest.plant,
        "name": manifest.file,
        "made_at": manifest.made_at,
        "position": manifest.position,
        "bytes": manifest.bytes,
        "digest": manifest.sha256,
    }
    session.execute(insert(BackupRow), [made])
    note_change(session, manifest.plant)


def forget_old(folder: Path, keep: int, made: str) -> None:
    """Copies beyond the newest `keep` go; of each the manifest goes first, so that none tells of a copy that is gone.

    The newest manifests tell all that older ones told: marks only ever rise but after a restore, which declares gaps.
    `made` stays whatever its name says, and names later than it go first: they are of a time when the clock was wrong,
    and what gateways delete on its word must not be on copies that went in their place (I9).
    """
    others = [each for each in folder.glob("central-*" + SUFFIX) if each.name != made + SUFFIX]
    others.sort(key=lambda each: (each.name < made, each.name))
    for each in others[: max(0, len(others) + 1 - keep)]:
        each.unlink()
        each.with_name(each.name.removesuffix(SUFFIX)).unlink(missing_ok=True)
