"""What makes a file or a name outlive a power cut."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """fsync of a file or a folder. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
