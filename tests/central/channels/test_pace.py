"""Robots are held back before their provider's limit, and stay quiet for as long as it says."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from central.channels.pace import Allowance, Pace
from central.channels.port import PACE
from tests.central.channels.kits import MESSAGE, kit

LIMITS = [("dingtalk", 20, 62.0), ("wecom", 20, 62.0), ("feishu", 5, 1.5)]


@given(some.lists(some.floats(0, 40), max_size=200))
def test_no_window_of_a_minute_ever_holds_more_than_the_provider_takes(pauses: list[float]) -> None:
    pace, now, sent = Pace(Allowance(20, 60.0)), 0.0, []
    for pause in pauses:
        now += pause
        if pace.ask(now) == 0:
            sent.append(now)
    for first in sent:
        assert sum(first <= each < first + 60.0 for each in sent) <= 20


def test_the_wait_that_is_told_is_enough_and_not_too_long() -> None:
    pace = Pace(Allowance(2, 10.0), margin_seconds=0.0)
    assert (pace.ask(0.0), pace.ask(4.0)) == (0.0, 0.0)
    assert pace.ask(5.0) == 5.0
    assert pace.ask(9.9) > 0
    assert pace.ask(10.0) == 0.0
    assert pace.ask(10.0) == 4.0


def test_several_allowances_hold_together_and_a_refusal_counts_nothing() -> None:
    pace = Pace(Allowance(5, 1.0), Allowance(8, 60.0), margin_seconds=0.0)
    assert [pace.ask(0.0) for _ in range(6)] == [0.0] * 5 + [1.0]
    assert [pace.ask(1.0) for _ in range(4)] == [0.0] * 3 + [59.0]


def test_what_the_provider_says_holds_longer_than_what_is_counted() -> None:
    pace = Pace(Allowance(20, 60.0))
    pace.hold(0.0, 600.0)
    pace.hold(0.0, 10.0)
    assert (pace.ask(0.0), pace.ask(599.0), pace.ask(600.0)) == (600.0, 1.0, 0.0)


@pytest.mark.parametrize(("kind", "count", "window"), LIMITS)
def test_a_storm_never_meets_the_robots_limit(kind: str, count: int, window: float, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as one:
        outcomes = [one.channel.send(MESSAGE, one.address) for _ in range(count + 3)]
        assert [each.state for each in outcomes] == ["accepted"] * count + ["limited"] * 3
        assert {each.code for each in outcomes[count:]} == {PACE}
        assert outcomes[-1].retry_after_seconds == pytest.approx(window)
        assert one.fake.asked == count
        one.time.now += outcomes[-1].retry_after_seconds
        assert one.channel.send(MESSAGE, one.address).state == "accepted"


@pytest.mark.parametrize(("kind", "count", "code"), [("dingtalk", 20, "130101"), ("wecom", 20, "45009")])
def test_the_limit_that_somebody_else_used_up_is_met_once(kind: str, count: int, code: str, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as one:
        other = one.again()
        for _ in range(count):
            other.send(MESSAGE, one.address)
        met = one.channel.send(MESSAGE, one.address)
        assert (met.state, met.code) == ("limited", code)
        one.time.now += met.retry_after_seconds - 1
        held = one.channel.send(MESSAGE, one.address)
        assert (held.state, held.code, held.retry_after_seconds) == ("limited", PACE, pytest.approx(1))
        assert one.fake.asked == count + 1
        one.time.now += 1
        assert one.channel.send(MESSAGE, one.address).state == "accepted"


def test_a_banned_robot_of_dingtalk_answers_without_a_code_and_is_left_alone(tmp_path: Path) -> None:
    with kit("dingtalk", tmp_path) as one:
        first, second = one.again(), one.again()
        for _ in range(20):
            first.send(MESSAGE, one.address)
        assert second.send(MESSAGE, one.address).code == "130101"
        banned = one.channel.send(MESSAGE, one.address)
        assert (banned.state, banned.code, banned.retry_after_seconds) == ("limited", "1111", 600.0)
        assert "punish" in banned.told
