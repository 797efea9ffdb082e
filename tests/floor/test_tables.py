"""The tables of work and calls, who may do what, and the floor's names."""

from itertools import product

import pytest

from devices.limits import GARBLED_REASONS
from floor import calls, work
from floor.calls import CallAction, CallState
from floor.errors import CallRefused, WorkRefused
from floor.events import EVENTS
from floor.example import example_plant
from floor.master import MasterData
from floor.rights import ROLES, Right, may
from floor.texts import CATALOGUES, EVENT_NAMES, FLAG_NAMES, REJECTION_NAMES, STATE_NAMES, flag_names, name
from floor.work import WorkAction, WorkState


@pytest.mark.parametrize(("state", "action"), list(product(WorkState, WorkAction)))
def test_work_follows_its_table(state: WorkState, action: WorkAction) -> None:
    if (state, action) in work.TABLE:
        assert work.allowed(state, action)
        assert work.after(state, action) is work.TABLE[state, action]
    else:
        assert not work.allowed(state, action)
        with pytest.raises(WorkRefused, match=f"{state} cannot {action}"):
            work.after(state, action)


def test_the_work_that_is_refused() -> None:
    refused = {pair for pair in product(WorkState, WorkAction) if pair not in work.TABLE}
    assert refused == {
        *((WorkState.NONE, action) for action in WorkAction if action is not WorkAction.START),
        (WorkState.RUNNING, WorkAction.START),
        (WorkState.RUNNING, WorkAction.RESUME),
        (WorkState.PAUSED, WorkAction.START),
        (WorkState.PAUSED, WorkAction.PAUSE),
        (WorkState.PAUSED, WorkAction.SET_UP),
        (WorkState.SETUP, WorkAction.START),
        (WorkState.SETUP, WorkAction.FINISH),
        (WorkState.SETUP, WorkAction.PAUSE),
        (WorkState.SETUP, WorkAction.SET_UP),
        (WorkState.FINISHED, WorkAction.FINISH),
        (WorkState.FINISHED, WorkAction.PAUSE),
        (WorkState.FINISHED, WorkAction.RESUME),
        (WorkState.FINISHED, WorkAction.SET_UP),
    }


@pytest.mark.parametrize(("state", "action"), list(product(CallState, CallAction)))
def test_calls_follow_their_table(state: CallState, action: CallAction) -> None:
    if (state, action) in calls.TABLE:
        assert calls.allowed(state, action)
        assert calls.after(state, action) is calls.TABLE[state, action]
    else:
        assert not calls.allowed(state, action)
        with pytest.raises(CallRefused):
            calls.after(state, action)


def test_a_closed_call_stays_closed() -> None:
    for state in (CallState.RESOLVED, CallState.CANCELLED):
        assert not any(calls.allowed(state, action) for action in CallAction)


def test_the_diagrams_show_every_row() -> None:
    for table, diagram in ((work.TABLE, work.diagram()), (calls.TABLE, calls.diagram())):
        assert diagram.startswith("stateDiagram-v2\n")
        for (state, action), follows in table.items():
            assert f"    {state} --> {follows}: {action}\n" in diagram


@pytest.mark.parametrize(
    ("roles", "right", "allowed"),
    [
        (("leader",), Right.ACKNOWLEDGE, True),
        (("operator", "leader"), Right.RESOLVE_RAISED, True),
        (("operator",), Right.ACKNOWLEDGE, False),
        (("planner", "maintainer"), Right.RESOLVE_RAISED, False),
        ((), Right.ACKNOWLEDGE, False),
        ((), Right.RESOLVE_ACKNOWLEDGED, True),
        ((), Right.CANCEL, True),
        (("operator",), Right.CANCEL, True),
    ],
)
def test_who_may_do_what(roles: tuple[str, ...], right: Right, allowed: bool) -> None:
    assert may(roles, right) is allowed


def test_every_right_has_its_roles() -> None:
    assert set(ROLES) == set(Right)


def test_every_word_is_in_both_languages() -> None:
    for catalogue in CATALOGUES.values():
        for key, words in catalogue.items():
            assert len(words) == 2
            assert all(words), key
            assert any("\u4e00" <= character <= "\u9fff" for character in words[0])
            assert words[1].isascii()
            assert all(word.count("{") == 0 for word in words)


def test_every_event_type_state_and_reason_has_its_words() -> None:
    assert set(EVENT_NAMES) == set(EVENTS)
    assert {*map(str, WorkState), *map(str, CallState)} <= set(STATE_NAMES)
    assert {"garbled_" + reason for reason in GARBLED_REASONS} <= set(REJECTION_NAMES)


def test_names_and_flags() -> None:
    assert name(FLAG_NAMES, "early", "en") == "sooner than the minimum"
    assert name(FLAG_NAMES, "of a newer release", "zh") == "of a newer release"
    assert flag_names(("early", "over_quantity"), "zh") == "用时过短、超出计划数"


def test_the_example_plant() -> None:
    plant = example_plant()
    assert (len(plant.people), len(plant.stations), len(plant.work_orders)) == (6, 3, 8)
    assert {row.line for row in plant.stations} == {"L1"}
    assert any("leader" in row.roles for row in plant.people)
    assert [row.name for row in plant.call_types] == ["质量", "物料", "设备", "安全"]
    assert all(row.causes for row in plant.call_types)
    digits = [card.value for card in plant.command_cards if card.command == "digit"]
    assert sorted(digits) == sorted("0123456789" * 2)
    counts = [len(rows) for rows in plant.operations_by_order.values()]
    assert set(counts) == {2, 3}
    assert len({card.command for card in plant.command_cards}) == 13


def test_notices_name_what_there_is() -> None:
    plant = {
        "work_orders": [{"id": "W1", "quantity": 1}, {"id": "W2", "quantity": 1}],
        "operations": [{"id": "W1-10", "work_order": "W1", "planned": 1, "ticket": "T-1"}],
    }
    good = {"id": "N1", "title": "一", "work_order": "W1", "operation": "W1-10"}
    assert MasterData.model_validate({**plant, "notices": [good]}).notices[0].facts == ()
    for wrong, said in (
        ({"work_order": "W9", "operation": ""}, "unknown work order"),
        ({"operation": "W1-99"}, "unknown operation"),
        ({"work_order": "W2"}, "has no operation"),
        ({"stations": ["S9"]}, "unknown station"),
    ):
        with pytest.raises(ValueError, match=said):
            MasterData.model_validate({**plant, "notices": [{**good, **wrong}]})
    with pytest.raises(ValueError, match="stands 2 times"):
        MasterData.model_validate({**plant, "notices": [good, good]})
