"""Files of work instructions on the card: a bounded cache that fills itself, named by hash, written by its own thread.

The main loop reads one set of hashes and touches no file (I6). What the master data wants is planned by the thread that
fetches; what no row wants any more stays until its room is needed.
"""

import os
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from floor.instructions import wanted_instructions
from floor.master import MasterData
from floor.media import HEAD_BYTES, INSTRUCTION_TYPES, media_type_of
from gateway.durable import digest_of_file, flush
from gateway.file_room import FileRoom

FOLDER = "instructions"
LIMIT = "instructions"


@dataclass(frozen=True, slots=True)
class InstructionFile:
    """A file that can be shown. `media_type` is what its bytes say."""

    path: Path
    media_type: str


class InstructionShelf:
    """`folder`: the gateway's. `stations`: those it serves. `told`: the bound was reached."""

    def __init__(
        self,
        folder: Path,
        room: FileRoom,
        stations: Collection[str],
        told: Callable[[str], None] = lambda limit: None,
    ) -> None:
        self._folder = folder / FOLDER
        self._room = room
        self._stations = frozenset(stations)
        self._told = told
        self._guard = threading.Lock()
        self._master: MasterData | None = None
        self._wanted: dict[str, int] = {}
        """Hash to bytes of what there is room for, in the order of fetching."""
        self._is_full = False
        self.here: frozenset[str] = frozenset()
        """Files that can be shown now."""

    def plan(self, master: MasterData) -> None:
        """From now on this master data says what is wanted. For any thread; no file is touched."""
        with self._guard:
            self._master = master

    # The thread that fetches.

    def next_missing(self, passed: Collection[str]) -> str | None:
        """The hash of the next file to fetch. Raises OSError."""
        with self._guard:
            master = self._master
        if master is not None:
            self._replan(master)
            with self._guard:
                # Only now, and only what was planned for: a card that fails is planned for again.
                if self._master is master:
                    self._master = None
        for sha256, size in self._wanted.items():
            if sha256 in self.here or sha256 in passed:
                continue
            return sha256 if self._make_room(sha256, size) else None
        return None

    def offset(self, sha256: str) -> int:
        """How many bytes of it are here."""
        try:
            return self._part(sha256).stat().st_size
        except FileNotFoundError:
            return 0

    def put(self, sha256: str, piece: bytes) -> None:
        """The next piece; more than the master data tells of is not taken. Raises OSError."""
        part = self._part(sha256)
        if self.offset(sha256) + len(piece) > self._wanted.get(sha256, 0):
            part.unlink(missing_ok=True)
            return
        with part.open("ab", buffering=0) as file:
            file.write(piece)
            os.fdatasync(file.fileno())

    def finish(self, sha256: str) -> bool:
        """Whether all of it is here, fits its hash and is of a kind that is shown. Raises OSError."""
        part = self._part(sha256)
        if not part.exists() or digest_of_file(part) != sha256 or _type_of(part) not in INSTRUCTION_TYPES:
            part.unlink(missing_ok=True)
            return False
        part.replace(self._path(sha256))
        flush(self._folder)
        self.here |= {sha256}
        return True

    def _replan(self, master: MasterData) -> None:
        """What there is room for; the card is looked at anew, so that a file that was lost is fetched again."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._is_full = False
        self._wanted = {}
        used = 0
        for row in wanted_instructions(master, self._stations):
            if self._room.has_place(len(self._wanted) + 1, used + row.bytes):
                used += row.bytes
                self._wanted[row.sha256] = row.bytes
            else:
                self._tell_full()
        here = set()
        for path in self._folder.iterdir():
            if path.suffix == ".part" and path.stem in self._wanted:
                continue
            if len(path.name) == 64:
                here.add(path.name)
            else:
                path.unlink()
        self.here = frozenset(here)

    def _make_room(self, sha256: str, size: int) -> bool:
        """What no row wants goes, the one that was shown longest ago first."""
        unused = sorted(self.here - self._wanted.keys(), key=self._used_at)
        while True:
            held = [self._path(each).stat().st_size for each in self.here]
            has_place = self._room.has_place(len(held) + 1, sum(held) + size)
            if has_place and self._room.leaves_journal_room(max(0, size - self.offset(sha256))):
                return True
            if not unused:
                self._tell_full()
                return False
            oldest = unused.pop(0)
            self.here -= {oldest}
            self._path(oldest).unlink(missing_ok=True)

    def _tell_full(self) -> None:
        if not self._is_full:
            self._is_full = True
            self._told(LIMIT)

    def _used_at(self, sha256: str) -> float:
        try:
            return self._path(sha256).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    # The page.

    def find(self, sha256: str) -> InstructionFile | None:
        """The file to show, which counts as used now."""
        if sha256 not in self.here:
            return None
        path = self._path(sha256)
        with suppress(OSError):
            os.utime(path)
            return InstructionFile(path, _type_of(path))
        return None

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256

    def _part(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.part"


def _type_of(path: Path) -> str:
    with path.open("rb") as file:
        return media_type_of(file.read(HEAD_BYTES), path.stat().st_size)
