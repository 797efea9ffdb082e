"""An identity provider on loopback: discovery, keys, authorization with PKCE, token. It refuses what the specification
says a provider refuses, and signs with `cryptography` alone, so that the server's library is not judged by itself."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT = "lineside"
SECRET = "the client's secret+of this test"
SECONDS = 300


def text_of(value: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def number_text(value: int) -> str:
    return text_of(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class SigningKey:
    """An RSA key with a name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.private = rsa.generate_private_key(65537, 2048)

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        more = {"kid": self.name, "use": "sig", "alg": "RS256", "kty": "RSA"}
        return {**more, "n": number_text(numbers.n), "e": number_text(numbers.e)}

    def sign(self, content: bytes) -> bytes:
        return self.private.sign(content, padding.PKCS1v15(), hashes.SHA256())


def joined(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A signed token."""
    parts = [text_of(json.dumps(each).encode()) for each in (header, claims)]
    return ".".join([*parts, text_of(sign(".".join(parts).encode()))])


def signed_with_shared_secret(key: bytes) -> Callable[[bytes], bytes]:
    """HS256 with any bytes as the secret."""

    def sign(content: bytes) -> bytes:
        made = hmac.HMAC(key, hashes.SHA256())
        made.update(content)
        return made.finalize()

    return sign


@dataclass
class Grant:
    """A code that waits for its client."""

    redirect_uri: str
    challenge: str
    nonce: str
    claims: dict[str, Any]


@dataclass
class IdentityProvider:
    """`person`: the claims of who is signed in at the provider. `forge`: what becomes of a token before it goes out."""

    redirect_uri: str
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "4711", "preferred_username": "wang"})
    forge: Callable[["IdentityProvider", dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    methods: tuple[str, ...] = ("client_secret_basic",)
    down: int = 0
    asked: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = SigningKey("one")
        self.codes: dict[str, Grant] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _requests_of(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def rotate(self, name: str) -> None:
        """A new key signs from now on; the old one is taken back."""
        self.key = SigningKey(name)

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": list(self.methods),
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """(status, where the browser goes on or why not): nothing is sent to an address that is not registered."""
        if asked.get("client_id") != CLIENT:
            return 400, "unknown client"
        if asked.get("redirect_uri") != self.redirect_uri:
            return 400, "this address is not registered"
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return 400, "only the code flow"
        if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            return 400, "PKCE with S256 is needed"
        code = secrets.token_urlsafe(24)
        self.codes[code] = Grant(
            asked["redirect_uri"], asked["code_challenge"], asked.get("nonce", ""), dict(self.person)
        )
        back = {"code": code, "state": asked.get("state", ""), "iss": self.issuer}
        return 303, f"{self.redirect_uri}?{urlencode(back)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        # Taken away at the first try, whatever comes of it.
        grant = self.codes.pop(form.get("code", ""), None)
        challenge = text_of(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            grant is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != grant.redirect_uri
            or challenge != grant.challenge
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + SECONDS, "nonce": grant.nonce}
        claims |= grant.claims
        made = self.forge(self, claims) if self.forge else self.signed(claims)
        return 200, {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": made}

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if "client_secret_basic" in self.methods:
            told = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            name, _, secret = told.partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET) and "client_secret" not in form
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET) and not authorization

    def signed(self, claims: dict[str, Any]) -> str:
        return joined({"alg": "RS256", "kid": self.key.name}, claims, self.key.sign)


def _requests_of(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Asked(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a test says what it saw."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if provider.down:
                self._tell(provider.down, {})
            elif parts.path == "/.well-known/openid-configuration":
                self._tell(200, provider.described())
            elif parts.path == "/keys":
                self._tell(200, {"keys": [provider.key.jwk()]})
            elif parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                status, told = provider.authorize(asked)
                if status != 303:
                    provider.refusals.append(told)
                self.send_response(status)
                self.send_header("Location" if status == 303 else "X-Refused", told)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._tell(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
            if provider.down:
                self._tell(provider.down, {})
                return
            status, told = provider.token(form, self.headers.get("Authorization", ""))
            if status != 200:
                provider.refusals.append(told["error"])
            self._tell(status, told)

        def _tell(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Asked
