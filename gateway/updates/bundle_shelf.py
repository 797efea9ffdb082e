"""Where bundles come to: `FOLDER/HASH.part` while they come, `FOLDER/HASH` once whole. And bundles on a stick."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from floor.versions import is_newer
from gateway import limits
from gateway.durable import digest_of_file, flush
from gateway.errors import BundleRefused, BundleUntimely
from gateway.journal_room import free_bytes
from gateway.updates.agent import Found
from gateway.updates.slots import BundleContent

SUFFIXES = (".lineside", ".raucb")
"""How the files of bundles end."""


class BundleShelf:
    """The bundles of one gateway. `spare_bytes`: what must stay free for the journal."""

    def __init__(self, folder: Path, spare_bytes: int) -> None:
        self._folder, self._spare_bytes = folder, spare_bytes
        folder.mkdir(parents=True, exist_ok=True)

    def offset(self, sha256: str) -> int:
        """See Shelf."""
        if self.path(sha256).exists():
            return self.path(sha256).stat().st_size
        part = self._part(sha256)
        return part.stat().st_size if part.exists() else 0

    def put(self, sha256: str, piece: bytes) -> None:
        """See Shelf. A piece that is on the card survives a cut; a torn one shows in the hash."""
        with self._part(sha256).open("ab") as file:
            file.write(piece)

    def finish(self, sha256: str) -> bool:
        """See Shelf."""
        part, whole = self._part(sha256), self.path(sha256)
        if whole.exists():
            return True
        if not part.exists() or digest_of_file(part) != sha256:
            part.unlink(missing_ok=True)
            return False
        flush(part)
        part.rename(whole)
        flush(self._folder)
        return True

    def path(self, sha256: str) -> Path:
        """See Shelf."""
        return self._folder / sha256

    def has_room(self, size: int) -> bool:
        """See Shelf."""
        return free_bytes(self._folder) >= size + self._spare_bytes

    def clear(self, but: str = "") -> None:
        """See Shelf."""
        for path in self._folder.iterdir():
            if path.name.removesuffix(".part") != but:
                path.unlink()

    def _part(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.part"


class Sticks:
    """Bundles in the folders where sticks are mounted. What was looked at is remembered while it does not change."""

    def __init__(self, folders: Sequence[Path], inspect: Callable[[Path], BundleContent]) -> None:
        self._folders, self._inspect = tuple(folders), inspect
        self._known: dict[tuple[str, int, int], Found | None] = {}

    def newest(self, running: str) -> Found | None:
        """The newest bundle with a good signature that is newer than what runs."""
        best: Found | None = None
        for path in self._files():
            found = self._look(path)
            if found is not None and is_newer(found.version, best.version if best else running):
                best = found
        return best

    def _files(self) -> list[Path]:
        files: list[Path] = []
        for folder in self._folders:
            # A stick that is not there, or that is pulled in this moment.
            with suppress(OSError):
                files += sorted(each for each in folder.iterdir() if each.suffix in SUFFIXES and each.is_file())
        return files[: limits.UPDATE_STICK_BUNDLES_MAX]

    def _look(self, path: Path) -> Found | None:
        # What nobody can judge before the clock is set is looked at again.
        with suppress(OSError, BundleUntimely):
            state = path.stat()
            key = (str(path), state.st_size, state.st_mtime_ns)
            if key not in self._known:
                self._known = {each: found for each, found in self._known.items() if Path(each[0]).exists()}
                self._known[key] = self._read(path, state.st_size)
            return self._known[key]
        return None

    def _read(self, path: Path, size: int) -> Found | None:
        try:
            content = self._inspect(path)
        except BundleRefused:
            return None
        return Found(path, content.version, digest_of_file(path), size)
