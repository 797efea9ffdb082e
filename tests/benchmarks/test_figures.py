"""What a figure says of itself, and which ones a name asks for."""

import json

import click
import pytest
from click.testing import CliRunner

from benchmarks.__main__ import MEASUREMENTS, chosen, main
from benchmarks.figures import as_json, as_table, at_least, at_most, below
from benchmarks.readings import in_turns, median_pair, percentile

MEMBERS = ["name", "value", "unit", "baseline", "ratio", "target", "holds"]


def test_at_least_holds_from_the_target_on() -> None:
    assert at_least("a", 80, "records/s", 100, 0.8).holds
    assert not at_least("a", 79, "records/s", 100, 0.8).holds


def test_at_most_holds_up_to_the_target() -> None:
    assert at_most("a", 200, "us", 100, 2).holds
    assert not at_most("a", 201, "us", 100, 2).holds


def test_a_bound_needs_no_baseline() -> None:
    found = below("a", 0.4, "%", 0.5)
    assert (found.holds, found.baseline, found.ratio, found.target) == (True, None, None, "< 0.5 %")


def test_a_ratio_is_judged_before_it_is_rounded() -> None:
    assert not at_least("a", 79.99, "records/s", 100, 0.8).holds


def test_the_list_for_machines_has_the_named_members() -> None:
    found = json.loads(as_json([at_least("a", 1, "s", 1, 0.8), below("b", 1, "MB", 2)]))
    assert [list(each) for each in found] == [MEMBERS, MEMBERS]
    assert found[0]["target"] == ">= 0.8"


def test_the_table_says_no_loudly() -> None:
    assert as_table([at_least("a", 1, "s", 2, 0.8)]).endswith("NO")


def test_a_percentile_is_a_measured_value() -> None:
    values = [float(each) for each in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (50.0, 99.0, 7.0)


def test_the_median_is_of_ratios() -> None:
    assert median_pair([(1.0, 9.0), (10.0, 20.0), (5.0, 5.0)]) == (10.0, 20.0)


def test_rounds_alternate() -> None:
    order: list[str] = []

    def run(name: str) -> float:
        order.append(name)
        return float(len(order))

    in_turns(3, lambda: run("baseline"), lambda: run("own"))
    assert order == ["baseline", "own", "own", "baseline", "baseline", "own"]


def test_a_group_or_a_figure_chooses_its_measurement() -> None:
    assert [each.group for each in chosen(("memory", "append"))] == ["append", "idle"]
    assert chosen(()) == list(MEASUREMENTS)


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(click.UsageError, match="no figure is named speed"):
        chosen(("speed",))
    said = CliRunner().invoke(main, ["speed"])
    assert said.exit_code == 2
    assert "mqtt_drain" in said.output


def test_names_are_listed() -> None:
    said = CliRunner().invoke(main, ["--list"])
    assert said.exit_code == 0
    assert "append: append_single, append_waiting" in said.output


def test_no_figure_has_two_measurements() -> None:
    names = [name for each in MEASUREMENTS for name in each.figures]
    assert len(names) == len(set(names))
