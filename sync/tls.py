"""Whom a gateway trusts: the plant's own authority alone where one is configured, else the system's."""

import ssl
from collections.abc import Iterator
from pathlib import Path

from sync.errors import SettingsRefused

_BY_DATE = frozenset({9, 10})
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error of the library and what lies below it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        reason = getattr(seen, "reason", None)
        found = next((each for each in (reason, *seen.args) if isinstance(each, BaseException)), None)
        seen = seen.__cause__ or seen.__context__ or found


def is_by_date(error: BaseException) -> bool:
    """Whether nothing but a date keeps the certificate from being verified: whom it is from is looked at first."""
    return any(
        isinstance(each, ssl.SSLCertVerificationError) and each.verify_code in _BY_DATE for each in causes(error)
    )


def tls_context(ca_file: str = "", certificate_file: str = "", key_file: str = "") -> ssl.SSLContext:
    """Verifies chain, dates and name. Files are PEM. Raises SettingsRefused for files that cannot be used.

    Since Python 3.13 a default context also insists on RFC 5280's optional members. Authorities that plants make with
    plain openssl lack them, and a new interpreter must not cut a gateway off, so that alone is left out for them.
    """
    for path in (ca_file, certificate_file, key_file):
        if path and not Path(path).is_file():
            raise SettingsRefused(f"there is no file {path}")
    if bool(certificate_file) != bool(key_file):
        raise SettingsRefused("a client certificate needs both its certificate and its key file")
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if ca_file:
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if certificate_file:
            context.load_cert_chain(certificate_file, key_file)
    except ssl.SSLError as error:
        raise SettingsRefused(f"a certificate cannot be used: {error}") from error
    return context
