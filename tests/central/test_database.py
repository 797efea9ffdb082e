"""What must hold of each connection, and of the tables after migration."""

import fcntl
import gc
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from central import migrations
from central.config import CentralConfig
from central.database import Database, WriterTurn
from central.errors import DatabaseCorrupt, DatabaseUnreachable
from central.migrations import NEWEST_REVISION, migrate
from central.models import LogHead, Table
from central.opening import open_database
from simulation.processes import wait_for


def test_the_migrated_tables_are_those_of_the_models(database: Database) -> None:
    with database.read() as session:
        context = MigrationContext.configure(session.connection())
        assert context.get_current_revision() == NEWEST_REVISION
        assert compare_metadata(context, Table.metadata) == []


def test_the_newest_revision_is_named() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_current_head() == NEWEST_REVISION


def test_the_schema_explains_itself_on_postgres(database: Database) -> None:
    if database.is_sqlite:
        assert all(table.comment for table in Table.metadata.sorted_tables)
        return
    with database.engine.connect() as connection:
        found = inspect(connection)
        assert all(found.get_table_comment(name)["text"] for name in Table.metadata.tables)


def test_commits_are_flushed(database: Database) -> None:
    with database.read() as session:
        if database.is_sqlite:
            told = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
            assert told == ["wal", 2]
        else:
            assert session.scalar(text("SHOW synchronous_commit")) == "on"


def test_opening_again_keeps_the_identity_and_the_secret(config: CentralConfig) -> None:
    told = []
    for _ in range(2):
        database = open_database(config)
        with database.read() as session:
            told.append((database.identity(session), database.secret()))
        database.close()
    assert told[0] == told[1] and len(told[0][0]) == 32 and len(told[0][1]) == 64


def test_several_processes_migrate_one_after_the_other(empty_config: CentralConfig) -> None:
    empty_config.folder.mkdir(parents=True)
    databases = [Database(empty_config.database_url) for _ in range(4)]
    faults: list[BaseException] = []

    def run(database: Database) -> None:
        try:
            migrate(database)
            database.begin_plant(1.0)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(each,)) for each in databases]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not faults
    with databases[0].read() as session:
        assert session.scalars(select(LogHead.position)).all() == [0]
    for each in databases:
        each.close()


def test_an_older_sqlite_file_is_copied_before_it_changes(tmp_path: Path) -> None:
    config = CentralConfig.model_validate({"folder": tmp_path / "central"})
    open_database(config).close()
    path = config.folder / "central.sqlite3"
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num='0000'")
    database = Database(config.database_url)
    with pytest.raises(Exception, match="0000"):
        migrate(database)
    database.close()
    assert list(config.folder.glob("central.sqlite3.before-0000-*"))


def test_a_file_that_is_no_database_is_told_so(tmp_path: Path) -> None:
    config = CentralConfig.model_validate({"folder": tmp_path / "central"})
    config.folder.mkdir()
    (config.folder / "central.sqlite3").write_bytes(b"no database at all" * 1000)
    with pytest.raises(DatabaseCorrupt):
        open_database(config)


def test_a_postgres_that_is_away_is_unreachable(tmp_path: Path) -> None:
    url = f"postgresql://lineside@/plant?host={tmp_path}"
    with pytest.raises(DatabaseUnreachable):
        open_database(CentralConfig.model_validate({"folder": tmp_path / "central", "database": url}))


def test_what_fails_in_the_middle_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:
        session.execute(text("UPDATE log_head SET position = 7"))
        raise ZeroDivisionError
    with database.read() as session:
        assert session.scalar(select(LogHead.position)) == 0


# The driver warns of a connection that the server ended and that could not be closed any more.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.postgres
def test_connections_that_postgres_ended_are_told_and_replaced(database: Database) -> None:
    if database.is_sqlite:
        with pytest.raises(DatabaseUnreachable), database.write() as session:
            raise sqlite3_full(session)
        return
    end_others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = :pid"
    with pytest.raises(DatabaseUnreachable), database.write() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        with database.read() as other:
            other.execute(text(end_others), {"pid": pid})
        session.execute(text("UPDATE log_head SET position = 7"))
    with database.read() as session:
        assert session.scalar(select(LogHead.position)) == 0
    # Here, where it is expected, and not in the test after this one.
    gc.collect()


def sqlite3_full(session: Session) -> Exception:
    """What SQLite says when its file may not grow."""
    pages = session.scalar(text("PRAGMA page_count"))
    session.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(OperationalError) as raised:
        session.execute(text("UPDATE server SET secret = :long"), {"long": "x" * 1_000_000})
    return raised.value


def test_who_waits_to_write_is_next(tmp_path: Path) -> None:
    """A process that folds a backlog piece after piece would else be first again each time that it asks."""
    greedy, patient = (WriterTurn(tmp_path / "writer") for _ in range(2))
    order: list[str] = []

    def write_once() -> None:
        with patient:
            order.append("patient")

    waiting = threading.Thread(target=write_once)
    with greedy:
        waiting.start()
        wait_for("the place of the next one to be taken", lambda: _is_locked(tmp_path / "writer-next"))
    with greedy:
        order.append("greedy")
    waiting.join()
    assert order == ["patient", "greedy"]
    for each in (greedy, patient):
        each.close()


def _is_locked(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
