"""Whole numbers out of requests: bounded, ASCII, and nothing else."""

import pytest

from central.digits import page_number, whole_number


@pytest.mark.parametrize(
    "text", ["", " 1", "-1", "+1", "1.0", "1e3", "0x1", "１", "²", "\u0661", "1\x00", "12345", "0" * 5000]
)
def test_what_is_no_number_of_so_many_digits_is_none(text: str) -> None:
    assert whole_number(text, 4) is None


def test_a_number_is_what_its_digits_say() -> None:
    assert [whole_number(each, 4) for each in ("0", "007", "9999")] == [0, 7, 9999]


@pytest.mark.parametrize(("text", "page"), [("3", 3), ("0", 1), ("", 1), ("x", 1), ("99999", 99999), ("100000", 1)])
def test_a_page_counts_from_one(text: str, page: int) -> None:
    assert page_number(text) == page
