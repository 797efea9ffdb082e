"""A TCP proxy that cuts, heals and freezes on command: a network outage that can be switched by hand.

`cut()` resets what is open and refuses what comes; `freeze()` keeps connections open and moves nothing, as a dead
router does; `heal()` lets all pass again. Threads and sockets only; `close()` ends all of them.
"""

import contextlib
import select
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["pass", "cut", "freeze", "drop_reply"]
Way = Literal["up", "down"]

_PIECE_BYTES: Final = 64 * 1024
_TICK_SECONDS: Final = 0.05
_CONNECT_SECONDS_MAX: Final = 5.0
_RESET: Final = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class CutCounters:
    """What went through: connections accepted, refused, and bytes each way."""

    connections: int = 0
    refused: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


class CutProxy:
    """Listens on `listen_port` of loopback (0: any free one, see `port`) and forwards to the target."""

    def __init__(self, listen_port: int, target_host: str, target_port: int, listen_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self.counters = CutCounters()
        self._mode: Mode = "pass"
        self._closing = False
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((listen_host, listen_port))
        self._listener.settimeout(_TICK_SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def mode(self) -> Mode:
        """What happens to bytes now."""
        return self._mode

    def cut(self) -> None:
        """Reset every connection, and each new one, until healed."""
        self._mode = "cut"
        self.reset()

    def freeze(self) -> None:
        """Half-open: connections stay and new ones are accepted, but nothing moves any more."""
        self._mode = "freeze"

    def drop_replies(self) -> None:
        """Forward what comes from clients and swallow every answer."""
        self._mode = "drop_reply"

    def heal(self) -> None:
        """Let all pass. Connections that were frozen go on with what was held up."""
        self._mode = "pass"

    def reset(self) -> None:
        """Reset the connections that are open now, whatever the mode."""
        with self._lock:
            now_open = set(self._open)
        for each in now_open:
            _abort(each)

    def close(self) -> None:
        """End every connection and thread."""
        self._closing = True
        self.reset()
        for thread in list(self._threads):
            thread.join(_CONNECT_SECONDS_MAX + 1)
        self._listener.close()

    def __enter__(self) -> "CutProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            if self._mode == "cut":
                self.counters.refused += 1
                _abort(client)
                client.close()
                continue
            self.counters.connections += 1
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, timeout=_CONNECT_SECONDS_MAX)
        except OSError:
            _abort(client)
            client.close()
            return
        with self._lock:
            self._open |= {client, server}
        try:
            self._forward(client, server)
        except OSError:
            _abort(client)
            _abort(server)
        finally:
            with self._lock:
                self._open -= {client, server}
            client.close()
            server.close()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        """Both ways in one thread, until one side ends or is reset."""
        for each in (client, server):
            each.settimeout(_CONNECT_SECONDS_MAX)
        while not self._closing and self.mode != "cut":
            if self.mode == "freeze":
                select.select([], [], [], _TICK_SECONDS)
                continue
            readable, _, _ = select.select([client, server], [], [], _TICK_SECONDS)
            if self.mode in ("pass", "drop_reply") and not self._move_all(readable, client, server):
                return
        _abort(client)
        _abort(server)

    def _move_all(self, readable: list[socket.socket], client: socket.socket, server: socket.socket) -> bool:
        return all(
            self._move(each, server if each is client else client, "up" if each is client else "down")
            for each in readable
        )

    def _move(self, origin: socket.socket, goal: socket.socket, way: Way) -> bool:
        piece = origin.recv(_PIECE_BYTES)
        if not piece:
            return False
        if way == "up":
            self.counters.bytes_up += len(piece)
        else:
            self.counters.bytes_down += len(piece)
        if self._mode == "drop_reply" and way == "down":
            return True
        goal.sendall(piece)
        return True


def _abort(connection: socket.socket) -> None:
    """Make the close a reset, and wake whoever waits on it. The owner's thread closes it."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RDWR)
