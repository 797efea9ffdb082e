"""Where an item is used, what released orders lack, and who may do what."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Response, request

from central.begun import at_work, begun_orders
from central.context import plant
from central.limits import SHORTAGES_MAX
from central.pages.cell_words import plain
from central.pages.frame import for_accounts, render
from central.pages.port import Office
from central.plant_days import plant_today
from central.shortages import open_shortages
from central.snapshots import current_master
from floor.bills import bill_of_order, revision_of, where_used
from floor.days import is_over
from floor.kit import shortages
from floor.master import MasterData
from floor.rows import Person, Skill, WorkOrder

ORDERS_SHOWN_MAX = 200
ITEMS_OFFERED_MAX = 500
SOON_DAYS = 30
"""A skill that ends within so many days is marked, so that somebody renews it in time."""

TITLE_CHARACTERS_MAX = 120


@dataclass(frozen=True, slots=True)
class Need:
    """An open order that builds an item in. `people`: (name, station) at work on it."""

    order: WorkOrder
    revision: str
    quantity: float
    begun: bool
    people: tuple[tuple[str, str], ...]


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/master/where-used")
    @for_accounts
    def used_where() -> Response:
        return _where_used(request.args.get("item", "").strip()[:TITLE_CHARACTERS_MAX])

    @pages.get("/master/kit")
    @for_accounts
    def kit() -> Response:
        return _kit()

    @pages.get("/master/skill-matrix")
    @for_accounts
    def skill_matrix() -> Response:
        return _matrix(request.args.get("department", "")[:64])


def _where_used(item: str) -> Response:
    here = plant()
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
        begun = begun_orders(session, here.database.plant) if item else frozenset()
        needs = list(_needs(master, item, begun, plant_today(here.now()))) if item else []
        ids = frozenset(each.order.id for each in needs if each.begun)
        people = at_work(session, here.database.plant, ids)
    names = {row.id: row.name for row in master.people}
    told = [
        Need(
            each.order,
            each.revision,
            each.quantity,
            each.begun,
            tuple((names.get(person, person), station) for person, station in people.get(each.order.id, ())),
        )
        for each in needs[:ORDERS_SHOWN_MAX]
    ]
    offered = dict.fromkeys((*(row.id for row in master.items), *(row.item for row in master.components)))
    return render(
        "where_used.html",
        item=item,
        known=master.item_by_id.get(item),
        lines=where_used(master, item) if item else (),
        needs=told,
        more=max(0, len(needs) - ORDERS_SHOWN_MAX),
        items=list(offered)[:ITEMS_OFFERED_MAX],
        plain=plain,
    )


def _needs(master: MasterData, item: str, begun: frozenset[str], today: date) -> Iterator[Need]:
    products = {line.product for line, _ in where_used(master, item)}
    for order in master.work_orders:
        if order.state == "closed" or not {order.id, order.item} & products:
            continue
        each = sum(line.quantity for line in bill_of_order(master, order, today) if line.item == item)
        if each:
            yield Need(order, revision_of(master, order, today), each * order.quantity, order.id in begun, ())


def _kit() -> Response:
    here = plant()
    with here.database.read() as session:
        name = here.database.plant
        master = current_master(session, name)
        begun = begun_orders(session, name)
        since = {(row.work_order, row.item): row for row in open_shortages(session, name)}
    found = shortages(master, begun, plant_today(here.now()))
    return render(
        "kit.html",
        shortages=found[:SHORTAGES_MAX],
        since=since,
        orders=master.order_by_id,
        items=master.item_by_id,
        has_stock=bool(master.stock),
        more=len(found) > SHORTAGES_MAX,
        bound=SHORTAGES_MAX,
        plain=plain,
    )


def _matrix(department: str) -> Response:
    here = plant()
    with here.database.read() as session:
        master = current_master(session, here.database.plant)
    today = plant_today(here.now())
    skills = list(dict.fromkeys((*(row.skill for row in master.skills), *_needed(master))))
    people = [row for row in master.people if row.active and department in ("", row.department)]
    cells = {(row.id, skill): _state(master.skill_of.get((row.id, skill)), today) for row in people for skill in skills}
    return render(
        "skill_matrix.html",
        skills=skills,
        people=people,
        cells=cells,
        until={key: row.until for key, row in master.skill_of.items()},
        able={skill: _able(people, cells, skill) for skill in skills},
        needed=_needed(master),
        departments=master.departments,
        department=department,
    )


def _needed(master: MasterData) -> dict[str, int]:
    """Operations of orders that are not closed, by the skill that they ask for."""
    found: dict[str, int] = {}
    for row in master.operations:
        order = master.order_by_id.get(row.work_order)
        if row.skill and order is not None and order.state != "closed":
            found[row.skill] = found.get(row.skill, 0) + 1
    return found


def _state(row: Skill | None, today: date) -> str:
    if row is None:
        return ""
    if is_over(row.until, today):
        return "over"
    return "soon" if is_over(row.until, today + timedelta(days=SOON_DAYS)) else "has"


def _able(people: list[Person], cells: dict[tuple[str, str], str], skill: str) -> int:
    return sum(cells[row.id, skill] in ("has", "soon") for row in people)
