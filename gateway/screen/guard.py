"""Who may speak to the station page: the Host allow-list, the Origin check, the CSRF token and the answer headers.

Pure but for the key and cookie values, which come in from outside.
"""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection

from floor.rights import Right, may
from gateway.view import GatewayView, StationView

COOKIE = "lineside_screen"
TOKEN_HEADER = "X-Lineside-Token"

ANSWER_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()",
}

_COOKIE_PATTERN = re.compile(r"[0-9a-f]{32}")
_HOST_PATTERN = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?")


class Guard:
    """The rules of one process. `key`: 32 random bytes made at start, so a token does not outlive the process.

    `hosts`: names beside localhost by which browsers may reach the page. An address is always allowed, because a
    page of another site can turn its own name to this machine (DNS rebinding) but cannot become an address.
    """

    def __init__(self, key: bytes, hosts: Collection[str] = ()) -> None:
        self._key = key
        self._hosts = {"localhost", *(host.lower().rstrip(".") for host in hosts)}

    def host_allowed(self, host: str) -> bool:
        """Whether a Host header names this machine: `name`, `name:port`, `1.2.3.4:80`, `[::1]:80`."""
        found = _HOST_PATTERN.fullmatch(host)
        if found is None:
            return False
        name = found[1].lower().rstrip(".")
        return name in self._hosts or _is_address(name.strip("[]"))

    def origin_allowed(self, origin: str, host: str, fetch_site: str) -> bool:
        """Whether a POST comes from our own page: Origin is there and is this host, as the browser itself says."""
        same = origin in (f"http://{host}", f"https://{host}")
        return same and fetch_site in ("", "same-origin")

    def token(self, cookie: str) -> str:
        """The CSRF token that belongs to a cookie; empty for a cookie that is none of ours."""
        if not self.cookie_valid(cookie):
            return ""
        return hmac.new(self._key, cookie.encode("ascii"), hashlib.sha256).hexdigest()

    def token_valid(self, cookie: str, token: str) -> bool:
        """Whether `token` was given out for `cookie` by this process, compared in constant time."""
        expected = self.token(cookie)
        return bool(expected) and hmac.compare_digest(expected.encode(), token.encode("utf-8", "replace"))

    def cookie_valid(self, cookie: str) -> bool:
        """Whether a cookie has the shape of ours: 32 hexadecimal digits."""
        return _COOKIE_PATTERN.fullmatch(cookie) is not None


def set_up_person(view: GatewayView, station: StationView, address: str) -> str | None:
    """Who may set up this station now: the current person, when they are a maintainer; None: nobody.

    While master data names no maintainer, whoever stands at the gateway itself may: an empty person, from loopback.
    """
    current = station.people[-1] if station.people else None
    if current is not None and may(current.roles, Right.SET_UP):
        return current.person
    first = not view.maintainers and _is_loopback(address)
    return (current.person if current is not None else "") if first else None


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
