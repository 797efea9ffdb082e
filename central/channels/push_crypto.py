"""Web Push's two pieces of cryptography: who sends (VAPID, RFC 8292), and what only the browser can read (RFC 8291)."""

import base64
import json
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central.put_once import put_once

CURVE = ec.SECP256R1()
RECORD_BYTES = 4_096
PLAIN_BYTES_MAX = RECORD_BYTES - 86 - 17
"""One record of 4096 bytes, less its header with our key, the tag and the mark of the last record."""
KEY_FILE = "web-push.pem"
SIGNED_SECONDS = 12 * 3_600


def encoded(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of URL-safe base64 without padding. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as 65 bytes."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _derived(key: bytes, salt: bytes, purpose: bytes, size: int) -> bytes:
    return HKDF(hashes.SHA256(), size, salt, purpose).derive(key)


def encrypted(
    plain: bytes, browser: bytes, auth: bytes, own: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b""
) -> bytes:
    """A body of `aes128gcm` for the browser with this public key. Raises ValueError for a key that is none.

    `own` and `salt` are made anew for each message; only a test gives them.
    """
    if len(plain) > PLAIN_BYTES_MAX:
        raise ValueError(f"{len(plain)} bytes, at most {PLAIN_BYTES_MAX}")
    own, salt = own or ec.generate_private_key(CURVE), salt or secrets.token_bytes(16)
    mine = point(own.public_key())
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, browser))
    key = _derived(shared, auth, b"WebPush: info\0" + browser + mine, 32)
    content_key = _derived(key, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(key, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(mine)]) + mine
    return header + AESGCM(content_key).encrypt(nonce, plain + b"\x02", None)


class PushKey:
    """The plant's key pair as an application server."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    @property
    def public(self) -> str:
        """What a page hands to `pushManager.subscribe` as `applicationServerKey`."""
        return encoded(point(self._private.public_key()))

    def authorization(self, origin: str, contact: str, now: float) -> str:
        """The header's value for a push service at `origin`. `now`: seconds since 1970."""
        claims = {"aud": origin, "exp": int(now) + SIGNED_SECONDS, "sub": contact}
        parts = ({"typ": "JWT", "alg": "ES256"}, claims)
        signed = ".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        r, s = decode_dss_signature(self._private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"vapid t={signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={self.public}"


def push_key(folder: Path) -> PushKey:
    """The key pair in the server's folder, made at first use, readable by its owner alone.

    Raises OSError, and ValueError for a file that holds no such key: another one would end every subscription.
    """
    path = folder / KEY_FILE
    if not path.exists():
        _make(path)
    found = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(found, ec.EllipticCurvePrivateKey) or found.curve.name != CURVE.name:
        raise ValueError(f"{KEY_FILE} holds another kind of key")
    return PushKey(found)


def _make(path: Path) -> None:
    """Whole or not at all; of two processes that make one, the first one's stays."""
    text = ec.generate_private_key(CURVE).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    put_once(path, text)
