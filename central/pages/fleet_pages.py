"""The fleet: every gateway's health, one gateway, and its diagnosis bundles."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.context import plant
from central.diagnosis import ask_diagnosis as ask_for_diagnosis
from central.diagnosis import diagnosis_path, kept
from central.digits import whole_number
from central.errors import DiagnosisAbsent
from central.fleet import device_of
from central.fleet_health import LEVELS
from central.fleet_lines import FleetLine, one_of_fleet
from central.fleet_lines import fleet as every_gateway
from central.pages.addresses import address_of
from central.pages.asking import note_act
from central.pages.fleet_acting import add_acts
from central.pages.frame import NAME, for_accounts, for_action, render, signed_in
from central.pages.port import Office
from central.rights import Action
from central.rollouts import open_rollout
from central.wished_settings import current_number
from floor.versions import version_key

SORTS: dict[str, Callable[[FleetLine], Any]] = {
    "name": lambda each: each.name,
    "line": lambda each: (each.line, each.name),
    "release": lambda each: (version_key(each.release) or ((), 0, 0), each.name),
    "health": lambda each: (LEVELS.index(each.health.level), each.name),
    "waiting": lambda each: (-each.waiting, each.name),
    "seen": lambda each: (each.last_seen or 0.0, each.name),
}
FILTERS = ("line", "release", "health")
FILTER_CHARACTERS_MAX = 160
NUMBER_DIGITS_MAX = 9


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/fleet")
    @for_accounts
    def fleet() -> Response:
        return _list("fleet.html")

    @pages.get("/fleet/fragment")
    @for_accounts
    def fleet_fragment() -> Response:
        return _list("fleet_rows.html")

    @pages.get("/fleet/gateways/<name>")
    @for_accounts
    def fleet_device(name: str) -> Response:
        return _one(name)

    @pages.post("/fleet/diagnosis/ask")
    @for_action(Action.FLEET)
    def ask_diagnosis() -> BaseResponse:
        here, name = plant(), _known(request.form.get("name", ""))
        try:
            with here.database.write() as session:
                number = ask_for_diagnosis(session, here.database.plant, name, signed_in().name, here.now())
                note_act(session, "diagnosis.asked", name, number=number)
        except DiagnosisAbsent:
            abort(404)
        return redirect(f"/fleet/gateways/{name}", 303)

    @pages.get("/fleet/gateways/<name>/diagnosis/<number>")
    @for_action(Action.FLEET)
    def diagnosis_bundle(name: str, number: str) -> Response:
        here, known = plant(), _known(name)
        path = diagnosis_path(here.config.folder, known, whole_number(number, NUMBER_DIGITS_MAX) or 0)
        with here.database.write() as session:
            note_act(session, "diagnosis.fetched", known, number=number)
        headers = {"Content-Disposition": f'attachment; filename="{known}-{number}.zip"'}
        return Response(path.read_bytes(), 200, headers, mimetype="application/zip")

    add_acts(pages)


def _known(name: str) -> str:
    """A gateway that there is; 404 for another. A name is also a folder's, so it is looked up before it is used."""
    here = plant()
    if NAME.fullmatch(name):
        with here.database.read() as session:
            if one_of_fleet(session, here.database.plant, name, here.now()) is not None:
                return name
    abort(404)


def _list(template: str) -> Response:
    here = plant()
    asked = {key: request.args.get(key, "").strip()[:FILTER_CHARACTERS_MAX] for key in (*FILTERS, "sort")}
    sort = asked["sort"] if asked["sort"] in SORTS else "health"
    falling, tv = request.args.get("falling") == "1", request.args.get("tv") == "1"
    with here.database.read() as session:
        every = every_gateway(session, here.database.plant, here.now())
        rollout = open_rollout(session, here.database.plant)
        under_way = None if rollout is None else (rollout.number, rollout.version, rollout.state, rollout.stage)
    shown = [each for each in every if _matches(each, asked)]
    shown.sort(key=SORTS[sort], reverse=falling)
    values = {**{key: asked[key] for key in FILTERS}, "sort": sort, "falling": falling, "tv": tv}
    usual = {"sort": "health"}

    def address(**changes: object) -> str:
        return address_of("/fleet", {**values, **changes}, usual)

    return render(
        template,
        gateways=shown,
        every=every,
        levels=[(level, sum(each.health.level == level for each in every)) for level in LEVELS],
        lines=sorted({each.line for each in every if each.line}),
        release_names=sorted({each.release for each in every if each.release}),
        asked=asked,
        sort=sort,
        falling=falling,
        tv=tv,
        under_way=under_way,
        address=address,
        fragment_url=address_of("/fleet/fragment", values, usual),
    )


def _matches(each: FleetLine, asked: dict[str, str]) -> bool:
    wanted = {"line": each.line, "release": each.release, "health": each.health.level}
    return all(not asked[key] or asked[key] == value for key, value in wanted.items())


def _one(name: str) -> Response:
    here = plant()
    with here.database.read() as session:
        found = one_of_fleet(session, here.database.plant, name, here.now())
        if found is None:
            abort(404)
        return render(
            "fleet_device.html",
            gateway=found,
            device=device_of(session, here.database.plant, found.name),
            bundles=kept(here.config.folder, found.name),
            wished=current_number(session, here.database.plant, found.name),
        )
