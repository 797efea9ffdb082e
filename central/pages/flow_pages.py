"""The flow: operations by line or department and by state, live, on a screen on the wall too."""

from dataclasses import asdict

from flask import Blueprint, Response, request

from central.context import plant
from central.digits import page_number
from central.fleet_limits import ONLINE_SECONDS_MAX
from central.flow import COLUMNS, FlowItem, FlowQuery, flow_of
from central.flow_rules import day_of
from central.order_fold import catch_up_for_page, is_fresh
from central.pages.addresses import address_of
from central.pages.board_selection import SEARCH_CHARACTERS_MAX
from central.pages.frame import language, readable, render
from central.pages.plant_board import station_name
from central.pages.port import Office
from central.plant_days import midnight, plant_today
from central.snapshots import current_master
from floor.master import MasterData
from floor.texts import Language

LANES_PER_PAGE = 8
LANES_PER_WALL_PAGE = 1
"""A lane fills a wall screen at a size that is read from some metres; pages turn by themselves."""

CARDS_PER_CELL = 5
CARDS_PER_WALL_CELL = 4
CARDS_PER_PAGE = 60
USUAL = {"by": "line", "page": 1}


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/flow")
    @readable
    def flow() -> Response:
        return _show("flow.html")

    @pages.get("/flow/fragment")
    @readable
    def flow_fragment() -> Response:
        return _show("flow_fragment.html")


def _query() -> FlowQuery:
    asked = {key: value.strip()[:SEARCH_CHARACTERS_MAX] for key, value in request.args.items()}
    state = asked.get("state", "")
    return FlowQuery(
        "department" if asked.get("by") == "department" else "line",
        asked.get("line", ""),
        asked.get("department", ""),
        asked.get("order", ""),
        asked.get("item", ""),
        state if state in COLUMNS else "",
        day_of(asked.get("before", "")),
        asked.get("search", ""),
        page_number(asked.get("page", "")),
    )


def _show(template: str) -> Response:
    here = plant()
    catch_up_for_page(here.database, here.now())
    query, tv, now = _query(), request.args.get("tv") == "1", here.now()
    per_cell = CARDS_PER_PAGE if query.one_cell else CARDS_PER_WALL_CELL if tv else CARDS_PER_CELL
    lanes = LANES_PER_WALL_PAGE if tv else LANES_PER_PAGE
    with here.database.read() as session:
        found = flow_of(session, here.database.plant, query, midnight(plant_today(now)), lanes, per_cell, tv)
        complete = is_fresh(session, here.database.plant, here.now())
        master = current_master(session, here.database.plant)

    def flow_url(path: str = "/flow", **changes: object) -> str:
        return address_of(path, {**asdict(query), "page": 1, "tv": tv, **changes}, USUAL)

    lines = sorted({each.line for each in master.stations})
    departments = [(each.id, each.name, each.name_en) for each in master.departments]
    return render(
        template,
        tv=tv,
        query=query,
        flow=found,
        columns=COLUMNS,
        flow_url=flow_url,
        page_url=lambda page: flow_url(page=page),
        fragment_url=flow_url("/flow/fragment", page=query.page),
        complete=complete,
        lines=lines,
        departments=departments,
        today=plant_today(now).isoformat(),
        has_operations=bool(master.operations),
        is_online=lambda each: each.last_seen is not None and now - each.last_seen <= ONLINE_SECONDS_MAX,
        station_word=lambda station: station_name(station, master),
        call_word=lambda item: _call_word(item, master, language()),
    )


def _call_word(item: FlowItem, master: MasterData, chosen: Language) -> str:
    kind = master.call_type_by_id.get(item.call_type)
    if kind is None:
        return item.call_type
    return kind.name_en if chosen == "en" and kind.name_en else kind.name
