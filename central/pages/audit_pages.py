"""The audit log: who did what, newest first. Only administrators see this page."""

import json
from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from central.audit import Act, ActQuery, kinds_of_acts, list_acts, newest_act
from central.context import plant
from central.digits import POSITION_DIGITS_MAX, whole_number
from central.pages.frame import for_action, language, render
from central.pages.port import Office
from central.plant_days import asked_day, midnight
from central.rights import Action
from central.texts import text_or
from floor.texts import Language

ACTS_PER_PAGE = 50


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the page."""

    @pages.get("/audit")
    @for_action(Action.AUDIT)
    def audit() -> Response:
        return _show()


def _query() -> tuple[ActQuery, dict[str, str]]:
    """What is asked for, and as which texts; what makes no sense is left out."""
    asked = {name: request.args.get(name, "").strip()[:64] for name in ("who", "action", "from", "to", "before")}
    first, last, before = asked_day(asked["from"]), asked_day(asked["to"]), asked["before"]
    behind = last + timedelta(days=1) if last else None
    place = whole_number(before, POSITION_DIGITS_MAX)
    asked |= {"from": first.isoformat() if first else "", "to": last.isoformat() if last else ""}
    since, until = midnight(first) if first else None, midnight(behind) if behind else None
    return ActQuery(asked["who"], asked["action"], since, until, place), asked


def _told(detail: str) -> list[tuple[str, object]]:
    """What an act says of itself; as it stands where it was cut."""
    try:
        found = json.loads(detail)
    except ValueError:
        return [("", detail)]
    return [each for each in found.items() if each[1] not in ("", [], None)] if isinstance(found, dict) else []


def _value(name: str, value: object, chosen: Language) -> str:
    if name == "means":
        return text_or(chosen, f"means.{value}", str(value))
    if name == "kind":
        return text_or(chosen, f"alarm.{value}", str(value))
    if name == "roles" and isinstance(value, list):
        value = [_role(str(each), chosen) for each in value]
    return ", ".join(filter(None, map(str, value))) if isinstance(value, list) else str(value)


def _role(grant: str, chosen: Language) -> str:
    """A role as it is kept, with its place if it has one."""
    role, _, place = grant.partition("@")
    return " · ".join(filter(None, (text_or(chosen, f"role.{role}", role), place)))


def _show() -> Response:
    here, chosen = plant(), language()
    query, asked = _query()
    with here.database.read() as session:
        found = list_acts(session, here.database.plant, query, ACTS_PER_PAGE + 1)
        kinds = kinds_of_acts(session, here.database.plant)
        newest = newest_act(session, here.database.plant)

    def act_word(action: str) -> str:
        return text_or(chosen, f"act.{action}", action)

    def details_of(act: Act) -> list[tuple[str, str]]:
        return [
            (text_or(chosen, f"detail.{name}", name), _value(name, value, chosen)) for name, value in _told(act.detail)
        ]

    def older_url(last: Act) -> str:
        wanted = {**asked, "before": str(last.position)}
        return f"/audit?{urlencode({name: value for name, value in wanted.items() if value})}"

    return render(
        "audit.html",
        acts=found[:ACTS_PER_PAGE],
        more=len(found) > ACTS_PER_PAGE,
        asked=asked,
        kinds=kinds,
        newest=newest,
        act_word=act_word,
        details_of=details_of,
        older_url=older_url,
    )
