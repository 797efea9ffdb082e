"""Kind `socket_scanner`: a program listens on a Unix socket and sends labels, one a line."""

import socket
from collections.abc import Mapping

from pydantic import Field

from devices.interface import Clock, Decoder, DeviceGone, Frame, LineDecoder, LineSettings, PortSource, Source, checked

READ_BYTES_MAX = 4096
CONNECT_SECONDS_MAX = 3.0


class SocketScannerSettings(LineSettings):
    """A scanner program on this machine."""

    path: str = Field(min_length=1, max_length=100, description="The socket that the program listens on.")


class SocketSource(PortSource):
    """Connects, and reads what comes."""

    def __init__(self, name: str, path: str, clock: Clock) -> None:
        super().__init__(name, clock)
        self._path = path
        self._socket: socket.socket | None = None

    def _connect(self) -> str:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(CONNECT_SECONDS_MAX)
        self._socket.connect(self._path)
        self._socket.setblocking(False)
        return self._path

    def _descriptors(self) -> list[int]:
        return [self._opened().fileno()]

    def _drain(self, ready: frozenset[int]) -> list[Frame]:
        data = self._opened().recv(READ_BYTES_MAX)
        if not data:
            raise DeviceGone("The program closed its socket.")
        return [Frame(self.name, self._clock(), data)]

    def _disconnect(self) -> None:
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise DeviceGone("The socket is closed.")
        return self._socket


def build(name: str, settings: Mapping[str, object], clock: Clock) -> tuple[Source, Decoder]:
    """A source that is not connected yet, and the decoder of its lines."""
    given = checked(SocketScannerSettings, settings)
    return SocketSource(name, given.path, clock), LineDecoder(given.label_rules())
