"""Tokens of machines: made, shown once, revoked. Only administrators see this page."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.api_tokens import list_tokens
from central.api_tokens import make_token as make_new_token
from central.api_tokens import revoke_token as revoke
from central.context import plant
from central.digits import whole_number
from central.errors import NameRefused, TokenRefused
from central.limits import TOKEN_DAYS_MAX
from central.pages.asking import note_act
from central.pages.frame import for_action, render, signed_in
from central.pages.port import Office
from central.rights import Action
from central.route_rules import SCOPES

DAYS_USUAL = 90


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/tokens")
    @for_action(Action.TOKENS)
    def tokens() -> Response:
        return _list()

    @pages.post("/tokens/make")
    @for_action(Action.TOKENS)
    def make_token() -> Response:
        return _make()

    @pages.post("/tokens/revoke")
    @for_action(Action.TOKENS)
    def revoke_token() -> BaseResponse:
        here, by, name = plant(), signed_in().name, request.form.get("name", "")
        try:
            with here.database.write() as session:
                revoke(session, here.database.plant, name, by, here.now())
                note_act(session, "token.revoked", name)
        except NameRefused:
            return _list(fault="tokens.unknown", status=404)
        return redirect("/tokens?saved=1", 303)


def _make() -> Response:
    here, by, name = plant(), signed_in().name, request.form.get("name", "").strip()
    scopes = [str(each) for each in SCOPES if each in request.form.getlist("scope")]
    days = whole_number(request.form.get("days", ""), 5) or 0
    try:
        with here.database.write() as session:
            token, until = make_new_token(session, here.database.plant, name, scopes, days, by, here.now())
            note_act(session, "token.made", name, scopes=scopes, days=days)
    except NameRefused:
        return _list(fault="tokens.bad_name", status=400)
    except TokenRefused:
        return _list(fault="tokens.no_scope" if not scopes else "tokens.refused", status=400)
    return render("token_once.html", name=name, token=token, until=until, scopes=scopes, root=request.url_root)


def _list(*, fault: str = "", status: int = 200) -> Response:
    here = plant()
    with here.database.read() as session:
        found = list_tokens(session, here.database.plant, here.now())
    return render(
        "tokens.html",
        status,
        tokens=found,
        scopes=SCOPES,
        saved=request.args.get("saved") == "1",
        fault=fault,
        name=request.form.get("name", "")[:48] if fault else "",
        chosen=request.form.getlist("scope") if fault else (),
        days=request.form.get("days", "")[:6] if fault else DAYS_USUAL,
        days_max=TOKEN_DAYS_MAX,
    )
