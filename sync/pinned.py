"""Connections over TLS that check the server's key by its pin, and bring the gateway's own certificate.

A pin needs neither a name nor a clock: a board without a battery believes it is 1970 until the network tells it better,
and must be able to enrol all the same.
"""

import logging
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from sync.certificate import pin_of
from sync.tls import causes

log = logging.getLogger("lineside.tls")


class PinWrong(ssl.SSLError):
    """The server has another key than the one that is pinned."""


def pinned_context() -> ssl.SSLContext:
    """Verifies nothing by itself: `PlantAdapter` compares the key before anything is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def pin_fault(error: BaseException) -> PinWrong | None:
    """The wrong pin somewhere below an error of the library."""
    return next((each for each in causes(error) if isinstance(each, PinWrong)), None)


class _Connection(HTTPSConnection):
    pins: ClassVar[frozenset[str]] = frozenset()
    client_file: ClassVar[str] = ""

    def connect(self) -> None:
        """Raises PinWrong before anything of a request is sent."""
        self._bring_certificate()
        super().connect()
        if not self.pins:
            return
        shown = self._shown_pin()
        if shown not in self.pins:
            self.close()
            raise PinWrong(f"the server's key is {shown or 'unreadable'}, not the one that is pinned")
        self.is_verified = True

    def _bring_certificate(self) -> None:
        """Read anew for each connection: a renewed one needs no restart. A file that cannot be used is left out: the
        token is still there, and another certificate is fetched with it."""
        if not self.client_file or self.ssl_context is None or not Path(self.client_file).is_file():
            return
        try:
            self.ssl_context.load_cert_chain(self.client_file)
        except (ssl.SSLError, OSError) as error:
            log.error("%s cannot be used: %s", self.client_file, error)

    def _shown_pin(self) -> str:
        found = self.sock.getpeercert(binary_form=True) if isinstance(self.sock, ssl.SSLSocket) else None
        try:
            return pin_of(found or b"")
        except ValueError:
            return ""


class PlantAdapter(HTTPAdapter):
    """Connections with a TLS context of our own. `pins`, `client_file`: see `HttpExchange`."""

    def __init__(self, context: ssl.SSLContext, pins: Sequence[str] = (), client_file: str = "") -> None:
        self._context = context
        members = {"pins": frozenset(pins), "client_file": client_file}
        connection = type("PlantConnection", (_Connection,), members)
        self._pool: Any = type("PlantPool", (HTTPSConnectionPool,), {"ConnectionCls": connection})
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """See HTTPAdapter."""
        super().init_poolmanager(*arguments, **options, ssl_context=self._context)
        found = self.poolmanager
        found.pool_classes_by_scheme = {**found.pool_classes_by_scheme, "https": self._pool}
