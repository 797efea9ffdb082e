"""Putting this gateway's own credential on its card: made by the server for it alone, readable by its user alone."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gateway.client_keys import ClientKeys
from gateway.durable import give_back, reserve, write_secret
from gateway.limits import CLIENT_ROOM_BYTES, TOKEN_ROOM_BYTES
from sync.enrol import enrol
from sync.errors import KeyUnusable

log = logging.getLogger("lineside.enrolment")


def enrol_here(
    url: str,
    gateway_name: str,
    code: str,
    folder: Path,
    ca_file: Path | None = None,
    pins: Sequence[str] = (),
    token_path: Path | None = None,
) -> Path:
    """Exchange the code against a token and a certificate, kept in `folder`; the token's path, which may be elsewhere.
    Raises sync's errors, and OSError where the card cannot keep them.

    The office uses the code up with its answer, so the room for it is taken before, and the key of the request stays
    until the token lies: to the same key the office answers again. The token is put down last: where it lies, the
    gateway is enrolled. Without openssl there is no certificate, and the token alone works as long as the plant allows.
    """
    path = token_path or folder / "token"
    for each in (folder, path.parent):
        each.mkdir(parents=True, exist_ok=True)
    keys = ClientKeys(folder, gateway_name)
    try:
        reserve(path, TOKEN_ROOM_BYTES)
        reserve(keys.path, CLIENT_ROOM_BYTES)
        request = _request(keys)
        enrolled = enrol(url, gateway_name, code, ca_file=str(ca_file or ""), pins=pins, request=request)
        _keep_certificate(keys, enrolled.certificate if request else "")
        write_secret(path, enrolled.token + "\n", reserved=True)
    finally:
        for each in (path, keys.path):
            give_back(each)
    with suppress(OSError):
        keys.forget()
    return path


def _request(keys: ClientKeys) -> str:
    try:
        return keys.request_again()
    except KeyUnusable as error:
        log.warning("no certificate for now: %s (%s)", error, error.hint)
        return ""


def _keep_certificate(keys: ClientKeys, certificate: str) -> None:
    """One of before belongs to a credential that is void now, and would be refused beside the new token."""
    try:
        if certificate:
            keys.put(certificate, reserved=True)
            return
    except KeyUnusable as error:
        log.warning("%s (%s)", error, error.hint)
    keys.path.unlink(missing_ok=True)
