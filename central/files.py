"""Files by their hash: photos of gateways and instructions of planners, below the server's folder.

A file is written aside, flushed, read once more for its hash, and gets its name last: whole or absent. A name is the
SHA-256 of what it holds, so nothing is ever changed and two senders of one file store it once.
"""

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from central.errors import FileRefused, FilesFull
from central.limits import FILE_PARTS_MAX
from central.manifests import digest_of_file, flush
from floor.limits import INSTRUCTION_BYTES_MAX, PHOTO_BYTES_MAX
from floor.media import HEAD_BYTES, INSTRUCTION_TYPES, media_type_of
from sync.wire import FileHeld

FOLDER: Final = "files"
PARTS: Final = "parts"
HASH: Final = re.compile(r"[0-9a-f]{64}")
FILE_BYTES_MAX: Final = max(PHOTO_BYTES_MAX, INSTRUCTION_BYTES_MAX)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A whole file. `media_type` is what its bytes say, never what a sender said."""

    path: Path
    size: int
    media_type: str


class FileStore:
    """The files of one server. Thread-safe; `bytes_max` bounds all of them together (I10)."""

    def __init__(self, folder: Path, bytes_max: int) -> None:
        self._folder = folder / FOLDER
        self._parts = self._folder / PARTS
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._used: int | None = None

    def find(self, sha256: str) -> StoredFile | None:
        """The file of this hash."""
        path = self._path(sha256)
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
        except FileNotFoundError:
            return None
        return StoredFile(path, size, media_type_of(head, size))

    def missing(self, hashes: Iterable[str]) -> tuple[str, ...]:
        """Those that are not here, in the order of the question."""
        return tuple(sha256 for sha256 in hashes if not self._path(sha256).exists())

    def every(self) -> Iterator[Path]:
        """Each whole file."""
        for path in sorted(self._folder.glob("[0-9a-f][0-9a-f]/*")):
            if HASH.fullmatch(path.name):
                yield path

    # Piece by piece, as a gateway sends them.

    def held(self, sender: str, sha256: str) -> FileHeld:
        """How much of it is here."""
        found = self.find(sha256)
        if found is not None:
            return FileHeld(offset=found.size, whole=True)
        return FileHeld(offset=_size_of(self._part(sender, sha256)))

    def take(self, sender: str, sha256: str, offset: int, size: int, piece: bytes) -> FileHeld:
        """A piece of a file of `size` bytes. One that does not begin where the part ends changes nothing.

        A sender has few parts at one time: its oldest goes. Raises FileRefused, FilesFull.
        """
        if not 0 < size <= FILE_BYTES_MAX or offset + len(piece) > size:
            raise FileRefused(f"a file has 1 to {FILE_BYTES_MAX} bytes; this one says {size}")
        with self._lock:
            found = self.find(sha256)
            if found is not None:
                return FileHeld(offset=found.size, whole=True)
            part = self._part(sender, sha256)
            there = _size_of(part)
            if offset == there and piece:
                self._refuse_beyond(size)
                self._append(part, sender, piece)
                there += len(piece)
            if there < size:
                return FileHeld(offset=there)
            self._put_in_place(part, sha256)
            return FileHeld(offset=size, whole=True)

    def _append(self, part: Path, sender: str, piece: bytes) -> None:
        part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not part.exists():
            self._forget_parts(sender)
        with part.open("ab", buffering=0) as file:
            part.chmod(0o600)
            file.write(piece)
            os.fsync(file.fileno())

    def _forget_parts(self, sender: str) -> None:
        """Room for one more part of this sender."""
        mine = sorted(self._parts.glob(f"{_digest(sender)}-*"), key=lambda path: path.stat().st_mtime)
        for path in mine[: max(0, len(mine) + 1 - FILE_PARTS_MAX)]:
            path.unlink(missing_ok=True)

    # Whole, as a page takes them.

    def keep(self, content: bytes) -> str:
        """Store a whole file; its hash. Raises FileRefused, FilesFull."""
        sha256 = hashlib.sha256(content).hexdigest()
        with self._lock:
            if self.find(sha256) is None:
                self._refuse_beyond(len(content))
                part = self._part("page", sha256)
                with suppress(FileNotFoundError):
                    part.unlink()
                self._append(part, "page", content)
                self._put_in_place(part, sha256)
        return sha256

    # What both end with.

    def _put_in_place(self, part: Path, sha256: str) -> None:
        """Raises FileRefused; then nothing of it stays, and the sender begins anew."""
        with part.open("rb") as file:
            head = file.read(HEAD_BYTES)
        size = part.stat().st_size
        if digest_of_file(part) != sha256:
            part.unlink()
            raise FileRefused("what came does not fit its hash")
        if media_type_of(head, size) not in INSTRUCTION_TYPES:
            part.unlink()
            raise FileRefused("it is no JPEG, PNG, WebP or PDF")
        path = self._path(sha256)
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
            flush(self._folder)
        used = self._in_use()
        os.replace(part, path)
        flush(path.parent)
        self._used = used + size

    def _refuse_beyond(self, size: int) -> None:
        if self._in_use() + size > self._bytes_max:
            raise FilesFull(f"{self._in_use()} bytes of files are here, at most {self._bytes_max} are kept")

    def _in_use(self) -> int:
        if self._used is None:
            self._used = sum(path.stat().st_size for path in self.every())
        return self._used

    def _path(self, sha256: str) -> Path:
        assert HASH.fullmatch(sha256), "a hash is checked by who takes it in"
        return self._folder / sha256[:2] / sha256

    def _part(self, sender: str, sha256: str) -> Path:
        assert HASH.fullmatch(sha256), "a hash is checked by who takes it in"
        return self._parts / f"{_digest(sender)}-{sha256}"


def _digest(sender: str) -> str:
    """A sender's name as part of a file's: gateways may be called a and a-b."""
    return hashlib.sha256(sender.encode()).hexdigest()[:16]


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
