"""Items, revisions of bills, routings, stock: what must hold, which bill an order has, what it lacks."""

from datetime import date
from typing import Any

import pytest

from floor.bills import (
    bill_of_order,
    changed_products,
    revision_in_force,
    revision_notices,
    revision_of,
    where_used,
    with_frozen_bills,
)
from floor.example import example_plant
from floor.kit import Shortage, shortages
from floor.master import MasterData
from floor.master_files import read_toml, write_toml
from floor.routing import check_list, operations_from, routing_for
from floor.sample import sample_plant

TODAY = date(2027, 3, 10)
BASE: dict[str, Any] = {
    "work_orders": [
        {"id": "W1", "item": "AX", "quantity": 10, "due": "2027-03-20"},
        {"id": "W2", "item": "AX", "quantity": 10, "due": "2027-03-12", "priority": 1},
        {"id": "W3", "item": "OTHER", "quantity": 5},
    ],
    "components": [
        {"product": "AX", "item": "SEAL", "quantity": 2, "revision": "A"},
        {"product": "AX", "item": "SEAL", "quantity": 3, "revision": "B"},
        {"product": "OTHER", "item": "NUT", "quantity": 1},
    ],
    "bom_revisions": [
        {"product": "AX", "revision": "A", "state": "released"},
        {"product": "AX", "revision": "B", "state": "released", "valid_from": "2027-03-11"},
        {"product": "AX", "revision": "C", "state": "draft"},
    ],
}


def plant(**tables: object) -> MasterData:
    return MasterData.model_validate({**BASE, **tables})


def quantities(master: MasterData, order: str, today: date | None) -> list[float]:
    return [row.quantity for row in bill_of_order(master, master.order_by_id[order], today)]


def test_the_revision_in_force_changes_with_the_day_and_never_to_a_draft() -> None:
    master = plant()
    assert [revision_in_force(master, "AX", day) for day in (TODAY, date(2027, 3, 11), None)] == ["A", "B", "B"]
    assert revision_in_force(master, "OTHER", TODAY) == ""
    assert quantities(master, "W1", TODAY) == [2]
    assert quantities(master, "W1", date(2027, 3, 11)) == [3]
    assert quantities(master, "W3", TODAY) == [1], "a product without revisions has its one bill"


def test_an_order_with_a_revision_of_its_own_keeps_it() -> None:
    orders = [{**BASE["work_orders"][0], "bom_revision": "A"}]
    assert quantities(plant(work_orders=orders), "W1", date(2028, 1, 1)) == [2]


def test_lines_of_the_order_itself_come_first() -> None:
    own = [*BASE["components"], {"product": "W1", "item": "GLUE", "quantity": 9}]
    assert quantities(plant(components=own), "W1", TODAY) == [9]


def test_orders_that_began_keep_the_revision_that_held_for_them() -> None:
    before = plant()
    revisions = [{**BASE["bom_revisions"][0], "state": "withdrawn"}, {**BASE["bom_revisions"][1], "valid_from": ""}]
    after = with_frozen_bills(before, plant(bom_revisions=revisions), {"W1"}, TODAY)
    assert (after.order_by_id["W1"].bom_revision, after.order_by_id["W2"].bom_revision) == ("A", "")
    assert quantities(after, "W1", TODAY) == [2]
    assert quantities(after, "W2", TODAY) == [3]
    again = with_frozen_bills(after, plant(bom_revisions=revisions), {"W1"}, date(2028, 1, 1))
    assert again.order_by_id["W1"].bom_revision == "A", "a file that does not know of it does not take it away"
    assert changed_products(before, after, TODAY) == {"AX": ("A", "B")}
    (notice,) = revision_notices(before, after, {"W1"}, TODAY)
    assert notice.work_order == "W1" and "A" in notice.title and "B" in notice.title_en
    assert revision_of(after, after.order_by_id["W1"], TODAY) == "A"


def test_where_an_item_is_used_names_each_line_with_its_revision() -> None:
    found = [(row.product, row.quantity, revision and revision.state) for row, revision in where_used(plant(), "SEAL")]
    assert found == [("AX", 2, "released"), ("AX", 3, "released")]
    assert [(row.product, revision) for row, revision in where_used(plant(), "NUT")] == [("OTHER", None)]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"items": [{"id": "X"}, {"id": "X"}]}, "items 'X' stands 2 times"),
        ({"stock": [{"item": "X"}, {"item": "X"}]}, "stock 'X' stands 2 times"),
        ({"routings": [{"item": "X", "stations": ["S9"]}]}, "unknown station: 'S9'"),
        ({"components": [{"product": "AX", "item": "SEAL", "revision": "Z"}]}, "unknown revision of 'AX': 'Z'"),
        ({"components": [{"product": "AX", "item": "SEAL"}]}, "unknown revision of 'AX': ''"),
        ({"work_orders": [{"id": "W", "item": "AX", "quantity": 1, "bom_revision": "Z"}]}, "unknown revision of 'AX'"),
    ],
)
def test_what_does_not_hold_is_named(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", "\\(")):
        plant(**tables)


def test_stock_serves_the_most_urgent_order_first() -> None:
    stock = [{"item": "SEAL", "available": 25, "expected": 10, "expected_day": "2027-03-15"}]
    master = plant(stock=stock)
    assert shortages(master, (), TODAY) == (Shortage("W1", "SEAL", 20, 15, "2027-03-15", True),)
    assert shortages(plant(), (), TODAY) == (), "without stock nothing is checked"
    assert shortages(master, {"W2"}, TODAY) == (), "what has begun has drawn its material"
    held = [{**row, "state": "held"} for row in BASE["work_orders"]]
    assert shortages(plant(stock=stock, work_orders=held), (), TODAY) == ()


def test_what_comes_in_time_is_given_out_once() -> None:
    stock = [{"item": "SEAL", "available": 0, "expected": 30, "expected_day": "2027-03-11"}]
    assert [each.late for each in shortages(plant(stock=stock), (), TODAY)] == [False, True]


def test_operations_are_made_from_the_routing_of_the_orders_revision() -> None:
    routings = [
        {"item": "AX", "revision": "A", "number": 20, "name": "test", "checks": "leak; look"},
        {"item": "AX", "revision": "A", "number": 10, "name": "turn", "skill": "turning"},
        {"item": "AX", "revision": "B", "number": 10, "name": "mill"},
    ]
    master = plant(routings=routings)
    order = master.order_by_id["W1"]
    assert [row.name for row in routing_for(master.routings, order)] == ["mill"], "the rows that stand last"
    frozen = order.model_copy(update={"bom_revision": "A"})
    made = operations_from(routing_for(master.routings, frozen), frozen)
    assert [(row.id, row.planned, row.ticket) for row in made] == [("W1-10", 10, "T-W1-10"), ("W1-20", 10, "T-W1-20")]
    assert check_list(made[1].checks) == ("leak", "look")
    assert routing_for(master.routings, master.order_by_id["W3"]) == ()


def test_what_does_not_use_the_new_columns_reads_as_before() -> None:
    text = example_plant().model_dump_json()
    assert not any(word in text for word in ("bom_revision", "priority", "checks", "stock", "routings"))


def test_the_sample_plant_is_as_large_as_it_says_and_goes_through_files() -> None:
    master = sample_plant(TODAY)
    assert (len(master.stations), len(master.people), len(master.work_orders)) == (8, 40, 60)
    assert all(row.department for row in master.people)
    assert len({row.line for row in master.stations}) == 3
    assert read_toml(write_toml(master)) == master
    assert shortages(master, (), TODAY), "some orders lack material, so that one sees what that looks like"
    known = example_plant()
    assert {row.badge for row in known.people} <= {row.badge for row in master.people}
    assert {row.ticket for row in known.operations} <= {row.ticket for row in master.operations}
