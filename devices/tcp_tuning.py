"""Noticing a scanner whose cable was cut: keep-alive probes and a bound on unacknowledged data."""

from __future__ import annotations

import socket
from typing import Final

KEEPALIVE_PROBES: Final = 3
KEEPALIVE_INTERVAL_SECONDS: Final = 2


def tune(connection: socket.socket, keepalive_seconds: int) -> None:
    """A dead peer ends the connection after about keepalive_seconds + 6 seconds instead of two hours."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, keepalive_seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
    limit = (keepalive_seconds + KEEPALIVE_PROBES * KEEPALIVE_INTERVAL_SECONDS) * 1000
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit)
