"""The pictures of an order are well-formed, say what they show, and hold no markup of others."""

import xml.etree.ElementTree as ElementTree

import pytest

from central.drawing import BARS_MAX, Bar, Box, cut, day_bars, flow_chart

SVG = "{http://www.w3.org/2000/svg}"


def box(number: int, stage: int, note: str = "") -> Box:
    return Box(f"OP{number}", stage, f"{number} <b>&", "running", "进行中", "1 / 2", 0.5, note, False)


@pytest.mark.parametrize("per_row", [1, 2, 5])
def test_a_chart_has_a_box_for_each_operation_inside_its_frame(per_row: int) -> None:
    boxes = [box(1, 10), box(2, 20, "呼叫未关闭"), box(3, 20), box(4, 30), box(5, 40)]
    drawn = flow_chart(boxes, "x", "a <title>", "told", per_row)
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img" and root.findtext(f"{SVG}title") == "a <title>"
    width, height = map(float, str(root.get("viewBox")).split()[2:])
    frames = [each for each in root.iter(f"{SVG}rect") if each.get("class") == "box"]
    assert len(frames) == 5
    for each in frames:
        assert float(each.get("x", "")) >= 0 and float(each.get("x", "")) + float(each.get("width", "")) <= width
        assert float(each.get("y", "")) >= 0 and float(each.get("y", "")) + float(each.get("height", "")) <= height
    places = {(each.get("x"), each.get("y")) for each in frames}
    assert len(places) == 5, "none lies on another"
    arrows = [each for each in root.iter(f"{SVG}path") if each.get("class") == "arrow"]
    assert len(arrows) == 3, "one between each two stages"
    assert drawn.count(" stuck") == 1 and "style=" not in drawn


def test_an_order_without_operations_is_an_empty_picture() -> None:
    assert ElementTree.fromstring(flow_chart([], "x", "t", "d")).get("viewBox")
    assert ElementTree.fromstring(day_bars([], "x", "t", "d")).get("viewBox")


def test_bars_are_as_high_as_their_pieces_and_bounded_in_number() -> None:
    bars = [Bar(f"{day:02}", 2 * day, day, f"day {day}") for day in range(40)]
    root = ElementTree.fromstring(day_bars(bars, "x", "t", "d"))
    good = [float(each.get("height", "")) for each in root.iter(f"{SVG}rect") if each.get("class") == "bar-good"]
    scrap = [float(each.get("height", "")) for each in root.iter(f"{SVG}rect") if each.get("class") == "bar-scrap"]
    assert len(good) == BARS_MAX and good == sorted(good)
    assert good[-1] == pytest.approx(2 * scrap[-1], abs=0.2)


def test_wide_characters_take_two_cells() -> None:
    assert cut("abcdef", 6) == "abcdef" and cut("abcdefg", 6) == "abcde…"
    assert cut("车削工序", 6) == "车削…"
