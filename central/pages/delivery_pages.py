"""What became of each message: the list with its filters, one with its history, times against limits."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, request

from central.context import plant
from central.digits import whole_number
from central.notify.lists import (
    WEEK_SECONDS,
    Asked,
    counts_of,
    list_deliveries,
    one_delivery,
    others_of,
    times_of,
)
from central.notify.rules import IN_APP
from central.notify.states import ARRIVED, FAILED, DeliveryState
from central.notify.tables import Delivery
from central.notify.words import text_of, title_of
from central.pages import formats
from central.pages.frame import for_action, language, render
from central.pages.port import Office
from central.plant_days import asked_day, midnight, utc_offset
from central.rights import Action
from central.snapshots import current_master
from central.texts import text, text_or
from floor.texts import Language

BAD = (*FAILED, DeliveryState.POSSIBLY_REPEATED)
PERSON_CHARACTERS_MAX = 64
CHANNEL_CHARACTERS_MAX = 32
LINES = 100


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/deliveries")
    @for_action(Action.NOTIFICATIONS)
    def deliveries() -> Response:
        return _list()

    @pages.get("/deliveries/<int:identity>")
    @for_action(Action.NOTIFICATIONS)
    def delivery(identity: int) -> Response:
        return _one(identity)


def asked_of(values: dict[str, str]) -> Asked:
    """The filter in an address; what does not fit is left out. Days are the plant's."""
    state = values.get("state", "")
    day, before = asked_day(values.get("date", "")), values.get("before", "")
    since = midnight(day) if day else 0.0
    return Asked(
        state if state in {str(each) for each in DeliveryState} else "",
        values.get("person", "").strip()[:PERSON_CHARACTERS_MAX],
        values.get("channel", "").strip()[:CHANNEL_CHARACTERS_MAX],
        since,
        midnight(day + timedelta(days=1)) if day else 0.0,
        whole_number(before, 15) or 0,
    )


def _list() -> Response:
    here = plant()
    now, name = here.now(), here.database.plant
    asked = asked_of(request.args.to_dict())
    with here.database.read() as session:
        master = current_master(session, name)
        lines = list_deliveries(session, name, asked, LINES)
        counts = counts_of(session, name, now - WEEK_SECONDS)
        kinds, breaches = times_of(session, name, now)
        titles = {each.note.id: title_of(each.note, master, language()) for each in lines}
        titles |= {each.note.id: title_of(each.note, master, language()) for each in breaches}
    names = {each.id: each.name for each in master.people}
    return render(
        "deliveries.html",
        lines=lines,
        titles=titles,
        names=names,
        asked=asked,
        day=request.args.get("date", "") if asked.since else "",
        counts=counts,
        states=[str(each) for each in DeliveryState],
        kinds=kinds,
        breaches=breaches,
        older=lines[-1].delivery.id if len(lines) == LINES else 0,
        **words(language()),
    )


def words(chosen: Language) -> dict[str, Any]:
    """The words of deliveries for templates."""

    def code_word(code: str) -> str:
        return text_or(chosen, f"why.{code}", formats.visible(code, 60))

    def channel_word(channel: str) -> str:
        return text(chosen, "deliveries.in_app") if channel == IN_APP else formats.visible(channel, 40)

    def state_colour(state: str) -> str:
        return "green" if state in ARRIVED else "red" if state in BAD else "plain"

    def state_word(row: Delivery) -> str:
        on_page = row.channel == IN_APP and row.state == DeliveryState.ACCEPTED
        return text(chosen, "deliveries.on_page" if on_page else f"delivery.{row.state}")

    def spans(seconds: Sequence[float]) -> str:
        return " / ".join(formats.span(chosen, each) for each in seconds)

    return {
        "state_word": state_word,
        "spans": spans,
        "code_word": code_word,
        "channel_word": channel_word,
        "state_colour": state_colour,
        "kind_word": lambda kind: text_or(chosen, f"kind.{kind}", formats.visible(kind, 60)),
        "action_word": lambda action: text_or(chosen, f"action.{action}", formats.visible(action, 60)),
    }


def _one(identity: int) -> Response:
    here = plant()
    with here.database.read() as session:
        found = one_delivery(session, here.database.plant, identity) if identity < 2**53 else None
        if found is None:
            abort(404)
        line, steps = found
        master = current_master(session, here.database.plant)
        others = others_of(session, line)
    return render(
        "delivery.html",
        line=line,
        steps=steps,
        others=others,
        title=title_of(line.note, master, language()),
        text=text_of(line.note, master, language(), utc_offset(line.note.happened_at)),
        names={each.id: each.name for each in master.people},
        **words(language()),
    )
