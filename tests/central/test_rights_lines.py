"""A role for one line: what it opens there, that it opens nothing at another line, and who the refusal names."""

import itertools
import re
import secrets
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from central import accounts
from central.application import close_app, create_app
from central.comments import add_comment
from central.config import CentralConfig
from central.drafts import open_desk
from central.history import Actor
from central.models import AccountRow
from central.rights import ALLOWED, PERSONAL_ACTIONS, PLACED_ROLES, Action, may, may_at
from central.route_rules import ROUTES
from central.station_roles import draft_roles, with_grants
from central.tasks import Wanted, make_task
from central.texts import TEXTS
from central.who_may import who_may
from floor.rights import Grant
from floor.rows import Person
from tests.central.line_plant import MINE, OWN, PERSON, SOMEBODY, LinePlant, Things
from tests.central.test_rights import MESSAGES, PROBLEMS, TASKS

CALLS = {"save_case", "acknowledge_call", "assign_call", "resolve_call", "phone_act"}
RULES = {"add_rule", "add_usual_rules", "enable_rule", "remove_rule", "name_owner", "forget_owner"}

OPENED_BY_A_LINE = {
    "operator": TASKS,
    "leader": CALLS | TASKS | PROBLEMS - RULES,
    "manager": TASKS | PROBLEMS - RULES,
}
"""By hand: the routes that a role for a line opens beyond reading. Rules and messages are the whole plant's."""


@pytest.mark.parametrize("role", OPENED_BY_A_LINE)
def test_what_a_role_for_a_line_opens(role: str) -> None:
    here = (Grant(role, OWN),)
    opened = {
        endpoint.removeprefix("pages.")
        for endpoint, rule in ROUTES.items()
        if rule.action is not None and rule.action not in PERSONAL_ACTIONS and may(here, rule.action)
    }
    assert opened == OPENED_BY_A_LINE[role]
    assert set(OPENED_BY_A_LINE) == set(PLACED_ROLES)
    assert not MESSAGES & opened


@pytest.mark.parametrize("action", sorted(set(Action) - PERSONAL_ACTIONS))
@pytest.mark.parametrize("role", PLACED_ROLES)
def test_nothing_a_line_allows_holds_at_another(role: str, action: Action) -> None:
    here = (Grant(role, OWN),)
    assert not may(here, action, "plant/machining/L9/S9")
    assert not may(here, action, ""), "a station that nobody knows is nobody's place"
    assert not may_at(here, action, ["plant/machining/L9/S9", ""])
    if may(here, action):
        assert action in ALLOWED[role]
        assert may_at(here, action, ["plant/machining/L9/S9", f"{OWN}/S1"]), "what runs through both is theirs, too"
        assert may_at(here, action, []), "what is nowhere is no other line's"


Form = Callable[[LinePlant, Things], tuple[str, dict[str, str] | None]]


def _call(path: str, **more: str) -> Form:
    def form(plant: LinePlant, things: Things) -> tuple[str, dict[str, str] | None]:
        name, _, call = things.call.partition("/")
        owner = {"owner": plant.owner} if path.endswith("assign") else {}
        return path, {"gateway": name, "call": call, **owner, **more}

    return form


def _phone(kind: str) -> Form:
    def form(_: LinePlant, things: Things) -> tuple[str, dict[str, str] | None]:
        name, _, call = things.call.partition("/")
        told = {"key": secrets.token_hex(16), "kind": kind, "gateway": name, "call": call, "age": "0"}
        return "/phone/act", {**told, "about": "other"}

    return form


def _task(path: str, **more: str) -> Form:
    return lambda _, things: (path, {"task": str(things.task), "edition": "0", **more})


def _problem(path: str, **more: str) -> Form:
    return lambda _, things: (path, {"problem": str(things.problem), "edition": "0", **more})


def _comment(kind: str) -> Form:
    return lambda _, things: ("/comments", {"kind": kind, "subject": str(getattr(things, kind)), "text": "x"})


def _new_task(link: str) -> Form:
    def form(_: LinePlant, things: Things) -> tuple[str, dict[str, str] | None]:
        named = {link: str(getattr(things, {"work_order": "order"}.get(link, link)))}
        return "/tasks/new", {"title": "t", "owner": MINE, **named}

    return form


ANYBODY, LEADER, BOTH = {"operator", "leader", "manager"}, {"leader"}, {"leader", "manager"}
LOOK: dict[str, str] = {"title": "Look", "owner": PERSON, "station": "S1"}

ACTS: dict[str, tuple[Form, set[str]]] = {
    "acknowledge_call": (_call("/calls/acknowledge"), LEADER),
    "assign_call": (_call("/calls/assign"), LEADER),
    "resolve_call": (_call("/calls/resolve", cause="other"), LEADER),
    "save_case": (_call("/calls/case", fix="cleaned"), LEADER),
    "phone_act acknowledge": (_phone("acknowledge"), LEADER),
    "phone_act assign": (_phone("assign"), LEADER),
    "phone_act note": (_phone("note"), LEADER),
    "phone_act resolve": (_phone("resolve"), LEADER),
    "new_task": (lambda _, things: (f"/tasks/new?call={things.call}", None), ANYBODY),
    "make_new_task call": (_new_task("call"), ANYBODY),
    "make_new_task station": (_new_task("station"), ANYBODY),
    "make_new_task operation": (_new_task("operation"), ANYBODY),
    "make_new_task order": (_new_task("work_order"), ANYBODY),
    "make_new_task problem": (_new_task("problem"), ANYBODY),
    "answer_task": (_task("/tasks/answer"), LEADER),
    "act_on_task": (_task("/tasks/act", step="accept"), LEADER),
    "assign_task": (_task("/tasks/assign", owner="P06"), LEADER),
    "edit_task": (_task("/tasks/edit", **LOOK), LEADER),
    "tick": (_task("/tasks/tick", item="0", text="one"), LEADER),
    "comment call": (_comment("call"), ANYBODY),
    "comment task": (_comment("task"), ANYBODY),
    "comment problem": (_comment("problem"), ANYBODY),
    "comment order": (_comment("order"), ANYBODY),
    "comment operation": (_comment("operation"), ANYBODY),
    "new_problem": (lambda _, things: (f"/problems/new?call={things.call}", None), BOTH),
    "make_new_problem": (lambda _, it: ("/problems/new", {"title": "x", "owner": MINE, "calls": it.call}), BOTH),
    "add_call_to_problem": (_problem("/problems/call", call="none"), BOTH),
    "edit_problem": (_problem("/problems/edit", title="x"), BOTH),
    "act_on_problem": (_problem("/problems/act", step="submit"), BOTH),
}
"""By hand: what is done at a place, its form, and the roles that may, where they hold."""

ASKERS: dict[str, tuple[str, set[str]]] = {
    **{f"{role} of a line": (f"{role}@{OWN}", {"own"}) for role in PLACED_ROLES},
    **{role: (role, {"own", "other"}) for role in PLACED_ROLES},
    "admin": ("admin", {"own", "other"}),
}
"""Who asks: the grant, and the lines at which it holds."""


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinePlant]:
    app = create_app(CentralConfig(folder=tmp_path_factory.mktemp("central"), threads=24))
    yield LinePlant(app)
    close_app(app)


_NUMBERS = itertools.count(1)


def refused(answer: TestResponse) -> bool:
    """The no-permission page; a phone is told in a word of its own."""
    if answer.mimetype == "application/json":
        return bool(answer.get_json()["refusal"] == "elsewhere")
    return answer.status_code == 403 and any(title in answer.text for title in TEXTS["error.403.title"])


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("act", ACTS)
def test_every_act_with_everybody_at_both_lines(plant: LinePlant, act: str, who: str) -> None:
    form, roles = ACTS[act]
    grant, lines = ASKERS[who]
    token, role = plant.account(grant), grant.partition("@")[0]
    for line in ("other", "own"):
        path, told = form(plant, plant.things[line])
        answer = plant.ask(token, path, told, next(_NUMBERS))
        allowed = line in lines and (role in roles or role == "admin")
        assert answer.status_code < 500, answer.text
        assert refused(answer) is not allowed, (line, answer.status, answer.headers.get("Location"))


def test_the_table_has_every_route_that_is_done_at_a_place() -> None:
    placed = {*CALLS, *TASKS, *(PROBLEMS - RULES)}
    assert {each.partition(" ")[0] for each in ACTS} == placed


READ = (
    "/calls/{0.call}",
    "/tasks/{0.task}",
    "/tasks/{0.task}/print",
    "/problems/{0.problem}",
    "/orders/{0.order}",
    "/comments/operation/{0.operation}",
    "/tasks",
    "/problems",
    "/calls",
    "/calls/analysis",
    "/flow",
    "/trace",
)


@pytest.mark.parametrize("path", READ)
def test_whoever_is_signed_in_reads_both_lines(plant: LinePlant, path: str) -> None:
    for things in plant.things.values():
        answer = plant.ask(plant.account(f"operator@{OWN}"), path.format(things), None, next(_NUMBERS))
        assert answer.status_code == 200, answer.text


BUTTONS = {
    "/calls/{0.call}": ("/tasks/new?call=", "/problems/new?call=", 'action="/comments"', "/calls/acknowledge"),
    "/tasks/{0.task}": ('action="/tasks/act"', 'action="/tasks/tick"', 'action="/comments"'),
    "/problems/{0.problem}": ('action="/problems/edit"', "/tasks/new?problem=", 'action="/comments"'),
    "/comments/operation/{0.operation}": ("/tasks/new?operation=", 'action="/comments"'),
    "/orders/{0.order}": ('action="/comments"',),
}


@pytest.mark.parametrize("path", BUTTONS)
def test_what_would_be_refused_has_no_button(plant: LinePlant, path: str) -> None:
    token = plant.account(f"leader@{OWN}")
    for line, things in plant.things.items():
        if "call" in path:
            things = Things(things.station, plant.raise_call(line), 0, 0, "", "")
        page = plant.ask(token, path.format(things), None, next(_NUMBERS)).text
        assert [each in page for each in BUTTONS[path]] == [line == "own"] * len(BUTTONS[path]), line
        assert any(text in page for text in TEXTS["comments.elsewhere"]) is (line == "other")


def test_the_refusal_names_the_line_and_who_can_help(plant: LinePlant) -> None:
    far = "plant/machining/L9"
    grants = {"P04": f"leader@{far}", "P06": "leader", "P03": "admin", "P02": "operator", PERSON: f"leader@{OWN}"}
    with plant.here.database.write() as session:
        for person, grant in grants.items():
            accounts.add_account(session, plant.name, f"of-{person}", (grant,), "test", plant.here.now(), person)
            session.execute(update(AccountRow).where(AccountRow.person == person).values(password_hash="set"))
    names = [plant.master.person_by_id[each].name for each in ("P04", "P06")]
    with plant.here.database.read() as session:
        assert who_may(session, plant.name, Action.LEAD_TASKS, [f"{far}/S9"]) == names, "of the line first"
        assert who_may(session, plant.name, Action.USERS, []) == [plant.master.person_by_id["P03"].name]
    path, told = ACTS["act_on_task"][0](plant, plant.things["other"])
    page = plant.ask(plant.account(f"leader@{OWN}"), path, told, next(_NUMBERS)).text
    assert far in page and all(each in page for each in names)
    assert any(text in page for text in TEXTS["error.403.names"])


# What is one's own wherever it is


def test_ones_own_task_is_answered_at_any_line_and_not_taken_elsewhere(plant: LinePlant) -> None:
    token = plant.account(f"operator@{OWN}")
    with plant.here.database.write() as session:
        wanted = Wanted("Come and help", MINE, station="S9")
        number = make_task(session, plant.name, wanted, SOMEBODY, plant.here.now())
    told = {"task": str(number), "edition": "1"}
    moved = {**told, "title": "x", "owner": MINE}
    for form, allowed in (
        (("/tasks/edit", {**moved, "station": "S1"}), True),
        (("/tasks/edit", {**moved, "station": "S9", "edition": "2"}), False),
        (("/tasks/act", {**told, "step": "accept"}), True),
        (("/comments", {"kind": "task", "subject": str(number), "text": "on my way"}), True),
    ):
        assert refused(plant.ask(token, *form, next(_NUMBERS))) is not allowed, form


def test_who_is_called_by_name_answers_at_any_line(plant: LinePlant) -> None:
    token = plant.account(f"operator@{OWN}")
    call = plant.raise_call("other")
    told = {"kind": "call", "subject": call, "text": "coming"}
    assert refused(plant.ask(token, "/comments", told, next(_NUMBERS)))
    with plant.here.database.write() as session:
        name = plant.master.person_by_id[MINE].name
        add_comment(session, plant.name, "call", call, f"@{name} look", Actor("else", "P04"), plant.here.now())
    assert not refused(plant.ask(token, "/comments", told, next(_NUMBERS)))


# What the office grants goes down to the stations


LEE = {"id": "P1", "name": "Lee", "badge": "B1"}


@pytest.mark.parametrize(
    ("row", "before", "after", "wanted"),
    [
        ((), ("leader",), (), (("operator",), ())),
        (("leader", "operator"), ("leader",), ("operator",), (("operator",), ())),
        (("operator",), (), ("leader",), (("operator", "leader"), ())),
        (("leader", "operator"), (), ("leader",), (("leader", "operator"), ())),
        (("leader", "operator"), ("leader",), (f"leader@{OWN}",), (("operator",), (f"leader@{OWN}",))),
        (("operator", "maintainer"), ("leader",), ("leader", "planner"), (("operator", "maintainer"), ())),
        (("leader", "maintainer"), ("maintainer",), (), (("leader",), ())),
    ],
)
def test_what_changed_of_the_grants_changes_the_persons_row(
    row: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...], wanted: tuple[object, object]
) -> None:
    def grants(texts: tuple[str, ...]) -> list[Grant]:
        return [Grant(role, place) for role, _, place in (each.partition("@") for each in texts)]

    held = Person.model_validate({**LEE, "roles": row})
    later = with_grants(held, grants(before), grants(after))
    assert (later.roles, later.line_roles) == wanted


def test_a_right_given_or_taken_by_an_administrator_waits_in_their_draft(plant: LinePlant) -> None:
    admin = plant.account("admin")
    with plant.here.database.write() as session:
        accounts.add_account(session, plant.name, "lead", ("leader",), "test", plant.here.now(), MINE)
        name = session.scalars(select(AccountRow.name).where(AccountRow.roles == "admin")).all()[-1]
    leads = plant.master.person_by_id[MINE]
    assert "leader" in leads.roles

    def drafted() -> Person:
        with plant.here.database.read() as session:
            people = open_desk(session, plant.name, name).tables["people"]
        found = next(each for each in people if each.key == MINE)
        assert isinstance(found, Person)
        return found

    form = {"name": "lead", "role": "leader", "places": OWN, "person": MINE}
    answer = plant.ask(admin, "/users/change", form, next(_NUMBERS))
    assert answer.location.endswith("/users/lead?saved=drafted"), answer.text
    assert (drafted().line_roles, "leader" in drafted().roles) == ((f"leader@{OWN}",), False)
    page = plant.ask(admin, "/users/lead?saved=drafted", None, next(_NUMBERS)).text
    assert re.search(r'href="/master/review"', page), "the way to release it"
    answer = plant.ask(admin, "/users/disable", {"name": "lead"}, next(_NUMBERS))
    assert answer.location.endswith("/users/lead?saved=drafted")
    assert (drafted().line_roles, "leader" in drafted().roles) == ((), False)
    plant.ask(admin, "/users/enable", {"name": "lead"}, next(_NUMBERS))
    assert drafted().line_roles == (f"leader@{OWN}",)
    answer = plant.ask(admin, "/users/change", {"name": "lead", "role": "planner", "person": ""}, next(_NUMBERS))
    assert drafted().line_roles == () and drafted().roles == ("operator",)


def test_a_draft_that_takes_no_more_keeps_no_right(plant: LinePlant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.drafts.DRAFT_BYTES_MAX", 10)
    with plant.here.database.write() as session:
        leader = [Grant("leader")]
        assert not draft_roles(session, plant.name, "nobody", "P02", (), leader, plant.here.now())
        assert not draft_roles(session, plant.name, "nobody", "P-none", (), leader, plant.here.now())
        assert not draft_roles(session, plant.name, "nobody", MINE, (), [], plant.here.now())
