"""Whose key a request for a certificate is over. Pure.

By it an enrolment that did not hear its answer is known: the request is signed with the private half, which never
leaves the gateway.
"""

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from central.errors import CertificateRequestRefused


def proven_key(request_pem: str) -> str:
    """SHA-256, hexadecimal, of the SubjectPublicKeyInfo of a request that proves it has the private half; empty for no
    request. Raises CertificateRequestRefused."""
    if not request_pem:
        return ""
    try:
        asked = x509.load_pem_x509_csr(request_pem.encode())
        proven = asked.is_signature_valid
        key = asked.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as fault:
        raise CertificateRequestRefused from fault
    if not proven:
        raise CertificateRequestRefused
    return hashlib.sha256(key).hexdigest()
