"""How people are reached: for planners everybody, for each person themselves."""

from urllib.parse import quote

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from central.context import plant
from central.digits import whole_number
from central.errors import NotifyRefused
from central.limits import ADDRESS_CHARACTERS_MAX
from central.models import AccountRow
from central.notify.contacts import WEB_PUSH, contacts_of, forget_contact, save_contact
from central.notify.tables import Contact
from central.pages.frame import for_accounts, for_action, language, render, signed_in
from central.pages.port import Office
from central.rights import Action
from central.snapshots import current_master
from central.texts import text

FIELDS = ("channel", "address", "mention", "place", "quiet_from", "quiet_to", "language")


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/contacts")
    @for_action(Action.NOTIFICATIONS)
    def contacts() -> Response:
        return _list()

    @pages.get("/contacts/person")
    @for_accounts
    def contacts_of_person() -> Response:
        return _one(_allowed(request.args.get("id", "")))

    @pages.post("/contacts/save")
    @for_accounts
    def keep_contact() -> BaseResponse:
        here, person = plant(), _allowed(request.form.get("person", ""))
        values = {name: request.form.get(name, "")[: ADDRESS_CHARACTERS_MAX + 1] for name in FIELDS}
        try:
            with here.database.write() as session:
                save_contact(session, here.database.plant, person, values, signed_in().name, here.now())
        except NotifyRefused as fault:
            return _one(person, 400, refused=str(fault), given=values)
        return redirect(f"/contacts/person?id={quote(person, safe='')}&saved=1", 303)

    @pages.post("/contacts/delete")
    @for_accounts
    def delete_contact() -> BaseResponse:
        person = _allowed(request.form.get("person", ""))
        contact = whole_number(request.form.get("contact", ""), 15)
        if contact is None:
            abort(400)
        here = plant()
        with here.database.write() as session:
            forget_contact(session, here.database.plant, person, contact)
        return redirect(f"/contacts/person?id={quote(person, safe='')}&saved=1", 303)


def _allowed(person: str) -> str:
    """The person, for a planner or themselves; 403 for others, 404 for somebody whom the master data does not know."""
    who = signed_in()
    if not who.can(Action.NOTIFICATIONS) and (not who.person or who.person != person):
        abort(403)
    here = plant()
    with here.database.read() as session:
        if person not in current_master(session, here.database.plant).person_by_id:
            abort(404)
    return person


def _list() -> Response:
    here = plant()
    with here.database.read() as session:
        name = here.database.plant
        master = current_master(session, name)
        wanted = select(Contact.person, Contact.channel).where(Contact.plant == name).distinct()
        channels: dict[str, list[str]] = {}
        for person, channel in session.execute(wanted.order_by(Contact.person, Contact.channel)):
            channels.setdefault(person, []).append(channel)
        mine = select(AccountRow.person).where(AccountRow.plant == name, AccountRow.enabled == 1)
        signing = set(session.scalars(mine))
    people = [each for each in master.people if each.active]
    return render("contacts.html", people=people, channels=channels, signing=signing)


def _one(person: str, status: int = 200, *, refused: str = "", given: dict[str, str] | None = None) -> Response:
    here = plant()
    with here.database.read() as session:
        known = current_master(session, here.database.plant).person_by_id[person]
        found = contacts_of(session, here.database.plant, person)
    return render(
        "contact_person.html",
        status,
        person=known,
        contacts=found,
        push_word=text(language(), "contacts.push"),
        web_push=WEB_PUSH,
        saved=request.args.get("saved") == "1",
        refused=refused,
        given=given or {"place": str(10 * (len(found) + 1))},
    )
