"""Passwords and PINs as argon2id hashes, a bounded number at a time."""

import secrets
import threading

import argon2

from central.errors import TooManyAttempts
from central.limits import HASHES_AT_ONCE_MAX

HASH_SECONDS_MAX = 10.0
"""How long a sign-in waits for its turn to hash."""

_hasher = argon2.PasswordHasher()
_turns = threading.BoundedSemaphore(HASHES_AT_ONCE_MAX)
_decoy = ""


def hash_secret(secret: str) -> str:
    """The hash to keep. Raises TooManyAttempts when too many wait for their turn."""
    if not _turns.acquire(timeout=HASH_SECONDS_MAX):
        raise TooManyAttempts
    try:
        return _hasher.hash(secret)
    finally:
        _turns.release()


def is_secret(known: str | None, secret: str) -> bool:
    """Whether it is the secret of this hash. Costs the same where there is none, so that time does not tell which names
    there are. Raises TooManyAttempts."""
    global _decoy
    if not _decoy:
        _decoy = hash_secret(secrets.token_urlsafe(16))
    if not _turns.acquire(timeout=HASH_SECONDS_MAX):
        raise TooManyAttempts
    try:
        return _hasher.verify(known or _decoy, secret) and known is not None
    except argon2.exceptions.VerificationError:
        return False
    finally:
        _turns.release()
