"""Restoring a backup (S6): what any manifest had more than the copy is declared missing, and asked for again.

Everything is prepared beside the database; it is put in its place by one rename (SQLite) or one transaction
(PostgreSQL). A marker file keeps the server from starting on a restore that was cut.
"""

import os
import shutil
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from central import postgres_programs
from central.alarms import raise_alarms
from central.backup import WHOLE, read_sqlite_copy
from central.change import note_change
from central.config import CentralConfig
from central.credential_tables import Replacement
from central.database import Database
from central.errors import BackupCorrupt, RestoreRefused
from central.file_backup import bring_back_files
from central.files import FileStore
from central.ingest_rules import AlarmRaised
from central.manifests import (
    SUFFIX,
    StreamMark,
    check_copy,
    flush,
    highest_marks,
    read_manifest,
    read_manifests,
)
from central.migrations import migrate
from central.models import AccountSession, BackupRow, Gap, Gateway, OneTimeCode, Stream, table_of
from central.opening import MARKER, Presence
from central.streams import find_forks
from sync.wire import NO_DIGEST

STREAM = table_of(Stream)
GAP = table_of(Gap)
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def restore_backup(config: CentralConfig, copy: Path, now: float) -> str:
    """Put `copy` in the place of the database; returns what it did, in words. Raises RestoreRefused, BackupCorrupt."""
    manifest = read_manifest(copy.with_name(copy.name + SUFFIX))
    check_copy(copy, manifest)
    if manifest.plant != config.plant:
        raise RestoreRefused(f"the copy is of plant {manifest.plant}, this is {config.plant}")
    good, bad = read_manifests(config.backup_folder, manifest.server)
    config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Presence(config.folder, alone=True):
        marker = config.folder / MARKER
        marker.write_text(f"a restore of {copy.name} began here\n", encoding="utf-8")
        flush(config.folder)
        known = [each.streams for each in (*good, manifest)]
        if manifest.engine == "sqlite3":
            told = _restore_sqlite(config, copy, known, now)
        else:
            told = _restore_postgres(config, copy, known, now)
        files, unread = bring_back_files(FileStore(config.folder, config.files_bytes_max), config.backup_folder)
        marker.unlink()
        flush(config.folder)
    brought = f"; {files} files brought back" if files else ""
    brought += f", {unread} could not be" if unread else ""
    warned = f"; {len(bad)} manifests could not be read" if bad else ""
    return f"{copy.name} is restored: {manifest.position} records, {told} asked for again{brought}{warned}"


def _restore_sqlite(config: CentralConfig, copy: Path, known: list[tuple[StreamMark, ...]], now: float) -> int:
    live = Path(config.database_url.removeprefix("sqlite:///"))
    if not config.database_url.startswith("sqlite"):
        raise RestoreRefused("the copy is of SQLite, the configuration names another database")
    if live.exists():
        known = [*known, _marks_of(live, config.plant)]
    fresh = live.with_name(live.name + ".restoring")
    for path in (fresh, *(fresh.with_name(fresh.name + end) for end in ("-wal", "-shm"))):
        path.unlink(missing_ok=True)
    shutil.copyfile(copy, fresh)
    fresh.chmod(0o600)
    database = Database(f"sqlite:///{fresh}", config.plant)
    try:
        migrate(database)
        with database.write() as session:
            asked = declare_missing(session, config.plant, known, now)
        with database.turn(), closing(sqlite3.connect(fresh)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        database.close()
    for ending in (".writer", ".writer-next"):
        fresh.with_name(fresh.name + ending).unlink(missing_ok=True)
    flush(fresh)
    _put_in_place(fresh, live)
    return asked


def _put_in_place(fresh: Path, live: Path) -> None:
    """The old file stays, under another name; its write-ahead log never lies beside the new one."""
    if live.exists():
        aside = live.with_name(f"{live.name}.replaced-{time.time_ns()}")
        os.link(live, aside)
        for end in ("-wal", "-shm"):
            beside = live.with_name(live.name + end)
            if beside.exists():
                os.replace(beside, aside.with_name(aside.name + end))
        flush(live.parent)
    for end in ("-wal", "-shm"):
        fresh.with_name(fresh.name + end).unlink(missing_ok=True)
    os.replace(fresh, live)
    flush(live.parent)


def _marks_of(live: Path, plant: str) -> tuple[StreamMark, ...]:
    """What the database that is replaced held, where it can still be read: more than any manifest."""
    try:
        return tuple(read_sqlite_copy(live, plant)[2])
    except (BackupCorrupt, sqlite3.Error):
        return ()


def _restore_postgres(config: CentralConfig, copy: Path, known: list[tuple[StreamMark, ...]], now: float) -> int:
    if config.database_url.startswith("sqlite"):
        raise RestoreRefused("the copy is of PostgreSQL, the configuration names SQLite")
    database = Database(config.database_url, config.plant)
    try:
        with database.read() as session:
            others = session.scalar(text(OTHERS))
        if others:
            raise RestoreRefused(f"{others} other connections use the database")
        database.engine.dispose()
        postgres_programs.restore(database.engine, copy)
        migrate(database)
        with database.write() as session:
            return declare_missing(session, config.plant, known, now)
    finally:
        database.close()


def declare_missing(session: Session, plant: str, known: Iterable[Iterable[StreamMark]], now: float) -> int:
    """S6 in one transaction: `safe` is what the copy holds; all that was ever held beyond it is asked for."""
    session.execute(update(STREAM).where(STREAM.c.plant == plant).values(safe=text(WHOLE)))
    rows = session.execute(select(STREAM).where(STREAM.c.plant == plant)).all()
    held = {(row.gateway, row.epoch): (row.id, row.mark, row.claimed) for row in rows}
    asked, begun = 0, defaultdict[str, set[str | None]](set)
    for key, told in sorted(highest_marks(known).items(), key=lambda item: (item[1].gateway, item[1].ordinal)):
        if key not in held:
            held[key] = (_begin(session, plant, told, now), 0, 0)
            begun[told.gateway].add(told.previous_epoch)
        stream_id, mark, claimed = held[key]
        if told.mark > mark:
            asked += told.mark - mark
            gap = {"stream_id": stream_id, "first": mark + 1, "last": told.mark, "asked": 1}
            session.execute(insert(GAP), [gap | {"reason": "restored", "declared_at": now}])
        moved = {"mark": max(mark, told.mark), "claimed": max(claimed, told.claimed)}
        session.execute(update(STREAM).where(STREAM.c.id == stream_id).values(**moved))
    for gateway_name, parents in begun.items():
        # The copy does not know of a fork that came after it; what it learns from manifests makes no first sight (I4).
        raise_alarms(session, plant, gateway_name, find_forks(session, plant, gateway_name, parents), now)
    _forget_passing(session, plant)
    detail = f"the database was restored from a backup; {asked} records are asked for again"
    raise_alarms(session, plant, "", [AlarmRaised("restored", str(int(now)), detail)], now)
    note_change(session, plant)
    return asked


def _begin(session: Session, plant: str, told: StreamMark, now: float) -> int:
    row = told.model_dump() | {
        "plant": plant,
        "mark": 0,
        "safe": 0,
        "claimed_at": now,
        "offered_floor": 0,
        "offered_last": 0,
        "forked": 0,
        "first_seen_at": now,
    }
    made = session.execute(insert(STREAM).returning(STREAM.c.id), [row])
    return int(made.scalar_one())


def _forget_passing(session: Session, plant: str) -> None:
    """Gateways must offer every epoch again; sign-ins and codes of another time are void, and so is a
    replacement whose code was one of them."""
    session.execute(update(Gateway).where(Gateway.plant == plant).values(closed_digest=NO_DIGEST))
    for table in (AccountSession, OneTimeCode, BackupRow):
        session.execute(table_of(table).delete().where(table_of(table).c.plant == plant))
    chosen = table_of(Replacement)
    session.execute(chosen.delete().where(chosen.c.plant == plant, chosen.c.enrolled_at.is_(None)))
