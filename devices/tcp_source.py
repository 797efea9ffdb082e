"""Scanners on the network: one that the station connects to, and those that connect to the station."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Mapping
from typing import Final

from devices.clock import Clock
from devices.errors import DeviceGone
from devices.limits import CROWDED_REMARK_SECONDS, PEERS_PER_READ_MAX, READ_BYTES_MAX
from devices.lines import LineDecoder
from devices.port_source import PortSource
from devices.settings import TcpClientSettings, TcpServerSettings, checked
from devices.tcp_tuning import tune
from devices.types import Decoder, Frame, MessageEvent, Source

_NEVER: Final = float("inf")


class TcpClientSource(PortSource):
    """Connects to a scanner; the reader connects again when the scanner is gone."""

    def __init__(self, name: str, settings: TcpClientSettings, clock: Clock) -> None:
        super().__init__(name, clock)
        self._settings = settings
        self._socket: socket.socket | None = None
        self._heard_at = 0.0

    def _connect(self) -> str:
        host, port = self._settings.host, self._settings.port
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        fault = self._socket.connect_ex(address)
        if fault == errno.EINPROGRESS:
            timeout = self._settings.connect_timeout_seconds
            if not self._watch.wait((), timeout, writable=(self._socket.fileno(),)):
                raise DeviceGone(f"{host}:{port} does not answer.")
            fault = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if fault:
            raise DeviceGone(f"{host}:{port}: {os.strerror(fault)}")
        tune(self._socket, self._settings.keepalive_seconds)
        self._heard_at = self._clock()
        return f"{host}:{port}"

    def read(self, timeout_seconds: float) -> Frame | None:
        """As PortSource.read; with a heartbeat configured, silence beyond it is DeviceGone."""
        idle = self._settings.idle_seconds or _NEVER
        left = self._heard_at + idle - self._clock()
        frame = super().read(min(timeout_seconds, max(0.0, left)))
        if frame is None and self._clock() - self._heard_at >= idle:
            raise DeviceGone(f"The scanner has been silent for {idle:g} s.")
        return frame

    def _descriptors(self) -> list[int]:
        return [self._opened().fileno()]

    def _drain(self, ready: frozenset[int]) -> list[Frame]:
        data = self._opened().recv(READ_BYTES_MAX)
        if not data:
            raise DeviceGone("The scanner closed the connection.")
        self._heard_at = self._clock()
        return [Frame(self.name, self._heard_at, data)]

    def _disconnect(self) -> None:
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise DeviceGone("The connection is closed.")
        return self._socket


class _Peer:
    """One connected scanner."""

    __slots__ = ("connection", "heard_at", "name")

    def __init__(self, connection: socket.socket, name: str, heard_at: float) -> None:
        self.connection = connection
        self.name = name
        self.heard_at = heard_at


class TcpServerSource(PortSource):
    """Listens; each peer's frames carry the peer: `dock:127.0.0.1:5501`. One peer more than allowed is turned away."""

    def __init__(self, name: str, settings: TcpServerSettings, clock: Clock) -> None:
        super().__init__(name, clock)
        self._settings = settings
        self._allowed = [ipaddress.ip_network(network, strict=False) for network in settings.allowed]
        self._listener: socket.socket | None = None
        self._peers: dict[int, _Peer] = {}
        self._remarked_at = -_NEVER
        self.address: tuple[str, int] = (settings.host, settings.port)

    def _connect(self) -> str:
        family, kind, protocol, _, address = socket.getaddrinfo(
            self._settings.host, self._settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        self._listener = socket.socket(family, kind, protocol)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setblocking(False)
        self._listener.bind(address)
        self._listener.listen(self._settings.peers_max)
        host, port = self._listener.getsockname()[:2]
        self.address = (host, port)
        return f"{host}:{port}"

    def read(self, timeout_seconds: float) -> Frame | None:
        """As PortSource.read; peers that were silent for too long are let go first."""
        idle = self._settings.idle_seconds
        if idle:
            self._let_silent_go(idle)
            oldest = min((peer.heard_at for peer in tuple(self._peers.values())), default=_NEVER)
            timeout_seconds = min(timeout_seconds, max(0.0, oldest + idle - self._clock()))
        return super().read(timeout_seconds)

    def _descriptors(self) -> list[int]:
        if self._listener is None:
            raise DeviceGone("The port is closed.")
        return [self._listener.fileno(), *self._peers]

    def _drain(self, ready: frozenset[int]) -> list[Frame]:
        frames = [frame for descriptor in ready if (frame := self._hear(descriptor)) is not None]
        if self._listener is not None and self._listener.fileno() in ready:
            frames += self._welcome(self._listener)
        return frames

    def _hear(self, descriptor: int) -> Frame | None:
        peer = self._peers.get(descriptor)
        if peer is None:
            return None
        try:
            data = peer.connection.recv(READ_BYTES_MAX)
        except BlockingIOError:
            return None
        except OSError:
            # A reset peer is a peer that left; the port goes on listening and the scanner connects again.
            data = b""
        if not data:
            self._let_go(descriptor)
            return None
        peer.heard_at = self._clock()
        return Frame(peer.name, peer.heard_at, data)

    def _welcome(self, listener: socket.socket) -> list[Frame]:
        remarks: list[Frame] = []
        for _ in range(PEERS_PER_READ_MAX):
            try:
                connection, address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                break
            host, port = address[:2]
            why = self._unwelcome(host)
            if why:
                connection.close()
                remarks += self._remark(why, f"{host}:{port}")
                continue
            connection.setblocking(False)
            tune(connection, self._settings.keepalive_seconds)
            self._peers[connection.fileno()] = _Peer(connection, f"{self.name}:{host}:{port}", self._clock())
        return remarks

    def _unwelcome(self, host: str) -> str:
        address = ipaddress.ip_address(host.partition("%")[0])
        if self._allowed and not any(address in network for network in self._allowed):
            return "not allowed"
        return "too many scanners" if len(self._peers) >= self._settings.peers_max else ""

    def _remark(self, why: str, peer: str) -> list[Frame]:
        """Say that a peer was turned away, once in a while: a flood of connections must not become one of events."""
        now = self._clock()
        if now - self._remarked_at < CROWDED_REMARK_SECONDS:
            return []
        self._remarked_at = now
        return [Frame(self.name, now, MessageEvent(f"{why}: {peer}".encode()))]

    def _let_silent_go(self, idle_seconds: float) -> None:
        with self._lock:
            now = self._clock()
            for descriptor in [d for d, peer in self._peers.items() if now - peer.heard_at >= idle_seconds]:
                self._let_go(descriptor)

    def _let_go(self, descriptor: int) -> None:
        self._peers.pop(descriptor).connection.close()

    def _disconnect(self) -> None:
        for descriptor in list(self._peers):
            self._let_go(descriptor)
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()


def build_client(name: str, settings: Mapping[str, object], clock: Clock) -> tuple[Source, Decoder]:
    """The kind `tcp_client`."""
    given = checked(TcpClientSettings, settings)
    return TcpClientSource(name, given, clock), LineDecoder(given.label_rules())


def build_server(name: str, settings: Mapping[str, object], clock: Clock) -> tuple[Source, Decoder]:
    """The kind `tcp_server`."""
    given = checked(TcpServerSettings, settings)
    return TcpServerSource(name, given, clock), LineDecoder(given.label_rules())
