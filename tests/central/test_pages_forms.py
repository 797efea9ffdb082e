"""Every form of the office pages needs its token."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.central.memory_office import MemoryOffice
from tests.central.page_client import application, signed_in


@pytest.fixture
def office() -> MemoryOffice:
    return MemoryOffice()


@pytest.fixture
def app(office: MemoryOffice) -> Flask:
    return application(office)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return signed_in(app, "admin")


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in",
        "/sign-in/first",
        "/sign-in/badge",
        "/sign-out",
        "/language",
        "/account/password",
        "/account/pin",
        "/account/end",
        "/account/end-others",
        "/calls/acknowledge",
        "/calls/resolve",
        "/codes/tester",
        "/calls/assign",
        "/calls/case",
        "/phone/act",
        "/gateways/enrol",
        "/gateways/revoke",
        "/gateways/replace",
        "/gateways/retire",
        "/gateways/sign-off",
        "/fleet/rollouts/start",
        "/fleet/rollouts/act",
        "/fleet/releases/remove",
        "/fleet/settings/preview",
        "/fleet/settings/publish",
        "/fleet/settings/back",
        "/fleet/diagnosis/ask",
        "/master/check",
        "/master/apply",
        "/master/instructions/add",
        "/master/instructions/remove",
        "/master/<table>/row",
        "/master/<table>/delete",
        "/master/<table>/restore",
        "/master/<table>/paste",
        "/master/work_orders/routing",
        "/master/review/undo",
        "/master/review/settle",
        "/master/review/discard",
        "/master/review/release",
        "/master/versions/restore",
        "/comments",
        "/tasks/new",
        "/tasks/answer",
        "/tasks/act",
        "/tasks/assign",
        "/tasks/edit",
        "/tasks/tick",
        "/tasks/rules/add",
        "/tasks/rules/usual",
        "/tasks/rules/enable",
        "/tasks/rules/remove",
        "/tasks/owners/add",
        "/tasks/owners/remove",
        "/problems/new",
        "/problems/call",
        "/problems/edit",
        "/problems/act",
        "/users/add",
        "/users/code",
        "/users/disable",
        "/users/enable",
        "/users/change",
        "/users/end",
        "/users/pin",
        "/tokens/make",
        "/tokens/revoke",
        "/contacts/save",
        "/contacts/delete",
        "/deliveries/rules/save",
        "/deliveries/rules/delete",
        "/inbox/seen",
        "/inbox/acknowledge",
        "/inbox/push",
        "/inbox/push/delete",
        "/n/<token>",
    ],
)
def test_forms_are_refused_without_their_token(admin: FlaskClient, office: MemoryOffice, path: str) -> None:
    assert admin.post(path, data={"name": "x"}).status_code == 400
    assert admin.post(path, data={"form_token": "0" * 64}).status_code == 400
    assert office.acts == []


def test_every_changing_route_is_in_the_list_above(app: Flask) -> None:
    tested = test_forms_are_refused_without_their_token.pytestmark[0].args[1]
    changing = {rule.rule for rule in app.url_map.iter_rules() if rule.methods and rule.methods & {"POST", "PUT"}}
    assert changing == set(tested)
