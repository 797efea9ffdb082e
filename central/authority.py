"""The plant's own authority: it signs a client certificate for each gateway, and nothing else.

Its key lies in the server's folder, readable by the server's user alone, and never leaves it. The public part lies
beside it for the proxy, which verifies with it.
"""

import base64
import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central.asked_keys import asked_key
from central.errors import AuthorityUnusable, PinUnreadable
from central.limits import AUTHORITY_NOTICE_DAYS, AUTHORITY_YEARS, CERTIFICATE_DAYS
from central.put_once import put_instead, put_once

log = logging.getLogger("lineside.central")

FOLDER = "ca"
KEY_FILE = "authority.pem"
"""Key and certificate in one file, so that no crash leaves one without the other."""

PUBLIC_FILE = "authority.crt"
"""The present authority, then those before it that have not ended."""

PUBLIC_MODE = 0o644
"""Nobody else comes into the folder, and so the server reads the file also where root has run `ca init`."""

CERTIFICATE_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")
AUTHORITY_ENDED = (
    "Move `ca/authority.pem` of the server's folder away, run `lineside central ca init`, which makes another one, and"
    " reload the proxy: gateways fetch new certificates."
)
SKEW = timedelta(days=1)
"""A certificate begins so long before it is made: the proxy's clock may be behind the server's."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The key and the certificate that it signs with. `digest`: SHA-256 of the certificate, hexadecimal."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def digest(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def ends_at(self) -> float:
        """Seconds since 1970."""
        return self.certificate.not_valid_after_utc.timestamp()

    @property
    def public_pem(self) -> str:
        """What the proxy verifies with."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


@dataclass(frozen=True, slots=True)
class Issued:
    """A new certificate. `serial`: hexadecimal without leading zeros. Times are seconds since 1970."""

    serial: str
    pem: str
    ends_at: float


def public_path(folder: Path) -> Path:
    """The file that the proxy reads."""
    return folder / FOLDER / PUBLIC_FILE


def authority_of(folder: Path, plant: str, now: float) -> Authority:
    """The plant's authority, made at first use. Several processes may come at once: one makes it, all use that one.
    The proxy's file begins with it afterwards, also where the key was lost and another one is made.

    Raises AuthorityUnusable.
    """
    path = folder / FOLDER / KEY_FILE
    try:
        if not path.exists():
            put_once(path, _made(plant, now))
        found = _read(path)
        if not _published(folder).startswith(found.public_pem.encode()):
            found = _publish(folder, now)
    except (OSError, ValueError, UnsupportedAlgorithm) as fault:
        raise AuthorityUnusable(f"{path}: {fault}") from fault
    return found


def standing_authority(folder: Path) -> Authority | None:
    """The authority without making one: None where there is none. Raises AuthorityUnusable."""
    path = folder / FOLDER / KEY_FILE
    try:
        return _read(path) if path.exists() else None
    except (OSError, ValueError, UnsupportedAlgorithm) as fault:
        raise AuthorityUnusable(f"{path}: {fault}") from fault


def is_ending(authority: Authority, now: float) -> bool:
    """Whether it is time to let another one follow: while both are good, every gateway changes without a gap."""
    return authority.ends_at - now < AUTHORITY_NOTICE_DAYS * 86_400


def _published(folder: Path) -> bytes:
    try:
        return public_path(folder).read_bytes()
    except FileNotFoundError:
        return b""


def _publish(folder: Path, now: float) -> Authority:
    """The present authority stands first for the proxy. Those before it stay until they end, so that what they signed
    opens until each gateway has another one."""
    with _alone(folder / FOLDER):
        found, held = _read(folder / FOLDER / KEY_FILE), _published(folder)
        earlier = [each for each in _certificates(held) if each.not_valid_after_utc.timestamp() > now]
        kept = dict.fromkeys([found.certificate, *earlier])
        pems = [each.public_bytes(serialization.Encoding.PEM) for each in kept]
        put_instead(public_path(folder), b"".join(pems), PUBLIC_MODE)
    if held:
        log.warning("%s begins with another authority now: reload the proxy", public_path(folder))
    return found


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process writes here: what one of them has read would be gone from what the other writes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _certificates(held: bytes) -> Iterator[x509.Certificate]:
    """Those that can be read: a damaged one is none that a proxy could verify with."""
    for block in CERTIFICATE_BLOCK.findall(held):
        with suppress(ValueError):
            yield x509.load_pem_x509_certificate(block)


def _read(path: Path) -> Authority:
    held = path.read_bytes()
    key = serialization.load_pem_private_key(held, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("its key is of another kind")
    return Authority(key, x509.load_pem_x509_certificate(held))


def _made(plant: str, now: float) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Lineside gateways of {plant}")])
    began = datetime.fromtimestamp(now, UTC) - SKEW
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def issue(authority: Authority, plant: str, gateway_name: str, request_pem: str, now: float) -> Issued:
    """A client certificate over the key of a request. What the request calls itself counts for nothing.

    Raises CertificateRequestRefused, and AuthorityUnusable behind the authority's end.
    """
    if authority.ends_at <= now:
        told = f"the authority ended {authority.certificate.not_valid_after_utc:%Y-%m-%d}"
        raise AuthorityUnusable(told, AUTHORITY_ENDED)
    key = asked_key(request_pem)
    began = datetime.fromtimestamp(now, UTC)
    ends = min(began + timedelta(days=CERTIFICATE_DAYS), authority.certificate.not_valid_after_utc)
    serial = x509.random_serial_number()
    names = [
        x509.NameAttribute(NameOID.COMMON_NAME, gateway_name),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, plant),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(authority.certificate.subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(began - SKEW)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Issued(f"{serial:x}", pem, ends.timestamp())


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def pin_of(path: Path) -> str:
    """The pin of the key in a certificate's PEM file (`sync.wire.PIN_PATTERN`). Raises PinUnreadable."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (OSError, ValueError, UnsupportedAlgorithm) as fault:
        raise PinUnreadable(f"{path}: {fault}") from fault
    return f"sha256//{base64.b64encode(hashlib.sha256(key).digest()).decode()}"
