"""Running programs that make file systems: whole output on a failure, nothing left behind when one is given up."""

import fcntl
import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

MAKE_SECONDS_MAX = 7_200.0
"""An arm64 root file system is made by emulated programs: minutes of processor time, hours on a busy machine."""
ENDING_SECONDS_MAX = 60.0


def run(
    *command: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    standard_input: bytes | None = None,
    seconds: float = MAKE_SECONDS_MAX,
) -> str:
    """A program's output. Raises RuntimeError with all it said. What it started ends with it, also on a failure."""
    words = [str(part) for part in command]
    child = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL if standard_input is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={**os.environ, **environment} if environment else None,
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(standard_input, timeout=seconds)
    except BaseException:
        end_group(child)
        raise
    text = said.decode("utf-8", "replace")
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}:\n{text[-4000:]}")
    return text


def end_group(child: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """SIGTERM first: a maker of file systems must take down its own mounts."""
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.communicate(timeout=ENDING_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def recipe_name(*parts: str | bytes) -> str:
    """A short name for everything that goes into a thing: what has the same name need not be made again."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        whole.update(len(content).to_bytes(8, "big") + content)
    return whole.hexdigest()[:16]


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """A folder of things that take long to make, for one run at a time. Raises RuntimeError when another run has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"another run uses {folder}") from None
        yield folder
