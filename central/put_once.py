"""A file that several processes may want to make: one of them does, and all of them use that one."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def put_once(path: Path, content: bytes) -> None:
    """The whole content or nothing, for this user alone; where somebody was faster theirs stays. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
