"""Every message in both languages, and the view of a station."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from floor.events import AndonRaised, ReportFinished, SessionClosed, SessionOpened, WorkPaused, WorkStarted
from gateway.station_texts import TEXTS, label_of, render
from gateway.station_view import station_view
from gateway.view import Message
from tests.gateway.floor_desk import Bench, small_plant

FOLDER = Path(__file__).resolve().parents[2] / "gateway"


def placeholders(template: str) -> set[str]:
    return {name.removesuffix("_en") for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_the_same_with_the_same_values(key: str) -> None:
    texts = TEXTS[key]
    assert set(texts) == {"zh", "en"}
    assert placeholders(texts["zh"]) == placeholders(texts["en"])
    assert re.search(r"[\u4e00-\u9fff]", texts["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", texts["en"])
    assert "_en" not in texts["zh"]


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_is_short_enough_for_three_metres(key: str) -> None:
    assert len(re.sub(r"\{\w+\}", "", TEXTS[key]["zh"])) <= 30
    assert len(re.sub(r"\{\w+\}", "", TEXTS[key]["en"])) <= 60


def used_keys() -> set[str]:
    """Every literal first argument of Message(), second of refuse(), and of _refusal() in the station's modules."""
    found = set()
    for path in FOLDER.glob("station*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"Message": 0, "refuse": 1, "_refusal": 0}.get(node.func.id)
                if place is not None and len(node.args) > place:
                    for part in ast.walk(node.args[place]):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            found.add(part.value)
    return found


def test_every_key_the_station_uses_is_there() -> None:
    pieces = {"_flagged", "ask_", "ask_fact_", "nothing_", "_label", "refused_", "rests_"}
    assert used_keys() - pieces - set(TEXTS) == set()
    assert len(used_keys()) > 40


def test_rendering_never_raises() -> None:
    assert render(Message("no such key"), "zh") == "no such key"
    assert render(Message("signed_in"), "en") == "- signed in"
    assert render(Message("signed_in", {"name": "{0} {x.__class__}"}), "en") == "{0} {x.__class__} signed in"


def test_english_takes_the_english_names() -> None:
    bench = Bench()
    decision = bench.press("quality")
    assert (render(decision.message, "zh"), render(decision.message, "en")) == ("已呼叫 质量", "Called: Quality")
    bench.scan("B-ANN")
    refused = bench.scan("T-WH-10")
    assert render(refused.message, "en") == "Not allowed: order on hold · WH"


@pytest.mark.parametrize(
    ("event", "label"),
    [
        (SessionOpened(person="ann"), "B-ANN"),
        (SessionClosed(person="ann", reason="badge"), "B-ANN"),
        (SessionOpened(person="gone"), ""),
        (WorkStarted(person="ann", operation="W1-10"), "T-W1-10"),
        (ReportFinished(person="ann", operation="T-UNKNOWN", good=1), "T-UNKNOWN"),
        (WorkPaused(person="ann", operation="W1-10"), ""),
        (AndonRaised(call_type="quality"), ""),
    ],
)
def test_the_label_behind_an_event(event: SessionOpened, label: str) -> None:
    assert label_of(event, small_plant()) == label


def test_the_view_of_a_busy_station() -> None:
    bench = Bench()
    bench.scans("B-BOB", "T-W1-10", "B-ANN", "T-W1-10", "C-GOOD", "C-D3A", "T-W1-10", "T-W1-10", "C-PAUSE")
    bench.scans("T-ELSEWHERE", "C-SCRAP", "C-D2A")
    bench.press("quality")
    bench.scan("B-LEE")
    view = station_view(bench.state, bench.desk, bench.master, "S1", bench.instant)
    assert [(line.person, line.name) for line in view.people] == [("bob", "伯"), ("ann", "安")]
    assert [(line.person, line.operation, line.state, line.planned) for line in view.work] == [
        ("bob", "W1-10", "running", 100),
        ("ann", "W1-10", "paused", 100),
        ("ann", "T-ELSEWHERE", "running", None),
    ]
    assert view.work[0].good == 3
    assert view.work[1].seconds == 10
    assert (view.prompt.kind, view.prompt.good, view.prompt.scrap) == ("quantity", None, 2)
    call = view.calls[0]
    assert (call.call_type, call.state, call.acknowledged_by, call.person_name) == (
        "quality",
        "acknowledged",
        "李",
        "安",
    )
    assert call.causes == (("flaw", "缺陷", "Flaw"),)
    assert view.last and view.last.signal == "acknowledged"
    assert view.call_types[0] == ("quality", "质量", "Quality", "stop")
    assert view.scrap_reasons == (("flaw", "缺陷", "Flaw"),)


def test_the_view_shows_a_held_persons_work_of_another_station_first() -> None:
    bench = Bench()
    bench.scans("B-ANN", "T-W1-10")
    bench.station = "S2"
    bench.scans("B-BOB", "T-W3-10", "B-ANN")
    view = station_view(bench.state, bench.desk, bench.master, "S2", bench.instant)
    assert [line.operation for line in view.work] == ["W1-10", "W3-10"]
    assert view.name == "S2"
    empty = station_view(bench.state, bench.desk, bench.master, "S9", bench.instant)
    assert (empty.people, empty.work, empty.calls) == ((), (), ())
