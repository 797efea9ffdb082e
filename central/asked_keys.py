"""Whose key a request for a certificate is over. Pure.

By it an enrolment that did not hear its answer is known: the request is signed with the private half, which never
leaves the gateway.
"""

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from central.errors import CertificateRequestRefused


def asked_key(request_pem: str) -> ec.EllipticCurvePublicKey:
    """The key of a request that proves it has the private half. Raises CertificateRequestRefused for any other request
    or kind of key."""
    try:
        asked = x509.load_pem_x509_csr(request_pem.encode())
        proven = asked.is_signature_valid
        key = asked.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as fault:
        raise CertificateRequestRefused from fault
    if not proven or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CertificateRequestRefused
    return key


def proven_key(request_pem: str) -> str:
    """SHA-256, hexadecimal, of the SubjectPublicKeyInfo of a request's key; empty for no request. Raises as
    `asked_key`."""
    if not request_pem:
        return ""
    key = asked_key(request_pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).hexdigest()
