"""Roll-outs and wished settings: their pages, and what who looks after the fleet does there."""

import re
from collections import Counter

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central import rollouts as rolling
from central import wished_settings as wishing
from central.context import plant
from central.digits import whole_number
from central.errors import CentralError, ReleaseRefused, RolloutRefused, SettingsRefused
from central.fleet import drop_bundle, releases, remove_release, takers_at
from central.fleet_lines import fleet
from central.pages.asking import note_act
from central.pages.frame import for_accounts, for_action, render, signed_in
from central.rights import Action
from central.rollout_members import FAILED, GOOD
from central.rollout_states import STAGES
from central.rollouts import Plan
from sync.wire import SETTINGS_CHARACTERS_MAX

NUMBER_DIGITS_MAX = 9
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def add_acts(pages: Blueprint) -> None:
    """Registers the pages."""
    _add_rollouts(pages)
    _add_settings(pages)


def _add_rollouts(pages: Blueprint) -> None:
    @pages.get("/fleet/rollouts")
    @for_accounts
    def rollouts() -> Response:
        return _rollouts()

    @pages.post("/fleet/rollouts/start")
    @for_action(Action.FLEET)
    def start_rollout() -> BaseResponse:
        here = plant()
        try:
            with here.database.write() as session:
                line = request.form.get("line", "")[:160]
                plan = _plan(takers_at(session, here.database.plant, line, here.now()), line)
                number = rolling.start_rollout(session, here.database.plant, plan, signed_in().name, here.now())
                note_act(session, "rollout.started", str(number), version=plan.version, gateways=len(plan.gateways))
        except RolloutRefused as refused:
            return _rollouts(refused)
        return redirect("/fleet/rollouts", 303)

    @pages.post("/fleet/rollouts/act")
    @for_action(Action.FLEET)
    def act_on_rollout() -> BaseResponse:
        here, act = plant(), request.form.get("act", "")[:8]
        number = whole_number(request.form.get("number", ""), NUMBER_DIGITS_MAX) or 0
        try:
            with here.database.write() as session:
                rolling.act_on(session, here.database.plant, number, act, signed_in().name, here.now())
                note_act(session, f"rollout.{act}", str(number))
        except RolloutRefused as refused:
            return _rollouts(refused)
        return redirect("/fleet/rollouts", 303)

    @pages.post("/fleet/releases/remove")
    @for_action(Action.FLEET)
    def drop_release() -> BaseResponse:
        here, version = plant(), request.form.get("version", "")[:64]
        try:
            with here.database.write() as session:
                unused = remove_release(session, here.database.plant, version)
                note_act(session, "release.removed", version, sha256=unused)
        except ReleaseRefused as refused:
            return _rollouts(refused)
        drop_bundle(here.config.folder, unused)
        return redirect("/fleet/rollouts", 303)


def _add_settings(pages: Blueprint) -> None:
    @pages.get("/fleet/settings")
    @for_accounts
    def fleet_settings() -> Response:
        return _settings()

    @pages.post("/fleet/settings/preview")
    @for_action(Action.FLEET)
    def preview_settings() -> Response:
        here, names = plant(), _chosen()
        try:
            settings = wishing.read_settings(_text())
            if not names:
                raise SettingsRefused("no gateway was chosen")
            with here.database.read() as session:
                found = wishing.preview(session, here.database.plant, names, settings)
        except SettingsRefused as refused:
            return _settings(refused)
        return _settings(previews=found)

    @pages.post("/fleet/settings/publish")
    @for_action(Action.FLEET)
    def publish_settings() -> BaseResponse:
        here, names, by = plant(), _chosen(), signed_in().name
        note = request.form.get("note", "").strip()[:200]
        try:
            settings = wishing.read_settings(_text())
            with here.database.write() as session:
                name = here.database.plant
                number = wishing.publish_settings(session, name, names, settings, by, here.now(), note)
                note_act(session, "settings.published", str(number), gateways=names, settings=settings)
        except SettingsRefused as refused:
            return _settings(refused)
        return redirect("/fleet/settings", 303)

    @pages.post("/fleet/settings/back")
    @for_action(Action.FLEET)
    def roll_settings_back() -> BaseResponse:
        here = plant()
        number = whole_number(request.form.get("number", ""), NUMBER_DIGITS_MAX) or 0
        try:
            with here.database.write() as session:
                made = wishing.roll_back(session, here.database.plant, number, signed_in().name, here.now())
                note_act(session, "settings.rolled_back", str(number), published=made)
        except SettingsRefused as refused:
            return _settings(refused)
        return redirect("/fleet/settings", 303)


def _text() -> str:
    return request.form.get("settings", "")[: 2 * SETTINGS_CHARACTERS_MAX]


def _chosen() -> list[str]:
    """Gateways of the form that there are."""
    here = plant()
    with here.database.read() as session:
        known = {each.name for each in fleet(session, here.database.plant, here.now())}
    return sorted(known & set(request.form.getlist("gateway")))


def _plan(gateways: list[str], line: str) -> Plan:
    asked = request.form

    def number(name: str, usual: int) -> int:
        found = whole_number(asked.get(name, "").strip() or str(usual), 6)
        if found is None:
            raise RolloutRefused(f"{name} is a whole number")
        return found

    named = [each for each in re.split(r"[\s,，、]+", asked.get("canaries", "")) if each]
    begins, ends = _minute(asked.get("from", "")), _minute(asked.get("until", ""))
    if (begins is None) != (ends is None):
        raise RolloutRefused("a window has a beginning and an end")
    return Plan(
        version=asked.get("version", "")[:64],
        gateways=gateways,
        canaries=named,
        canary_count=number("canary_count", 1),
        percent=number("percent", 20),
        failures_max=number("failures_max", 0),
        soak_seconds=number("soak_minutes", 60) * 60.0,
        window=None if begins is None or ends is None else (begins, ends),
        line=line,
    )


def _minute(text: str) -> int | None:
    if not text.strip():
        return None
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise RolloutRefused("a time of day is HH:MM")
    return int(found[1]) * 60 + int(found[2])


def _rollouts(fault: CentralError | None = None) -> Response:
    here = plant()
    with here.database.read() as session:
        name = here.database.plant
        found = rolling.rollouts(session, name)
        every = fleet(session, name, here.now())
        of = {each.number: rolling.members(session, name, each.number) for each in found}
        counts = {number: Counter(_ending(each.state) for each in rows) for number, rows in of.items()}
        return render(
            "fleet_rollouts.html",
            400 if fault else 200,
            rollouts=found,
            members=of,
            counts=counts,
            stages=STAGES,
            releases=releases(session, name),
            lines=sorted({each.line for each in every if each.line}),
            takers=rolling.takers(session, name),
            open=rolling.open_rollout(session, name) is not None,
            fault=str(fault) if fault else "",
            values={key: value[:200] for key, value in request.form.items()},
        )


def _ending(state: str) -> str:
    return GOOD if state == GOOD else "failed" if state in FAILED else "open"


def _settings(fault: CentralError | None = None, previews: list[wishing.Preview] | None = None) -> Response:
    here = plant()
    with here.database.read() as session:
        name = here.database.plant
        found = wishing.published(session, name)
        targets = {each.number: wishing.targets(session, name, each.number) for each in found}
        concerned = {one.gateway for rows in targets.values() for one in rows}
        newest = {wishing.current_number(session, name, each) for each in concerned}
        return render(
            "fleet_settings.html",
            400 if fault else 200,
            gateways=[each for each in fleet(session, name, here.now()) if each.update_state],
            published=found,
            targets=targets,
            newest=newest,
            previews=previews,
            faulty=bool(previews) and any(each.faults for each in previews or ()),
            fault=str(fault) if fault else "",
            text=_text(),
            note=request.form.get("note", "")[:200],
            chosen=request.form.getlist("gateway"),
        )
