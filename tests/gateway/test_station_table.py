"""Every row of the station's one table: it is there, its action exists, and its effect is what the table says."""

from dataclasses import replace
from itertools import product

import pytest

from devices.types import Signal
from floor.errors import LabelRefused
from floor.notices import reading
from gateway.station import ACTIONS, row_of, scanned_case
from gateway.station_case import Case
from gateway.station_desk import Decision, Desk, Doubt, Prompt, Scanned, Seen
from gateway.station_table import (
    LABELS,
    NEVER_TAKEN,
    PARTS,
    SITUATIONS,
    STRANGERS,
    TABLE,
    TICKETS,
    WHEN,
    WHOSE,
    Key,
    diagram,
)
from gateway.view import Message
from tests.gateway.floor_desk import EPOCH, Bench, types

LABEL_TEXTS = {
    "own_badge": "B-ANN",
    "held_badge": "B-BOB",
    "new_badge": "B-LEE",
    "leader_badge": "B-LEE",
    "ticket": "T-W1-10",
    "unknown_ticket": "T-ELSEWHERE",
    "doubtful": "T-W3-10",
    "digit": "C-D7A",
    "unknown_badge": "B-NOBODY",
    "unknown_command": "C-NOTHING",
    "part": "]C1010400638133393110LOT7",
    "product": "4006381333931",
    "station": "S-S1",
    "unknown": "hello",
}
PROMPTS = {
    "quantity": Prompt("quantity", 1000, Message("entering"), good="5"),
    "counter": Prompt("counter", 1000, Message("ask_counter_start"), operation="W1-10", entered="5"),
    "confirm_rule": Prompt("confirm_rule", 1000, Message("ask_early"), operation="W2-10", good="4", scrap="1"),
    "same_piece": Prompt("same_piece", 1000, Message("ask_same")),
    "cause": Prompt("cause", 1000, Message("ask_cause"), call=f"{EPOCH}/3"),
    "assign": Prompt("assign", 1000, Message("ask_leader_badge"), owner="设备科"),
    "choose": Prompt("pause", 1000, Message("ask_pause")),
    "read_back": Prompt(
        "read_back",
        1000,
        Message("ask_fact_quantity"),
        reading=reading("notice/N1", "通知", "", "", (("quantity", "5"),)),
        entered="5",
    ),
    "handover": Prompt("handover", 1000, Message("ask_handover")),
}
# What each action does here: the signal, the events kept, and what the station waits for afterwards.
Effect = tuple[Signal, tuple[str, ...], str]
KEEP = "as before"
REFUSED: Effect = (Signal.REFUSED, ("scan.rejected",), KEEP)
EFFECTS: dict[str, Effect] = {
    "repeat": (Signal.REPEATED, (), KEEP),
    "drop": (Signal.NOTED, (), "none"),
    "sign_in": (Signal.NOTED, ("session.opened",), "none"),
    "sign_out_badge": (Signal.NOTED, ("session.closed",), "none"),
    "sign_out_card": (Signal.NOTED, ("session.closed",), "none"),
    "assign": REFUSED,
    "stop": REFUSED,
    "assign_badge": (Signal.CALLED, ("andon.assigned",), "none"),
    "acknowledge": (Signal.ACKNOWLEDGED, ("andon.acknowledged",), KEEP),
    "raise": (Signal.CALLED, ("andon.raised",), KEEP),
    "resolve": REFUSED,
    "cancel_call": REFUSED,
    "work": (Signal.KEPT, ("report.finished",), "none"),
    "enter_good": (Signal.ASK, (), "quantity"),
    "enter_scrap": (Signal.ASK, (), "quantity"),
    "enter_rework": (Signal.ASK, (), "quantity"),
    "enter_partial": (Signal.ASK, (), "quantity"),
    "enter_digit": (Signal.NOTED, (), "quantity"),
    "finish_entered": (Signal.KEPT, ("report.finished",), "none"),
    "confirm_entered": (Signal.KEPT, ("report.finished",), "none"),
    "counter_digit": (Signal.NOTED, (), "counter"),
    "counter_cancel": (Signal.ASK, (), "counter"),
    "counter_ticket": (Signal.KEPT, ("counter.read",), "none"),
    "counter_done": (Signal.KEPT, ("counter.read",), "none"),
    "confirm_rule": (Signal.KEPT, ("report.finished",), "none"),
    "ask_rule_again": (Signal.KEPT, ("report.finished",), "none"),
    "pause": (Signal.KEPT, ("work.paused",), "none"),
    "resume": REFUSED,
    "set_up": (Signal.ASK, (), "setup"),
    "choose": (Signal.KEPT, ("work.paused",), "none"),
    "undo": REFUSED,
    "hand_over": (Signal.ASK, (), "handover"),
    "sign_handover": (Signal.KEPT, ("report.finished", "handover.offered", "session.closed"), "none"),
    "sign_reading": (Signal.NOTED, ("session.closed",), "none"),
    "read_digit": (Signal.NOTED, (), "read_back"),
    "read_confirm": (Signal.KEPT, ("notice.read",), "none"),
    "read_label": (Signal.REFUSED, ("notice.misread",), "read_back"),
    "ask_same": (Signal.ASK, (), "same_piece"),
    "count_once": (Signal.REPEATED, (), "none"),
    "count_again": (Signal.KEPT, ("work.started",), "none"),
    "refuse_label": REFUSED,
    "scan_part": REFUSED,
    "refuse_nobody": REFUSED,
    "refuse_digit": REFUSED,
    "refuse_confirm": REFUSED,
    "refuse_unasked": REFUSED,
}
# Where an action on another label, or after a prompt was dropped, does otherwise.
SPECIAL: dict[tuple[str, str], Effect] = {
    ("work", "unknown_ticket"): (Signal.KEPT, ("work.started",), "none"),
    ("ask_rule_again", "unknown_ticket"): (Signal.KEPT, ("work.started",), "none"),
    ("finish_entered", "unknown_ticket"): (Signal.KEPT, ("work.started", "report.finished"), "none"),
    ("choose", "unknown_ticket"): REFUSED,
    ("counter_ticket", "unknown_ticket"): (Signal.KEPT, ("work.started",), "none"),
    ("assign_badge", "own_badge"): REFUSED,
    ("assign_badge", "held_badge"): REFUSED,
}


def arranged(key: Key) -> tuple[Bench, Scanned]:
    """A station in this situation, and the scan that has this row. Ann is current, Bob is held, W1-10 is running."""
    situation, label, whose, when = key
    bench = Bench()
    if situation != "nobody":
        bench.scans("B-BOB", "B-ANN", "T-W1-10", "B-ANN", "B-ANN")
        if situation == "confirm_rule":
            # The share of the order with a minimum time, so that its early finish can be confirmed.
            bench.scan("T-W2-10")
    if label == "leader_badge":
        bench.press("material")
    text = LABEL_TEXTS.get(label, f"C-{label.upper()}")
    desk = Desk(bench.station, prompt=PROMPTS.get(situation))
    if label == "doubtful" or situation == "same_piece":
        desk = Desk(bench.station, prompt=desk.prompt, doubt=Doubt("T-W3-10", f"{EPOCH}/1", bench.now))
    if situation == "assign":
        # A call that somebody has taken, so that a leader's badge is not one that takes it.
        desk = replace(desk, prompt=replace(PROMPTS["assign"], call=taken_elsewhere(bench)))
    person = bench.state.current(bench.station) if whose == "same" else "somebody"
    ago = 1.0 if when == "inside" else 10.0
    bench.now += 20
    bench.desk = Desk(
        desk.station, (Seen(text.removeprefix("]C1"), person, bench.now - ago),), desk.prompt, doubt=desk.doubt
    )
    return bench, Scanned(text.encode(), "scanner")


def taken_elsewhere(bench: Bench) -> str:
    bench.station = "S2"
    bench.press("quality")
    call = bench.kept[-1][0]
    bench.fact("call.acknowledged", call=call, person="lee")
    bench.station = "S1"
    return call


def found_key(bench: Bench, what: Scanned) -> Key:
    case = Case(bench.state, bench.desk, bench.master, bench.instant, bench.rules, shown="")
    try:
        scanned = scanned_case(case, what)
    except LabelRefused as error:
        raise AssertionError("a label of the table cannot be read") from error
    assert scanned is not None
    return row_of(scanned)


def cannot_be(key: Key) -> str:
    """Why a row can never be met; empty when it can."""
    situation, label, _, _ = key
    if situation == "nobody" and label in ("own_badge", "held_badge"):
        return "nobody is held"
    return ""


def expected(key: Key) -> Effect:
    situation, label, _, _ = key
    action = TABLE[key]
    if action == "anew":
        signal, events, prompt = expected(("signed_in", label, "other", "outside"))
        if (situation, label) == ("confirm_rule", "pause"):
            return Signal.ASK, (), "pause"  # two shares are running there
        return signal, events, "none" if prompt == KEEP else prompt
    return SPECIAL.get((action, label), EFFECTS[action])


def test_the_table_has_exactly_the_whole_product() -> None:
    assert set(TABLE) == set(product(SITUATIONS, LABELS, WHOSE, WHEN))
    assert len(TABLE) == len(SITUATIONS) * len(LABELS) * 4 == 11 * 32 * 4


def test_every_action_of_the_table_exists_and_is_used() -> None:
    assert set(TABLE.values()) == set(ACTIONS)


@pytest.mark.parametrize("key", [key for key in TABLE if not cannot_be(key)], ids="-".join)
def test_row_does_what_it_says(key: Key) -> None:
    bench, what = arranged(key)
    assert found_key(bench, what) == key
    before = bench.desk.prompt
    signal, events, prompt = expected(key)
    decision: Decision = bench.put(what, after=0)
    assert (decision.signal, types(decision)) == (signal, events), decision.message
    if prompt == KEEP:
        assert decision.desk.prompt == before
    else:
        assert (decision.desk.prompt.kind if decision.desk.prompt else "none") == prompt


def test_rows_that_cannot_be_met_are_few_and_named() -> None:
    unmet = [key for key in TABLE if cannot_be(key)]
    assert len(unmet) == 8


@pytest.mark.parametrize("key", [key for key in TABLE if TABLE[key] == "repeat"], ids="-".join)
def test_a_repeat_is_only_the_same_person_inside_the_window(key: Key) -> None:
    assert key[2:] == ("same", "inside")
    assert key[1] not in NEVER_TAKEN


def test_strangers_never_disturb_what_the_station_waits_for() -> None:
    for situation, stranger, whose, when in product(SITUATIONS, STRANGERS, WHOSE, WHEN):
        # A printed revision is a label of nothing else.
        read = (situation, stranger) == ("read_back", "unknown")
        taken = whose == "same" and when == "inside" and stranger in PARTS
        part = stranger in PARTS and situation != "nobody"
        wanted = "repeat" if taken else "read_label" if read else "scan_part" if part else "refuse_label"
        assert TABLE[situation, stranger, whose, when] == wanted


def test_without_a_person_no_ticket_is_taken() -> None:
    for ticket in TICKETS:
        assert TABLE["nobody", ticket, "other", "outside"] == "refuse_nobody"


def test_the_diagram_names_every_situation() -> None:
    assert diagram().startswith("stateDiagram-v2\n")
    assert all(situation in diagram() for situation in SITUATIONS)
