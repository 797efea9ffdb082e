"""Signing in through an identity provider, a whole one on loopback: who gets in, and what when it is away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from central import accounts
from central.application import close_app, create_app
from central.config import CentralConfig, read_config
from central.context import Plant
from central.errors import ConfigRefused
from central.oidc.limits import OIDC_KEYS_AGAIN_SECONDS
from central.pages.oidc_pages import ATTEMPT_COOKIE
from central.pages.protection import SESSION_COOKIE
from central.texts import TEXTS
from tests.central.clock_ahead import Clock, clock
from tests.central.oidc_plant import (
    BACK,
    PUBLIC,
    acts,
    at_provider,
    begin,
    is_refused,
    make,
    provider,
    sign_in,
)
from tests.central.oidc_provider import SECRET, IdentityProvider, joined
from tests.central.page_client import PASSWORD, first_administrator, submit

__all__ = ["clock", "make", "provider"]


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


# Sessions


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
