"""The office pages as a test sees them: an application over an office, and a client that fills in forms."""

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import TestResponse

from central.accounts import administrator_code
from central.context import Plant
from central.pages import blueprint
from central.pages.port import Office

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery"
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


def application(office: Office) -> Flask:
    """An application with the pages alone."""
    app = Flask("central", static_folder=None)
    app.config["SECRET_KEY"] = b"a secret of this test only, 32 b"
    app.register_blueprint(blueprint(office))
    return app


def submit(client: FlaskClient, page: str, action: str, **values: object) -> TestResponse:
    """What a browser does: open a page, take its form's token, send the form."""
    found = FORM_TOKEN.search(client.get(page).text)
    assert found, f"{page} has no form"
    return client.post(action, data={"form_token": found[1], **values}, headers={"Origin": "http://localhost"})


def number_in(text: str) -> int:
    """A number as a page writes it, with a comma or a space between its thousands."""
    return int(re.sub(r"\D", "", text))


def totals(page: str, name: str) -> list[int]:
    """The numbers that a page marks as totals of this name."""
    return [number_in(each) for each in re.findall(rf'data-total="{name}">([^<]*)<', page)]


def form_token(app: Flask, visitor: str) -> str:
    """The token of the forms of who has this session or visitor's mark."""
    return hmac.new(str(app.secret_key).encode(), b"form\n" + visitor.encode(), hashlib.sha256).hexdigest()


def signed_in(app: Flask, name: str) -> FlaskClient:
    """A client with a session of somebody."""
    client = app.test_client()
    answer = submit(client, "/sign-in", "/sign-in", name=name, password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return client


def first_administrator(app: Flask) -> FlaskClient:
    """The first administrator, signed in with the code that the server prints at its first start."""
    plant: Plant = app.extensions["lineside"]
    with plant.database.write() as session:
        code, _ = administrator_code(session, plant.database.plant, time.time())
    client = app.test_client()
    values = {"name": "admin", "code": code, "password": PASSWORD, "repeat": PASSWORD}
    assert submit(client, "/sign-in", "/sign-in/first", **values).status_code == 303
    return client


@contextmanager
def launched() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


class _QuietRequest(WSGIRequestHandler):
    """Requests of a test are not worth a line each; a connection that asks for nothing ends."""

    timeout = 5

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class _Server(ThreadedWSGIServer):
    """Waits at its end for every answer that is still being given."""

    daemon_threads = False


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a free loopback port; its address."""
    server = _Server("127.0.0.1", 0, app, handler=_QuietRequest)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
