"""A sample plant of a size that people know: three lines, eight stations, 40 people, 60 orders with routings, bills,
stock, shifts, skills, a duty plan and notices. Names are Chinese with English beside.

Pure: values in, values out. It has everybody and every order of `floor/example.py`, so that whoever works there
works here.
"""

from datetime import date, timedelta
from typing import Any

from floor.duty import Absence, Department, Deputy, Duty
from floor.example import ORDERS, demo_plant
from floor.label_texts import compose_badge
from floor.master import MasterData
from floor.product_rows import BomRevision, Item, RoutingStep, Stock
from floor.routing import operations_from, routing_for
from floor.rows import Component, Notice, Operation, Person, RulePolicy, Shift, Skill, Station, WorkOrder
from floor.sample_names import BOUGHT, CUSTOMERS, DEPARTMENTS, NAMES, PRODUCTS, SKILLS, STATIONS

ORDERS_MADE = 60
LATE_STOCK = frozenset({"SEAL-22", "BRG-6204"})
"""What purchasing waits for: the kit check of some orders shows it."""


def sample_plant(today: date) -> MasterData:
    """The whole plant, version 1; days are around `today`, so that it looks the same whenever it is loaded."""
    demo = demo_plant()
    items = _items()
    routings = _routings()
    components, revisions = _bills(today)
    base = demo.with_tables(
        stations=tuple(Station.model_validate(each) for each in _stations()),
        departments=tuple(
            Department(id=each, name=name, name_en=name_en, head=head) for each, name, name_en, head in DEPARTMENTS
        ),
        people=_people(demo),
        items=items,
        routings=routings,
        components=components,
        bom_revisions=revisions,
        stock=_stock(today),
        skills=_skills(today),
        shifts=_shifts(),
        duties=_duties(),
        deputies=_deputies(),
        absences=(Absence(person="P12", since=today.isoformat(), until=_day(today, 2), why="年假 annual leave"),),
        error_proofing=(
            RulePolicy(rule="skill_missing", start="confirm"),
            RulePolicy(rule="order_held", start="refuse"),
        ),
    )
    orders = _orders(base, today)
    made = [row for order in orders for row in _operations(base, order)]
    return base.with_tables(
        work_orders=orders, operations=(*base.operations, *made), notices=_notices(orders, today)
    ).model_copy(update={"version": 1})


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()


def _stations() -> list[dict[str, Any]]:
    return [
        {"id": each, "name": name, "site": "plant", "area": area, "line": line, "gateway": served, "department": of}
        for each, name, area, line, served, of in STATIONS
    ]


def _people(demo: MasterData) -> tuple[Person, ...]:
    """The example's six, and 34 more in turn over the departments; each department has a leader."""
    heads = {head for *_, head in DEPARTMENTS}
    known = tuple(
        row.model_copy(update={"name": f"{row.name} {english}", "department": department})
        for row, (_, english, department) in zip(demo.people, NAMES, strict=False)
    )
    more = [
        Person.model_validate(
            {
                "id": (each := f"P{number:02d}"),
                "name": f"{chinese} {english}",
                "badge": compose_badge(each),
                "roles": ("leader", "operator") if each in heads else ("operator",),
                "department": department,
                "language": "en" if number in (21, 33) else "",
            }
        )
        for number, (chinese, english, department) in enumerate(NAMES, start=1)
        if number > len(demo.people)
    ]
    return (*known, *more)


def _items() -> tuple[Item, ...]:
    made = tuple(
        Item(id=each, name=name, name_en=name_en, unit="件 pc", drawing=f"DWG-{each}", revision="A")
        for each, name, name_en, _, _ in PRODUCTS
    )
    bought = tuple(Item(id=each, name=name, name_en=name_en, unit=unit) for each, name, name_en, unit in BOUGHT)
    return made + bought


def _routings() -> tuple[RoutingStep, ...]:
    return tuple(
        RoutingStep(
            item=item,
            revision="A",
            number=number,
            name=name,
            minimum_seconds=seconds,
            stations=tuple(stations),
            skill=skill,
            checks=checks,
        )
        for item, _, _, steps, _ in PRODUCTS
        for number, (name, stations, skill, seconds, checks) in zip(range(10, 100, 10), steps, strict=False)
    )


def _bills(today: date) -> tuple[tuple[Component, ...], tuple[BomRevision, ...]]:
    """Each product has revision A; two have a B: one that holds from next week on, one that is still drafted."""
    lines, revisions = [], []
    for place, (item, _, _, _, parts) in enumerate(PRODUCTS):
        revisions.append(BomRevision(product=item, revision="A", state="released", note="首版 first issue"))
        lines += [Component(product=item, item=part, quantity=each, revision="A") for part, each in parts]
        if place > 1:
            continue
        state = {"state": "released", "valid_from": _day(today, 7)} if place == 0 else {"state": "draft"}
        note = "密封圈换型 other seal"
        revisions.append(BomRevision.model_validate({"product": item, "revision": "B", "note": note, **state}))
        lines += [
            Component(product=item, item="SEAL-24" if part == "SEAL-22" else part, quantity=each, revision="B")
            for part, each in parts
        ]
    return tuple(lines), tuple(revisions)


def _stock(today: date) -> tuple[Stock, ...]:
    return tuple(
        Stock(item=item, available=120, expected=2_000, expected_day=_day(today, 2))
        if item in LATE_STOCK
        else Stock(item=item, available=50_000)
        for item, *_ in BOUGHT
    )


def _skills(today: date) -> tuple[Skill, ...]:
    """Two of three people of a department may do what is done there; some of it runs out soon or did."""
    found = []
    for number, (_, _, department) in enumerate(NAMES, start=1):
        for place, (skill, of) in enumerate(SKILLS):
            if department == of and (number + place) % 3:
                days = (number * 37 + place * 11) % 700 - 20
                found.append(Skill(person=f"P{number:02d}", skill=skill, until=_day(today, days)))
    return tuple(found)


def _shifts() -> tuple[Shift, ...]:
    return (
        Shift(id="early", name="早班 early", start="06:30", end="14:30", breaks=("09:00-09:15", "12:00-12:30")),
        Shift(id="late", name="中班 late", start="14:30", end="22:30", breaks=("17:00-17:15", "19:30-20:00")),
    )


def _duties() -> tuple[Duty, ...]:
    return (
        Duty(duty="设备科", person="P31", start="06:30", end="14:30", days="12345"),
        Duty(duty="设备科", person="P32", start="14:30", end="22:30", days="12345"),
        Duty(duty="质量科", person="P26", start="06:30", end="14:30", days="12345"),
        Duty(duty="质量科", person="P27", start="14:30", end="22:30", days="12345"),
        Duty(duty="仓库", person="P36", start="06:30", end="22:30", days="12345"),
        Duty(duty="采购", person="P38", start="08:00", end="17:00", days="12345"),
        Duty(duty="安全员", person="P34"),
        Duty(duty="车间主任", person="P06"),
    )


def _deputies() -> tuple[Deputy, ...]:
    pairs = (("P01", "P07"), ("P06", "P01"), ("P26", "P27"), ("P31", "P32"), ("P36", "P37"), ("P38", "P39"))
    return tuple(Deputy(person=person, deputy=deputy) for person, deputy in pairs)


def _orders(base: MasterData, today: date) -> tuple[WorkOrder, ...]:
    """The example's eight and 52 more, due over the next weeks; every seventh is held, two customers are urgent."""
    found = list(base.work_orders)
    for number in range(len(ORDERS), ORDERS_MADE):
        item, name, *_ = PRODUCTS[number % len(PRODUCTS)]
        found.append(
            WorkOrder(
                id=f"WO-{1001 + number}",
                item=item,
                name=name,
                quantity=20 + number * 7 % 12 * 10,
                due=_day(today, 1 + number * 5 % 27),
                state="held" if number % 7 == 0 else "released",
                priority=(0, 3, 5, 0, 1)[number % 5],
                customer=CUSTOMERS[number % len(CUSTOMERS)],
            )
        )
    return tuple(found)


def _operations(base: MasterData, order: WorkOrder) -> tuple[Operation, ...]:
    """The example's orders have theirs already."""
    return () if order.id in base.operations_by_order else operations_from(routing_for(base.routings, order), order)


def _notices(orders: tuple[WorkOrder, ...], today: date) -> tuple[Notice, ...]:
    """Each is about an order of its own: what everybody has to read first would stop the first scan of a visitor."""
    urgent = next(row for row in orders if row.priority == 1)
    first = next(row for row in orders if row.item == "AX-200" and row.due)
    return (
        Notice(
            id="N-001",
            title=f"{first.id}：内孔改用 42 h7 塞规检验",
            title_en=f"{first.id}: gauge the bore with the 42 h7 plug",
            text="旧塞规已收回；首件送检验。",
            work_order=first.id,
            stations=("S1", "S3"),
            until=_day(today, 7),
        ),
        Notice(
            id="N-002",
            title=f"加急：{urgent.id} 交期提前",
            title_en=f"Urgent: {urgent.id} is due earlier",
            work_order=urgent.id,
            facts=("due",),
        ),
    )
