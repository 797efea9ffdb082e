"""Manifests of backups: which epochs a copy holds and how far, and what the copy itself must be (S5).

A manifest outlives its copy's usefulness: a restore declares missing what any manifest had more (S6).
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from central.errors import BackupCorrupt

SUFFIX = ".manifest.json"
FORMAT = 1
PIECE_BYTES = 1024 * 1024


class StreamMark(BaseModel):
    """An epoch in a copy: held up to `mark`, but for gaps; its place in the chain.

    `whole`: held up to there without a gap that is asked for; None in manifests of 0.1.0, which did not tell.
    """

    model_config = ConfigDict(frozen=True)
    gateway: str
    epoch: str
    previous_epoch: str | None
    previous_last: int
    ordinal: int
    mark: int
    claimed: int
    whole: int | None = None

    @property
    def safe(self) -> int:
        """What a card may delete once this copy is confirmed: a gap may be filled after the copy was made (S5)."""
        return self.mark if self.whole is None else self.whole


class Manifest(BaseModel):
    """What lies beside a copy. `server`: the identity of the database. `position`: records in its log."""

    model_config = ConfigDict(frozen=True)
    format: int = FORMAT
    release: str
    plant: str
    server: str
    engine: str
    made_at: float
    file: str
    bytes: int
    sha256: str
    position: int
    streams: tuple[StreamMark, ...]
    files: int = 0
    file_bytes: int = 0
    """Photos and instructions beside the copies when it was made; its records name them. None in manifests of 0.1.0."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A confirmed backup."""

    file: Path
    position: int
    bytes: int
    digest: str
    made_at: float


def flush(path: Path) -> None:
    """fsync of a file or a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file."""
    made = hashlib.sha256()
    with path.open("rb") as opened:
        while piece := opened.read(PIECE_BYTES):
            made.update(piece)
    return made.hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Whole or absent: the text carries its own digest, is flushed, and gets its name last."""
    body = manifest.model_dump_json()
    text = json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest(), "manifest": body})
    path = folder / (manifest.file + SUFFIX)
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.chmod(0o600)
    flush(partial)
    os.replace(partial, path)
    flush(folder)
    return path


def read_manifest(path: Path) -> Manifest:
    """Raises BackupCorrupt when it is not what was written."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        body = told["manifest"]
        if hashlib.sha256(body.encode()).hexdigest() != told["sha256"]:
            raise BackupCorrupt(f"{path} is damaged")
        return Manifest.model_validate_json(body)
    except (OSError, UnicodeDecodeError, KeyError, TypeError, AttributeError, ValidationError, ValueError) as fault:
        raise BackupCorrupt(f"{path}: {fault}") from fault


def check_copy(path: Path, manifest: Manifest) -> None:
    """Raises BackupCorrupt when the copy is not the one of the manifest."""
    if path.stat().st_size != manifest.bytes or digest_of_file(path) != manifest.sha256:
        raise BackupCorrupt(f"{path} is not the file that its manifest tells of")


def read_manifests(folder: Path, server: str) -> tuple[list[Manifest], list[Path]]:
    """(every good manifest of this server in the folder, those that cannot be read)."""
    good, bad = [], []
    for path in sorted(folder.glob("*" + SUFFIX)):
        try:
            found = read_manifest(path)
        except BackupCorrupt:
            bad.append(path)
            continue
        if found.server == server:
            good.append(found)
    return good, bad


def highest_marks(manifests: Iterable[Iterable[StreamMark]]) -> dict[tuple[str, str], StreamMark]:
    """For each epoch the entry with the highest mark."""
    found: dict[tuple[str, str], StreamMark] = {}
    for streams in manifests:
        for each in streams:
            key = (each.gateway, each.epoch)
            if key not in found or found[key].mark < each.mark:
                found[key] = each
    return found
