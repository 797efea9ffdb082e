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
    path: Path, content: bytes, mode: int = 0o666, check: Callable[[Path], object] = lambda draft: None
) -> None:
    """Whole or not at all, whatever is cut. `mode`: who may read it, less what the process denies. `check` looks at the
    draft; what it raises leaves the earlier file. Raises OSError."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        check(draft)
    except Exception:
        # Half a file is of no use, and on a full card what it takes is needed to drain the journal.
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    os.replace(draft, path)
    flush(path.parent)


def write_secret(path: Path, text: str) -> None:
    """The same, for this user alone."""
    write_durably(path, text.encode(), 0o600)
