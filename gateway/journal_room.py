"""Room for the journal: free space is looked at before a scan is taken, and a ballast file keeps the last bytes.

With no free byte SQLite can neither append nor move a mark, so the log could never be drained (I11).
"""

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from gateway.errors import JournalFull

LOOK_GROUPS = 16
"""Groups admitted between two looks at the pages in use: two pragmas cost a tenth of a commit's own work."""


def free_bytes(folder: Path | str) -> int:
    """What an unprivileged writer may still use on the file system of a folder."""
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


class Room:
    """The free space beside one journal. `admit` is asked before each group."""

    NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

    def __init__(self, folder: Path, free_bytes_min: int, ballast_bytes: int) -> None:
        self._path = str(folder)
        self._free_bytes_min = free_bytes_min
        self._ballast = folder / "ballast"
        self._ballast_bytes = ballast_bytes
        self._ballast_there = False

    def free_bytes(self) -> int:
        """What an unprivileged writer may still use."""
        return free_bytes(self._path)

    def admit(self) -> None:
        """Raise JournalFull when a record could only be kept by using the room that draining needs."""
        free = self.free_bytes()
        if free < self._free_bytes_min:
            self.release_ballast()
            raise JournalFull(f"{free // 1024} KiB free, {self._free_bytes_min // 1024} KiB are needed")
        if not self._ballast_there:
            self.restore()

    def release_ballast(self) -> None:
        """Give the ballast back to the file system."""
        with suppress(OSError):
            self._ballast.unlink(missing_ok=True)
        self._ballast_there = False

    def restore(self) -> None:
        """Lay the ballast down again where there is room for it; give it back where there is none: with no free byte
        a journal cannot even be opened."""
        if self._ballast_bytes == 0:
            self._ballast_there = True
            return
        free = self.free_bytes()
        if free < self._free_bytes_min:
            self.release_ballast()
        if free < self._free_bytes_min + 2 * self._ballast_bytes:
            return
        with self._ballast.open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, self._ballast_bytes)
        self._ballast_there = True


class PageCap:
    """The page cap of one journal: records stop at `bytes_max`, and `upkeep_bytes` more are for what makes room.

    SQLite's own limit is the sum. Were it the cap alone, a journal full of records could not write the folded state
    behind which they may be deleted, and would stay full for ever (I11).
    """

    def __init__(self, bytes_max: int, upkeep_bytes: int) -> None:
        self._bytes_max = bytes_max
        self._upkeep_bytes = upkeep_bytes
        self._page_bytes = 4_096
        self._groups_left = 0

    def learn(self, connection: sqlite3.Connection) -> int:
        """The most pages that SQLite may use, by the database's own page size."""
        self._page_bytes = int(connection.execute("PRAGMA page_size").fetchone()[0])
        self._groups_left = 0
        return (self._bytes_max + self._upkeep_bytes) // self._page_bytes

    def used_fraction(self, connection: sqlite3.Connection) -> float:
        """How much of the records' part is in use, free pages not counted; above 1 where upkeep has written."""
        pages, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        return float((pages - free) * self._page_bytes / self._bytes_max)

    def admit(self, connection: sqlite3.Connection) -> None:
        """Raise JournalFull when the records' part is used up."""
        if self._groups_left > 0:
            self._groups_left -= 1
            return
        if self.used_fraction(connection) >= 1:
            raise JournalFull(f"the journal holds its {self._bytes_max // 1024} KiB")
        self._groups_left = LOOK_GROUPS
