"""Photos on the card: taken in piece by piece, named by their hash, and held until the office has them.

A file's name says where it stands: `HASH.new` has no record yet, `HASH.kept` has one, `HASH.sent` is at the office too.
The order is file, record, office: a crash between the first two leaves a file that nobody names, and the next start
removes it. Threads of the page and the uploader come in here; the main loop only says which hash now has a record, and
that touches no file (I6).
"""

import errno
import hashlib
import logging
import os
import secrets
import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from floor.limits import PHOTO_BYTES_MAX
from floor.media import HEAD_BYTES, PHOTO_TYPES, media_type_of
from gateway import limits
from gateway.durable import flush
from gateway.errors import PhotoRefused
from gateway.file_room import FileRoom

log = logging.getLogger("lineside.photos")

FOLDER = "photos"
State = Literal["new", "kept", "sent"]
STATES: tuple[State, ...] = ("new", "kept", "sent")


@dataclass(slots=True)
class Held:
    """A photo on the card."""

    size: int
    state: State


@dataclass(slots=True)
class Upload:
    """A photo that is coming in. `at`: when its last piece came."""

    path: Path
    size: int
    at: float
    offset: int = 0
    head: bytes = b""
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    photo: "Photo | None" = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that lies on the card whole and flushed."""

    sha256: str
    bytes: int
    media_type: str


class PhotoShelf:
    """`folder`: the gateway's. `aside`: whether scans are being kept just now. `told`: a bound was reached, by name."""

    def __init__(
        self,
        folder: Path,
        room: FileRoom,
        clock: Callable[[], float],
        *,
        aside: Callable[[], bool] = lambda: False,
        told: Callable[[str], None] = lambda limit: None,
    ) -> None:
        self._folder = folder / FOLDER
        self._room = room
        self._clock = clock
        self._kept_before: Collection[str] | None = None
        self._aside = aside
        self._told = told
        self._disk = threading.Lock()
        """Held by who writes, so that one slice at a time reaches the card."""
        self._guard = threading.Lock()
        """Held for a few assignments, never while the card is waited for."""
        self._pausing = threading.Event()
        self._held: dict[str, Held] = {}
        self._uploads: dict[str, Upload] = {}
        self._named: set[str] = set()
        self._is_read = False
        self.unsent: frozenset[str] = frozenset()
        """Photos with a record whose files are not at the office."""

    def recovered(self, kept_before: Collection[str]) -> None:
        """The hashes that the journal names. Without this word no file is taken for one that nobody names."""
        self._kept_before = kept_before

    # The page's way in.

    def begin(self, size: int) -> str:
        """Make room for a photo of so many bytes; the name of its upload. Raises PhotoRefused."""
        if not 0 < size <= PHOTO_BYTES_MAX:
            raise PhotoRefused("photo_large")
        with self._disk, _classified():
            self._read()
            self._forget_silent()
            if len(self._coming()) >= limits.PHOTO_UPLOADS_MAX:
                raise PhotoRefused("photo_busy")
            self._make_room(size)
            name = secrets.token_hex(16)
            path = self._folder / f"{name}.part"
            path.touch(mode=0o600, exist_ok=False)
            self._uploads[name] = Upload(path, size, self._clock())
            return name

    def append(self, name: str, offset: int, piece: bytes) -> int:
        """Put the next piece behind what is there; how many bytes are there now. A piece that does not begin there
        changes nothing, so a lost answer costs one repeat. Raises PhotoRefused."""
        with self._disk, _classified():
            upload = self._upload(name)
            upload.at = self._clock()
            if offset != upload.offset or upload.photo is not None:
                return upload.offset
            if offset + len(piece) > upload.size:
                raise PhotoRefused("photo_large")
            if offset == 0:
                upload.head = piece[:HEAD_BYTES]
                self._check_kind(name, upload)
            self._write(upload, piece)
            upload.digest.update(piece)
            upload.offset += len(piece)
            upload.at = self._clock()
            return upload.offset

    def finish(self, name: str) -> Photo:
        """The whole photo under its own name, durable; asked again, the same. Raises PhotoRefused."""
        with self._disk, _classified():
            upload = self._upload(name)
            if upload.photo is None:
                if upload.offset != upload.size:
                    raise PhotoRefused("photo_cut")
                upload.photo = self._put_in_place(upload)
            return upload.photo

    def forget(self, name: str) -> None:
        """The page knows that its photo was taken."""
        with self._disk:
            self._uploads.pop(name, None)

    def _upload(self, name: str) -> Upload:
        found = self._uploads.get(name)
        if found is None:
            raise PhotoRefused("photo_gone")
        return found

    def _check_kind(self, name: str, upload: Upload) -> None:
        """As soon as its first piece is there: what is no photo is not stored at all."""
        if media_type_of(upload.head, upload.size) not in PHOTO_TYPES:
            self._drop(name)
            raise PhotoRefused("photo_kind")

    def _write(self, upload: Upload, piece: bytes) -> None:
        """Slice by slice, each flushed and followed by a pause: the card belongs to the scans (I6)."""
        with upload.path.open("r+b", buffering=0) as file:
            for at in range(0, len(piece), limits.PHOTO_SLICE_BYTES):
                self._step_aside()
                began = self._clock()
                part = memoryview(piece)[at : at + limits.PHOTO_SLICE_BYTES]
                written = os.pwrite(file.fileno(), part, upload.offset + at)
                if written != len(part):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fdatasync(file.fileno())
                pause = (self._clock() - began) * limits.PHOTO_PAUSE_RATIO
                self._pausing.wait(min(pause, limits.PHOTO_PAUSE_SECONDS_MAX))

    def _step_aside(self) -> None:
        until = self._clock() + limits.PHOTO_PAUSE_SECONDS_MAX
        while self._aside() and self._clock() < until:
            self._pausing.wait(limits.QUIET_SECONDS)

    def _put_in_place(self, upload: Upload) -> Photo:
        photo = Photo(upload.digest.hexdigest(), upload.size, media_type_of(upload.head, upload.size))
        if photo.sha256 in self._held:
            upload.path.unlink()
            return photo
        upload.path.replace(self._path(photo.sha256, "new"))
        flush(self._folder)
        with self._guard:
            self._held[photo.sha256] = Held(photo.bytes, "new")
        return photo

    def _drop(self, name: str) -> None:
        upload = self._uploads.pop(name)
        with suppress(OSError):
            upload.path.unlink(missing_ok=True)

    def _forget_silent(self) -> None:
        now = self._clock()
        for name, upload in list(self._uploads.items()):
            if now - upload.at > limits.PHOTO_UPLOAD_SECONDS_MAX:
                self._drop(name)

    # Room.

    def _coming(self) -> list[Upload]:
        """Those that are not whole yet."""
        return [upload for upload in self._uploads.values() if upload.photo is None]

    def _make_room(self, size: int) -> None:
        """The oldest that the office confirmed go first; nothing that is unsent ever does (I11)."""
        coming = self._coming()
        while True:
            used = sum(each.size for each in self._held.values()) + sum(each.size for each in coming) + size
            left = sum(each.size - each.offset for each in coming) + size
            has_place = self._room.has_place(len(self._held) + len(coming) + 1, used)
            if has_place and self._room.leaves_journal_room(left):
                return
            if not self._remove_oldest_sent():
                self._told("photos" if not has_place else "photo_room")
                raise PhotoRefused("photo_full" if not has_place else "photo_room")

    def _remove_oldest_sent(self) -> bool:
        oldest = next((sha256 for sha256, held in self._held.items() if held.state == "sent"), None)
        if oldest is None:
            return False
        self._path(oldest, "sent").unlink(missing_ok=True)
        with self._guard:
            del self._held[oldest]
        return True

    # What the main loop says, and what the uploader asks.

    def kept(self, sha256: str) -> None:
        """A record names this photo. Called by the main loop: two assignments, no file."""
        with self._guard:
            self._named.add(sha256)
            held = self._held.get(sha256)
            if held is not None and held.state == "new":
                self.unsent |= {sha256}

    def tidy(self) -> None:
        """Give each file the name it has come to deserve, and give up what is silent. Raises OSError."""
        with self._disk:
            self._read()
            self._forget_silent()
            with self._guard:
                named = set(self._named)
            for sha256 in named:
                if (held := self._held.get(sha256)) is not None and held.state == "new":
                    self._move(sha256, "kept")
                # Only now: a card that refuses the new name is asked again, and until then the name is not forgotten.
                with self._guard:
                    self._named.discard(sha256)

    def unsent_after(self, passed: Collection[str]) -> tuple[str, int] | None:
        """(hash, bytes) of the oldest photo that the office does not have, but for those passed over."""
        with self._guard:
            found = ((each, held.size) for each, held in self._held.items() if held.state == "kept")
            return next((each for each in found if each[0] not in passed), None)

    def read(self, sha256: str, offset: int, count: int) -> bytes:
        """A piece of a photo. Raises OSError."""
        with self._path(sha256, self._held[sha256].state).open("rb") as file:
            file.seek(offset)
            return file.read(count)

    def sent(self, sha256: str) -> None:
        """The office holds it, whole. Raises OSError."""
        with self._disk:
            if sha256 in self._held:
                self._move(sha256, "sent")

    def all_sent(self) -> tuple[str, ...]:
        """Photos that the office said it holds, and that are still here."""
        with self._guard:
            return tuple(sha256 for sha256, held in self._held.items() if held.state == "sent")

    def lost_there(self, hashes: Iterable[str]) -> None:
        """The office lost these, as after a restore: they wait again. Raises OSError."""
        with self._disk:
            for sha256 in hashes:
                if (held := self._held.get(sha256)) is not None and held.state == "sent":
                    self._move(sha256, "kept")

    def _move(self, sha256: str, state: State) -> None:
        held = self._held[sha256]
        if held.state != state:
            self._path(sha256, held.state).replace(self._path(sha256, state))
        with self._guard:
            held.state = state
            self._count_unsent()

    def _count_unsent(self) -> None:
        """Those that a record names: also before their files have got the name that says so."""
        self.unsent = frozenset(
            each
            for each, row in self._held.items()
            if row.state == "kept" or (row.state == "new" and each in self._named)
        )

    # The folder.

    def _path(self, sha256: str, state: State) -> Path:
        return self._folder / f"{sha256}.{state}"

    def _read(self) -> None:
        """What the card holds, oldest first; once. Halves of photos and those that no record names go."""
        if self._is_read:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        found: list[tuple[float, str, Held]] = []
        for path in self._folder.iterdir():
            state = path.suffix.removeprefix(".")
            if state not in STATES or not _is_hash(path.stem):
                path.unlink()
                continue
            status = path.stat()
            found.append((status.st_mtime, path.stem, Held(status.st_size, state)))
        for _, sha256, held in sorted(found, key=lambda each: each[0]):
            self._held[sha256] = held
            if held.state == "new":
                self._settle_new(sha256)
        with self._guard:
            self._count_unsent()
        self._is_read = True

    def _settle_new(self, sha256: str) -> None:
        """The last process ended between the file and its next name: the journal knows whether there is a record."""
        if self._kept_before is None:
            return
        if sha256 in self._kept_before:
            self._move(sha256, "kept")
            return
        log.warning("photo %s has no record: the station was cut before it kept one", sha256[:12])
        self._path(sha256, "new").unlink()
        with self._guard:
            del self._held[sha256]


def _is_hash(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


class _classified:
    """A card that is full or cannot be written refuses the photo, aloud; the station goes on."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: object) -> None:
        if isinstance(fault, OSError):
            log.error("a photo cannot be put on the card: %s", fault)
            full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
            raise PhotoRefused("photo_room" if full else "photo_broken") from fault
