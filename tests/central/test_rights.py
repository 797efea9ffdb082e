"""Who may ask what: the table of roles, and every route of the server with everybody who could ask it."""

import ipaddress
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter
from werkzeug.test import TestResponse

from central import accounts
from central.api_tokens import make_token, revoke_token
from central.application import close_app, create_app
from central.config import CentralConfig
from central.context import Plant
from central.pages.protection import FORM_TOKEN, SESSION_COOKIE, VISITOR_COOKIE
from central.rights import ADMIN, ALLOWED, ROLES, Action, by_badge, grant_of, grants_of, may
from central.route_rules import ROUTES, SCOPES, Rule
from central.sessions import BADGE, NOWHERE, PASSWORD, open_session
from central.snapshots import publish
from central.texts import TEXTS
from floor.example import example_plant
from floor.rights import Grant
from tests.central.conftest import enrol_gateway
from tests.central.page_client import form_token

READING = {"GET", "HEAD", "OPTIONS"}
PERSON = "P01"
"""Whom every account belongs to: what is somebody's own is asked for as that person."""

VALUES = {
    "filename": "lineside.css",
    "name": "leader",
    "gateway_name": "one",
    "epoch": "a" * 32,
    "seq": 1,
    "sha256": "0" * 64,
    "number": 1,
    "kind": "toml",
}
"""What stands for the changing parts of an address."""


# The table of roles


def test_a_grant_is_written_and_read() -> None:
    assert grant_of("planner") == Grant("planner")
    assert str(grant_of("leader@site/area/line-1")) == "leader@site/area/line-1"
    for wrong in ("", "king", "leader@", "planner@site", "admin@site/a/b", "leader@a/b/c/d", "leader@a b", "leader@/a"):
        with pytest.raises(ValueError, match=r"role|given"):
            grant_of(wrong)


def test_a_role_for_the_whole_plant_swallows_that_for_a_place() -> None:
    assert [str(each) for each in grants_of(["admin", "leader@a/b/c", "leader", "leader"])] == ["leader", "admin"]
    assert [str(each) for each in grants_of(["leader@a/b/d", "leader@a/b/c"])] == ["leader@a/b/c", "leader@a/b/d"]


@pytest.mark.parametrize(
    ("place", "station", "allowed"),
    [
        ("", "site/area/line-1/s1", True),
        ("", "", True),
        ("site", "site/area/line-1/s1", True),
        ("site/area/line-1", "site/area/line-1/s1", True),
        ("site/area/line-1", "site/area/line-10/s1", False),
        ("site/area/line-1", "site/area/line-2/s9", False),
        ("site/area/line-1", "", False),
    ],
)
def test_a_role_holds_at_its_place_alone(place: str, station: str, allowed: bool) -> None:
    grants = (Grant("leader", place),)
    assert may(grants, Action.ACKNOWLEDGE, station) is allowed
    assert may(grants, Action.ACKNOWLEDGE), "somewhere it holds"
    assert may(grants, Action.READ, station), "whoever is signed in reads everywhere"
    assert not may(grants, Action.PUBLISH)


def test_a_badge_and_four_digits_open_nothing_but_the_floor() -> None:
    assert by_badge(grants_of(["admin", "planner", "maintainer"])) == (Grant("operator"),)
    assert by_badge(grants_of(["leader@a/b/c", "admin"])) == (Grant("leader", "a/b/c"),)


def test_an_administrator_may_everything_and_everybody_reads() -> None:
    assert ALLOWED[ADMIN] == set(Action)
    assert all({Action.READ, Action.OWN_ACCOUNT} <= ALLOWED[role] for role in ROLES)


MESSAGES = {"contacts", "deliveries", "delivery", "rules", "rule", "keep_rule", "delete_rule", "notify_api.deliveries"}
TASKS = {"new_task", "make_new_task", "answer_task", "act_on_task", "assign_task", "edit_task", "tick", "comment"}
PROBLEMS = {
    "new_problem",
    "make_new_problem",
    "add_call_to_problem",
    "edit_problem",
    "act_on_problem",
    "add_rule",
    "add_usual_rules",
    "enable_rule",
    "remove_rule",
    "name_owner",
    "forget_owner",
}
MASTER = {
    "master_api.check",
    "master_api.put_master",
    "save_row",
    "delete_row",
    "restore_row",
    "paste_rows",
    "route_order",
    "review_draft",
    "undo_row",
    "settle_clashes",
    "discard_draft",
    "release_draft",
    "restore_version",
}

CARDS = {"gateway_card", "replace_gateway", "retire_gateway"}
FLEET = {
    "start_rollout",
    "act_on_rollout",
    "drop_release",
    "preview_settings",
    "publish_settings",
    "roll_settings_back",
    "ask_diagnosis",
    "diagnosis_bundle",
}

BEYOND_READING = {
    "operator": TASKS,
    "manager": MESSAGES | PROBLEMS | TASKS,
    "leader": {"save_case", "acknowledge_call", "assign_call", "resolve_call", "phone_act"} | PROBLEMS | TASKS,
    "planner": {"check_master", "apply_master", "add_instruction", "remove_instruction"} | MASTER | MESSAGES | TASKS,
    "maintainer": {"enrol_gateway", "revoke_gateway", "sign_off_alarm"} | CARDS | FLEET | TASKS,
}
"""By hand, so that a slip in the two tables together is seen: the routes that a role opens to it alone."""


@pytest.mark.parametrize("role", BEYOND_READING)
def test_what_a_role_opens(role: str) -> None:
    everybody = {Action.READ, Action.OWN_ACCOUNT}
    opened = {
        endpoint.removeprefix("pages.")
        for endpoint, rule in ROUTES.items()
        if rule.action in ALLOWED[role] and rule.action not in everybody
    }
    assert opened == BEYOND_READING[role]


# Every route with everybody


@dataclass(frozen=True)
class Asker:
    """Somebody who asks. `token`: a bearer's; `session`: a role, or a role with `badge`; `near`: at the machine."""

    session: str = ""
    token: str = ""
    near: bool = False


ASKERS = {
    "stranger": Asker(),
    "here": Asker(near=True),
    **{role: Asker(session=role) for role in ROLES},
    "admin by badge": Asker(session="admin by badge"),
    "disabled admin": Asker(session="disabled"),
    "gateway": Asker(token="gateway"),
    **{f"token {scope}": Asker(token=scope) for scope in SCOPES},
    "token over": Asker(token="over"),
    "token revoked": Asker(token="revoked"),
    "token unknown": Asker(token="unknown"),
}


class Server:
    """A plant with a user for each role, a gateway and tokens for each scope."""

    def __init__(self, config: CentralConfig) -> None:
        self.app: Flask = create_app(config)
        self.addresses = ipaddress.ip_network("10.0.0.0/16").hosts()
        self.plant: Plant = self.app.extensions["lineside"]
        self.database, self.name = self.plant.database, self.plant.database.plant
        self.tokens = {"gateway": enrol_gateway(self.database, "one"), "unknown": "lst_" + "x" * 43}
        now = time.time()
        with self.database.write() as session:
            publish(session, example_plant(), "test", now, self.name)
            for role in ROLES:
                accounts.add_account(session, self.name, role, (role,), "test", now, PERSON)
            accounts.add_account(session, self.name, "disabled", (ADMIN,), "test", now)
            for scope in SCOPES:
                self.tokens[scope], _ = make_token(session, self.name, scope.replace(":", "-"), [scope], 9, "test", now)
            every = list(SCOPES)
            self.tokens["over"], _ = make_token(session, self.name, "over", every, 1, "test", now - 90_000)
            self.tokens["revoked"], _ = make_token(session, self.name, "revoked", every, 9, "test", now)
            revoke_token(session, self.name, "revoked", "test", now)
        self.disabled = self.session("disabled")
        with self.database.write() as session:
            accounts.enable_account(session, self.name, "disabled", False)

    def session(self, name: str, means: str = PASSWORD) -> str:
        with self.database.write() as session:
            return open_session(session, self.name, name, time.time(), NOWHERE, means)

    def cookies(self, asker: Asker) -> dict[str, str]:
        if asker.session == "disabled":
            return {SESSION_COOKIE: self.disabled}
        if asker.session == "admin by badge":
            return {SESSION_COOKIE: self.session("admin", BADGE)}
        return {SESSION_COOKIE: self.session(asker.session)} if asker.session else {VISITOR_COOKIE: "v" * 24}

    def ask(self, endpoint: str, asker: Asker) -> TestResponse:
        """The route as a browser or a program asks it, with a form's right token."""
        (rule,) = (each for each in self.app.url_map.iter_rules(endpoint))
        (method,) = set(rule.methods or ()) - READING or {"GET"}
        numbers = {name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)}
        values = {name: 1 if name in numbers else VALUES.get(name, "x") for name in rule.arguments}
        path = self.app.url_map.bind("localhost").build(endpoint, values)
        client, cookies = self.app.test_client(), self.cookies(asker)
        for name, value in cookies.items():
            client.set_cookie(name, value)
        (visitor,) = cookies.values()
        headers = {"Authorization": f"Bearer {self.tokens[asker.token]}"} if asker.token else {}
        return client.open(
            path,
            method=method,
            data={FORM_TOKEN: form_token(self.app, visitor), "person": PERSON} if method != "GET" else None,
            query_string={"id": PERSON} if method == "GET" else None,
            headers=headers | {"Origin": "http://localhost"},
            # An address of its own: many refusals of one are refused by themselves.
            environ_overrides={"REMOTE_ADDR": "127.0.0.1" if asker.near else str(next(self.addresses))},
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(CentralConfig(folder=tmp_path_factory.mktemp("central"), threads=24))
    yield made
    close_app(made.app)


def opens(rule: Rule, asker: Asker) -> bool:
    """Whether a rule lets somebody in, told a second time and another way than the server does."""
    if rule.public:
        return True
    if asker.near:
        return rule.here
    if asker.token:
        return asker.token == rule.scope or (asker.token == "gateway" and rule.gateway_token)
    if asker.session in ROLES:
        return rule.action in ALLOWED[asker.session]
    return asker.session == "admin by badge" and rule.action in ALLOWED["operator"]


def is_refused(answer: TestResponse) -> bool:
    """Whether the door was closed: a person is sent to the sign-in page or told so, a machine gets 401 or 403."""
    if answer.status_code == 303:
        return answer.location.startswith("/sign-in?next=")
    is_page = answer.mimetype == "text/html"
    if answer.status_code == 403 and is_page:
        return any(title in answer.text for title in TEXTS["error.403.title"])
    return answer.status_code in (401, 403)


def test_every_route_has_a_rule_and_every_rule_a_route(server: Server) -> None:
    there = {each.endpoint for each in server.app.url_map.iter_rules()}
    assert there - set(ROUTES) == set(), "these routes have no rule in central/route_rules.py"
    assert set(ROUTES) - there == set(), "these rules are of no route"


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("endpoint", ROUTES)
def test_every_route_with_everybody(server: Server, endpoint: str, who: str) -> None:
    rule, asker = ROUTES[endpoint], ASKERS[who]
    with server.ask(endpoint, asker) as answer:
        assert answer.status_code < 500, answer.text
        if rule.public:
            assert answer.status_code != 401 and not (answer.status_code == 303 and "next=" in answer.location)
        else:
            assert is_refused(answer) is not opens(rule, asker), (answer.status, answer.headers.get("Location"))


def test_a_route_without_a_rule_answers_nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = create_app(CentralConfig(folder=tmp_path_factory.mktemp("central")))
    app.add_url_rule("/api/v1/forgotten", "forgotten", lambda: "open")
    app.add_url_rule("/forgotten", "pages.forgotten", lambda: "open")
    try:
        for path in ("/forgotten", "/api/v1/forgotten"):
            answer = app.test_client().get(path)
            assert answer.status_code == 500 and answer.text != "open"
    finally:
        close_app(app)
