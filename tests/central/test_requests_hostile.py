"""Requests of visitors who mean no good: a header, a query or a form of any kind never meets a fault of ours."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.central.page_client import PASSWORD, first_administrator, submit


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return first_administrator(app)


@pytest.mark.parametrize("address", ["http://[", "http://[x]", "http://[::1", "//", "", "null", "\x7f"])
@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_an_origin_that_is_no_address_is_not_ours(app: Flask, header: str, address: str) -> None:
    assert app.test_client().post("/language", data={}, headers={header: address}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/master?applied=" + "9" * 5_000,
        "/records?before=" + "9" * 5_000,
        "/records?before=" + "9" * 18,
        "/board?page=" + "9" * 5_000,
        "/records?before=-1",
    ],
)
def test_numbers_of_any_length_in_a_query_are_no_fault(admin: FlaskClient, path: str) -> None:
    assert admin.get(path).status_code == 200


NUL_PATHS = (
    *("/records?operation=%00", "/records?gateway=%00", "/records?type=a%00b", "/records.csv?operation=%00"),
    *("/board?search=%00", "/calls?done=%00", "/gateways?revoked=%00", "/gateways/%00", "/master/download.%00"),
)
NUL_FORMS = (
    ("/sign-in", "/sign-in", {"name": "\0", "password": PASSWORD}),
    ("/sign-in", "/sign-in/first", {"name": "\0", "code": "\0" * 12, "password": PASSWORD, "repeat": PASSWORD}),
    ("/users", "/users/add", {"name": "\0", "role": "leader"}),
    ("/users", "/users/code", {"name": "\0"}),
    ("/users", "/users/disable", {"name": "\0"}),
    ("/gateways", "/gateways/enrol", {"name": "\0"}),
    ("/gateways", "/gateways/revoke", {"name": "\0"}),
    ("/gateways", "/gateways/sign-off", {"gateway": "\0", "kind": "\0", "subject": "\0"}),
    ("/gateways", "/calls/acknowledge", {"gateway": "\0", "call": "\0/1"}),
    ("/gateways", "/calls/resolve", {"gateway": "\0", "call": "\0/1", "cause": "\0"}),
    ("/master", "/master/apply", {"preview": "\0"}),
)


def test_a_nul_in_a_query_finds_nothing(app: Flask, admin: FlaskClient) -> None:
    """PostgreSQL refuses a NUL in any text, so none may reach a statement."""
    for path in NUL_PATHS:
        answer = admin.get(path)
        assert answer.status_code < 500, path
        # A streamed export fails only where it is read.
        answer.get_data()
    read = app.test_client().get("/api/v1/records?gateway=%00&epoch=" + "a" * 32)
    assert read.status_code == 400 and set(read.get_json()) == {"error", "hint"}


def test_a_nul_in_a_form_is_no_fault(app: Flask, admin: FlaskClient) -> None:
    for page, action, values in NUL_FORMS:
        client = app.test_client() if page == "/sign-in" else admin
        answer = submit(client, page, action, **values)
        assert answer.status_code < 500, action
        assert answer.status_code == 400, action
    asked = {"gateway": "one", "code": "\0" * 12}
    assert app.test_client().post("/api/v1/enrol", json=asked).status_code == 403
