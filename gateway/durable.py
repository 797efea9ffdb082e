"""What makes a file or a name outlive a power cut."""

import hashlib
import json
import os
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


def write_durably(path: Path, content: bytes) -> None:
    """Whole or not at all, whatever is cut. Raises OSError."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    flush(draft)
    os.replace(draft, path)
    flush(path.parent)
