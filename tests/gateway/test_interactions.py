"""docs/interactions.md says what was counted on a running gateway, and nothing takes more than it does elsewhere."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.gateway.browser import tab
from tests.gateway.interactions import TASKS, Hands, counted, plant
from tests.gateway.set_up_bench import SetUpGateway

pytestmark = pytest.mark.browser

PAGE = Path(__file__).parents[2] / "docs" / "interactions.md"
SECONDS_MAX = 5.0
"""For the product's share of any task, on a machine that does other things too."""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[SetUpGateway]:
    stack = threading.stack_size()
    gate = SetUpGateway(tmp_path, master=plant(), station="double_scan_seconds = 0\n")
    yield gate
    gate.close()
    threading.stack_size(stack)


def written() -> dict[str, tuple[int, int, str]]:
    """Task: scans, taps and the least counted elsewhere ("–" for none), as the page has them."""
    lines = PAGE.read_text("utf-8").splitlines()
    cells = [[each.strip() for each in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {task: (int(scans), int(taps), least) for task, scans, taps, _, least, _ in cells[2:]}


def test_the_table_is_what_was_counted(gate: SetUpGateway, browser: Browser) -> None:
    with tab(browser, gate.url + "/station/S1") as seen:
        done = counted(Hands(gate, seen))
        assert seen.complaints == []
    assert list(written()) == [task.name for task in TASKS]
    assert {name: (each.scans, each.taps) for name, each in done.items()} == {
        name: (scans, taps) for name, (scans, taps, _) in written().items()
    }
    assert {name: each.seconds for name, each in done.items() if each.seconds > SECONDS_MAX} == {}


def test_none_takes_more_than_elsewhere() -> None:
    counts = written()
    assert counts["a whole operation, all good: start and report"][:2] == (2, 0)
    compared = {name: (scans + taps, int(least)) for name, (scans, taps, least) in counts.items() if least != "–"}
    assert len(compared) >= 6
    assert {name: each for name, each in compared.items() if each[0] > each[1]} == {}
