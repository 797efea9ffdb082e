"""The page of one's own account: its sessions, the password, the PIN that goes with the badge."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central import errors
from central.accounts import change_password as change_password_of
from central.accounts import confirm_password
from central.asking import asking_address
from central.badges import has_pin, new_pin_hash
from central.badges import set_pin as keep_pin
from central.board import person_name
from central.context import plant
from central.limits import PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN
from central.pages.account_pages import password_fault, too_many, welcome
from central.pages.asking import note_act
from central.pages.browsers import browser_name
from central.pages.frame import for_action, render, signed_in
from central.pages.port import Office
from central.pages.protection import SESSION_COOKIE, cookie
from central.rights import Action
from central.sessions import Caller, end_session, end_sessions, key_of, list_sessions
from central.snapshots import current_master

SAVED = ("password", "pin", "ended", "others")


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/account")
    @for_action(Action.OWN_ACCOUNT)
    def own_account() -> Response:
        return _show()

    @pages.post("/account/password")
    @for_action(Action.OWN_ACCOUNT)
    def change_password() -> BaseResponse:
        return _change_password(office)

    @pages.post("/account/pin")
    @for_action(Action.OWN_ACCOUNT)
    def set_pin() -> BaseResponse:
        return _set_pin()

    @pages.post("/account/end")
    @for_action(Action.OWN_ACCOUNT)
    def end_own_session() -> BaseResponse:
        here, who = plant(), signed_in().name
        key = request.form.get("session", "")
        with here.database.write() as session:
            if end_session(session, here.database.plant, who, key):
                note_act(session, "session.ended", who)
        return redirect("/account?saved=ended", 303)

    @pages.post("/account/end-others")
    @for_action(Action.OWN_ACCOUNT)
    def end_other_sessions() -> BaseResponse:
        here, who = plant(), signed_in().name
        with here.database.write() as session:
            end_sessions(session, here.database.plant, who, but=cookie(SESSION_COOKIE))
            note_act(session, "session.ended", who, which="others")
        return redirect("/account?saved=others", 303)


def _change_password(office: Office) -> BaseResponse:
    here, who = plant(), signed_in().name
    new = request.form.get("password", "")
    fault, bound = password_fault(who, new, request.form.get("repeat", ""))
    if fault:
        return _show(fault=fault, fault_number=bound, status=400)
    caller = Caller(asking_address(), request.headers.get("User-Agent", ""))
    try:
        here.attempts.count(caller.address, here.now())
        token = change_password_of(here.database, who, request.form.get("old", ""), new, here.now(), caller)
    except errors.TooManyAttempts:
        return too_many(_show)
    except errors.SignInRefused:
        return _show(fault="account.wrong_password", status=403)
    return welcome(office, token, to="/account?saved=password")


def _set_pin() -> BaseResponse:
    """With the password: who finds an open session must not be able to make a way back in."""
    here, who = plant(), signed_in().name
    try:
        here.attempts.count(asking_address(), here.now())
        hashed = new_pin_hash(request.form.get("pin", ""))
        confirm_password(here.database, who, request.form.get("old", ""), here.now())
        with here.database.write() as session:
            keep_pin(session, here.database.plant, who, hashed, here.now())
            note_act(session, "pin.set", who)
    except errors.TooManyAttempts:
        return too_many(_show)
    except errors.SignInRefused:
        return _show(fault="account.wrong_password", status=403)
    except errors.PinRefused:
        return _show(fault="account.bad_pin", status=400)
    return redirect("/account?saved=pin", 303)


def _show(*, fault: str = "", fault_number: int = 0, status: int = 200) -> Response:
    here, who = plant(), signed_in()
    with here.database.read() as session:
        sessions = list_sessions(session, here.database.plant, who.name, here.now())
        with_pin = has_pin(session, here.database.plant, who.name)
        person = person_name(who.person, current_master(session, here.database.plant))
    saved = request.args.get("saved", "")
    return render(
        "account.html",
        status,
        sessions=sessions,
        own_key=key_of(cookie(SESSION_COOKIE)),
        has_pin=with_pin,
        person=person,
        saved=saved if saved in SAVED else "",
        fault=fault,
        fault_number=fault_number,
        browser_name=browser_name,
        password_min=PASSWORD_CHARACTERS_MIN,
        password_max=PASSWORD_CHARACTERS_MAX,
    )
