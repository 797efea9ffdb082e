"""A plant for tests of the phone page: the example plant, one gateway with open calls, and people who sign in."""

import re
import secrets
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central.context import Plant
from central.ingest import ingest
from central.snapshots import publish
from floor.events import AndonRaised
from floor.example import example_plant
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.page_client import PASSWORD, first_administrator, submit

GATEWAY = "gateway"
KIND = "equipment"
OPERATION = example_plant().operations[0]
STATION = example_plant().stations[0]


class PhonePlant:
    """An application with people; calls are raised as a gateway raises them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.here: Plant = app.extensions["lineside"]
        database = self.here.database
        with database.write() as session:
            publish(session, example_plant(), "test", self.here.now(), database.plant)
        enrol_gateway(database, GATEWAY)
        self.card = Card(GATEWAY)
        self.admin = first_administrator(app)

    def raise_call(self) -> str:
        """A new open call; its identity."""
        call = self.card.keep(AndonRaised(call_type=KIND, operation=OPERATION.id), STATION.id)
        self.card.drain(lambda batch: ingest(self.here.database, GATEWAY, batch, self.here.now()))
        return call

    def person(self, name: str, *roles: str) -> FlaskClient:
        """Somebody new, signed in."""
        page = submit(self.admin, "/users", "/users/add", name=name, role=list(roles)).text
        code = re.search(r'class="onetime code">([A-Z0-9-]+)<', page)
        assert code, page
        client = self.app.test_client()
        first = {"name": name, "code": code[1], "password": PASSWORD, "repeat": PASSWORD}
        assert submit(client, "/sign-in/first", "/sign-in/first", **first).status_code == 303
        return client


def state_of(client: FlaskClient) -> dict[str, Any]:
    """What the phone is told."""
    answer = client.get("/phone/state")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def new_key() -> str:
    return secrets.token_hex(16)


def send(client: FlaskClient, kind: str, call: str, *, photo: bytes = b"", **more: str) -> TestResponse:
    """An act as the page sends it. The body is made here: the test client would leave its own large file open."""
    values = {"key": new_key(), "kind": kind, "gateway": GATEWAY, "call": call, "about": "", "age": "0", **more}
    values["form_token"] = state_of(client)["form_token"]
    fields = [
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in values.items()
    ]
    head = '--x\r\nContent-Disposition: form-data; name="photo"; filename="../../photo.jpg"\r\n\r\n'
    file = head.encode() + photo + b"\r\n" if photo else b""
    headers = {
        "Origin": "http://localhost",
        "Sec-Fetch-Mode": "cors",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    return client.post("/phone/act", data="".join(fields).encode() + file + b"--x--\r\n", headers=headers)


def answered(client: FlaskClient, kind: str, call: str, **more: Any) -> tuple[str, str]:
    """(refusal, who) of an act."""
    answer = send(client, kind, call, **more)
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    return told["refusal"], told["who"]
