"""A real ext4 on a loop device: filled up, made read-only by an error, stopped at once as by a power cut."""

import errno
import fcntl
import os
import struct
import subprocess
from pathlib import Path

from simulation.processes import wait_for

MEBIBYTE = 2**20
CARD_BYTES = 64 * MEBIBYTE
FS_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2


class LoopCard:
    """Made with its file system on construction; `close` takes everything away again, whatever state it is in."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.image = image
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with image.open("wb") as file:
            file.truncate(CARD_BYTES)
        self._run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
        self.loop = self._run("losetup", "-f", "--show", image)

    def mount(self) -> None:
        """Power on; the file system's own journal is replayed here."""
        self._run("mount", "-t", "ext4", "-o", "errors=remount-ro", self.loop, self.folder)

    def unmount(self) -> None:
        """As soon as nobody has a file open."""
        wait_for("the end of all use of the card", self._unmounted)

    def repair(self) -> None:
        """What a boot does with a file system that was found damaged."""
        subprocess.run(["fsck.ext4", "-y", "-f", self.loop], check=False, capture_output=True)

    def turn_read_only(self) -> None:
        """What ext4 does when it finds itself damaged: every write fails from now on."""
        Path(f"/sys/fs/ext4/{Path(self.loop).name}/trigger_fs_error").write_text("test")

    def cut(self) -> None:
        """The file system stops at once; what was not flushed is gone."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def fill(self, left_bytes: int = 0) -> Path:
        """A file that leaves so many bytes free; called again, it takes what has become free since."""
        filler = self.folder / "filler"
        with filler.open("ab") as file:
            stat = os.statvfs(self.folder)
            room = stat.f_bavail * stat.f_frsize - left_bytes
            try:
                if room > 0:
                    os.posix_fallocate(file.fileno(), file.tell(), room)
            except OSError as full:
                # Its own bookkeeping takes blocks too, so the last ones may not fit: what fitted stays.
                if full.errno != errno.ENOSPC:
                    raise
        return filler

    def close(self) -> None:
        """Unmounted, even when busy, and the device given back."""
        subprocess.run(["umount", "-l", self.folder], check=False, capture_output=True)
        subprocess.run(["losetup", "-d", self.loop], check=False, capture_output=True)

    def _unmounted(self) -> bool:
        return subprocess.run(["umount", self.folder], check=False, capture_output=True).returncode == 0

    @staticmethod
    def _run(*command: str | Path) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
