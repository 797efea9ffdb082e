"""Times corrected by anchors (I9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from central.times import (
    DRIFT,
    AnchorValue,
    Corrected,
    Observed,
    answered_at,
    correct,
    met,
    observed_record,
    parted,
)

SECONDS = some.floats(0, 1e6)


def test_a_synchronised_clock_is_believed_and_an_anchor_corrects_another() -> None:
    good, bad = Observed("b", 10.0, 500.0, True), Observed("b", 10.0, 3.0, False)
    assert correct(good, None) == Corrected(500.0, 1.0, "synchronised")
    found = correct(bad, AnchorValue(100.0, 4.0, 110.0))
    assert (found.wall, found.clock) == (108.0, "corrected")
    assert found.error == pytest.approx(2.0 + 4.0 * DRIFT)
    assert correct(bad, None) == Corrected(3.0, None, "unsynchronised")
    assert correct(None, None) == Corrected(None, None, "unsynchronised")


def test_far_from_its_anchor_a_time_is_known_less_well() -> None:
    """A month of records behind one exchange: a crystal may be minutes off by then."""
    month = 30 * 86_400.0
    early, late = Observed("b", 10.0, 3.0, False), Observed("b", 10.0 + month, 3.0, False)
    anchor = AnchorValue(1e9, 1.0, 1e9 + 10.0 + month)
    near, far = correct(late, anchor).error, correct(early, anchor).error
    assert near is not None and far is not None
    assert near < 0.6 and far - near == pytest.approx(DRIFT * month, rel=1e-3)


@given(
    some.floats(0, 1e9),
    some.floats(-DRIFT, DRIFT),
    some.lists(some.tuples(SECONDS, some.floats(0, 60), some.floats(0, 1)), min_size=1),
)
def test_the_truth_stays_in_the_interval(
    truth: float, drift: float, exchanges: list[tuple[float, float, float]]
) -> None:
    """Exchanges in any order, under a boot clock that is too fast or too slow all the time."""
    known: AnchorValue | None = None
    for elapsed, spread, part in exchanges:
        boottime, read = elapsed * (1 + drift), truth + elapsed
        low, high = read - spread * part - boottime, read + spread * (1 - part) - boottime
        assert known is None or not parted(known, low, high, read + spread * (1 - part))
        known = met(known, low, high, read + spread * (1 - part))
        at = read + spread * (1 - part)
        offset = at - (at - truth) * (1 + drift)
        assert known.offset - known.error - 1e-3 <= offset <= known.offset + 1e-3
        assert known.error <= (high - low) * (1 + 2 * DRIFT) + 1e-3


def test_clocks_that_were_set_are_known_anew() -> None:
    known = AnchorValue(100.0, 1.0, 150.0)
    assert parted(known, 200.0, 201.0, 250.0) and not parted(known, 100.0, 101.0, 250.0)
    assert met(known, 200.0, 201.0, 250.0) == AnchorValue(
        pytest.approx(201.0, abs=0.001), pytest.approx(1.0, abs=0.001), 250.0
    )


def test_only_an_answer_that_arrived_is_a_bound() -> None:
    """0.1.0 does not say which one did."""
    assert answered_at({}, 7.0, 6.0) == 7.0
    assert answered_at({}, 7.0, 8.0) is None and answered_at({}, None, 6.0) is None
    assert answered_at({"answered": 5.0}, 7.0, 6.0) == 5.0
    for nothing in (0, None, "5", True, float("nan"), -1, [5]):
        assert answered_at({"answered": nothing}, 7.0, 6.0) is None


def test_nonsense_has_no_time() -> None:
    good = '{"bootid":"b","boottime":"1.5","walltime":"2.5","clockstate":"synchronised"}'
    assert observed_record(good) == Observed("b", 1.5, 2.5, True)
    for wrong in ("", "[]", "{}", good.replace("1.5", "nan"), good.replace("1.5", "-1"), good.replace("2.5", "1e300")):
        assert observed_record(wrong) is None
    assert observed_record("[" * 9000) is None
    assert observed_record(good.replace('"b"', '"\\ud800"')) is None
