"""Opening a plant's database for work: brought to this release's tables, with its first rows, and told to others."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from central.config import CentralConfig
from central.database import Database
from central.errors import RestoreRefused
from central.migrations import migrate

MARKER = "restore-began"
"""A file that stands while a restore is on its way: a server that starts on half of one would forget marks."""


class Presence:
    """Processes that use the plant's folder hold it together; a restore holds it alone. Raises RestoreRefused."""

    def __init__(self, folder: Path, alone: bool = False) -> None:
        self._file = os.open(folder / "in-use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            what = "the server is running" if alone else "a restore is on its way"
            raise RestoreRefused(what) from None

    def __enter__(self) -> "Presence":
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        os.close(self._file)


def open_database(config: CentralConfig) -> Database:
    """The plant's database, ready. The caller closes it."""
    config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    presence = Presence(config.folder)
    try:
        if (config.folder / MARKER).exists():
            raise RestoreRefused(
                "a restore was cut before its end", "Run `lineside central restore` with the same copy again."
            )
        database = Database(config.database_url, config.plant)
    except BaseException:
        presence.close()
        raise
    database.at_close(presence.close)
    try:
        migrate(database)
        database.begin_plant(time.time())
    except BaseException:
        database.close()
        raise
    return database
