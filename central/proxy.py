"""What a proxy says of who asks, believed from the one proxy that the configuration names and from nobody else."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Request
from waitress.proxy_headers import proxy_headers_middleware

from central.credentials import Shown

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

SERIAL = "HTTP_LINESIDE_CLIENT_SERIAL"
VERIFY = "HTTP_LINESIDE_CLIENT_VERIFY"
"""The headers Lineside-Client-Serial and Lineside-Client-Verify of systemd/nginx-lineside.conf."""

KEY = "lineside.certificate"
"""Where a request carries what was believed. No header of a client can have such a name."""

SERIAL_CHARACTERS_MAX = 48
FAULT_CHARACTERS_MAX = 200


def behind(trusted: str, inner: Application) -> Application:
    """The application behind the proxy at the address `trusted`; empty: there is none, and nobody's headers count.

    X-Forwarded-For and -Proto of others stay as they are: they believe nothing, and show that the reader is not at this
    machine (`central.pages.protection.is_loopback`).
    """
    forwarded: Application = inner
    if trusted:
        forwarded = proxy_headers_middleware(
            inner,
            trusted_proxy=trusted,
            trusted_proxy_count=1,
            trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"},
            clear_untrusted=False,
        )

    def called(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        serial, verify = environ.pop(SERIAL, ""), environ.pop(VERIFY, "")
        # Before the address of who really asks takes the place of the proxy's.
        if trusted and environ.get("REMOTE_ADDR") == trusted and serial:
            environ[KEY] = shown_by(serial, verify)
        return forwarded(environ, start_response)

    return called


def shown_by(serial: str, verify: str) -> Shown:
    """nginx: the serial number in capital hexadecimal digits, and SUCCESS or FAILED:reason."""
    fault = "" if verify == "SUCCESS" else (verify or "not verified")[:FAULT_CHARACTERS_MAX]
    return Shown(serial[:SERIAL_CHARACTERS_MAX].lower().lstrip("0"), fault)


def shown_certificate(asked: Request) -> Shown | None:
    """The client certificate that the proxy saw; None where there was none, or no proxy to believe."""
    found = asked.environ.get(KEY)
    return found if isinstance(found, Shown) else None
