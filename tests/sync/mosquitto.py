"""A mosquitto of our own: a child process on a free loopback port, which can be killed and started again."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
START_SECONDS_MAX = 20.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Mosquitto:
    """`lines`: more configuration, for example a password file or certificates."""

    def __init__(self, folder: Path, lines: tuple[str, ...] = ("allow_anonymous true",), port: int = 0) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        user = pwd.getpwuid(os.geteuid()).pw_name
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            "\n".join(
                (
                    f"listener {self.port} 127.0.0.1",
                    f"user {user}",
                    "persistence true",
                    f"persistence_location {folder}/",
                    "autosave_interval 1",
                    "max_queued_messages 0",
                    f"log_dest file {folder}/mosquitto.log",
                    "log_type error",
                    "log_type warning",
                    *lines,
                    "",
                )
            )
        )

    def start(self) -> "Mosquitto":
        self._process = subprocess.Popen(
            [PROGRAM, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"mosquitto did not start: {self.log()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """As a power cut of the broker's machine, but for what is in the kernel."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def log(self) -> str:
        path = self._folder / "mosquitto.log"
        return path.read_text() if path.exists() else ""

    def __enter__(self) -> "Mosquitto":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
