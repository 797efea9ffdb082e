"""Putting this gateway's own credential on its card: made by the server for it alone, readable by its user alone."""

import os
from pathlib import Path

from sync.enrol import enrol


def enrol_here(url: str, gateway_name: str, code: str, folder: Path, ca_file: Path | None = None) -> Path:
    """Exchange the code and keep the token in `folder`/token with mode 0600; its path. Raises sync's errors."""
    enrolled = enrol(url, gateway_name, code, ca_file=str(ca_file or ""))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "token"
    aside = folder / "token.new"
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(enrolled.token + "\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    return path
