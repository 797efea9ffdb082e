"""A push service and the browser behind it: VAPID is verified, and http_ece, not our own code, opens what was sent."""

import base64
import json
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.central.channels.fake_http import Answer, HttpFake, Received, Request, said

RAW = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(given: str) -> bytes:
    return base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))


class PushFake(HttpFake):
    """One browser that subscribed. `subscription`: the JSON it hands to the page."""

    def __init__(self, *, clock: Callable[[], float] = time.time, **given: Any) -> None:
        self.browser = ec.generate_private_key(ec.SECP256R1())
        self.auth = secrets.token_bytes(16)
        self.name = secrets.token_urlsafe(48)
        self.gone = False
        super().__init__(clock=clock, **given)
        self.origin = f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{super().url}push/v1/{self.name}"

    @property
    def subscription(self) -> str:
        keys = {"p256dh": text(self.browser.public_key().public_bytes(*RAW)), "auth": text(self.auth)}
        return json.dumps({"endpoint": self.url, "expirationTime": None, "keys": keys})

    def coded(self, code: str) -> Answer:
        return said({"error": f"{self.name} {code}"}, int(code))

    def answer(self, request: Request) -> Answer:
        if request.path != f"/push/v1/{self.name}":
            return Answer(404)
        if self.gone:
            return Answer(410, b"push subscription has unsubscribed or expired.", {"Content-Type": "text/plain"})
        if status := self._fault(request):
            return Answer(status)
        content = self._opened(request.body)
        self.received.append(
            Received(
                *(content[name] for name in ("title", "text", "link", "link_text")),
                key=content["key"],
                urgent=request.headers["urgency"] == "high",
                raw=content,
            )
        )
        return Answer(201, b"", {"Location": f"{super().url}m/{secrets.token_urlsafe(24)}"})

    def _fault(self, request: Request) -> int:
        headers = request.headers
        if not headers.get("ttl", "").isdigit() or headers.get("content-encoding") != "aes128gcm":
            return 400
        topic = headers.get("topic", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", topic):
            return 400
        if headers.get("urgency") not in ("very-low", "low", "normal", "high"):
            return 400
        if len(request.body) > 4_096:
            return 413
        return 0 if self._is_signed(headers.get("authorization", "")) else 403

    def _is_signed(self, header: str) -> bool:
        scheme, _, rest = header.partition(" ")
        given = dict(part.strip().split("=", 1) for part in rest.split(","))
        head, claims, signature = given["t"].split(".")
        told = json.loads(raw(claims))
        if scheme != "vapid" or json.loads(raw(head)) != {"typ": "JWT", "alg": "ES256"}:
            return False
        if told["aud"] != self.origin or not told["sub"].startswith(("mailto:", "https:")):
            return False
        if not self.clock() < told["exp"] <= self.clock() + 86_400:
            return False
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(given["k"]))
        r, s = (int.from_bytes(part, "big") for part in (raw(signature)[:32], raw(signature)[32:]))
        try:
            key.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def _opened(self, body: bytes) -> dict[str, Any]:
        opened = http_ece.decrypt(body, private_key=self.browser, auth_secret=self.auth, version="aes128gcm")
        found = json.loads(opened)
        assert isinstance(found, dict)
        return found
