"""Files in backups: beside the copies of the database, each once, because a file under its hash never changes.

The copy of the database names every file by its records. On one file system a file and its copy are the same bytes
under two names; on another disk they are bytes of their own.
"""

import errno
import os
import shutil
from pathlib import Path

from central.errors import FileRefused, FilesFull
from central.files import FOLDER, HASH, FileStore
from central.manifests import digest_of_file, flush


def copy_files(store: FileStore, backup_folder: Path) -> tuple[int, int]:
    """Bring the backup up to what is stored; (files, bytes) in it. Raises OSError."""
    folder = backup_folder / FOLDER
    count = size = 0
    for path in store.every():
        wanted = folder / path.name[:2] / path.name
        if not wanted.exists():
            _copy(path, wanted)
        count += 1
        size += path.stat().st_size
    return count, size


def _copy(path: Path, wanted: Path) -> None:
    """Whole or absent, and flushed."""
    wanted.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.link(path, wanted)
    except OSError as fault:
        if fault.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        partial = wanted.with_name(wanted.name + ".part")
        shutil.copyfile(path, partial)
        partial.chmod(0o600)
        flush(partial)
        os.replace(partial, wanted)
    flush(wanted.parent)


def bring_back_files(store: FileStore, backup_folder: Path) -> tuple[int, int]:
    """Put files of the backup back where they are missing; (brought back, could not be). Raises OSError.

    What is stored stays: it may be newer than the backup.
    """
    came = failed = 0
    for path in sorted((backup_folder / FOLDER).glob("[0-9a-f][0-9a-f]/*")):
        if HASH.fullmatch(path.name) is None or store.find(path.name) is not None:
            continue
        if digest_of_file(path) != path.name:
            failed += 1
            continue
        try:
            store.keep(path.read_bytes())
            came += 1
        except (FileRefused, FilesFull):
            failed += 1
    return came, failed
