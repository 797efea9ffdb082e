"""What of an X.509 certificate a gateway needs to know: its serial number, and the pin of its key. Pure.

The interpreter's ssl module hands out certificates only as DER, and a whole library for two members would cost a small
gateway 10 MB of memory. A certificate is a sequence whose members stand in a fixed order (RFC 5280, 4.1), so they are
counted off.
"""

import base64
import hashlib

SEQUENCE = 0x30
INTEGER = 0x02
VERSION = 0xA0


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """(tag, start of the content, end) of the element at `at`. Raises ValueError."""
    try:
        tag, size = der[at], der[at + 1]
    except IndexError:
        raise ValueError("the certificate breaks off") from None
    start = at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("the certificate is not DER")
        size = int.from_bytes(der[start : start + count], "big")
        start += count
    if start + size > len(der):
        raise ValueError("the certificate breaks off")
    return tag, start, start + size


def _members(der: bytes) -> tuple[bytes, bytes]:
    """(content of the serial number, whole SubjectPublicKeyInfo). Raises ValueError."""
    tag, at, _ = _element(der, 0)
    if tag != SEQUENCE:
        raise ValueError("this is no certificate")
    tag, at, _ = _element(der, at)
    if tag != SEQUENCE:
        raise ValueError("this is no certificate")
    tag, start, end = _element(der, at)
    if tag == VERSION:
        tag, start, end = _element(der, end)
    if tag != INTEGER:
        raise ValueError("the certificate has no serial number")
    serial = der[start:end]
    for _ in range(4):
        # Signature algorithm, issuer, validity, subject.
        tag, _, end = _element(der, end)
    begin = end
    tag, _, end = _element(der, begin)
    if tag != SEQUENCE:
        raise ValueError("the certificate has no key")
    return serial, der[begin:end]


def serial_of(der: bytes) -> str:
    """The serial number, hexadecimal without leading zeros. Raises ValueError."""
    return f"{int.from_bytes(_members(der)[0], 'big'):x}"


def pin_of(der: bytes) -> str:
    """The pin of the certificate's key (`wire.PIN_PATTERN`). Raises ValueError."""
    return f"sha256//{base64.b64encode(hashlib.sha256(_members(der)[1]).digest()).decode()}"
