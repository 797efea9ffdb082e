"""Past cases like a call: twenty situations and the case that comes first, and what holds of every ranking."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from floor.cases import Situation, situation_of, words_of
from floor.example import demo_plant, example_plant
from floor.limits import CASES_MAX, CASES_SHOWN_MAX, FIX_CHARACTERS_MAX, SITUATIONS_KEPT_MAX
from floor.master import MasterData
from floor.rows import PastCase, Reason

FILE: dict[str, Any] = tomllib.loads(Path(__file__).with_name("past_cases.toml").read_text("utf-8"))
REASONS = (
    Reason(id="weld", name="焊接缺陷", name_en="Weld flaw"),
    Reason(id="spindle", name="主轴故障", name_en="Spindle fault"),
    Reason(id="hydraulic", name="液压故障", name_en="Hydraulics"),
    Reason(id="laser", name="激光器故障", name_en="Laser"),
    Reason(id="robot", name="机器人故障", name_en="Robot"),
)


def plant(*cases: PastCase) -> MasterData:
    whole = example_plant()
    return whole.model_copy(update={"cases": cases, "reasons": (*whole.reasons, *REASONS)})


PLANT = plant(*(PastCase.model_validate(each) for each in FILE["cases"]))


@pytest.mark.parametrize("query", FILE["queries"], ids=lambda each: f"{each['expect']}-{each['note'][:12]}")
def test_what_somebody_at_a_station_finds_first(query: dict[str, str]) -> None:
    what = situation_of(PLANT, query["call_type"], query["station"], query["operation"], query["note"])
    found = PLANT.case_book.similar(what)
    assert found[0].case.id == query["expect"], [(each.case.id, round(each.score, 2)) for each in found]
    assert len(found) == CASES_SHOWN_MAX


def test_there_are_twenty_situations_and_more() -> None:
    assert len(FILE["queries"]) >= 20
    assert len({each["expect"] for each in FILE["queries"]}) >= 18


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("主轴异响", {"主轴", "轴异", "异响"}),
        ("油", {"油"}),
        ("Spindle NOISE", {"spindle", "noise"}),
        ("ＡＸ-200，5.3 L/min", {"ax-200", "5.3", "l/min"}),
        ("换刀M8螺栓", {"换刀", "m8", "螺栓"}),
        ("Straße Größe", {"strasse", "grösse"}),
        ("\x00 \u202e '; -- 🙂", set()),
        ("", set()),
    ],
)
def test_words(text: str, words: set[str]) -> None:
    assert words_of(text) == words


def case(identity: str, **more: str) -> PastCase:
    return PastCase.model_validate({"id": identity, "call_type": "quality", "fix": "x y", **more})


def ids(master: MasterData, what: Situation) -> list[str]:
    return [each.case.id for each in master.case_book.ranked(what)]


def test_the_formula() -> None:
    master = plant(case("A", station="S1", item="AX-200", fix="alpha beta"), case("B", call_type="other", fix="beta"))
    found = master.case_book.ranked(Situation("quality", "S1", "AX-200", "alpha beta"))
    # beta stands in both cases, alpha in one: its rarity is ln 2 / ln 3.
    assert [each.case.id for each in found] == ["A", "B"]
    assert found[0].score == pytest.approx(6 + 3 + 2 + 1.5 + 1.5 * 0.6309, abs=1e-3)
    assert found[1].score == pytest.approx(1.5 * 0.6309, abs=1e-3)


def test_the_nearest_station_alone_is_not_alike() -> None:
    master = plant(case("A", call_type="other", station="S1"), case("B", station="S9"))
    assert ids(master, Situation("quality", "S1", "", "")) == ["B"]


def test_the_newest_of_equals_comes_first() -> None:
    master = plant(case("A", closed="2026-01-02"), case("B", closed="2026-02-01"), case("C"), case("D", closed=""))
    assert ids(master, Situation("quality")) == ["B", "A", "C", "D"]


def test_no_cases_and_nothing_alike() -> None:
    assert plant().case_book.similar(Situation("quality", words="alpha")) == ()
    assert plant(case("A")).case_book.similar(Situation("material", words="alpha")) == ()


def test_what_is_remembered_is_bounded_and_right() -> None:
    for number in range(SITUATIONS_KEPT_MAX * 3):
        what = Situation("quality", words=f"note {number % 100} 主轴")
        assert PLANT.case_book.similar(what) == tuple(PLANT.case_book.ranked(what)[:CASES_SHOWN_MAX])


@given(st.text(max_size=80), st.text(max_size=20), st.sampled_from(["S1", "", "x"]))
def test_any_note_has_an_order_that_does_not_depend_on_chance(note: str, item: str, station: str) -> None:
    what = Situation("quality", station, item, note)
    found = PLANT.case_book.ranked(what)
    assert found == plant(*PLANT.cases).case_book.ranked(what)
    assert all(each.score > 0 for each in found)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_what_a_case_must_hold() -> None:
    for wrong in ({"fix": ""}, {"fix": "x" * (FIX_CHARACTERS_MAX + 1)}, {"fix": "a\x00b"}, {"closed": "2026-02-30"}):
        with pytest.raises(ValidationError):
            case("A", **wrong)
    with pytest.raises(ValidationError, match="cases, more than"):
        MasterData.model_validate({"cases": [case(f"K{number}").model_dump() for number in range(CASES_MAX + 1)]})
    with pytest.raises(ValidationError, match="case id 'A' stands 2 times"):
        MasterData(cases=(case("A"), case("A")))


def test_the_demo_plant_has_cases_and_the_example_that_older_gateways_read_has_none() -> None:
    demo = demo_plant()
    found = demo.case_book.similar(situation_of(demo, "quality", "S1", "WO-1001-20"))
    assert [each.case.id for each in found] == ["K2", "K1", "K3"]
    assert demo.tiers_of["quality"][1].owner == "车间主任"


def test_a_plant_without_cases_sends_none() -> None:
    assert "cases" not in example_plant().model_dump()
    assert "cases" in PLANT.model_dump()
