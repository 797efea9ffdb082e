"""A witness beside the journal: the newest record whose commit returned, where damage to the journal cannot reach it.

SQLite uses what it can read of a damaged write-ahead log and says nothing of the rest, so a lost tail looks like a
journal that ends a little earlier. The witness is written after the commit and never flushed: it survives everything
but a power cut, and after one it may only be older than the journal. A newer one tells exactly what is gone.
"""

import os
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "journal.witness"

_SLOT = struct.Struct("<4sQQQ16s32s")
"""Mark, count, position, seq, epoch, digest; a CRC-32 follows."""

_MARK = b"LSW1"
_SLOT_BYTES = 128
_SLOTS = 2


@dataclass(frozen=True, slots=True)
class Testimony:
    """The newest record that was kept: its place over all epochs, its identity, its digest."""

    position: int
    epoch: str
    seq: int
    digest: str


class Witness:
    """Two slots written in turn, each with its own check, so that a torn one leaves the other.

    It must never stand between a worker and a beep: where it cannot be written it is `silent`, nothing else happens.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._file: int | None = None
        self._count = 0
        self.silent = False

    def open(self) -> Testimony | None:
        """The last testimony, None where there is none that can be read. Begins to write."""
        found = self.read()
        self.close()
        self.silent = False
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.fstat(self._file).st_size < _SLOTS * _SLOT_BYTES:
                os.pwrite(self._file, bytes(_SLOTS * _SLOT_BYTES), 0)
        except OSError:
            self.silent = True
        return found

    def read(self) -> Testimony | None:
        """The newest slot that holds."""
        try:
            raw = self._path.read_bytes()
        except OSError:
            return None
        best: tuple[int, Testimony] | None = None
        for slot in range(_SLOTS):
            piece = raw[slot * _SLOT_BYTES : slot * _SLOT_BYTES + _SLOT.size + 4]
            if len(piece) < _SLOT.size + 4 or zlib.crc32(piece[:-4]) != int.from_bytes(piece[-4:], "little"):
                continue
            mark, count, position, seq, epoch, digest = _SLOT.unpack(piece[:-4])
            if mark == _MARK and (best is None or count > best[0]):
                best = (count, Testimony(position, epoch.hex(), seq, digest.hex()))
        self._count = best[0] if best else 0
        return best[1] if best else None

    def note(self, position: int, epoch: str, seq: int, digest: bytes) -> None:
        """A commit returned."""
        if self._file is None:
            return
        self._count += 1
        body = _SLOT.pack(_MARK, self._count, position, seq, bytes.fromhex(epoch), digest)
        try:
            os.pwrite(self._file, body + zlib.crc32(body).to_bytes(4, "little"), self._count % _SLOTS * _SLOT_BYTES)
        except OSError:
            self.silent = True

    def close(self) -> None:
        """Stop writing. May be called twice."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None
