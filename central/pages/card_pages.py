"""A gateway's card and credential: replace a dead Pi, see its certificate, retire it. Reached from its page."""

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from central.context import plant
from central.credentials import OLD_CARD, cards_of, newest_certificate, retirement_of
from central.enrolment import awaits_card
from central.enrolment import replace_gateway as invite_replacement
from central.enrolment import retire as retire_for_good
from central.errors import NameRefused, TooManyAttempts
from central.models import Alarm, Gateway
from central.pages.asking import note_act
from central.pages.frame import NAME, for_action, render, signed_in
from central.pages.gateway_pages import asked_days, code_page
from central.pages.office import OneTimeCode
from central.pages.port import Office
from central.rights import Action

IMPORT = "lineside central import-card /media/card/lineside --config /etc/lineside/central.toml"
"""What a maintainer types at the server, with the card in it."""


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/gateways/<name>/card")
    @for_action(Action.ENROL)
    def gateway_card(name: str) -> Response:
        return _page(name)

    @pages.post("/gateways/replace")
    @for_action(Action.ENROL)
    def replace_gateway() -> Response:
        name, here = _named(), plant()
        now = here.now()
        try:
            with here.database.write() as session:
                made = invite_replacement(session, here.database.plant, name, signed_in().name, now, asked_days())
                note_act(session, "gateway.replacement_invited", name)
        except (NameRefused, TooManyAttempts) as fault:
            return _page(name, fault="card.refused", why=str(fault), status=409)
        return code_page(name, OneTimeCode(*made, pins=here.config.server_pins))

    @pages.post("/gateways/retire")
    @for_action(Action.ENROL)
    def retire_gateway() -> BaseResponse:
        name, here = _named(), plant()
        if request.form.get("typed", "").strip() != name:
            return _page(name, fault="card.retire_wrong", status=400)
        try:
            with here.database.write() as session:
                retire_for_good(session, here.database.plant, name, signed_in().name, here.now())
                note_act(session, "gateway.retired", name)
        except NameRefused as fault:
            return _page(name, fault="card.refused", why=str(fault), status=409)
        return redirect(f"/gateways/{name}/card", 303)


def _named() -> str:
    """The gateway of a form. Aborts with 404 for what can be none."""
    name = request.form.get("name", "")
    if not NAME.fullmatch(name):
        abort(404)
    return name


def _page(name: str, status: int = 200, fault: str = "", why: str = "") -> Response:
    here = plant()
    of = here.database.plant
    with here.database.read() as session:
        row = session.get(Gateway, (of, name))
        if row is None:
            abort(404)
        old = select(Alarm.subject).where(
            Alarm.plant == of, Alarm.gateway == name, Alarm.kind == OLD_CARD, Alarm.signed_off_at.is_(None)
        )
        return render(
            "gateway_card.html",
            status,
            gateway=row,
            certificate=newest_certificate(session, of, name),
            replaced=cards_of(session, of, name) - 1,
            waiting=awaits_card(session, of, name, here.now()),
            retired=retirement_of(session, of, name),
            command=IMPORT,
            old_seen=session.scalars(old).first() is not None,
            fault=fault,
            why=why,
        )
