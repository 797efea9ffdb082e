"""One attempt to sign in at the provider, from the button to the way back.

All of it is worked out of one cookie and the server's secret: nothing is kept here, so nobody can fill anything, and
the way back works at whichever web process it comes to. Who has another cookie has another state.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import quote, unquote

from central.digits import whole_number
from central.oidc.limits import OIDC_ATTEMPT_SECONDS, OIDC_NEXT_CHARACTERS_MAX

TIME_DIGITS_MAX = 12


@dataclass(frozen=True, slots=True)
class Attempt:
    """`cookie`: what the browser keeps. `next`: the page to go on to. The others go to the provider."""

    cookie: str
    state: str
    nonce: str
    verifier: str
    next: str

    @property
    def challenge(self) -> str:
        """The verifier as the provider gets it (S256)."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())


def begin_attempt(key: bytes, next_page: str, now: float) -> Attempt:
    """A new one. `key`: the server's secret. A page with a very long address is not come back to."""
    page = quote(next_page, safe="/")
    page = page if len(page) <= OIDC_NEXT_CHARACTERS_MAX else ""
    return _attempt(key, f"{secrets.token_urlsafe(24)}.{int(now)}.{page}")


def read_attempt(key: bytes, cookie: str, now: float) -> Attempt | None:
    """The attempt of a cookie; None for what is none, or over. Only its `state` shows that it is the server's own."""
    parts = cookie.split(".", 2)
    if len(parts) != 3 or not cookie.isascii():
        return None
    begun = whole_number(parts[1], TIME_DIGITS_MAX)
    if begun is None or not begun - 1 <= now <= begun + OIDC_ATTEMPT_SECONDS:
        return None
    return _attempt(key, cookie)


def _attempt(key: bytes, cookie: str) -> Attempt:
    def derived(what: str) -> str:
        return _text(hmac.new(key, f"oidc {what}\n{cookie}".encode(), hashlib.sha256).digest())

    page = unquote(cookie.split(".", 2)[2])
    return Attempt(cookie, derived("state"), derived("nonce"), derived("verifier"), page)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
