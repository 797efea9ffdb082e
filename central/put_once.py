"""Files that several processes may want to make at once: made by one of them, or put in place whole."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def put_once(path: Path, content: bytes) -> None:
    """The whole content or nothing, for this user alone; where somebody was faster theirs stays. Raises OSError."""
    with _draft(path, content, 0o600) as draft, suppress(FileExistsError):
        os.link(draft, path)


def put_instead(path: Path, content: bytes, mode: int) -> None:
    """The whole content, in the place of what was there, whatever is cut meanwhile. Raises OSError."""
    with _draft(path, content, mode) as draft:
        os.replace(draft, path)


@contextmanager
def _draft(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """The content under another name beside it. What is done with it is on the disk at the end."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
