"""The users of the office pages. Only administrators see this page."""

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central import errors
from central.pages.frame import NAME, for_action, render, signed_in
from central.pages.office import ROLES
from central.pages.port import Office
from central.rights import Action


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/users")
    @for_action(Action.USERS)
    def users() -> Response:
        return _list(office)

    @pages.post("/users/add")
    @for_action(Action.USERS)
    def add_user() -> Response:
        return _add(office)

    @pages.post("/users/code")
    @for_action(Action.USERS)
    def renew_code() -> Response:
        name = _asked_user(office)
        return render("user_code.html", name=name, code=office.renew_code(name, signed_in().name))

    @pages.post("/users/disable")
    @for_action(Action.USERS)
    def disable_user() -> BaseResponse:
        name = _asked_user(office)
        if name == signed_in().name:
            return _list(office, fault="users.not_yourself", status=400)
        return _enabled(office, name, False)

    @pages.post("/users/enable")
    @for_action(Action.USERS)
    def enable_user() -> BaseResponse:
        return _enabled(office, _asked_user(office), True)


def _asked_user(office: Office) -> str:
    name = request.form.get("name", "")
    if name not in [each.name for each in office.users()]:
        abort(404)
    return name


def _enabled(office: Office, name: str, enabled: bool) -> BaseResponse:
    drafted = office.enable_user(name, enabled, signed_in().name)
    return redirect(f"/users/{name}?saved=drafted" if drafted else "/users?saved=1", 303)


def _add(office: Office) -> Response:
    name = request.form.get("name", "").strip()
    roles = tuple(each for each in ROLES if each in request.form.getlist("role"))
    if not NAME.fullmatch(name):
        return _list(office, fault="users.bad_name", name=name[:48], chosen=roles, status=400)
    if not roles:
        return _list(office, fault="users.no_role", name=name, status=400)
    try:
        code = office.add_user(name, roles, signed_in().name)
    except errors.NameRefused:
        return _list(office, fault="users.bad_name", name=name, chosen=roles, status=400)
    return render("user_code.html", name=name, code=code)


def _list(
    office: Office, *, fault: str = "", name: str = "", chosen: tuple[str, ...] = (), status: int = 200
) -> Response:
    published = office.master()
    return render(
        "users.html",
        status,
        users=office.users(),
        people=published.master.person_by_id if published is not None else {},
        roles=ROLES,
        saved=request.args.get("saved") == "1",
        fault=fault,
        name=name,
        chosen=chosen,
    )
