"""Error-proofing: each rule, its signal, its words in both languages and its policy switch."""

from dataclasses import replace

import pytest

from devices.types import Signal
from floor.days import is_over, plant_day
from floor.error_proofing import DEFAULTS, READ_BACK
from floor.events import ReportFinished, RuleBroken, ScanRefused, SessionOpened, WorkStarted
from floor.master import MasterData
from floor.rows import Skill
from floor.work_events import ComponentUsed, ProductIdentified
from gateway.station_desk import StationRules
from gateway.station_texts import render
from tests.gateway.floor_desk import Bench, small_plant

YESTERDAY = "2026-01-01"
NOON = 1_767_355_200.0
"""2026-01-02 12:00 UTC."""


def plant(**changes: object) -> MasterData:
    return MasterData.model_validate({**small_plant().model_dump(), **changes})


def with_policy(master: MasterData, rule: str, moment: str, policy: str) -> MasterData:
    return MasterData.model_validate({**master.model_dump(), "error_proofing": [{"rule": rule, moment: policy}]})


def changed(master: MasterData, table: str, key: str, **values: object) -> MasterData:
    rows = [{**row, **values} if row["id"] == key else row for row in master.model_dump()[table]]
    return MasterData.model_validate({**master.model_dump(), table: rows})


PARTS = {
    "components": [
        {"product": "W3", "item": "轴承", "label": "4006381333931", "lot_tracked": True},
        {"product": "W1", "item": "SEAL"},
    ],
    "blocked_lots": [{"item": "轴承", "lot": "L8"}],
}
PART_LABELS = {
    "wrong_material": "SEAL",
    "wrong_lot": "]C1010400638133393110L8",
    "lot_missing": "4006381333931",
    "serial_repeated": "SN-1",
    "component_missing": "T-W3-10",
    "serial_missing": "T-W3-10",
}
"""The scan that breaks a rule about parts."""


TAKEN_BACK: dict[tuple[str, str], dict[str, object]] = {
    ("badge_revoked", "finish"): {"active": False},
    ("badge_expired", "finish"): {"badge_until": YESTERDAY},
}
"""What the office changes of somebody who is signed in and at work."""


def bench_for(rule: str, moment: str) -> tuple[Bench, list[str], str]:
    """(station, scans before, the scan that breaks the rule)."""
    bench = Bench()
    bench.wall = NOON
    if rule in PART_LABELS:
        bench.master = changed(bench.master, "operations", "W3-10", capture="serial" if "serial" in rule else "")
        bench.master = MasterData.model_validate({**bench.master.model_dump(), **PARTS})
        ready = ["C-GOOD", "C-D1A"] if moment == "finish" else ["SN-1"] if rule == "serial_repeated" else []
        if rule == "serial_missing":
            ready = ["]C1010400638133393110L7", *ready]
        return bench, ["B-ANN", "T-W3-10", *ready], PART_LABELS[rule]
    ticket = {"order_held": "T-WH-10", "order_closed": "T-WC-10", "earlier_short": "T-W1-20", "early": "T-W2-10"}
    last = ticket.get(rule, "T-W3-10")
    before = ["B-ANN"]
    match rule:
        case "badge_revoked" if moment == "start":
            return bench, [], "B-OLD"
        case "badge_expired" if moment == "start":
            bench.master = changed(bench.master, "people", "ann", badge_until=YESTERDAY)
            return bench, [], "B-ANN"
        case "skill_missing" | "skill_expired":
            bench.master = changed(bench.master, "operations", "W3-10", skill="CNC")
            if rule == "skill_expired":
                skills = [Skill(person="ann", skill="CNC", until=YESTERDAY).model_dump()]
                bench.master = MasterData.model_validate({**bench.master.model_dump(), "skills": skills})
        case "wrong_station":
            bench.master = changed(bench.master, "operations", "W3-10", stations=("S2",))
        case "order_closed":
            bench.master = changed(bench.master, "operations", "WC-10", stations=())
        case "nothing_left":
            before += ["T-W3-10", "T-W3-10"]
        case "over_quantity":
            before += ["T-W3-10", "C-GOOD", "C-D1A", "C-D0A", "C-D1B"]
        case "counter_rolled":
            bench.master = changed(bench.master, "operations", "W3-10", counting="counter")
            return bench, ["B-ANN", "T-W3-10", "C-D9A", "T-W3-10", "T-W3-10", "C-D1A"], "T-W3-10"
        case "early":
            before += ["T-W2-10"]
        case "notice_unread":
            bench.master = plant(notices=[{"id": "N1", "title": "换料", "work_order": "W3"}])
        case "instruction_unread":
            bench.master = plant(instructions=[{"id": "WI-1", "item": "", "operation": "W3-10", "revision": "B"}])
        case "handover_open":
            before += ["C-HANDOVER", "B-ANN", "B-BOB"]
        case "not_started":
            before += ["C-GOOD", "C-D1A"]
    if moment == "finish" and rule not in ("over_quantity", "early", "not_started"):
        before += ["C-GOOD", "C-D1A"]
    return bench, before, last


KEPT = (SessionOpened, WorkStarted, ReportFinished, ComponentUsed, ProductIdentified)


@pytest.mark.parametrize(("rule", "moment"), DEFAULTS)
@pytest.mark.parametrize("policy", ["", "refuse", "confirm", "flag"])
def test_each_rule_under_each_policy(rule: str, moment: str, policy: str) -> None:
    bench, before, last = bench_for(rule, moment)
    for each in before:
        bench.scan(each)
    if (rule, moment) in TAKEN_BACK:
        bench.master = changed(bench.master, "people", "ann", **TAKEN_BACK[rule, moment])
    if policy:
        bench.master = with_policy(bench.master, rule, moment, policy)
    decision = bench.scan(last, after=5.0)
    wanted = policy or DEFAULTS[rule, moment]
    for language in ("zh", "en"):
        assert "{" not in render(decision.message, language)
    if wanted == "refuse" and rule in READ_BACK:
        # Not refused for good: the station asks at once for what is to be read back.
        assert (decision.signal, decision.events) == (Signal.ASK, ())
        assert bench.desk.prompt is not None and bench.desk.prompt.kind == "read_back"
        return
    if wanted == "refuse":
        (event,) = decision.events
        assert isinstance(event, ScanRefused) and event.rule == rule
        assert (decision.signal, decision.message.key) == (Signal.REFUSED, f"refused_{rule}")
        return
    if wanted == "confirm":
        assert (decision.signal, decision.events, decision.message.key) == (Signal.ASK, (), f"ask_{rule}")
        decision = bench.scan("C-CONFIRM")
    assert decision.signal in (Signal.KEPT, Signal.NOTED)
    kept = decision.events[-1] if moment == "finish" else decision.events[0]
    assert isinstance(kept, KEPT)
    broken = getattr(kept, "flags", None)
    assert rule in (broken if broken is not None else [each.rule for each in decision.events[1:]])


def test_a_refused_start_is_looked_at_again_when_the_rule_holds() -> None:
    bench = Bench()
    bench.scan("B-ANN")
    assert bench.scan("T-W1-20").signal is Signal.REFUSED
    bench.scans("T-W1-10", "C-GOOD", "C-D5A", "T-W1-10")
    assert bench.scan("T-W1-20").signal is Signal.KEPT, "a refused label is not remembered as a scan"


def test_an_office_out_of_reach_leaves_no_doubt_about_what_is_made_here_alone() -> None:
    bench = Bench(upstream_known=False)
    bench.scan("B-ANN")
    assert bench.scan("T-W1-20").message.key == "refused_earlier_short"


def test_another_ticket_or_cancel_drops_the_question() -> None:
    bench = Bench(master=with_policy(small_plant(), "order_held", "start", "confirm"))
    bench.scan("B-ANN")
    assert bench.scan("T-WH-10").signal is Signal.ASK
    assert bench.scan("T-W3-10").events[0].type_name == "work.started"
    assert bench.scan("T-WH-10").signal is Signal.ASK
    assert bench.scan("C-CANCEL").events == ()
    assert bench.scan("C-CONFIRM").signal is Signal.REFUSED


def test_confirmed_sign_in_is_kept_with_the_rule_it_broke() -> None:
    master = with_policy(
        changed(small_plant(), "people", "ann", badge_until=YESTERDAY), "badge_expired", "start", "confirm"
    )
    bench = Bench(master=master)
    bench.wall = NOON
    assert bench.scan("B-ANN").signal is Signal.ASK
    assert bench.scan("C-CONFIRM").events == (
        SessionOpened(person="ann"),
        RuleBroken(rule="badge_expired", person="ann"),
    )


def test_what_an_unset_clock_cannot_judge_is_kept_and_flagged() -> None:
    bench = Bench(master=changed(small_plant(), "people", "ann", badge_until=YESTERDAY))
    bench.synchronised = False
    events = bench.scan("B-ANN").events
    assert events == (SessionOpened(person="ann"), RuleBroken(rule="expiry_unknown", person="ann"))


def test_a_revoked_leader_takes_no_call() -> None:
    bench = Bench(master=changed(small_plant(), "people", "lee", active=False))
    bench.press("quality")
    decision = bench.scan("B-LEE")
    assert decision.message.key == "refused_badge_revoked"


def test_a_day_ends_at_the_plant() -> None:
    assert not is_over("", plant_day(NOON, 0))
    assert not is_over("2026-01-02", plant_day(NOON, 0))
    assert is_over("2026-01-02", plant_day(NOON, 12 * 3600)), "in Auckland it is the third already"
    rules = replace(StationRules(), utc_offset_seconds=12 * 3600)
    bench = Bench(master=changed(small_plant(), "people", "ann", badge_until="2026-01-02"), rules=rules)
    bench.wall = NOON
    assert bench.scan("B-ANN").message.key == "refused_badge_expired"
