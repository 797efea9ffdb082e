"""A real PostgreSQL of our own: a free directory, a socket only we use, flushing on, ended by its pid."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from central.database import Database
from central.migrations import migrate

USER = "lineside"


def find_programs() -> Path | None:
    """Where initdb and postgres are; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("postgres")
    return Path(program).resolve().parent if program else None


def is_running(pid: str) -> bool:
    """Whether it may still hold memory or files; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Postgres:
    """Started on construction. PostgreSQL refuses root, so root runs it as `nobody`."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="ls-pg-"))
        self._count = 0
        self._migrated = ""
        self._as_user: dict[str, int] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid}
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
        self._folder.chmod(0o755)
        self._data = self._folder / "data"
        self._run("initdb", "-D", str(self._data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._log = (self._folder / "log").open("wb")
        self.start()

    def start(self) -> None:
        """The server, again after a kill: it recovers from its write-ahead log first."""
        settings = [
            f"unix_socket_directories='{self._folder}'",
            "listen_addresses=''",
            "fsync=on",
            "max_connections=60",
            "shared_buffers=32MB",
        ]
        arguments = [part for each in settings for part in ("-c", each.replace("'", ""))]
        self._process = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", str(self._data), *arguments],
            stdout=self._log,
            stderr=self._log,
            cwd=self._folder,
            **self._as_user,  # type: ignore[call-overload]
        )
        self._wait()

    def kill(self) -> None:
        """SIGKILL of the server and of each process it started, which are in sessions of their own."""
        pid = self._process.pid
        # Stopped first: one that it starts meanwhile would be missed, and a next server refuses to start beside it.
        self._process.send_signal(signal.SIGSTOP)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self._process.wait(30)
        deadline = time.monotonic() + 30
        while any(map(is_running, children)) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
            **self._as_user,  # type: ignore[call-overload]
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._conninfo("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.05)

    def _conninfo(self, name: str) -> str:
        return f"host={self._folder} user={USER} dbname={name}"

    def fresh_url(self, like: str = "template1") -> str:
        """The SQLAlchemy URL of a new database, empty or as the one named."""
        self._count += 1
        name = f"plant{self._count}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        return f"postgresql+psycopg://{USER}@/{name}?host={self._folder}"

    def migrated_url(self) -> str:
        """A new database with this release's tables and nothing in them: made once, copied for each that asks."""
        if not self._migrated:
            url = self.fresh_url()
            database = Database(url, "plant")
            migrate(database)
            database.close()
            self._migrated = f"plant{self._count}"
        return self.fresh_url(self._migrated)

    def stop(self) -> None:
        """Immediate: nothing of it is wanted any more."""
        if self._process.poll() is not None:
            # A killed server leaves shared memory behind; the next one takes it over and gives it back.
            with contextlib.suppress(RuntimeError):
                self.start()
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)
        self._log.close()
        # Some hundred thousand files: rm is several times as quick as Python.
        subprocess.run(["rm", "-rf", self._folder], check=False)
