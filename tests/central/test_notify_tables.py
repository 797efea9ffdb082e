"""The tables that decide about messages, without a plant: states, quiet hours, rules, addresses of pushes."""

from datetime import UTC, datetime

import pytest

from central.notify.quiet import quiet_until
from central.notify.rules import BUILT_IN, Happening, in_order, levels_as_json, levels_of, matches
from central.notify.sending import pause_of
from central.notify.states import ARRIVED, DUE, FAILED, PENDING, TABLE, DeliveryAction, DeliveryState, after, diagram


def test_every_state_can_be_reached_and_every_action_is_used() -> None:
    reached, before = {DeliveryState.QUEUED}, 0
    while before != len(reached):
        before = len(reached)
        reached |= {follows for (state, _), follows in TABLE.items() if state in reached}
    assert reached == set(DeliveryState)
    assert {action for _, action in TABLE} == set(DeliveryAction)
    assert all(f"{state} --> {follows}: {action}" in diagram() for (state, action), follows in TABLE.items())


def test_what_has_ended_is_never_sent_again() -> None:
    ended = set(DeliveryState) - {*PENDING, DeliveryState.SENDING}
    for state in ended:
        assert after(state, DeliveryAction.SEND) is None and after(state, DeliveryAction.RETRY) is None
        assert {TABLE[pair] for pair in TABLE if pair[0] is state} <= {DeliveryState.SHOWN, DeliveryState.ACKNOWLEDGED}
    assert all(after(state, DeliveryAction.SEND) is DeliveryState.SENDING for state in DUE)
    assert not set(FAILED) & set(ARRIVED)


@pytest.mark.parametrize(
    ("start", "end", "at", "until"),
    [
        ("22:00", "06:00", "23:30", "06:00"),
        ("22:00", "06:00", "05:59", "06:00"),
        ("22:00", "06:00", "06:00", ""),
        ("22:00", "06:00", "21:59", ""),
        ("12:00", "13:00", "12:00", "13:00"),
        ("12:00", "13:00", "13:00", ""),
        ("12:00", "12:00", "12:00", ""),
        ("", "", "12:00", ""),
    ],
)
def test_quiet_hours_by_the_clock_of_the_plant(start: str, end: str, at: str, until: str) -> None:
    offset = 8 * 3_600.0
    local = datetime(2026, 3, 1, int(at[:2]), int(at[3:]), tzinfo=UTC).timestamp()
    found = quiet_until(start, end, local - offset, offset)
    assert (found is None) == (until == "")
    if found is not None:
        assert 0 < found - (local - offset) < 86_400
        assert datetime.fromtimestamp(found + offset, UTC).strftime("%H:%M") == until


def test_rules_by_kind_and_impact_in_their_order() -> None:
    stop = Happening("andon.raised", "x", "log/1", 0, impact="fixed")
    assert [each.number for each in in_order(BUILT_IN) if matches(each, stop)] == [1, 2]
    slow = Happening("andon.raised", "x", "log/1", 0, impact="slow")
    assert [each.number for each in in_order(BUILT_IN) if matches(each, slow)] == [2]
    task = Happening("task.due", "x", "office/1", 0)
    assert [each.number for each in in_order(BUILT_IN) if matches(each, task)] == [10]
    assert not any(matches(each, Happening("tasks", "x", "office/1", 0)) for each in BUILT_IN)
    assert all(levels_of(levels_as_json(each.levels)) == each.levels for each in BUILT_IN)


def test_pauses_double_and_are_bounded() -> None:
    assert [pause_of(0, failures) for failures in range(4)] == [5, 10, 20, 40]
    assert pause_of(60, 0) == 60 and pause_of(1e9, 0) == 600 and pause_of(0, 1_000) == 600
