"""Every way to deceive the server with an identity provider opens nothing. The provider is a whole one on loopback."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask

from central.context import Plant
from central.limits import ENROL_ATTEMPTS_PER_MINUTE_MAX
from central.models import AccountSession
from central.oidc.limits import OIDC_ATTEMPT_SECONDS
from central.pages.oidc_pages import ATTEMPT_COOKIE
from tests.central.clock_ahead import Clock, clock
from tests.central.oidc_plant import (
    BACK,
    acts,
    at_provider,
    begin,
    is_refused,
    make,
    provider,
    sign_in,
)
from tests.central.oidc_provider import (
    CLIENT,
    SECRET,
    IdentityProvider,
    SigningKey,
    joined,
    signed_with_shared_secret,
)

__all__ = ["clock", "make", "provider"]


def changed(path: str, **values: str) -> str:
    asked = {name: found[0] for name, found in parse_qs(urlsplit(path).query).items()}
    return f"{urlsplit(path).path}?{urlencode({**asked, **values})}"


@pytest.mark.parametrize("state", ["", "x" * 43, "\u0130"])
def test_a_state_that_is_not_this_browsers_opens_nothing(
    make: Callable[..., Flask], provider: IdentityProvider, state: str
) -> None:
    client = make().test_client()
    path = at_provider(begin(client))
    assert is_refused(client.get(changed(path, state=state)), "again", 400)
    assert "/token" not in provider.asked, "the code is not even shown to the provider"
    assert is_refused(client.get(path), "again", 400), "and the attempt is over"


def test_somebody_elses_way_back_opens_nothing(make: Callable[..., Flask]) -> None:
    """Sign-in by forgery: a victim's browser is sent to the attacker's own way back."""
    app = make()
    attacker, victim, other = app.test_client(), app.test_client(), app.test_client()
    path = at_provider(begin(attacker))
    assert is_refused(victim.get(path), "again", 400)
    begin(other)
    assert is_refused(other.get(path), "again", 400)
    made_up = app.test_client()
    made_up.set_cookie(ATTEMPT_COOKIE, f"{'a' * 32}.{int(time.time())}./orders")
    assert is_refused(made_up.get(path), "again", 400)


@pytest.mark.parametrize("cookie", ["", ".", "..", "a.b.c", f"a.{'9' * 12}.", "a.1.", "\u00e4.1.x", "x" * 300])
def test_no_cookie_is_a_fault(make: Callable[..., Flask], cookie: str) -> None:
    client = make().test_client()
    client.set_cookie(ATTEMPT_COOKIE, cookie)
    assert is_refused(client.get("/sign-in/oidc/back?state=&code=x"), "again", 400)


def test_an_attempt_is_over_after_a_while(make: Callable[..., Flask], clock: Clock) -> None:
    client = make().test_client()
    path = at_provider(begin(client))
    clock.ahead = OIDC_ATTEMPT_SECONDS + 2
    assert is_refused(client.get(path), "again", 400)


def test_a_code_opens_once(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    """Replayed by who has the cookie as well: the provider refuses it, and so does the server."""
    client = make().test_client()
    address = begin(client)
    kept = client.get_cookie(ATTEMPT_COOKIE)
    assert kept is not None
    path = at_provider(address)
    assert client.get(path).status_code == 303
    thief = client.application.test_client()
    thief.set_cookie(ATTEMPT_COOKIE, kept.decoded_value)
    assert is_refused(thief.get(path), "refused", 403)
    assert provider.refusals == ["invalid_grant"]


def test_a_stolen_code_needs_the_verifier(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    """A code that was begun in another browser, brought with a state of one's own."""
    app = make()
    victim, thief = app.test_client(), app.test_client()
    stolen = parse_qs(urlsplit(at_provider(begin(victim))).query)["code"][0]
    path = at_provider(begin(thief))
    assert is_refused(thief.get(changed(path, code=stolen)), "refused", 403)
    assert provider.refusals == ["invalid_grant"]


def test_the_provider_sends_nothing_to_another_address(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    address = begin(make().test_client())
    for wrong in ("http://evil.example/", BACK + "/", BACK + "?x=1"):
        answer = requests.get(
            changed(address, redirect_uri=wrong).replace("/authorize", f"{provider.issuer}/authorize", 1),
            allow_redirects=False,
            timeout=10,
        )
        assert answer.status_code == 400 and "Location" not in answer.headers
    assert len(provider.refusals) == 3


def with_claims(**values: object) -> Callable[[IdentityProvider, dict[str, Any]], str]:
    """A token that the provider signs with other claims; None takes one away."""

    def forge(provider: IdentityProvider, claims: dict[str, Any]) -> str:
        whole = {**claims, **values}
        return provider.signed({name: value for name, value in whole.items() if value is not None})

    return forge


def unsigned(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return joined({"alg": "none"}, claims, lambda _: b"")


def signed_by_nobody(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return provider.signed(claims).rpartition(".")[0] + "."


def signed_with_another_key(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return joined({"alg": "RS256", "kid": provider.key.name}, claims, SigningKey("one").sign)


def signed_with_a_key_of_its_own(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """The token brings the key that it is to be checked with."""
    key = SigningKey("one")
    return joined({"alg": "RS256", "kid": "one", "jwk": key.jwk()}, claims, key.sign)


def signed_with_the_public_key(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """What everybody knows, taken as a shared secret."""
    public = provider.key.jwk()["n"].encode()
    return joined({"alg": "HS256", "kid": provider.key.name}, claims, signed_with_shared_secret(public))


def signed_with_the_clients_secret(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return joined({"alg": "HS256"}, claims, signed_with_shared_secret(SECRET.encode()))


def changed_after(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    head, _, signature = provider.signed(claims).split(".")
    other = joined({}, {**claims, "preferred_username": "li"}, lambda _: b"").split(".")[1]
    return f"{head}.{other}.{signature}"


FORGED: dict[str, Callable[[IdentityProvider, dict[str, Any]], str]] = {
    "no signature": unsigned,
    "signature cut off": signed_by_nobody,
    "another key of the same name": signed_with_another_key,
    "a key in the token itself": signed_with_a_key_of_its_own,
    "the public key as a secret": signed_with_the_public_key,
    "the client's secret": signed_with_the_clients_secret,
    "changed after it was signed": changed_after,
    "another nonce": with_claims(nonce="x" * 43),
    "no nonce": with_claims(nonce=None),
    "another audience": with_claims(aud="other"),
    "no audience": with_claims(aud=None),
    "several audiences and nobody it was given to": with_claims(aud=[CLIENT, "other"]),
    "given to somebody else": with_claims(aud=[CLIENT, "other"], azp="other"),
    "another issuer": with_claims(iss="https://evil.example"),
    "no issuer": with_claims(iss=None),
    "over": with_claims(exp=1_000_000_000),
    "never over": with_claims(exp=None),
    "over is no number": with_claims(exp="tomorrow"),
    "made in the future": with_claims(iat=4_000_000_000),
    "not valid yet": with_claims(nbf=4_000_000_000),
    "nobody": with_claims(sub=None),
    "no token": lambda provider, claims: "x",
    "no claims": lambda provider, claims: joined({"alg": "RS256", "kid": "one"}, {}, provider.key.sign),
    "deep": lambda provider, claims: ".".join(["W1tbW1tb" * 2_000] * 3),
}


@pytest.mark.parametrize("attack", FORGED)
def test_a_token_that_does_not_hold_opens_nothing(
    make: Callable[..., Flask], provider: IdentityProvider, attack: str
) -> None:
    app = make()
    client = app.test_client()
    provider.forge = FORGED[attack]
    assert is_refused(sign_in(client), "refused", 403)
    assert [each[:2] for each in acts(app)] == [("?", "sign_in.failed")]
    plant: Plant = app.extensions["lineside"]
    with plant.database.read() as session:
        assert session.query(AccountSession).count() == 0
    provider.forge = None
    assert sign_in(client).status_code == 303, "the honest token of the same provider does"


def test_an_answer_of_another_provider_opens_nothing(make: Callable[..., Flask]) -> None:
    client = make().test_client()
    path = at_provider(begin(client))
    assert is_refused(client.get(changed(path, iss="https://evil.example")), "refused", 403)
    path = at_provider(begin(client))
    without = "&".join(each for each in path.split("&") if not each.startswith("iss="))
    assert is_refused(client.get(without), "refused", 403), "where the provider says that it names itself"


def test_who_is_not_let_in_at_the_provider_reads_so(make: Callable[..., Flask]) -> None:
    client = make().test_client()
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    answer = client.get(f"/sign-in/oidc/back?error=access_denied&error_description=<script>&state={state}")
    assert is_refused(answer, "denied", 403) and "<script>" not in answer.text


def test_an_address_that_brings_many_false_tokens_rests(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    client = make().test_client()
    provider.forge = unsigned
    codes = [sign_in(client).status_code for _ in range(ENROL_ATTEMPTS_PER_MINUTE_MAX + 5)]
    # A minute may turn between two of them.
    assert 429 in codes or [sign_in(client).status_code for _ in range(40)].count(429)
