"""Room for the journal: free space is looked at before a scan is taken, and a ballast file keeps the last bytes.

With no free byte SQLite can neither append nor move a mark, so the log could never be drained (I11).
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

from gateway.errors import JournalFull


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
        stat = os.statvfs(self._path)
        return stat.f_bavail * stat.f_frsize

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
        """Lay the ballast down again where there is room for it."""
        if self._ballast_bytes == 0:
            self._ballast_there = True
            return
        if self.free_bytes() < self._free_bytes_min + 2 * self._ballast_bytes:
            return
        with self._ballast.open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, self._ballast_bytes)
        self._ballast_there = True
