"""What a part's label says: item, lot, serial, last good day, in GS1 and ANSI MH10.8.2."""

import pytest

from floor.label_codes import Part, code_of, part_of


def test_numbers_of_one_item_are_one_code() -> None:
    assert code_of("4006381333931") == code_of("04006381333931") == "04006381333931"
    assert code_of("AX-1") == "AX-1"
    assert code_of("1234567") == "1234567", "too short for a trade item"


def test_a_gs1_label() -> None:
    elements = (("01", "04006381333931"), ("17", "270131"), ("10", "LOT7"), ("21", "S9"), ("240", "AX-1"))
    codes = frozenset({"04006381333931", "AX-1"})
    assert part_of("", elements) == Part(codes, "LOT7", "S9", "2027-01-31")


def test_an_mh10_label() -> None:
    elements = (("P", "AX-1"), ("1T", "L7"), ("S", "S9"), ("14D", "20270228"))
    assert part_of("", elements) == Part(frozenset({"AX-1"}), "L7", "S9", "2027-02-28")


def test_a_plain_text_is_its_own_code() -> None:
    assert part_of("AX-1", ()) == Part(frozenset({"AX-1"}))


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("270200", "2027-02-28"),
        ("281200", "2028-12-31"),
        ("280200", "2028-02-29"),
        ("271301", ""),
        ("270230", ""),
        ("27013", ""),
    ],
)
def test_days(given: str, day: str) -> None:
    assert part_of("", (("17", given),)).expires == day
