"""Real server processes for tests: started as a maintainer starts them, waited for by their own words."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

READY_SECONDS_MAX = 60.0


class ServerProcess:
    """`lineside central COMMAND --config FILE` of a plant, ended by its pid."""

    def __init__(self, command: str, config: Path, *more: str) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self.told: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "central", command, "--config", str(config), *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line that matches."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            for line in self.told:
                found = re.search(pattern, line)
                if found:
                    return found
            try:
                self.told.append(self._lines.get(timeout=max(0.01, min(0.5, deadline - time.monotonic()))))
            except queue.Empty:
                if time.monotonic() > deadline or (self.process.poll() is not None and self._lines.empty()):
                    raise AssertionError(f"{pattern!r} did not come:\n{''.join(self.told)}") from None

    def kill(self) -> None:
        """As a power cut does it."""
        self.process.send_signal(signal.SIGKILL)
        self._end()

    def stop(self) -> int:
        """In order; returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self._end()

    def _end(self) -> int:
        status = self.process.wait(30)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def write_config(folder: Path, *, database: str = "", extra: str = "") -> Path:
    """A configuration file for a plant in `folder`."""
    path = folder / "central.toml"
    lines = [f'folder = "{folder / "central"}"', "port = 0", "threads = 24"]
    if database:
        lines.append(f'database = "{database}"')
    path.write_text("\n".join(lines) + "\n" + extra)
    path.chmod(0o600)
    return path
