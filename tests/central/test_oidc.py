"""Signing in through an identity provider: a whole one on loopback, and every way to deceive the server with it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central import accounts
from central.application import close_app, create_app
from central.audit import ActQuery, list_acts
from central.config import CentralConfig, read_config
from central.context import Plant
from central.errors import ConfigRefused
from central.limits import ENROL_ATTEMPTS_PER_MINUTE_MAX
from central.models import AccountSession
from central.oidc.limits import OIDC_ATTEMPT_SECONDS, OIDC_KEYS_AGAIN_SECONDS
from central.pages.oidc_pages import ATTEMPT_COOKIE
from central.pages.protection import SESSION_COOKIE
from central.texts import TEXTS
from tests.central.oidc_provider import (
    CLIENT,
    SECRET,
    IdentityProvider,
    SigningKey,
    joined,
    signed_with_shared_secret,
)
from tests.central.page_client import PASSWORD, first_administrator, submit

PUBLIC = "http://localhost"
BACK = f"{PUBLIC}/sign-in/oidc/back"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    made = IdentityProvider(BACK)
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def config_of(folder: Path, provider: IdentityProvider, **oidc: object) -> CentralConfig:
    secret = folder / "secret"
    secret.write_text(SECRET + "\n")
    given = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret_file": secret, **oidc}
    return CentralConfig.model_validate({"folder": folder / "central", "public_url": PUBLIC, "oidc": given})


@pytest.fixture
def make(tmp_path: Path, provider: IdentityProvider, clock: Clock) -> Iterator[Callable[..., Flask]]:
    """A server with the accounts `wang`, a planner, and `li`, who is disabled."""
    made: list[Flask] = []

    def build(**oidc: object) -> Flask:
        app = create_app(config_of(tmp_path, provider, **oidc), clock=clock)
        made.append(app)
        plant: Plant = app.extensions["lineside"]
        with plant.database.write() as session:
            accounts.add_account(session, plant.database.plant, "wang", ("planner",), "test", clock())
            accounts.add_account(session, plant.database.plant, "li", ("admin",), "test", clock())
            accounts.enable_account(session, plant.database.plant, "li", False)
        return app

    yield build
    for app in made:
        close_app(app)


def begin(client: FlaskClient, page: str = "/orders") -> str:
    """Presses the button; the address at the provider."""
    answer = client.get(f"/sign-in/oidc?{urlencode({'next': page})}")
    assert answer.status_code == 303, answer.text
    return answer.location


def at_provider(address: str) -> str:
    """What the browser does at the provider, where somebody is signed in; the path to come back to."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.headers
    return answer.headers["Location"].removeprefix(PUBLIC)


def sign_in(client: FlaskClient, page: str = "/orders") -> TestResponse:
    return client.get(at_provider(begin(client, page)))


def acts(app: Flask) -> list[tuple[str, str, str]]:
    plant: Plant = app.extensions["lineside"]
    with plant.database.read() as session:
        found = list_acts(session, plant.database.plant, ActQuery(), 100)
    return [(each.who, each.action, each.detail) for each in reversed(found)]


def is_refused(answer: TestResponse, reason: str, status: int) -> bool:
    """Whether the sign-in page tells why, with the form for a password beside it, and nobody is signed in."""
    opened = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{SESSION_COOKIE}=")]
    told = any(text in answer.text for text in TEXTS[f"oidc.{reason}"])
    return answer.status_code == status and told and 'name="password"' in answer.text and not opened


# What it is for


def test_who_the_provider_names_has_the_rights_of_their_account(make: Callable[..., Flask]) -> None:
    app = make()
    client = app.test_client()
    answer = sign_in(client, "/master/work_orders/row")
    assert (answer.status_code, answer.location) == (303, "/master/work_orders/row")
    page = client.get("/account").text
    assert "wang" in page and any(word in page for word in TEXTS["means.oidc"])
    assert client.get("/master/review").status_code == 200, "a planner releases"
    assert client.get("/users").status_code == 403, "and does not look after users"
    assert [each[:2] for each in acts(app)] == [("wang", "sign_in.done")]
    assert '"means": "oidc"' in acts(app)[0][2] and '"subject": "4711"' in acts(app)[0][2]


def test_the_provider_is_told_no_more_than_it_needs(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    client = make().test_client()
    address = begin(client)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert set(asked) == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }
    assert asked["scope"] == "openid profile" and asked["redirect_uri"] == BACK
    assert SECRET not in address
    other = {name: values[0] for name, values in parse_qs(urlsplit(begin(client)).query).items()}
    for name in ("state", "nonce", "code_challenge"):
        assert other[name] != asked[name]
        assert len(asked[name]) == 43


def test_a_secret_in_the_form_where_the_provider_wants_it_there(
    make: Callable[..., Flask], provider: IdentityProvider
) -> None:
    provider.methods = ("client_secret_post",)
    assert sign_in(make().test_client()).status_code == 303


def test_the_button_stands_there_only_where_a_provider_is_configured(
    make: Callable[..., Flask], tmp_path: Path
) -> None:
    app = make(label="星海 <SSO>")
    first_administrator(app)
    page = app.test_client().get("/sign-in?next=/orders").text
    assert f'href="{PUBLIC}/sign-in/oidc?next=/orders"' in page and "星海 &lt;SSO&gt;" in page
    without = create_app(CentralConfig(folder=tmp_path / "other"))
    try:
        first_administrator(without)
        client = without.test_client()
        assert "oidc" not in client.get("/sign-in").text
        assert client.get("/sign-in/oidc").status_code == 404
        assert client.get("/sign-in/oidc/back").status_code == 404
    finally:
        close_app(without)


def test_no_page_of_another_host_is_gone_on_to(make: Callable[..., Flask]) -> None:
    app = make()
    for wanted in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
        assert sign_in(app.test_client(), wanted).location == "/board"
    assert sign_in(app.test_client(), "/" + "x" * 500).location == "/board"


# Accounts and roles


def test_nobody_gets_an_account_by_themselves(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    app = make()
    for person in (
        {"sub": "1", "preferred_username": "zhao"},
        {"sub": "1"},
        {"sub": "1", "preferred_username": ["wang"]},
        {"sub": "1", "preferred_username": "wang\u0000"},
        {"sub": "1", "preferred_username": "' OR 1=1 --"},
    ):
        provider.person = person
        assert is_refused(sign_in(app.test_client()), "unknown", 403)
    plant: Plant = app.extensions["lineside"]
    with plant.database.read() as session:
        assert [each.name for each in accounts.list_accounts(session, plant.database.plant)] == ["li", "wang"]
    assert {each[:2] for each in acts(app)} == {("?", "sign_in.failed")}, "a name that nobody has is not written down"


def test_an_account_is_made_where_that_is_configured(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    app = make(create_accounts=True)
    provider.person = {"sub": "8", "preferred_username": "zhao"}
    client = app.test_client()
    assert sign_in(client).status_code == 303
    assert client.get("/orders").status_code == 200 and client.get("/master/review").status_code == 403
    assert [each[:2] for each in acts(app)] == [("oidc", "user.added"), ("zhao", "sign_in.done")]


def test_groups_give_roles_anew_at_each_sign_in(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    roles = {"plant-admins": ["admin"], "line-1": ["leader@site/area/line-1", "planner"]}
    app = make(groups_claim="groups", roles=roles)
    client = app.test_client()
    provider.person["groups"] = ["plant-admins", "coffee", 7]
    assert sign_in(client).status_code == 303
    assert client.get("/users").status_code == 200
    provider.person["groups"] = "line-1"
    assert sign_in(app.test_client()).status_code == 303
    assert client.get("/users").status_code == 403, "new roles hold for older sessions too"
    changed = [each for each in acts(app) if each[1] == "user.changed"]
    assert [each[0] for each in changed] == ["oidc", "oidc"] and "leader@site/area/line-1" in changed[1][2]
    for groups in (["coffee"], [], None, {"plant-admins": 1}):
        provider.person["groups"] = groups
        assert is_refused(sign_in(app.test_client()), "no_role", 403)


def test_a_disabled_account_stays_shut(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    app = make()
    provider.person = {"sub": "2", "preferred_username": "li"}
    assert is_refused(sign_in(app.test_client()), "disabled", 403)


def test_an_administrator_ends_these_sessions_as_others(make: Callable[..., Flask]) -> None:
    app = make()
    admin, wang = first_administrator(app), app.test_client()
    sign_in(wang)
    assert wang.get("/orders").status_code == 200
    assert submit(admin, "/users/wang", "/users/end", name="wang").status_code == 303
    assert wang.get("/orders").location.startswith("/sign-in?next=")
    sign_in(wang)
    assert submit(admin, "/users/wang", "/users/disable", name="wang").status_code in (200, 303)
    assert wang.get("/orders").location.startswith("/sign-in?next=")


# Attacks


def test_a_session_from_before_is_not_gone_on_with(make: Callable[..., Flask]) -> None:
    """Session fixation: what the browser had before opens nothing afterwards."""
    app = make()
    client = app.test_client()
    sign_in(client)
    before = client.get_cookie(SESSION_COOKIE)
    assert before is not None
    sign_in(client)
    after = client.get_cookie(SESSION_COOKIE)
    assert after is not None and after.value != before.value
    assert client.get_cookie(ATTEMPT_COOKIE) is None
    old = app.test_client()
    old.set_cookie(SESSION_COOKIE, before.value)
    assert old.get("/orders").location.startswith("/sign-in?next=")
    planted = app.test_client()
    planted.set_cookie(SESSION_COOKIE, "x" * 43)
    sign_in(planted)
    found = planted.get_cookie(SESSION_COOKIE)
    assert found is not None and found.value != "x" * 43


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


# Keys and absences


def test_a_new_key_of_the_provider_is_taken_up(
    make: Callable[..., Flask], provider: IdentityProvider, clock: Clock
) -> None:
    client = make().test_client()
    assert sign_in(client).status_code == 303
    provider.rotate("two")
    clock.ahead = OIDC_KEYS_AGAIN_SECONDS + 1
    assert sign_in(client).status_code == 303
    assert provider.asked.count("/keys") == 2
    for _ in range(3):
        provider.forge = lambda its, claims: joined({"alg": "RS256", "kid": "three"}, claims, its.key.sign)
        assert is_refused(sign_in(client), "refused", 403)
    assert provider.asked.count("/keys") == 2, "made-up names do not make the server ask again and again"


def test_a_key_that_was_taken_back_opens_nothing(
    make: Callable[..., Flask], provider: IdentityProvider, clock: Clock
) -> None:
    client, old = make().test_client(), provider.key
    assert sign_in(client).status_code == 303
    provider.rotate("two")
    provider.forge = lambda its, claims: joined({"alg": "RS256", "kid": "one"}, claims, old.sign)
    clock.ahead = 700
    assert is_refused(sign_in(client), "refused", 403)


def test_a_password_opens_while_the_provider_is_away(
    make: Callable[..., Flask], provider: IdentityProvider, clock: Clock
) -> None:
    app = make()
    first_administrator(app)
    provider.down = 503
    client = app.test_client()
    assert is_refused(client.get("/sign-in/oidc"), "away", 503)
    asked = len(provider.asked)
    assert is_refused(client.get("/sign-in/oidc"), "away", 503)
    assert len(provider.asked) == asked, "nobody waits for it again at once"
    assert submit(client, "/sign-in", "/sign-in", name="admin", password=PASSWORD).status_code == 303
    provider.down = 0
    clock.ahead = 11
    other = app.test_client()
    path = at_provider(begin(other))
    provider.down = 500
    assert is_refused(other.get(path), "away", 503), "away between the two"


def test_nothing_listens_where_the_provider_was(make: Callable[..., Flask], provider: IdentityProvider) -> None:
    app = make()
    provider.metadata = {"token_endpoint": "http://127.0.0.1:9/token"}
    assert is_refused(sign_in(app.test_client()), "away", 503)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://10.0.0.1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": 7},
        {"token_endpoint": None},
    ],
)
def test_a_description_that_leads_elsewhere_is_not_followed(
    make: Callable[..., Flask], provider: IdentityProvider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    assert is_refused(make().test_client().get("/sign-in/oidc"), "away", 503)


# Configuration


@pytest.mark.parametrize(
    ("oidc", "fault"),
    [
        ('issuer = "http://login.example"', "https is needed"),
        ('issuer = "ftp://login.example"', "https"),
        ('issuer = "https://login.example"\nscopes = ["profile"]', "openid"),
        ('issuer = "https://login.example"\ngroups_claim = "groups"', "go together"),
        ('issuer = "https://login.example"\ngroups_claim = "g"\nroles = { a = ["king"] }', "no role"),
        ('issuer = "https://login.example"\ngroups_claim = "g"\nroles = { a = [] }', "one role"),
        ('issuer = "https://login.example"\nclient_secret_file = "/nowhere/at/all"', "client_secret_file"),
        ('issuer = "https://login.example"\nclient_secret_file = "EMPTY"', "holds no secret"),
    ],
)
def test_faults_of_the_configuration_are_told(tmp_path: Path, oidc: str, fault: str) -> None:
    (tmp_path / "empty").write_text("\n")
    path = tmp_path / "central.toml"
    lines = ['folder = "x"', f'public_url = "{PUBLIC}"', "[oidc]", 'client_id = "x"']
    path.write_text("\n".join([*lines, oidc.replace("EMPTY", str(tmp_path / "empty"))]))
    with pytest.raises(ConfigRefused, match=fault):
        read_config(path)


def test_the_address_to_come_back_to_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "central.toml"
    path.write_text('folder = "x"\n[oidc]\nissuer = "https://login.example"\nclient_id = "x"\n')
    with pytest.raises(ConfigRefused, match="public_url"):
        read_config(path)
