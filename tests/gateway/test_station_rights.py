"""What the office grants is what a station allows: roles everywhere or for a line, taken back; badges that are over.

The station holds master data alone: each of these works with every network cut.
"""

import pytest

from devices.types import Signal
from floor.calls import CallState
from floor.events import ReportFinished, ScanRefused, ScanRejected
from floor.master import MasterData
from floor.rows import Person
from gateway.screen.guard import set_up_person
from gateway.station_desk import PageAcknowledge, PageAssign, PageResolve
from gateway.station_texts import render
from gateway.station_view import station_view
from gateway.view import GatewayView
from tests.gateway.floor_desk import Bench, small_plant, types
from tests.gateway.test_station_guards import changed

HERE, ELSEWHERE = "site/area/line", "site/area/line-2"
NOON, YESTERDAY = 1_767_355_200.0, "2026-01-01"
"""2026-01-02 12:00 UTC."""


def plant(**columns: object) -> MasterData:
    """Lee's row with other columns."""
    return changed(small_plant(), "people", "lee", **columns)


OFFICE = {
    "leader everywhere": ({"roles": ["leader"]}, "taken"),
    "leader of this line": ({"roles": ["operator"], "line_roles": [f"leader@{HERE}"]}, "taken"),
    "leader of this area": ({"roles": ["operator"], "line_roles": ["leader@site/area"]}, "taken"),
    "leader of another line": ({"roles": ["operator"], "line_roles": [f"leader@{ELSEWHERE}"]}, "leader_elsewhere"),
    "leader of another alone": ({"roles": [], "line_roles": [f"leader@{ELSEWHERE}"]}, "leader_elsewhere"),
    "of both": ({"roles": ["operator"], "line_roles": [f"leader@{ELSEWHERE}", f"leader@{HERE}"]}, "taken"),
    "right taken back": ({"roles": ["operator"]}, "signed_in_call_waits"),
    "badge revoked": ({"roles": ["leader"], "active": False}, "refused_badge_revoked"),
    "badge over": ({"roles": ["leader"], "badge_until": YESTERDAY}, "leader_badge_over"),
    "badge good": ({"roles": ["leader"], "badge_until": "2026-01-02"}, "taken"),
}
"""What the office gives Lee, and what her badge then does where a call waits."""


@pytest.mark.parametrize("given", OFFICE)
def test_a_badge_takes_a_call_by_what_the_office_gave(given: str) -> None:
    columns, wanted = OFFICE[given]
    bench = Bench(master=plant(**columns), wall=NOON)
    bench.press("quality")
    call = bench.kept[-1][0]
    decision = bench.scan("B-LEE")
    if wanted == "taken":
        assert types(decision) == ("andon.acknowledged",)
        assert bench.state.calls[call].state is CallState.ACKNOWLEDGED
        return
    assert decision.message.key == wanted
    assert bench.state.calls[call].state is CallState.RAISED, "the call still waits"
    if wanted.startswith("leader"):
        assert decision.signal is Signal.REFUSED
        (event,) = decision.events
        assert isinstance(event, ScanRejected) and event.reason == wanted, "that it was tried is kept"
    zh, en = (render(decision.message, language) for language in ("zh", "en"))
    assert "班组长" in zh or "工牌" in zh
    assert "leader" in en or "badge" in en


@pytest.mark.parametrize("given", [each for each, (_, wanted) in OFFICE.items() if wanted != "taken"])
def test_who_is_not_a_leader_here_decides_nothing_by_page_or_card(given: str) -> None:
    """Signed in before the office took it back: the next version of the master data holds at once."""
    columns, _ = OFFICE[given]
    bench = Bench(wall=NOON)
    bench.scan("B-LEE")
    bench.press("quality")
    call = bench.kept[-1][0]
    bench.master = plant(**columns)
    wanted = {"right taken back": "leader_only", "badge revoked": "leader_badge_over"}.get(given)
    wanted = wanted or ("leader_badge_over" if given == "badge over" else "leader_elsewhere")
    for asked in (PageAcknowledge(call), PageResolve(call, "flaw")):
        decision = bench.put(asked)
        assert (decision.signal, decision.message.key, decision.events) == (Signal.REFUSED, wanted, ())
    assert bench.scan("C-CAUSE").message.key == wanted
    assert bench.put(PageAssign(call, "设备科")).message.key == "ask_leader_badge"
    assert bench.scan("B-LEE").message.key == wanted
    assert bench.state.calls[call].state is CallState.RAISED


def test_a_call_and_a_report_are_facts_whoever_makes_them() -> None:
    """I12: what has happened is kept, with what the office thinks of it."""
    bench = Bench(wall=NOON)
    bench.scans("B-LEE", "T-W3-10")
    bench.master = plant(active=False)
    assert bench.press("quality").signal is Signal.CALLED
    assert types(bench.scan("C-UNDO")) == ("scan.rejected",)
    bench.scans("C-GOOD", "C-D5A")
    decision = bench.scan("T-W3-10")
    assert decision.signal is Signal.KEPT
    (report,) = decision.events
    assert isinstance(report, ReportFinished)
    assert (report.good, report.flags) == (5, ("badge_revoked",))
    assert types(bench.scan("C-UNDO")) == ("report.corrected",), "their own report stays theirs to take back"


@pytest.mark.parametrize(
    ("columns", "rule"), [({"active": False}, "badge_revoked"), ({"badge_until": YESTERDAY}, "badge_expired")]
)
def test_who_was_signed_in_before_begins_nothing_new(columns: dict[str, object], rule: str) -> None:
    bench = Bench(wall=NOON)
    bench.scan("B-LEE")
    bench.master = plant(**columns)
    decision = bench.scan("T-W3-10")
    (event,) = decision.events
    assert isinstance(event, ScanRefused) and event.rule == rule
    assert (decision.signal, decision.message.key) == (Signal.REFUSED, f"refused_{rule}")


def test_an_unset_clock_takes_nobodys_right() -> None:
    bench = Bench(master=plant(roles=["leader"], badge_until=YESTERDAY), wall=NOON, synchronised=False)
    bench.press("quality")
    assert types(bench.scan("B-LEE")) == ("andon.acknowledged",)


@pytest.mark.parametrize(
    ("columns", "allowed"),
    [
        ({"roles": ["maintainer"]}, True),
        ({"line_roles": [f"maintainer@{HERE}"]}, True),
        ({"line_roles": [f"maintainer@{ELSEWHERE}"]}, False),
        ({"roles": ["maintainer"], "badge_until": YESTERDAY}, False),
    ],
)
def test_a_maintainer_of_the_line_sets_its_stations_up(columns: dict[str, object], allowed: bool) -> None:
    bench = Bench(wall=NOON)
    bench.scan("B-LEE")
    view = station_view(bench.state, bench.desk, plant(**columns), "S1", bench.instant)
    whole = GatewayView("one", (view,), maintainers=True)
    assert set_up_person(whole, view, "127.0.0.1") == ("lee" if allowed else None)


def test_an_older_office_says_nothing_of_lines() -> None:
    """Its snapshot has no such column: every role holds everywhere, as before; and nothing is written for nobody."""
    lee = small_plant().person_by_id["lee"]
    assert "line_roles" not in lee.model_dump()
    again = Person.model_validate_json(lee.model_dump_json())
    assert again.grants == lee.grants and all(not each.place for each in again.grants)


def test_a_gateway_that_does_not_know_the_column_sees_less_never_more() -> None:
    """A release before it reads the row without the column, as a newer office's other columns."""
    given = plant(roles=["operator"], line_roles=[f"leader@{HERE}"])
    row = given.person_by_id["lee"].model_dump(mode="json")
    assert row.pop("line_roles") == [f"leader@{HERE}"]
    assert Person.model_validate(row).roles == ("operator",)
