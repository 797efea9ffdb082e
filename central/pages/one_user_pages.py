"""One user: roles and where they hold, the person, sessions, PIN. Only administrators see this page."""

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from central.accounts import change_account, one_account
from central.badges import drop_pin, has_pin
from central.context import plant
from central.errors import NameRefused
from central.limits import PERSON_CHARACTERS_MAX
from central.pages.asking import note_act
from central.pages.browsers import browser_name
from central.pages.frame import for_action, render, signed_in
from central.pages.office import UserLine
from central.pages.port import Office
from central.rights import ADMIN, PLACED_ROLES, ROLES, Action, grants_of
from central.sessions import end_session, end_sessions, list_sessions
from central.snapshots import current_master
from central.station_roles import draft_roles
from floor.rights import Grant

PLACES_CHARACTERS_MAX = 2_000
Grants = tuple[Grant, ...]
SAVED = ("changed", "drafted", "ended", "pin")


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/users/<name>")
    @for_action(Action.USERS)
    def one_user(name: str) -> Response:
        return _show(name)

    @pages.post("/users/change")
    @for_action(Action.USERS)
    def change_user() -> BaseResponse:
        return _change(request.form.get("name", ""))

    @pages.post("/users/end")
    @for_action(Action.USERS)
    def end_user_sessions() -> BaseResponse:
        here, name, key = plant(), request.form.get("name", ""), request.form.get("session", "")
        _known(name)
        with here.database.write() as session:
            if key:
                end_session(session, here.database.plant, name, key)
            else:
                end_sessions(session, here.database.plant, name)
            note_act(session, "session.ended", name, which="one" if key else "all")
        return redirect(f"/users/{name}?saved=ended", 303)

    @pages.post("/users/pin")
    @for_action(Action.USERS)
    def drop_user_pin() -> BaseResponse:
        here, name = plant(), request.form.get("name", "")
        _known(name)
        with here.database.write() as session:
            drop_pin(session, here.database.plant, name)
            note_act(session, "pin.removed", name)
        return redirect(f"/users/{name}?saved=pin", 303)


def _known(name: str) -> UserLine:
    here = plant()
    with here.database.read() as session:
        found = one_account(session, here.database.plant, name)
    if found is None:
        abort(404)
    return UserLine(found.name, found.roles, found.state, found.person)


def asked_roles() -> list[str]:
    """The roles of a form, each with its places where it has some: `leader@site/area/line`."""
    places = request.form.get("places", "")[:PLACES_CHARACTERS_MAX].replace(",", " ").split()
    chosen = [each for each in ROLES if each in request.form.getlist("role")]
    placed = [f"{role}@{place}" for role in chosen if role in PLACED_ROLES for place in places]
    return [role for role in chosen if role not in PLACED_ROLES or not places] + placed


def _change(name: str) -> BaseResponse:
    here = plant()
    before, roles = _known(name), asked_roles()
    person = request.form.get("person", "").strip()[:PERSON_CHARACTERS_MAX]
    if name == signed_in().name and ADMIN not in roles:
        return _show(name, fault="users.not_yourself_admin", status=400)
    with here.database.read() as session:
        if person and person not in current_master(session, here.database.plant).person_by_id:
            return _show(name, fault="users.no_person", status=400)
    try:
        with here.database.write() as session:
            change_account(session, here.database.plant, name, roles, person)
            drafted = _draft(session, before, person)
            note_act(session, "user.changed", name, roles=roles, person=person, before=[*before.roles, before.person])
    except NameRefused:
        return _show(name, fault="users.bad_place" if roles else "users.no_role", status=400)
    return redirect(f"/users/{name}?saved={'drafted' if drafted else 'changed'}", 303)


def _draft(session: Session, before: UserLine, person: str) -> bool:
    """What changed of the roles that stations ask for, into one's draft; whether that changed anything."""
    here, mine = plant(), signed_in().name
    after = one_account(session, here.database.plant, before.name)
    assert after is not None
    held = before.grants if before.state != "disabled" else ()
    wanted = grants_of(after.roles) if after.state != "disabled" else ()
    steps: list[tuple[str, Grants, Grants]] = [(before.person, held, ()), (person, (), wanted)]
    if person == before.person:
        steps = [(person, held, wanted)]
    return any([draft_roles(session, here.database.plant, mine, *each, here.now()) for each in steps])


def _show(name: str, *, fault: str = "", status: int = 200) -> Response:
    here, user = plant(), _known(name)
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
        sessions = list_sessions(session, here.database.plant, name, here.now())
        with_pin = has_pin(session, here.database.plant, name)
    lines = dict.fromkeys(f"{each.site}/{each.area}/{each.line}" for each in master.stations)
    saved = request.args.get("saved", "")
    return render(
        "user.html",
        status,
        user=user,
        chosen=request.form.getlist("role") if fault else [each.role for each in user.grants],
        places=request.form.get("places", "") if fault else " ".join(each.place for each in user.grants if each.place),
        person=master.person_by_id.get(user.person),
        person_asked=request.form.get("person", "") if fault else user.person,
        roles=ROLES,
        lines=list(lines)[:8],
        sessions=sessions,
        has_pin=with_pin,
        saved=saved if saved in SAVED else "",
        fault=fault,
        browser_name=browser_name,
        person_max=PERSON_CHARACTERS_MAX,
        places_max=PLACES_CHARACTERS_MAX,
    )
