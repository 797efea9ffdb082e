"""The rules: what happens -> who is told, and how."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from central.channels.settings import CHANNEL_NAME
from central.context import plant
from central.digits import whole_number
from central.errors import NotifyRefused
from central.limits import LEVELS_MAX, STORM_MESSAGES, STORM_MESSAGES_MAX
from central.notify.rule_rows import forget_rule, rules_of, save_rule
from central.notify.rules import (
    IN_APP,
    KINDS,
    OWN,
    PRIORITIES,
    ROLES,
    WHO,
    Happening,
    Level,
    Rule,
    Who,
    people_of,
)
from central.pages.delivery_pages import words
from central.pages.frame import for_action, language, render, signed_in
from central.pages.port import Office
from central.plant_days import utc_offset
from central.rights import Action
from central.snapshots import current_master
from floor.label_texts import shown
from floor.master import MasterData

TEXT_CHARACTERS_MAX = 64
NUMBER_MAX = 10**9
MINUTES_MAX = 10_080.0
NAMES_SHOWN = 4
NEW = Rule(0, "", "andon.raised", (Level((Who("role", "leader"),), 10.0),))


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/deliveries/rules")
    @for_action(Action.NOTIFICATIONS)
    def rules() -> Response:
        return _list()

    @pages.get("/deliveries/rules/<int:number>")
    @for_action(Action.NOTIFICATIONS)
    def rule(number: int) -> Response:
        return _form(_known(number))

    @pages.post("/deliveries/rules/save")
    @for_action(Action.NOTIFICATIONS)
    def keep_rule() -> BaseResponse:
        here = plant()
        number = _whole(request.form.get("number", "0"), NUMBER_MAX)
        found = _known(number)
        try:
            wanted = _asked(request.form, found)
            with here.database.write() as session:
                save_rule(session, here.database.plant, wanted, signed_in().name, here.now())
        except (NotifyRefused, ValueError):
            return _form(found, 400, refused=True)
        return redirect("/deliveries/rules?saved=1", 303)

    @pages.post("/deliveries/rules/delete")
    @for_action(Action.NOTIFICATIONS)
    def delete_rule() -> BaseResponse:
        here = plant()
        with here.database.write() as session:
            forget_rule(session, here.database.plant, _whole(request.form.get("number", "0"), NUMBER_MAX))
        return redirect("/deliveries/rules?saved=1", 303)


def _known(number: int) -> Rule:
    here = plant()
    if number == 0:
        return NEW
    with here.database.read() as session:
        found = next((each for each in rules_of(session, here.database.plant) if each.number == number), None)
    if found is None:
        abort(404)
    return found


def _whole(raw: str, highest: int) -> int:
    """A whole number of a form; 400 for what is none."""
    found = whole_number(raw, 19)
    if found is None or found > highest:
        abort(400)
    return found


def _minutes(raw: str) -> float:
    """Minutes of a form, 0 to a week. Raises ValueError."""
    found = float(raw.strip() or "0")
    if not 0 <= found <= MINUTES_MAX:
        raise ValueError("minutes out of range")
    return found


def _asked(form: MultiDict[str, str], before: Rule) -> Rule:
    """The rule that a form describes. Raises ValueError for a number that is none."""

    def word(name: str) -> str:
        return shown(" ".join(form.get(name, "").split()), TEXT_CHARACTERS_MAX)

    kind = word("other_kind") or word("kind")
    channels = tuple(each for each in form.get("channels", "").split() if CHANNEL_NAME.fullmatch(each))
    priority = word("priority")
    return replace(
        before,
        name=word("name"),
        kind=kind,
        enabled="enabled" in form,
        line=word("line"),
        station=word("station"),
        call_type=word("call_type"),
        impact=word("impact"),
        tier_min=int(word("tier_min") or 0),
        levels=_levels(form),
        channels=channels or (IN_APP,),
        priority=priority if priority in PRIORITIES else "normal",
        acknowledge="acknowledge" in form,
        burst_max=int(word("burst_max") or STORM_MESSAGES),
        limit_accepted=_minutes(form.get("limit_accepted", "")) * 60,
        limit_shown=_minutes(form.get("limit_shown", "")) * 60,
        limit_acknowledged=_minutes(form.get("limit_acknowledged", "")) * 60,
    )


def _levels(form: MultiDict[str, str]) -> tuple[Level, ...]:
    found = []
    for number in range(1, LEVELS_MAX + 1):
        who = [Who("role", role) for role in ROLES if role in form.getlist(f"role_{number}")]
        who += [Who(kind) for kind in ("owner", "head") if kind in form.getlist(f"who_{number}")]
        for kind in ("duty", "person"):
            name = form.get(f"{kind}_{number}", "").strip()[:TEXT_CHARACTERS_MAX]
            who += [Who(kind, name)] if name else []
        if who:
            found.append(Level(tuple(who), _minutes(form.get(f"minutes_{number}", ""))))
    return tuple(found)


def _list() -> Response:
    here = plant()
    now = here.now()
    with here.database.read() as session:
        found = rules_of(session, here.database.plant)
        master = current_master(session, here.database.plant)
    reached = {each.number: [_reached(level, each, master, now) for level in each.levels] for each in found}
    return render(
        "rules.html",
        rules=found,
        reached=reached,
        names_shown=NAMES_SHOWN,
        names={each.id: each.name for each in master.people},
        saved=request.args.get("saved") == "1",
        own=OWN,
        rule_name=_rule_name,
        **words(language()),
    )


def _rule_name(rule: Rule) -> str:
    return (rule.name_en or rule.name) if language() == "en" else rule.name


def _reached(level: Level, rule: Rule, master: MasterData, now: float) -> list[str]:
    """Names of whom a level would tell now, as far as the rule alone says it."""
    found = Happening(rule.kind, "", "", now, station=rule.station)
    people = people_of(level, found, master, now, utc_offset(now))
    return [master.person_by_id[each].name for each in people]


def _form(rule: Rule, status: int = 200, *, refused: bool = False) -> Response:
    here = plant()
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
    levels: list[dict[str, Any]] = []
    for number in range(1, LEVELS_MAX + 1):
        level = rule.levels[number - 1] if number <= len(rule.levels) else Level((), 0.0)
        named = {kind: [each.name for each in level.who if each.kind == kind] for kind in WHO}
        levels.append({"number": number, "named": named, "minutes": level.minutes})
    return render(
        "rule.html",
        status,
        rule=rule,
        rule_name=_rule_name,
        refused=refused,
        levels=levels,
        kinds=KINDS,
        roles=ROLES,
        priorities=PRIORITIES,
        burst_max=STORM_MESSAGES_MAX,
        master=master,
        duties=list(dict.fromkeys(each.duty for each in master.duties)),
        lines=list(dict.fromkeys(each.line for each in master.stations)),
        **words(language()),
    )
