"""A socket in the gateway's folder where the update agent of the same user asks how the station is.

Two words are understood, each a line: `status`, and `restart`, which ends the process in order unless somebody is in
the midst of something. The answer is one line of JSON. Nothing here is on the way of a scan (I6).
"""

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway import limits

NAME = "gateway.sock"
LOOK_SECONDS = 0.5
ANSWER_SECONDS_MAX = 5.0
ANSWER_BYTES_MAX = 64 * 1024

log = logging.getLogger("lineside.local")


class LocalSocket:
    """`status`: what is told. `restart`: asks for an orderly end; answers why not, or an empty text."""

    def __init__(self, folder: Path, status: Callable[[], Mapping[str, Any]], restart: Callable[[], str]) -> None:
        self._folder, self._status, self._restart = folder, status, restart
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Listen. A folder that takes no socket costs updates, not scans."""
        try:
            listener = _bound(self._folder)
        except OSError as error:
            log.error("the update agent cannot ask this gateway: %s", error)
            return
        self._thread = threading.Thread(target=self._run, args=(listener,), name="local", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End. Idempotent."""
        self._closing.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(2 * LOOK_SECONDS)

    def _run(self, listener: socket.socket) -> None:
        with listener:
            while not self._closing.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection, suppress(OSError):
                    connection.settimeout(ANSWER_SECONDS_MAX)
                    self._answer(connection)
        with suppress(OSError):
            (self._folder / NAME).unlink()

    def _answer(self, connection: socket.socket) -> None:
        word = connection.recv(limits.UPDATE_ASKED_BYTES_MAX).decode("ascii", "replace").strip()
        if word == "status":
            told: Mapping[str, Any] = self._status()
        elif word == "restart":
            told = {"refused": self._restart()}
        else:
            told = {"refused": "only status and restart are understood"}
        connection.sendall(json.dumps(told).encode() + b"\n")


def ask(folder: Path, word: str) -> object:
    """The answer of the gateway in that folder; None when nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS_MAX)
            _at(folder, connection.connect)
            connection.sendall(word.encode() + b"\n")
            pieces, size = [], 0
            while (piece := connection.recv(64 * 1024)) and size < ANSWER_BYTES_MAX:
                pieces.append(piece)
                size += len(piece)
        answer: object = json.loads(b"".join(pieces))
    except (OSError, ValueError):
        return None
    return answer


def _bound(folder: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # One process has the folder (its journal is locked), so what lies there is of one that was killed.
        (folder / NAME).unlink(missing_ok=True)
        _at(folder, listener.bind)
        os.chmod(folder / NAME, 0o600)
        listener.listen(4)
        listener.settimeout(LOOK_SECONDS)
    except OSError:
        listener.close()
        raise
    return listener


def _at(folder: Path, act: Callable[[str], None]) -> None:
    """By way of an open folder: the path of a socket has room for 107 bytes only."""
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        act(f"/proc/self/fd/{opened}/{NAME}")
    finally:
        os.close(opened)
