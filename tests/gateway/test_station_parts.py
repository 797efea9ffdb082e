"""Components and serials: what is kept of them, which rules refuse them, and what a report misses."""

import pytest

from devices.types import Signal
from floor.events import ReportFinished, ScanRefused, WorkStarted
from floor.master import MasterData
from floor.work_events import ComponentUsed, ProductIdentified
from gateway.floor_state import Floor
from gateway.station_texts import render
from tests.gateway.floor_desk import Bench, small_plant, types

BEARING = "]C101040063813339311727013110LOT7"
OTHER = "]C1010401234567890110LOT9"
ENVELOPE = "[)>\x1e06\x1dPSEAL-2\x1d1TS77\x1e\x04"


def plant(capture: str = "", policies: tuple[dict[str, str], ...] = (), **columns: object) -> MasterData:
    """W1-10 wants a bearing with a lot and a seal; W3-10 identifies its pieces by `capture`."""
    whole = small_plant().model_dump()
    whole["components"] = [
        {"product": "AX", "item": "轴承", "label": "4006381333931", "lot_tracked": True, "operation": 10, **columns},
        {"product": "W1", "item": "轴承", "label": "4006381333931", "lot_tracked": True, "operation": 10, **columns},
        {"product": "W1", "item": "SEAL-2", "quantity": 2, "revision": "C"},
    ]
    whole["blocked_lots"] = [{"item": "轴承", "lot": "LOT8"}]
    whole["error_proofing"] = policies
    for row in whole["operations"]:
        row["capture"] = capture if row["id"] == "W3-10" else ""
    return MasterData.model_validate(whole)


def working(*more: str, ticket: str = "T-W1-10", **columns: object) -> Bench:
    bench = Bench(master=plant(**columns))  # type: ignore[arg-type]
    bench.wall = 1_790_000_000.0  # 2026-09-21: the bearing of the test is good until 2027-01-31
    bench.scans("B-ANN", ticket, *more)
    return bench


def refused(bench: Bench, label: str) -> str:
    decision = bench.scan(label)
    [event] = decision.events
    assert isinstance(event, ScanRefused), event
    assert (decision.signal, event.operation) == (Signal.REFUSED, "W1-10")
    return event.rule


# Components.


def test_a_gs1_label_of_the_bill_is_kept_with_lot_and_expiry() -> None:
    bench = working()
    decision = bench.scan(BEARING)
    expected = ComponentUsed(
        person="ann", operation="W1-10", work_order="W1", item="轴承", lot="LOT7", expires="2027-01-31"
    )
    assert (decision.signal, decision.events) == (Signal.KEPT, (expected,))
    assert render(decision.message, "zh") == "已用料 轴承 LOT7 · W1 车削"


def test_an_envelope_and_a_plain_code_name_a_component_too() -> None:
    bench = working()
    for label, lot in ((ENVELOPE, "S77"), ("SEAL-2", "")):
        [event] = bench.scan(label).events
        assert isinstance(event, ComponentUsed)
        assert (event.item, event.lot, event.quantity, event.revision) == ("SEAL-2", lot, 2, "C")


def test_a_label_of_the_plants_own_pattern_names_item_and_lot() -> None:
    bench = working()
    row = {"name": "supplier", "pattern": "PN={item};CH={lot}", "kind": "component"}
    bench.master = MasterData.model_validate({**bench.master.model_dump(), "label_patterns": [row]})
    [used] = bench.scan("PN=4006381333931;CH=LOT7").events
    assert isinstance(used, ComponentUsed) and (used.item, used.lot) == ("轴承", "LOT7")
    assert refused(bench, "PN=4006381333931;CH=LOT8") == "wrong_lot"


def test_what_is_not_in_the_bill_is_refused_as_wrong_material() -> None:
    bench = working()
    assert refused(bench, OTHER) == "wrong_material"
    assert refused(bench, "4012345678901") == "wrong_material"
    assert bench.scan("hello").message.key == "unknown_label", "a label of nothing at all"
    assert bench.state.parts == {}


@pytest.mark.parametrize(
    ("label", "rule"),
    [
        ("]C101040063813339311720013110LOT7", "wrong_lot"),
        ("]C1010400638133393110LOT8", "wrong_lot"),
        ("]C10104006381333931", "lot_missing"),
    ],
    ids=["expired", "blocked", "no lot"],
)
def test_a_lot_that_must_not_be_built_in(label: str, rule: str) -> None:
    assert refused(working(), label) == rule


def test_an_expiry_nobody_can_judge_is_kept_and_flagged() -> None:
    bench = working()
    bench.synchronised = False
    [event] = bench.scan(BEARING).events
    assert isinstance(event, ComponentUsed)
    assert event.flags == ("expiry_unknown",)


@pytest.mark.parametrize("rule", ["wrong_material", "wrong_lot"])
def test_a_plant_may_ask_or_flag_instead(rule: str) -> None:
    label = OTHER if rule == "wrong_material" else "]C1010400638133393110LOT8"
    bench = working(policies=({"rule": rule, "use": "confirm"},))
    decision = bench.scan(label)
    assert (decision.signal, decision.message.key) == (Signal.ASK, f"ask_{rule}")
    [event] = bench.scan("C-CONFIRM").events
    assert isinstance(event, ComponentUsed)
    assert event.flags == (rule,)
    assert bench.desk.prompt is None
    flagging = working(policies=({"rule": rule, "use": "flag"},))
    assert types(flagging.scan(label)) == ("component.used",)


def test_a_refused_part_does_not_disturb_a_number_being_given() -> None:
    bench = working("C-GOOD", "C-D5A")
    before = bench.desk.prompt
    assert refused(bench, OTHER) == "wrong_material"
    assert bench.scan(BEARING).signal is Signal.KEPT
    assert bench.desk.prompt == before


def test_the_same_label_at_once_counts_once() -> None:
    bench = working()
    bench.scan(BEARING)
    assert bench.scan(BEARING, after=1).signal is Signal.REPEATED
    assert bench.scan(BEARING, after=5).signal is Signal.KEPT


def test_a_tracked_component_that_was_not_scanned_is_flagged() -> None:
    bench = working()
    bench.scans("C-GOOD", "C-D1A", "T-W1-10")
    event = bench.kept[-1][1].event
    assert isinstance(event, ReportFinished)
    assert event.flags == ("component_missing",)
    bench.scans("T-W1-10", BEARING, "C-GOOD", "C-D1A", "T-W1-10")
    event = bench.kept[-1][1].event
    assert isinstance(event, ReportFinished)
    assert event.flags == ()


def test_a_component_of_any_operation_is_asked_for_by_the_last_one() -> None:
    bench = working("C-GOOD", "C-D5A", operation=0)
    bench.scan("T-W1-10")
    event = bench.kept[-1][1].event
    assert isinstance(event, ReportFinished)
    assert event.flags == ()
    bench.scans("T-W1-20", "C-GOOD", "C-D5A", "T-W1-20")
    event = bench.kept[-1][1].event
    assert isinstance(event, ReportFinished)
    assert event.flags == ("component_missing",)


def test_with_nothing_running_a_part_is_refused_by_its_kind() -> None:
    bench = Bench(master=plant())
    assert bench.scan(BEARING).message.key == "part_label"
    bench.scans("B-ANN", "T-W2-10")
    assert bench.scan(BEARING).message.key == "part_label", "this operation wants no parts"


def test_with_several_operations_the_bill_says_which() -> None:
    bench = working("T-W3-10", capture="serial")
    [event] = bench.scan(BEARING).events
    assert isinstance(event, ComponentUsed)
    assert event.operation == "W1-10"
    [event] = bench.scan("SN-1").events
    assert isinstance(event, ProductIdentified)
    assert event.operation == "W3-10"
    assert bench.scan(OTHER).message.key == "which_operation"


# Serials and lots of the product.


def test_serials_are_kept_and_a_report_without_enough_asks() -> None:
    bench = working("SN-1", ticket="T-W3-10", capture="serial")
    assert bench.kept[-1][1].event == ProductIdentified(person="ann", operation="W3-10", work_order="W3", serial="SN-1")
    decision = bench.scans("C-GOOD", "C-D2A", "T-W3-10")
    assert (decision.signal, decision.message.key) == (Signal.ASK, "ask_serial_missing")
    bench.scan("]C121SN-2")
    decision = bench.scan("T-W3-10")
    assert types(decision) == ("report.finished",)
    event = decision.events[0]
    assert isinstance(event, ReportFinished)
    assert (event.good, event.flags) == (2, ())
    bench.scans("T-W3-10", "C-GOOD", "C-D1A")
    assert bench.scan("T-W3-10").message.key == "ask_serial_missing", "each piece has one of its own"
    event = bench.scan("C-CONFIRM").events[0]
    assert isinstance(event, ReportFinished)
    assert event.flags == ("serial_missing",)


def test_a_serial_is_used_once() -> None:
    bench = working("SN-1", ticket="T-W3-10", capture="serial")
    [event] = bench.scan("SN-1").events
    assert isinstance(event, ScanRefused)
    assert event.rule == "serial_repeated"


def test_another_products_label_is_no_serial() -> None:
    bench = working(ticket="T-W3-10", capture="serial")
    [event] = bench.scan("]C1010401234567890121SN-3").events
    assert isinstance(event, ScanRefused)
    assert event.rule == "wrong_material"
    assert types(bench.scan("SEAL-2")) == ("scan.refused",), "a component's name is no serial either"


def test_one_lot_is_enough_for_a_lot() -> None:
    bench = working("LOT-A", ticket="T-W3-10", capture="lot")
    event = bench.kept[-1][1].event
    assert event == ProductIdentified(person="ann", operation="W3-10", work_order="W3", lot="LOT-A")
    assert types(bench.scan("T-W3-10")) == ("report.finished",)


def test_what_was_scanned_survives_a_start() -> None:
    bench = working(BEARING, "SEAL-2")
    assert Floor.from_json(bench.state.to_json()) == bench.state
    assert isinstance(bench.kept[1][1].event, WorkStarted)


def test_a_plant_that_does_not_use_parts_sends_nothing_of_them() -> None:
    text = small_plant().model_dump_json()
    for word in ("components", "blocked_lots", "capture", '"use"', '"label":""'):
        assert word not in text
