"""Operations, orders and traces: folded, read and paged on both databases; sums against the raw records."""

import itertools
import json
import random
from typing import Any

import pytest
from sqlalchemy import select, text

from central.database import Database
from central.flow import FlowQuery, flow_of
from central.flow_rules import Step, StepState, day_of, ready_pieces, stuck_at
from central.order_fold import catch_up, catch_up_all, forget, is_fresh
from central.order_list import OrderQuery, list_orders
from central.order_tables import FlowCard, OrderCard, TraceStep
from central.order_view import OrderDetail, order_of
from central.snapshots import publish
from central.trace import (
    Masters,
    Subject,
    components_of,
    look_up,
    pass_of,
    products_page,
    subjects_of,
    use_of,
)
from floor.events import AndonResolved, ReportCorrected, ReportFinished, WorkStarted
from floor.work_events import ComponentUsed, ProductIdentified
from tests.central.card import Card
from tests.central.order_plant import NOW, PHOTO, assembly, fill, machining, master, publish_plant
from tests.central.raw_log import raw_log, raw_sums


@pytest.fixture
def plant(enrolled: Database) -> Database:
    publish_plant(enrolled)
    fill(enrolled, machining(), assembly())
    catch_up_all(enrolled)
    return enrolled


def read_order(database: Database, order: str = "WO1", now: float = NOW) -> OrderDetail:
    with database.read() as session:
        found = order_of(session, database.plant, order, now)
    assert found is not None
    return found


def cards(database: Database) -> dict[str, FlowCard]:
    with database.read() as session:
        return {each.operation: each for each in session.scalars(select(FlowCard))}


def test_cards_have_the_state_the_place_and_what_can_be_made(plant: Database) -> None:
    found = cards(plant)
    assert {each: (row.state, row.line, row.department, row.ready) for each, row in found.items()} == {
        "OP1": ("ready", "turning", "D1", 1),
        "OP2": ("running", "assembly", "D2", 5),
        "OP3": ("ready", "", "", 3),
        "OP4": ("running", "turning", "D1", 5),
        "OP5": ("waiting", "assembly", "D2", 3),
    }
    assert (found["OP1"].good, found["OP1"].scrap, found["OP2"].rework) == (8, 1, 1)


def test_a_new_version_of_the_master_data_moves_cards_and_takes_away_what_nobody_knows(plant: Database) -> None:
    data = master()
    fewer = data.with_tables(
        work_orders=tuple(each for each in data.work_orders if each.id != "WO3"),
        operations=tuple(each for each in data.operations if each.work_order != "WO3"),
        stations=tuple(each.model_copy(update={"line": "new"}) for each in data.stations),
    )
    with plant.write() as session:
        publish(session, fewer, "planner", NOW)
    with plant.read() as session:
        assert not is_fresh(session, plant.plant, NOW)
    catch_up_all(plant)
    found = cards(plant)
    assert found["OP1"].line == "new" and found["OP5"].state == "done" and found["OP5"].planned is None
    with plant.read() as session:
        order = session.get(OrderCard, (plant.plant, "WO3"))
        assert order is not None and not order.known


def rows_of(database: Database) -> list[list[tuple[Any, ...]]]:
    with database.read() as session:
        tables = (FlowCard, OrderCard, TraceStep)
        names = [[column.name for column in each.__table__.columns if column.name != "since"] for each in tables]
        return [
            sorted(tuple(map(str, (getattr(row, name) for name in wanted))) for row in session.scalars(select(each)))
            for each, wanted in zip(tables, names, strict=True)
        ]


def test_the_tables_are_made_anew_from_the_log(plant: Database) -> None:
    before = rows_of(plant)
    assert all(before)
    with plant.write() as session:
        forget(session, plant.plant)
    assert rows_of(plant) == [[], [], []]
    catch_up_all(plant)
    assert rows_of(plant) == before


def test_small_pieces_give_the_same_tables(plant: Database) -> None:
    before = rows_of(plant)
    with plant.write() as session:
        forget(session, plant.plant)
    while True:
        with plant.write() as session:
            if not catch_up(session, plant.plant, 1):
                break
    assert rows_of(plant) == before


def test_what_is_ready_follows_the_stage_before() -> None:
    steps = [Step("a", 10, 10, 6, 1), Step("b", 20, 10, 3, 0), Step("c", 20, 10, 2, 0), Step("d", 30, 10, 2, 1)]
    assert ready_pieces(steps, 10) == {"a": 3, "b": 3, "c": 4, "d": 0}


def test_an_order_is_stuck_where_somebody_can_do_something() -> None:
    def step(name: str, number: int, state: Any, since: float, **more: Any) -> StepState:
        return StepState(name, number, state, 1, since, more.get("reported"), more.get("called"))

    now = 100_000.0
    waiting = step("b", 20, "waiting", 0.0)
    assert stuck_at([step("a", 10, "running", now - 60), waiting], "released", now) is None
    for steps, order_state, why in (
        ([step("a", 10, "running", now - 60, called=now - 5), waiting], "released", "call"),
        ([step("a", 10, "paused", now - 60), waiting], "released", "paused"),
        ([step("a", 10, "running", 0.0, reported=now - 9_000), waiting], "released", "silent"),
        ([step("a", 10, "ready", 0.0), waiting], "released", "idle"),
        ([step("a", 10, "ready", 0.0)], "held", "held"),
        ([step("a", 10, "done", 0.0), waiting], "released", "upstream"),
    ):
        found = stuck_at(steps, order_state, now)
        assert found is not None and found.why == why
    assert stuck_at([step("a", 10, "done", 0.0)], "released", now) is None
    assert stuck_at([step("a", 10, "running", 0.0, reported=now - 60)], "released", now) is None


def test_a_due_date_is_a_day_or_nothing() -> None:
    assert [day_of(each) for each in ("2026-12-01", " 2026-12-01 noon", "KW 48", "")] == [
        "2026-12-01", "2026-12-01", "", ""
    ]  # fmt: skip


def grown(database: Database) -> None:
    """More reports, corrections that come before their report, people and gateways, from one seed."""
    source = random.Random(7)
    one, two = Card("one"), Card("two")
    made: list[tuple[Card, str, str]] = []
    for _ in range(200):
        card = source.choice((one, two))
        operation = source.choice(("OP1", "OP2", "OP3", "OP4"))
        order = "WO2" if operation == "OP4" else "WO1"
        if made and source.random() < 0.15:
            card, identity, operation = made.pop(source.randrange(len(made)))
            card.keep(ReportCorrected(person="P1", corrects=identity, operation=operation, good=0), "S1")
            continue
        report = ReportFinished(
            person=source.choice(("P1", "P2")), operation=operation, work_order=order,
            good=source.randrange(4), scrap=source.randrange(2),
        )  # fmt: skip
        made.append((card, card.keep(report, source.choice(("S1", "S2"))), operation))
    fill(database, one, two)
    catch_up_all(database)


def test_totals_are_the_sums_of_the_raw_records(plant: Database) -> None:
    grown(plant)
    sums = raw_sums(raw_log(plant))
    orders = {"WO1": ("OP1", "OP2", "OP3"), "WO2": ("OP4",)}
    shown = cards(plant)
    for operation in ("OP1", "OP2", "OP3", "OP4"):
        own = {name: getattr(shown[operation], name) for name in ("good", "scrap", "rework")}
        assert own == {name: sums[operation][name] for name in own}
    with plant.read() as session:
        listed = {
            each.id: each for each in list_orders(session, plant.plant, OrderQuery("all"), "2026-01-01", 10).orders
        }
    for order, operations in orders.items():
        detail = read_order(plant, order)
        assert detail.measures.reports == sum(sums[each]["reports"] for each in operations)
        assert (detail.scrap, listed[order].scrap) == (sum(sums[each]["scrap"] for each in operations),) * 2
        assert (detail.good, listed[order].good) == (min(sums[each]["good"] for each in operations),) * 2
        for each in detail.operations:
            own = sums[each.operation]
            assert (each.good, each.scrap, each.rework) == (own["good"], own["scrap"], own["rework"])
            for name in ("good", "scrap", "rework", "reports"):
                assert sum(getattr(share, name) for share in each.shares) == own[name], (each.operation, name)
        last = operations[-1]
        assert sum(day.good for day in detail.days) == sums[last]["good"]
        assert sum(day.scrap for day in detail.days) == sums[last]["scrap"]


def test_times_are_those_between_the_raw_records(plant: Database) -> None:
    """The spans of one share by a window over the log's own numbers."""
    with plant.read() as session:
        rows = session.execute(text("SELECT seq, content FROM record ORDER BY position")).all()
    events = [json.loads(row.content) for row in rows]
    mine = [each for each in events if each["data"].get("operation") == "OP1" and each["data"].get("person") == "P1"]
    states = {"work.started": "r", "work.resumed": "r", "setup.finished": "r", "report.corrected": "r",
              "setup.started": "s", "work.paused": "p", "report.finished": ""}  # fmt: skip
    moments = [(states[each["type"]], float(each["boottime"])) for each in mine if each["type"] in states]
    sums = {"r": 0.0, "s": 0.0, "p": 0.0, "": 0.0}
    for (state, begun), (_, ended) in itertools.pairwise(moments):
        sums[state] += ended - begun
    times = read_order(plant).operations[0].times
    assert (times.running_seconds, times.setup_seconds, times.paused_seconds, times.unknown) == pytest.approx(
        (sums["r"], sums["s"], sums["p"], 0)
    )
    assert times.setup_seconds == 61 and times.paused_seconds == 301


def test_an_order_tells_people_notes_flags_corrections_and_calls(plant: Database) -> None:
    first = read_order(plant).operations[0]
    assert [(each.name, each.station, each.reports, each.good, each.scrap) for each in first.shares] == [
        ("王芳", "S1", 2, 8, 1)
    ]
    assert set(first.flags) == {("early", 1), ("continued", 1)}
    assert first.corrections == 1 and first.notes[0].text == "换了刀片 <b>" and first.revision == "R7"
    called = read_order(plant, "WO2")
    assert called.operations[0].photos == (PHOTO,), "a photo of its call"
    assert called.stuck is not None and (called.stuck.why, called.stuck.operation) == ("call", "OP4")
    assert read_order(plant, "WO3").stuck.why == "held"  # type: ignore[union-attr]
    with plant.read() as session:
        for none in ("nothing", "", "x" * 65, "WO1\x00"):
            assert order_of(session, plant.plant, none, NOW) is None, none


def flow(database: Database, query: FlowQuery, **more: Any) -> Any:
    with database.read() as session:
        return flow_of(session, database.plant, query, more.get("day", 0.0), 8, 5, more.get("wall", False))


def counts(found: Any) -> dict[str, dict[str, int]]:
    return {lane.key: {cell.column: cell.count for cell in lane.cells if cell.count} for lane in found.lanes}


def test_the_flow_has_lanes_by_line_and_by_department(plant: Database) -> None:
    by_line = {"assembly": {"running": 1, "waiting": 1}, "turning": {"called": 1, "ready": 1}, "": {"ready": 1}}
    assert counts(flow(plant, FlowQuery())) == by_line
    found = flow(plant, FlowQuery(by="department"))
    assert counts(found) == {"D1": by_line["turning"], "D2": by_line["assembly"], "": by_line[""]}
    assert {each.name_en for each in found.lanes} == {"Assembly", "Machining", ""}
    assert found.totals == {"called": 1, "paused": 0, "running": 1, "ready": 2, "waiting": 1, "done": 0}
    turning = next(each for each in flow(plant, FlowQuery()).lanes if each.key == "turning")
    assert [each.name for each in turning.gateways] == ["one"]
    assert flow(plant, FlowQuery(), wall=True).lanes[0].key == "turning", "on a wall calls come first"


@pytest.mark.parametrize(
    ("query", "operations"),
    [
        (FlowQuery(line="turning"), {"OP1", "OP4"}),
        (FlowQuery(department="D2"), {"OP2", "OP5"}),
        (FlowQuery(order="WO1"), {"OP1", "OP2", "OP3"}),
        (FlowQuery(item="shaft"), {"OP4"}),
        (FlowQuery(state="ready"), {"OP1", "OP3"}),
        (FlowQuery(state="called"), {"OP4"}),
        (FlowQuery(state="called", line="turning"), {"OP4"}),
        (FlowQuery(state="ready", line="turning"), {"OP1"}),
        (FlowQuery(state="ready", line="-"), {"OP3"}),
        (FlowQuery(before="2027-01-01"), {"OP1", "OP2", "OP3"}),
        (FlowQuery(search="磨"), {"OP4"}),
        (FlowQuery(search="%"), set()),
    ],
)
def test_filters_of_the_flow(plant: Database, query: FlowQuery, operations: set[str]) -> None:
    found = flow(plant, query)
    shown = {item.card.operation for lane in found.lanes for cell in lane.cells for item in cell.items}
    assert shown == operations and found.found == len(operations)


def test_a_call_that_is_over_gives_the_operation_back_its_state(plant: Database) -> None:
    card = Card("two")
    with plant.read() as session:
        epoch, seq = session.execute(text("SELECT epoch, seq FROM call")).one()
    card.keep(AndonResolved(call=f"{epoch}/{seq}", call_type="quality", person="P2", cause="x"), "S2")
    fill(plant, card)
    catch_up_all(plant)
    assert counts(flow(plant, FlowQuery()))["turning"] == {"running": 1, "ready": 1}


def test_what_was_done_before_today_is_not_in_the_flow(plant: Database) -> None:
    card = Card("two")
    card.keep(ReportFinished(person="P2", operation="OP5", work_order="WO3", good=3), "S2")
    fill(plant, card)
    catch_up_all(plant)
    assert counts(flow(plant, FlowQuery()))["assembly"]["done"] == 1
    assert "done" not in counts(flow(plant, FlowQuery(), day=NOW))["assembly"]


def test_the_list_of_orders_is_filtered_counted_and_paged(plant: Database) -> None:
    with plant.read() as session:

        def asked(query: OrderQuery, today: str = "2026-12-24", per_page: int = 2) -> Any:
            return list_orders(session, plant.plant, query, today, per_page)

        assert [each.id for each in asked(OrderQuery()).orders] == ["WO1", "WO2"]
        assert [each.id for each in asked(OrderQuery(page=9)).orders] == ["WO3"]
        assert [each.id for each in asked(OrderQuery("late")).orders] == ["WO1"]
        assert [each.id for each in asked(OrderQuery("held")).orders] == ["WO3"]
        assert [each.id for each in asked(OrderQuery(search="轴")).orders] == ["WO2"]
        assert [each.id for each in asked(OrderQuery(before="2027-01-01")).orders] == ["WO1"]
        assert asked(OrderQuery()).counts == {"running": 2, "held": 1, "open": 3, "late": 1, "all": 3}


def step(database: Database, **wanted: str) -> TraceStep:
    with database.read() as session:
        mine = [getattr(TraceStep, key) == value for key, value in wanted.items()]
        return session.scalars(select(TraceStep).where(*mine)).one()


def built_in(database: Database, serial: str) -> set[str]:
    with database.read() as session:
        found = components_of(session, database.plant, step(database, serial=serial, kind="product"))
    return {each.lot or each.serial for each in found}


def made_with(database: Database, **wanted: str) -> set[str]:
    with database.read() as session:
        found = products_page(session, database.plant, step(database, kind="component", **wanted), 100)
    assert found.count == len(found.steps)
    return {each.serial for each in found.steps}


def test_a_product_names_what_was_built_in_and_a_lot_every_product(plant: Database) -> None:
    assert built_in(plant, "A1") == {"L1", "M1"}
    assert built_in(plant, "A2") == {"L1", "M2"}, "the lot is still in use, the first motor is not"
    assert built_in(plant, "A3") == {"L2"}
    assert made_with(plant, lot="L1") == {"A1", "A2"}
    assert made_with(plant, lot="L2") == {"A3"}
    assert made_with(plant, serial="M1") == {"A1"}
    assert made_with(plant, serial="M2") == {"A2"}


def test_one_page_from_a_serial_to_people_station_revision_and_report(plant: Database) -> None:
    with plant.read() as session:
        found = pass_of(session, plant.plant, step(plant, serial="A1"), Masters(session, plant.plant), NOW)
        use = use_of(session, plant.plant, step(plant, lot="L1"), 1)
    assert (found.step.name, found.step.station, found.step.order, found.order_item) == ("李强", "S2", "WO1", "pump")
    assert (found.instruction, found.instruction_revision) == ("水泵装配", "R7")
    assert found.report is not None and found.report.good == 1
    assert use.products_count == 2 and len(use.products) == 1


def test_a_search_finds_each_kind_of_subject(plant: Database) -> None:
    data = master()
    with plant.read() as session:

        def kinds(asked: str) -> list[tuple[str, str]]:
            return [(each.kind, each.key) for each in subjects_of(session, plant.plant, asked, data)]

        assert kinds("A1") == [("serial", "A1")]
        assert kinds("L1") == [("lot", "L1")]
        assert kinds("WO1") == kinds("T2") == [("order", "WO1")]
        assert kinds("B2") == kinds("李强") == kinds("P2") == [("person", "P2")]
        assert kinds("车床") == kinds("S1") == [("station", "S1")]
        assert kinds("' OR 1=1") == []
        person = look_up(session, plant.plant, Subject("person", "P2", ""), 5, None, NOW)
        assert person.page.count == 10 and person.older is not None
        rest = look_up(session, plant.plant, Subject("person", "P2", ""), 5, person.older, NOW)
        assert len(rest.page.steps) == 5 and rest.older is None
        station = look_up(session, plant.plant, Subject("station", "S1", ""), 50, None, NOW)
        assert [each.call_type for each in station.calls] == ["quality"]
        assert [each.taken_back for each in station.page.steps if each.kind == "report"] == [False, False, True]


@pytest.mark.parametrize("seed", range(6))
def test_both_ways_of_a_trace_say_the_same(enrolled: Database, seed: int) -> None:
    """Two people at one station scan, identify and report in any order; epochs change in between."""
    publish_plant(enrolled)
    source, card = random.Random(seed), Card("two")
    serials = lots = 0
    for _ in range(60):
        person = source.choice(("P1", "P2"))
        chance = source.random()
        if chance < 0.3:
            serials += 1
            card.keep(ProductIdentified(person=person, operation="OP2", serial=f"A{serials}"), "S2")
        elif chance < 0.55:
            lots += 1
            item = source.choice(("screw", "motor"))
            name = {"lot": f"L{lots}"} if item == "screw" else {"serial": f"L{lots}"}
            card.keep(ComponentUsed(person=person, operation="OP2", item=item, **name), "S2")
        elif chance < 0.95:
            card.keep(ReportFinished(person=person, operation="OP2", good=1), "S2")
        else:
            card.start()
    fill(enrolled, card)
    catch_up_all(enrolled)
    forwards = {(f"A{n}", part) for n in range(1, serials + 1) for part in built_in(enrolled, f"A{n}")}
    backwards = set()
    for n in range(1, lots + 1):
        with enrolled.read() as session:
            row = session.scalars(
                select(TraceStep).where(
                    TraceStep.kind == "component", (TraceStep.lot == f"L{n}") | (TraceStep.serial == f"L{n}")
                )
            ).one()
            found = products_page(session, enrolled.plant, row, 100)
        backwards |= {(each.serial, f"L{n}") for each in found.steps}
    assert forwards == backwards and forwards


def test_a_hostile_record_is_a_step_without_harm(enrolled: Database) -> None:
    publish_plant(enrolled)
    card = Card("one")
    card.keep(WorkStarted(person="P1", operation="OP1", work_order="WO1"), "S1")
    for data in ('{"serial":7,"lot":["x"],"operation":"OP1"}', "[]", "null", '{"good":true,"operation":{}}'):
        for kind in ("product.identified", "component.used", "report.finished", "report.corrected", "note.kept"):
            card.keep_text(f'{{"type":"{kind}","subject":"S1","masterversion":"x","data":{data}}}')
    fill(enrolled, card)
    catch_up_all(enrolled)
    card.keep_text(
        '{"type":"report.finished","subject":"S1","data":'
        '{"person":"P1","operation":"OP1","good":5,"scrap":0,"more":"than the schema has"}}'
    )
    fill(enrolled, card)
    catch_up_all(enrolled)
    detail = read_order(enrolled)
    assert detail.good == 0 and detail.operations[0].state == "running"
    assert detail.operations[0].shares[0].good == 0, "what the board does not count is counted nowhere"
