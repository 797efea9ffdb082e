"""One POST or GET to a provider: guarded, verified, bounded in time and size, no redirect, and honest about what got
through.

Each goes over a connection of its own. On a kept one nobody can tell whether a request that met its end has arrived.
"""

import email.utils
import logging
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from central.channels.guard import AddressRefused, Guard, Trip
from central.channels.port import BAD_ADDRESS, BAD_TLS, NO_ANSWER, NO_CONNECTION, STRANGE_ANSWER, Outcome
from central.channels.words import json_object, told
from central.limits import CHANNEL_REPLY_BYTES_MAX, RETRY_AFTER_SECONDS_MAX

LIMITED_SECONDS = 60.0
"""How long to wait where a provider says `too fast` and no time."""
BUSY_SECONDS = 30.0
"""The same where it says that it is busy or down."""

# At its finest level this log names each request's address, and a robot's address is its password.
logging.getLogger("urllib3.connectionpool").addFilter(lambda record: record.levelno > logging.DEBUG)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `body`: what was read of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The object in the body; empty for anything else."""
        return json_object(self.body)


class _Guarded(HTTPConnection):
    trip: Trip

    def _new_conn(self) -> socket.socket:
        return self.trip.open(self._dns_host, self.port or 80, encrypted=False)

    def connect(self) -> None:
        super().connect()
        self.trip.connected = True


class _GuardedTls(HTTPSConnection):
    trip: Trip

    def _new_conn(self) -> socket.socket:
        return self.trip.open(self._dns_host, self.port or 443, encrypted=True)

    def connect(self) -> None:
        try:
            super().connect()
        except ssl.SSLError as fault:
            self.trip.tls_fault = getattr(fault, "verify_message", "") or fault.reason or "no TLS"
            raise
        self.trip.connected = True


def _adapter(trip: Trip) -> HTTPAdapter:
    plain = type("_Plain", (_Guarded,), {"trip": trip})
    tls = type("_Tls", (_GuardedTls,), {"trip": trip})
    adapter = HTTPAdapter(max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {
        "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("_TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }
    return adapter


@dataclass(frozen=True, slots=True)
class Poster:
    """How a channel posts. `ca_file`: certificates to trust instead of the public ones. `bytes_max`: of an answer."""

    guard: Guard
    seconds_max: float
    ca_file: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    bytes_max: int = CHANNEL_REPLY_BYTES_MAX

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply | Outcome:
        """The answer, or what became of the attempt without one. Never raises for what the network does."""
        return self._asked("POST", url, body, headers)

    def get(self, url: str, headers: Mapping[str, str]) -> Reply | Outcome:
        """The same for a GET."""
        return self._asked("GET", url, None, headers)

    def _asked(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply | Outcome:
        trip = Trip(self.guard, self.seconds_max)
        try:
            reply = self._sent(trip, method, url, body, headers)
            # To its reader an answer that we cut ourselves looks like a short one.
            return _lost(trip) if trip.is_cut else reply
        except AddressRefused as refused:
            return Outcome("refused", BAD_ADDRESS, told(str(refused), self.secrets))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            # The words of these hold the address, and so the robot's password: none of them is repeated.
            return _lost(trip)
        finally:
            trip.close()

    def _sent(
        self, trip: Trip, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply | Outcome:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _adapter(trip))
        session.mount("http://", _adapter(trip))
        # Not compressed: a small answer must not grow to a large one.
        sent = {"User-Agent": "lineside", "Accept-Encoding": "identity", "Connection": "close", **headers}
        with (
            session,
            session.request(
                method,
                url,
                data=body,
                headers=sent,
                timeout=self.seconds_max,
                allow_redirects=False,
                stream=True,
                verify=str(self.ca_file) if self.ca_file else True,
            ) as answer,
        ):
            read = b""
            # Until nothing more comes: only then does an answer that broke off show itself as such.
            while len(read) <= self.bytes_max and (piece := answer.raw.read(8_192, decode_content=False)):
                read += piece
            if len(read) > self.bytes_max:
                return Outcome("unknown", STRANGE_ANSWER, f"HTTP {answer.status_code} with an answer without end")
            return Reply(answer.status_code, answer.headers, read)


def _lost(trip: Trip) -> Outcome:
    if trip.connected:
        return Outcome("unknown", NO_ANSWER, "it was sent, and no whole answer came")
    if trip.tls_fault:
        return Outcome("unreachable", BAD_TLS, told(trip.tls_fault))
    return Outcome("unreachable", NO_CONNECTION, "no connection")


def by_status(reply: Reply, now: float, secrets: tuple[str, ...] = ()) -> Outcome | None:
    """What the status alone says; None for 2xx, where only the body tells more. `now`: seconds since 1970."""
    status, code = reply.status, str(reply.status)
    if 200 <= status < 300:
        return None
    words = told(f"HTTP {status} {_words(reply)}", secrets)
    if status == 429:
        return Outcome("limited", code, words, retry_after_seconds=retry_after(reply, now, LIMITED_SECONDS))
    if status == 503:
        return Outcome("limited", code, words, retry_after_seconds=retry_after(reply, now, BUSY_SECONDS))
    if status == 408 or status >= 500:
        # Something between may have lost the provider's answer.
        return Outcome("unknown", code, words)
    return Outcome("refused", code, words)


def _words(reply: Reply) -> str:
    answer = reply.json()
    for name in ("errmsg", "msg", "error", "message", "reason", "title"):
        if isinstance(answer.get(name), str):
            return str(answer[name])
    plain = reply.headers.get("Content-Type", "").startswith("text/plain")
    return reply.body.decode(errors="replace") if plain else ""


def retry_after(reply: Reply, now: float, otherwise: float) -> float:
    """Seconds of the header Retry-After, given as seconds or as a date; at least one, bounded."""
    given = reply.headers.get("Retry-After", "").strip()
    if given.isascii() and given.isdigit():
        return min(max(float(given[:9]), 1.0), RETRY_AFTER_SECONDS_MAX)
    try:
        until = email.utils.parsedate_to_datetime(given).timestamp()
    except (ValueError, OverflowError):
        return otherwise
    return min(max(until - now, 1.0), RETRY_AFTER_SECONDS_MAX)
