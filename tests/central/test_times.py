"""Times corrected by anchors (I9)."""

from hypothesis import given
from hypothesis import strategies as some
from pytest import approx

from central.times import DRIFT, AnchorValue, Corrected, Observed, correct, met, observed_record

SECONDS = some.floats(0, 1e6)


def test_a_synchronised_clock_is_believed_and_an_anchor_corrects_another() -> None:
    good, bad = Observed("b", 10.0, 500.0, True), Observed("b", 10.0, 3.0, False)
    assert correct(good, None) == Corrected(500.0, 1.0, "synchronised")
    assert correct(bad, AnchorValue(100.0, 4.0, 110.0)) == Corrected(108.0, 2.0, "corrected")
    assert correct(bad, None) == Corrected(3.0, None, "unsynchronised")
    assert correct(None, None) == Corrected(None, None, "unsynchronised")


@given(some.floats(0, 1e9), some.lists(some.tuples(SECONDS, some.floats(0, 60), some.floats(0, 1)), min_size=1))
def test_the_truth_stays_in_the_interval_and_the_interval_shrinks(
    truth: float, exchanges: list[tuple[float, float, float]]
) -> None:
    known: AnchorValue | None = None
    for boottime, spread, part in exchanges:
        read = truth + boottime
        low, high = read - spread * part - boottime, read + spread * (1 - part) - boottime
        before = known
        known = met(known, low, high, 0.0)
        assert known.offset - known.error - 1e-3 <= truth <= known.offset + 1e-3
        assert before is None or known.error <= before.error + 1e-3


def test_clocks_that_parted_are_known_anew() -> None:
    assert met(AnchorValue(100.0, 1.0, 5.0), 200.0, 201.0, 5.0) == AnchorValue(201.0, 1.0, 5.0)


def test_an_anchor_is_worth_less_for_a_record_that_is_far_away() -> None:
    anchor = AnchorValue(100.0, 4.0, 110.0)
    day = 86_400.0
    for boottime in (10.0 - day, 10.0 + day):
        found = correct(Observed("b", boottime, 3.0, False), anchor)
        assert found.error is not None and found.error == approx(2.0 + DRIFT * day)
        assert found.wall == approx(boottime + 98.0)


def test_nonsense_has_no_time() -> None:
    good = '{"bootid":"b","boottime":"1.5","walltime":"2.5","clockstate":"synchronised"}'
    assert observed_record(good) == Observed("b", 1.5, 2.5, True)
    for wrong in ("", "[]", "{}", good.replace("1.5", "nan"), good.replace("1.5", "-1"), good.replace("2.5", "1e300")):
        assert observed_record(wrong) is None
    assert observed_record("[" * 9000) is None
    assert observed_record(good.replace('"b"', '"\\ud800"')) is None
