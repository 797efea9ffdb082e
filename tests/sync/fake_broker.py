"""A broker of one's own that counts: how many QoS 1 messages are unacknowledged on a connection, and how it answers.

It speaks as much MQTT 3.1.1 and 5 as a publisher needs.
"""

import socket
import struct
import threading
from types import TracebackType


class FakeBroker:
    """`hold`: acknowledge nothing. `puback_reason`: for MQTT 5. `connack`, `suback`: the code of the
    answer to CONNECT, and to each topic of a SUBSCRIBE."""

    def __init__(self, version: int = 4) -> None:
        self.version = version
        self.hold = False
        self.puback_reason = 0
        self.connack = 0
        self.suback = 0
        self.receive_maximum = 0
        self.window_seen = 0
        self.connections = 0
        self.payloads: list[bytes] = []
        self.duplicates_flagged = 0
        self._closing = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self._start(threading.Thread(target=self._accept, daemon=True))

    def _start(self, thread: threading.Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def drop_all(self) -> None:
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._open.discard(each)

    def __enter__(self) -> "FakeBroker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self.drop_all()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._open.add(connection)
            self._start(threading.Thread(target=self._serve, args=(connection,), daemon=True))

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        unacknowledged: set[int] = set()
        try:
            while (head := stream.read(1)) and self._answer(connection, head[0], self._rest(stream), unacknowledged):
                pass
        except (OSError, struct.error, IndexError):
            pass
        finally:
            self._open.discard(connection)
            stream.close()
            connection.close()

    def _rest(self, stream: "socket.SocketIO | object") -> bytes:
        size, shift = 0, 0
        while True:
            byte = stream.read(1)[0]  # type: ignore[union-attr]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                rest: bytes = stream.read(size)  # type: ignore[union-attr]
                return rest

    def _answer(self, connection: socket.socket, head: int, body: bytes, unacknowledged: set[int]) -> bool:
        kind = head >> 4
        if kind == 1:
            connection.sendall(self._connack())
        elif kind == 3:
            self._publish(connection, head, body, unacknowledged)
        elif kind == 8:
            connection.sendall(self._suback(body))
        elif kind == 12:
            connection.sendall(b"\xd0\x00")
        return kind != 14

    def _connack(self) -> bytes:
        if self.version == 4:
            return bytes((0x20, 2, 0, self.connack))
        properties = b"\x21" + struct.pack("!H", self.receive_maximum) if self.receive_maximum else b""
        body = bytes((0, self.connack, len(properties))) + properties
        return bytes((0x20, len(body))) + body

    def _suback(self, body: bytes) -> bytes:
        place = 2 if self.version == 4 else 3 + body[2]
        codes = b""
        while place < len(body):
            place += 3 + int(struct.unpack("!H", body[place : place + 2])[0])
            codes += bytes((self.suback,))
        answer = body[:2] + (b"" if self.version == 4 else b"\x00") + codes
        return bytes((0x90, len(answer))) + answer

    def _publish(self, connection: socket.socket, head: int, body: bytes, unacknowledged: set[int]) -> None:
        topic_size = struct.unpack("!H", body[:2])[0]
        ticket = struct.unpack("!H", body[2 + topic_size : 4 + topic_size])[0]
        self.duplicates_flagged += bool(head & 0x08)
        unacknowledged.add(ticket)
        self.window_seen = max(self.window_seen, len(unacknowledged))
        self.payloads.append(body[(4 if self.version == 4 else 5) + topic_size :])
        if self.hold:
            return
        unacknowledged.discard(ticket)
        if self.version == 4 or not self.puback_reason:
            connection.sendall(b"\x40\x02" + struct.pack("!H", ticket))
        else:
            connection.sendall(b"\x40\x03" + struct.pack("!HB", ticket, self.puback_reason))
