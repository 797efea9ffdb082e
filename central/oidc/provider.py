"""The identity provider: where its doors are, what its keys are, and what it says of who came back with a code.

Its answers are guarded, bounded and never redirected, as those of channels are. No thread waits for long: the plant's
gateways are answered by the same ones.
"""

import base64
import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from central.channels.guard import Guard
from central.channels.port import Outcome
from central.channels.posting import Poster, Reply
from central.channels.words import told
from central.errors import IdentityRefused, ProviderUnreachable
from central.oidc.attempt import Attempt
from central.oidc.limits import (
    OIDC_ASKED_AT_ONCE_MAX,
    OIDC_CODE_CHARACTERS_MAX,
    OIDC_KEYS_AGAIN_SECONDS,
    OIDC_KEYS_SECONDS,
    OIDC_METADATA_SECONDS,
    OIDC_REPLY_BYTES_MAX,
    OIDC_REST_SECONDS,
)
from central.oidc.settings import OidcSettings, address_fault, read_secret
from central.oidc.token import KeyUnknown, claims_of

BACK_PATH = "/sign-in/oidc/back"
WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Doors:
    """What of the provider's own description is used. `basic`: the secret goes into a header, else into the form."""

    authorization: str
    token: str
    keys: str
    basic: bool
    says_issuer: bool


class Provider:
    """The provider of a configuration. Thread-safe. `clock`: seconds since 1970."""

    def __init__(self, settings: OidcSettings, public_url: str, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.begin_url = public_url.rstrip("/") + "/sign-in/oidc"
        self.back_url = public_url.rstrip("/") + BACK_PATH
        self._clock = clock
        self._secret = read_secret(settings.client_secret_file)
        self._poster = Poster(
            Guard(private=True), settings.answer_seconds_max, settings.ca_file, bytes_max=OIDC_REPLY_BYTES_MAX
        )
        self._places = threading.BoundedSemaphore(OIDC_ASKED_AT_ONCE_MAX)
        self._lock = threading.Lock()
        self._doors: tuple[float, Doors] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._rest_until = 0.0

    def address(self, attempt: Attempt) -> str:
        """Where the browser is sent. Raises ProviderUnreachable."""
        doors = self._known_doors()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.back_url,
            "scope": " ".join(self.settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return doors.authorization + ("&" if "?" in doors.authorization else "?") + urlencode(asked)

    def claims(self, attempt: Attempt, code: str, issuer: str | None) -> dict[str, Any]:
        """What the provider says of who came back with this code. `issuer`: who the way back says it is.

        Raises ProviderUnreachable, IdentityRefused.
        """
        doors = self._known_doors()
        if issuer != self.settings.issuer and (issuer is not None or doors.says_issuer):
            raise IdentityRefused("the answer names another provider")
        if not 1 <= len(code) <= OIDC_CODE_CHARACTERS_MAX:
            raise IdentityRefused("the answer has no code")
        token = self._token(doors, attempt, code)
        wanted = (self.settings.issuer, self.settings.client_id, attempt.nonce)
        for seconds_max in (OIDC_KEYS_SECONDS, OIDC_KEYS_AGAIN_SECONDS):
            keys = self._known_keys(doors, seconds_max)
            try:
                return claims_of(token, keys, *wanted, self._clock())
            except KeyUnknown:
                # The provider may have taken up a new key since.
                continue
        raise IdentityRefused("the ID token names a key that the provider does not have")

    def _token(self, doors: Doors, attempt: Attempt, code: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back_url,
            "code_verifier": attempt.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        client = self.settings.client_id
        if self._secret and doors.basic:
            pair = f"{quote_plus(client)}:{quote_plus(self._secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form["client_id"] = client
            if self._secret:
                form["client_secret"] = self._secret
        reply = self._asked(lambda: self._poster.post(doors.token, urlencode(form).encode(), headers))
        found = reply.json()
        if reply.status != 200:
            words = told(str(found.get("error", "")), [self._secret] if self._secret else [])
            raise IdentityRefused(f"the provider takes the code for none: HTTP {reply.status} {words}")
        token = found.get("id_token")
        if not isinstance(token, str):
            raise IdentityRefused("the provider gave no ID token")
        return token

    def _known_doors(self) -> Doors:
        now, kept = self._clock(), self._doors
        if kept is not None and 0 <= now - kept[0] < OIDC_METADATA_SECONDS:
            return kept[1]
        found = self._fetched(self.settings.issuer.rstrip("/") + WELL_KNOWN)
        doors = self._doors_of(found)
        self._doors = (now, doors)
        return doors

    def _doors_of(self, found: dict[str, Any]) -> Doors:
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        addresses = [str(found.get(name, "")) for name in names]
        if not hmac.compare_digest(str(found.get("issuer", "")).encode(), self.settings.issuer.encode()):
            raise ProviderUnreachable("the provider names itself otherwise than `issuer`")
        for name, address in zip(names, addresses, strict=True):
            if fault := address_fault(address):
                raise ProviderUnreachable(f"its {name} cannot be used: {fault}")
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = isinstance(methods, list) and "client_secret_basic" in methods
        says = found.get("authorization_response_iss_parameter_supported") is True
        authorization, token, keys = addresses
        return Doors(authorization, token, keys, basic=basic, says_issuer=says)

    def _known_keys(self, doors: Doors, seconds_max: float) -> KeySet:
        """The provider's keys, fetched at most `seconds_max` ago."""
        now, kept = self._clock(), self._keys
        if kept is not None and 0 <= now - kept[0] < seconds_max:
            return kept[1]
        try:
            keys = KeySet.import_key_set({"keys": self._fetched(doors.keys)["keys"]})
        except (JoseError, KeyError, TypeError, ValueError, AttributeError):
            raise ProviderUnreachable("its keys cannot be read") from None
        self._keys = (now, keys)
        return keys

    def _fetched(self, address: str) -> dict[str, Any]:
        reply = self._asked(lambda: self._poster.get(address, {"Accept": "application/json"}))
        if reply.status != 200:
            raise ProviderUnreachable(f"the provider answers HTTP {reply.status}")
        return reply.json()

    def _asked(self, ask: Callable[[], Reply | Outcome]) -> Reply:
        with self._place():
            reply = ask()
        is_away = isinstance(reply, Outcome) or reply.status >= 500
        with self._lock:
            self._rest_until = self._clock() + OIDC_REST_SECONDS if is_away else 0.0
        if isinstance(reply, Outcome):
            raise ProviderUnreachable(f"no answer: {reply.told}")
        if reply.status >= 500:
            raise ProviderUnreachable(f"the provider answers HTTP {reply.status}")
        return reply

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the few at a time. Raises ProviderUnreachable where there is none, or the provider was just away."""
        with self._lock:
            # A clock that went back must not keep the door shut (I9).
            rests = 0 < self._rest_until - self._clock() <= OIDC_REST_SECONDS
        if rests or not self._places.acquire(blocking=False):
            raise ProviderUnreachable("it did not answer a moment ago" if rests else "too many wait for it")
        try:
            yield
        finally:
            self._places.release()
