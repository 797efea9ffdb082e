"""Putting this gateway's own credential on its card: made by the server for it alone, readable by its user alone."""

import logging
from collections.abc import Sequence
from pathlib import Path

from gateway.client_keys import ClientKeys
from gateway.durable import write_secret
from sync.enrol import enrol
from sync.errors import KeyUnusable

log = logging.getLogger("lineside.enrolment")


def enrol_here(
    url: str, gateway_name: str, code: str, folder: Path, ca_file: Path | None = None, pins: Sequence[str] = ()
) -> Path:
    """Exchange the code against a token and a certificate, kept in `folder`; the token's path. Raises sync's errors.

    The token is put down last: where it lies, the gateway is enrolled. Without openssl there is no certificate, and the
    token alone works as long as the plant allows it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = ClientKeys(folder, gateway_name)
    request = ""
    try:
        request = keys.request()
    except KeyUnusable as error:
        log.warning("no certificate for now: %s (%s)", error, error.hint)
    enrolled = enrol(url, gateway_name, code, ca_file=str(ca_file or ""), pins=pins, request=request)
    _keep_certificate(keys, enrolled.certificate if request else "")
    path = folder / "token"
    write_secret(path, enrolled.token + "\n")
    return path


def _keep_certificate(keys: ClientKeys, certificate: str) -> None:
    """One of before belongs to a credential that is void now, and would be refused beside the new token."""
    try:
        if certificate:
            keys.keep(certificate)
            return
    except KeyUnusable as error:
        log.warning("%s (%s)", error, error.hint)
    keys.path.unlink(missing_ok=True)
