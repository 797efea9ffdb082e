"""The lab's own judge, held to a loss and a double made for it."""

import pytest

from tests.faults.oracle import Oracle


def test_it_sees_a_loss_and_a_double_and_lets_the_unbeeped_go() -> None:
    oracle = Oracle()
    labels = oracle.next(4)
    oracle.hear(labels, ["kept", "kept", "unkept"])
    assert (oracle.kept, oracle.silent) == (labels[:2], labels[2:])
    assert oracle.judge(labels[:3]) == 0
    oracle.assert_kept()
    assert oracle.judge([labels[0]]) == 1
    with pytest.raises(AssertionError, match="lost"):
        oracle.assert_kept()
    assert oracle.judge([labels[0]]) == 0, "a loss is told once"
    twice = Oracle()
    twice.hear(twice.next(), ["kept"])
    twice.judge(["T-F000001", "T-F000001"])
    with pytest.raises(AssertionError, match="twice"):
        twice.assert_kept()
