"""Tokens of machines: shown once, kept as a hash, bounded to their scopes and days, and revoked at once."""

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central import api_tokens
from central.context import Plant
from central.database import Database
from central.errors import NameRefused, TokenRefused
from central.limits import TOKEN_DAYS_MAX, TOKEN_USED_SECONDS, TOKENS_MAX
from central.retention import RetentionPump
from central.retention_settings import RetentionConfig
from tests.central.local_plant import admin, app
from tests.central.page_client import submit

__all__ = ["admin", "app"]

NOW = 1_800_000_000.0
DAY = 86_400.0
AWAY = {"REMOTE_ADDR": "192.168.7.7"}


def make(database: Database, name: str, *scopes: str, days: int = 7, now: float = NOW) -> str:
    with database.write() as session:
        return api_tokens.make_token(session, database.plant, name, scopes, days, "admin", now)[0]


def bearer(database: Database, token: str, now: float = NOW) -> api_tokens.Bearer | None:
    with database.read() as session:
        return api_tokens.bearer_of(session, database.plant, token, now)


def test_a_token_ends_after_its_days_or_when_it_is_revoked(database: Database) -> None:
    token = make(database, "erp", "read:board", "metrics")
    found = bearer(database, token)
    assert found is not None and found.scopes == {"read:board", "metrics"}
    assert bearer(database, token, NOW + 7 * DAY + 1) is None
    assert bearer(database, token[:-1] + "~") is None
    with database.write() as session:
        stored = session.connection().exec_driver_sql("SELECT token_hash FROM api_token").scalar()
        assert stored is not None and token not in stored
        api_tokens.revoke_token(session, database.plant, "erp", "admin", NOW)
    assert bearer(database, token) is None


def test_what_makes_no_token(database: Database) -> None:
    make(database, "erp", "read:board")
    for name in ("erp", "", "a b", "-x", "x" * 49):
        with pytest.raises(NameRefused):
            make(database, name, "read:board")
    for scopes, days in (((), 7), (("root",), 7), (("read:board",), 0), (("read:board",), TOKEN_DAYS_MAX + 1)):
        with pytest.raises(TokenRefused):
            make(database, "other", *scopes, days=days)
    with database.write() as session, pytest.raises(NameRefused):
        api_tokens.revoke_token(session, database.plant, "nobody", "admin", NOW)


def test_tokens_are_bounded_and_ended_ones_go(database: Database) -> None:
    with database.write() as session:
        for number in range(TOKENS_MAX):
            api_tokens.make_token(session, database.plant, f"t{number}", ["metrics"], 1, "admin", NOW)
    with pytest.raises(TokenRefused):
        make(database, "one-more", "metrics")
    pump = RetentionPump(database, RetentionConfig(tokens_days=90))
    for later, left in ((-1, TOKENS_MAX), (1, 0)):
        pump.step(NOW + 91 * DAY + later)
        with database.read() as session:
            assert len(api_tokens.list_tokens(session, database.plant, NOW)) == left


def test_the_last_use_is_noted_to_the_minute(database: Database) -> None:
    token = make(database, "erp", "read:board")
    found = bearer(database, token)
    assert found and api_tokens.is_use_worth_noting(found, NOW)
    with database.write() as session:
        api_tokens.note_use(session, database.plant, "erp", NOW)
    found = bearer(database, token)
    assert found and not api_tokens.is_use_worth_noting(found, NOW + TOKEN_USED_SECONDS - 1)
    assert api_tokens.is_use_worth_noting(found, NOW + TOKEN_USED_SECONDS)


def test_a_token_is_shown_once_and_opens_its_scopes_until_it_is_revoked(app: Flask, admin: FlaskClient) -> None:
    page = submit(admin, "/tokens", "/tokens/make", name="erp", scope=["read:board", "metrics"], days="30").text
    token = re.search(r"lst_[A-Za-z0-9_-]{43}", page)
    assert token
    listed = admin.get("/tokens").text
    assert "erp" in listed and token[0] not in listed and "有效" in listed

    def status(path: str) -> int:
        headers = {"Authorization": f"Bearer {token[0]}"}
        return app.test_client().get(path, headers=headers, environ_overrides=AWAY).status_code

    paths = ("/api/v1/board", "/metrics", "/api/v1/records", "/api/v1/audit", "/api/v1/snapshot", "/calls")
    assert [status(path) for path in paths] == [200, 200, 403, 403, 403, 303]
    plant: Plant = app.extensions["lineside"]
    with plant.database.read() as session:
        (line,) = api_tokens.list_tokens(session, plant.database.plant, time.time())
    assert line.used_at is not None and line.made_by == "admin"
    assert submit(admin, "/tokens", "/tokens/revoke", name="erp").location == "/tokens?saved=1"
    assert [status(path) for path in paths[:3]] == [401, 401, 401]
    assert submit(admin, "/tokens", "/tokens/revoke", name="nobody").status_code == 404
    for form in ({"name": "x y", "scope": "metrics", "days": "1"}, {"name": "x", "days": "1"}):
        assert submit(admin, "/tokens", "/tokens/make", **form).status_code == 400
    assert submit(admin, "/tokens", "/tokens/make", name="x", scope="metrics", days="9" * 9).status_code == 400


def test_the_document_tells_of_tokens(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, scope in (("board", "read:board"), ("records", "read:records"), ("audit", "read:audit")):
        told = document["paths"][f"/api/v1/{path}"]["get"]
        assert {"token": []} in told["security"] and f"`{scope}`" in told["summary"] + told["description"]
