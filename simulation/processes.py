"""A child process of a plant on one machine: started, watched, ended by its pid."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

READY_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 15.0
_PR_SET_PDEATHSIG = 1


class ProcessDied(Exception):
    """A process of the plant ended by itself."""


def lineside(*arguments: str) -> list[str]:
    """The command line of a `lineside` subcommand in this environment."""
    return [sys.executable, "-m", "gateway.cli", *arguments]


class Process:
    """One child. Its output goes to `log`; lines that begin with `ready_word` are remembered."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, ready_word: str = "", environment: Mapping[str, str] = {}
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self._ready_word = ready_word
        self._environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        self._child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._ready = threading.Event()
        self.ready_line = ""
        self.on_line: Callable[[str], None] = lambda line: None
        """Called with each line it prints, from the thread that reads them."""

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._child is not None
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only who ends the others in order."""
        # One that ended by itself has left its pipe open.
        self._end(signal.SIGTERM)
        self._ready.clear()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._child = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self._environment,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._reader = threading.Thread(target=self._copy, name=f"log-{self.name}", daemon=True)
        self._reader.start()

    def wait_ready(self, timeout_seconds: float = READY_SECONDS_MAX) -> str:
        """The line by which it said that it is ready. Raises ProcessDied with the end of its log."""
        deadline = time.monotonic() + timeout_seconds
        while not self._ready.wait(0.05):
            if not self.alive:
                raise ProcessDied(f"{self.name} ended with {self.code}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ProcessDied(f"{self.name} was not ready in {timeout_seconds:.0f} s:\n{self.tail()}")
        return self.ready_line

    @property
    def is_ready(self) -> bool:
        """Whether it has said so since it was started."""
        return self._ready.is_set()

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs."""
        return None if self._child is None else self._child.poll()

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> int | None:
        """SIGTERM, and SIGKILL for one that does not listen; the exit code."""
        self._end(signal.SIGTERM)
        return self.code

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _end(self, number: int) -> None:
        if self._child is None:
            return
        if self._child.poll() is None:
            self._child.send_signal(number)
        try:
            self._child.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._reader is not None:
            self._reader.join(5)
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _copy(self) -> None:
        assert self._child is not None and self._child.stdout is not None
        with self.log.open("a", encoding="utf-8") as file:
            for line in self._child.stdout:
                file.write(line)
                file.flush()
                self.on_line(line)
                if self._ready_word and line.startswith(self._ready_word):
                    self.ready_line = line.strip()
                    self._ready.set()


FOUND_SECONDS_MAX = 20.0


def wait_for(
    what: str, found: Callable[[], bool], seconds_max: float = FOUND_SECONDS_MAX, step_seconds: float = 0.05
) -> None:
    """Look again and again, at most so long. Raises ProcessDied that names what did not come."""
    deadline = time.monotonic() + seconds_max
    waiting = threading.Event()
    while not found():
        if time.monotonic() > deadline:
            raise ProcessDied(f"{what} did not come within {seconds_max:.0f} s")
        waiting.wait(step_seconds)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
