"""Where a channel may connect to: what a name resolves to is judged, and exactly that address is connected to.

So neither a name that points into the plant's network nor one that changes between two questions leads inside.
"""

import contextlib
import ipaddress
import socket
import threading
import time
from dataclasses import dataclass

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """This channel may not connect there. Says the host and never the whole address."""


@dataclass(frozen=True, slots=True)
class Guard:
    """`private`: addresses that are not of the public internet are allowed, as the channel's configuration says."""

    private: bool = False

    def connect(self, host: str, port: int, seconds_max: float, *, encrypted: bool) -> socket.socket:
        """A connected socket. Raises AddressRefused, or OSError where nothing answers.

        Without encryption only this machine itself is allowed.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise OSError("this can be no name") from None
        for *_, place in found:
            self._judge(host, ipaddress.ip_address(str(place[0]).partition("%")[0]), encrypted)
        until = time.monotonic() + seconds_max
        fault: OSError = OSError("the name has no address")
        for family, kind, protocol, _, place in found:
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(max(0.01, until - time.monotonic()))
                made.connect(place)
                made.settimeout(seconds_max)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as refused:
                made.close()
                fault = refused
            else:
                return made
        raise fault

    def _judge(self, host: str, address: IpAddress, encrypted: bool) -> None:
        inner = embedded(address)
        if inner.is_multicast or inner.is_unspecified:
            raise AddressRefused(f"{host} is no address of one machine")
        if not inner.is_global and not self.private:
            raise AddressRefused(f"{host} is in a private network, and the channel does not say `private = true`")
        if not encrypted and not (self.private and inner.is_loopback):
            raise AddressRefused(f"{host} is another machine, and nothing is sent there without TLS")


def embedded(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4 and NAT64; else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


class Trip:
    """One attempt's connection. It is cut when its time is over, however slowly answers drip.

    `connected`: with TLS where there is TLS, so that from now on something may have arrived.
    """

    def __init__(self, guard: Guard, seconds_max: float) -> None:
        self._guard = guard
        self._seconds_max = seconds_max
        self._twin: socket.socket | None = None
        self._timer = threading.Timer(seconds_max, self._cut)
        self._timer.daemon = True
        self.connected = False
        self.is_cut = False
        self.tls_fault = ""

    def open(self, host: str, port: int, *, encrypted: bool) -> socket.socket:
        """A guarded socket. Raises like `Guard.connect`."""
        made = self._guard.connect(host, port, self._seconds_max, encrypted=encrypted)
        # TLS takes the socket away from whoever held it; a twin of it still cuts the same connection.
        self._twin = made.dup()
        self._timer.start()
        return made

    def close(self) -> None:
        """The attempt is over."""
        self._timer.cancel()
        if self._twin is not None:
            self._twin.close()

    def _cut(self) -> None:
        self.is_cut = True
        with contextlib.suppress(OSError):
            if self._twin is not None:
                self._twin.shutdown(socket.SHUT_RDWR)
