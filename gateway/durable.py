"""What makes a file or a name outlive a power cut."""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


def flush(path: Path) -> None:
    """fsync of a file or a folder. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest_of_file(path: Path) -> str:
    """SHA-256 of what lies there, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file; empty where there is none or it cannot be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_durably(
    path: Path,
    content: bytes,
    mode: int = 0o666,
    check: Callable[[Path], object] = lambda draft: None,
    reserved: bool = False,
) -> None:
    """Whole or not at all, whatever is cut. `mode`: who may read it, less what the process denies. `check` looks at the
    draft; what it raises leaves the earlier file. `reserved`: see `reserve`. Raises OSError."""
    draft = _draft_of(path)
    try:
        _write_draft(draft, content, mode, reserved)
        check(draft)
    except Exception:
        # Half a file is of no use, and on a full card what it takes is needed to drain the journal.
        give_back(path)
        raise
    os.replace(draft, path)
    flush(path.parent)


def reserve(path: Path, size: int) -> None:
    """Take the room that a secret will need, and flush it: a card that is full or cannot be written says so before
    something is asked for that is given once. Raises OSError."""
    try:
        _write_draft(_draft_of(path), bytes(size), 0o600, reserved=False)
    except Exception:
        give_back(path)
        raise


def give_back(path: Path) -> None:
    """The room that was not needed after all."""
    with suppress(OSError):
        _draft_of(path).unlink(missing_ok=True)


def _draft_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _write_draft(draft: Path, content: bytes, mode: int, reserved: bool) -> None:
    flags = os.O_WRONLY | os.O_NOFOLLOW
    if not reserved:
        draft.unlink(missing_ok=True)
        flags |= os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(draft, flags, mode), "wb") as file:
        _give_to_owner(file.fileno(), draft.parent)
        # Over what was reserved, so that no new block is needed.
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _give_to_owner(handle: int, folder: Path) -> None:
    """What root writes into the service's folder is the service's: a maintainer's shell is root's, and a credential
    that the service cannot read is none."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.fchown(handle, owner.st_uid, owner.st_gid)


def write_secret(path: Path, text: str, reserved: bool = False) -> None:
    """The same, for this user alone."""
    write_durably(path, text.encode(), 0o600, reserved=reserved)
