"""A server that knows an identity provider: fixtures that tests import by their names, and the browser's part."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central import accounts
from central.application import close_app, create_app
from central.audit import ActQuery, list_acts
from central.config import CentralConfig
from central.context import Plant
from central.pages.protection import SESSION_COOKIE
from central.texts import TEXTS
from tests.central.clock_ahead import Clock
from tests.central.oidc_provider import CLIENT, SECRET, IdentityProvider

PUBLIC = "http://localhost"
BACK = f"{PUBLIC}/sign-in/oidc/back"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    made = IdentityProvider(BACK)
    yield made
    made.close()


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
