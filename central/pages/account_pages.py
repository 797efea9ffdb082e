"""Sign-in with a password, the first sign-in with a one-time code, sign-out, and the language."""

import functools
import math
from collections.abc import Callable

from flask import Blueprint, abort, current_app, redirect, request
from werkzeug.wrappers import Response

from central import errors
from central.context import Plant
from central.limits import LOCK_SECONDS, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, SESSION_SECONDS
from central.oidc.provider import Provider
from central.pages.frame import account, render
from central.pages.port import Office
from central.pages.protection import (
    LANGUAGE_COOKIE,
    SESSION_COOKIE,
    VISITOR_COOKIE,
    cookie,
    safe_path,
    set_cookie,
)
from floor.texts import LANGUAGES

LANGUAGE_SECONDS = 365 * 86_400


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/sign-in")
    def sign_in_page() -> Response:
        if account() is not None:
            return redirect(safe_path(request.args.get("next", "")), 303)
        return sign_in_form(office, with_code=office.needs_administrator())

    @pages.get("/sign-in/first")
    def first_page() -> Response:
        return sign_in_form(office, with_code=True)

    @pages.post("/sign-in")
    def sign_in() -> Response:
        return _sign_in(office)

    @pages.post("/sign-in/first")
    def first_sign_in() -> Response:
        return _first_sign_in(office)

    @pages.post("/sign-out")
    def sign_out() -> Response:
        office.sign_out(cookie(SESSION_COOKIE))
        answer = redirect("/sign-in", 303)
        answer.delete_cookie(SESSION_COOKIE, path="/")
        return answer

    @pages.post("/language")
    def choose_language() -> Response:
        chosen = request.form.get("language", "")
        if chosen not in LANGUAGES:
            abort(400)
        answer = redirect(safe_path(request.form.get("next", "")), 303)
        set_cookie(answer, LANGUAGE_COOKIE, chosen, LANGUAGE_SECONDS, lax=True)
        return answer


def sign_in_form(
    office: Office, *, with_code: bool, fault: str = "", fault_number: int = 0, status: int = 200
) -> Response:
    """The page with a fault, if there is one. `with_code`: for a first sign-in by one-time code."""
    wanted = request.form.get("next") or request.args.get("next", "")
    return render(
        "sign_in.html",
        status,
        with_code=with_code,
        first=office.needs_administrator(),
        fault=fault,
        fault_number=fault_number,
        name=request.form.get("name", "")[:48],
        next=safe_path(wanted),
        provider=_provider(),
        password_min=PASSWORD_CHARACTERS_MIN,
        password_max=PASSWORD_CHARACTERS_MAX,
    )


def _sign_in(office: Office) -> Response:
    name, password = request.form.get("name", "")[:48], request.form.get("password", "")
    if len(password) > PASSWORD_CHARACTERS_MAX:
        return sign_in_form(office, with_code=False, fault="signin.refused", status=403)
    try:
        token = office.sign_in(name, password, request.remote_addr or "", _browser())
    except errors.TooManyAttempts:
        return too_many(functools.partial(sign_in_form, office, with_code=False))
    except errors.SignInRefused:
        return sign_in_form(office, with_code=False, fault="signin.refused", status=403)
    return welcome(office, token)


def _first_sign_in(office: Office) -> Response:
    password = request.form.get("password", "")
    fault, bound = password_fault(request.form.get("name", ""), password, request.form.get("repeat", ""))
    if fault:
        return sign_in_form(office, with_code=True, fault=fault, fault_number=bound, status=400)
    name, code = request.form.get("name", "")[:48], request.form.get("code", "").strip()[:64]
    try:
        token = office.first_sign_in(name, code, password, request.remote_addr or "", _browser())
    except errors.TooManyAttempts:
        return too_many(functools.partial(sign_in_form, office, with_code=True))
    except (errors.SignInRefused, errors.CodeRefused, errors.NameRefused):
        return sign_in_form(office, with_code=True, fault="signin.code_refused", status=403)
    return welcome(office, token)


def _provider() -> Provider | None:
    """The identity provider whose button stands beside; None also where pages are shown without a plant."""
    found = current_app.extensions.get("lineside")
    return found.provider if isinstance(found, Plant) else None


def _browser() -> str:
    """What the browser calls itself; cut where it is kept."""
    return request.headers.get("User-Agent", "")


def password_fault(name: str, password: str, repeat: str) -> tuple[str, int]:
    """(text, number in it) of what a new password lacks; empty where it is good."""
    if len(password) < PASSWORD_CHARACTERS_MIN:
        return "signin.short", PASSWORD_CHARACTERS_MIN
    if len(password) > PASSWORD_CHARACTERS_MAX:
        return "signin.long", PASSWORD_CHARACTERS_MAX
    if name and name.casefold() in password.casefold():
        return "signin.name_in_it", 0
    return ("", 0) if password == repeat else ("signin.differ", 0)


def too_many(page: Callable[..., Response]) -> Response:
    """A page that tells of a fault, for who tried too often, with the time to wait."""
    answer = page(fault="signin.too_many", fault_number=math.ceil(LOCK_SECONDS / 60), status=429)
    answer.headers["Retry-After"] = str(round(LOCK_SECONDS))
    return answer


def welcome(office: Office, token: str, seconds: float = SESSION_SECONDS, to: str = "") -> Response:
    """A new session's cookie in place of whatever the browser had (session fixation). `to`: where to go on, instead of
    where the form says."""
    before = cookie(SESSION_COOKIE)
    if before:
        office.sign_out(before)
    answer = redirect(to or safe_path(request.form.get("next", "")), 303)
    set_cookie(answer, SESSION_COOKIE, token, round(seconds), lax=True)
    answer.delete_cookie(VISITOR_COOKIE, path="/")
    return answer
