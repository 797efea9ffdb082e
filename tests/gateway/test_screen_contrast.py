"""Every pose of the gateway's pages holds WCAG 2.2 AA by axe-core: contrast first, and names, roles and languages."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from devices.types import Signal
from gateway.clock import boottime
from tests.accessibility import barriers
from tests.gateway import screen_samples as samples
from tests.gateway.browser import KIOSK, PHONE, SEVEN_INCH, settle, tab
from tests.gateway.screen_fixture import served
from tests.gateway.screen_poses import POSES, posed
from tests.gateway.set_up_bench import SetUpGateway

pytestmark = pytest.mark.browser

OLD_SECONDS = 90
"""A result that old has lost its colour."""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[SetUpGateway]:
    stack = threading.stack_size()
    gate = SetUpGateway(tmp_path)
    yield gate
    gate.close()
    threading.stack_size(stack)


@pytest.mark.parametrize(
    ("size", "language"),
    [
        pytest.param(SEVEN_INCH, "zh", id="7-inch-zh"),
        pytest.param(PHONE, "en", id="phone-en", marks=pytest.mark.nightly),
    ],
)
def test_every_pose_can_be_read(browser: Browser, size: tuple[int, int], language: str) -> None:
    with served(samples.refused(), language=language) as page, tab(browser, page.server.url, size) as seen:
        for name in POSES:
            with posed(page, seen, name):
                assert barriers(seen.tab) == [], name
        seen.tab.evaluate("document.getElementById('person').style.color = '#bbb'")
        assert "color-contrast #person" in barriers(seen.tab)[0], "what is pale is found"


@pytest.mark.parametrize("seconds", [1, OLD_SECONDS])
def test_every_signal_can_be_read_when_it_is_new_and_when_it_is_old(browser: Browser, seconds: int) -> None:
    with served(samples.idle()) as page, tab(browser, page.server.url) as seen:
        for signal in Signal:
            last = replace(samples.RECENT[0], signal=signal.value, wall=samples.WALL - seconds, beep_unknown=True)
            page.feed.put(samples.view(replace(samples.RUNNING_STATION, last=last)))
            settle(seen, page.feed.latest()[0])
            assert barriers(seen.tab) == [], signal


def test_a_page_without_its_gateway_can_be_read(browser: Browser) -> None:
    with served(samples.called()) as page, tab(browser, page.server.url) as seen:
        page.server.close()
        seen.tab.wait_for_selector("#lost", state="visible")
        assert [each for each in barriers(seen.tab) if "#lost" in each] == []


@pytest.mark.parametrize("broker", ["online", "offline", "none"])
@pytest.mark.parametrize(("size", "language"), [(KIOSK, "zh"), (PHONE, "en")], ids=["kiosk-zh", "phone-en"])
def test_the_line_page_can_be_read(browser: Browser, size: tuple[int, int], language: str, broker: str) -> None:
    view = samples.in_line(broker, boottime())
    with served(view, language=language) as page, tab(browser, page.server.url + "/line", size) as seen:
        assert barriers(seen.tab) == []


@pytest.mark.parametrize("size", [KIOSK, PHONE], ids=["kiosk", "phone"])
def test_the_set_up_page_can_be_read(gate: SetUpGateway, browser: Browser, size: tuple[int, int]) -> None:
    with tab(browser, gate.url + "/station/S1/set-up", size, painted=False) as seen:
        seen.tab.wait_for_selector("#refused:not([hidden])")
        assert barriers(seen.tab) == []
        gate.sign_in()
        seen.tab.wait_for_selector("#main:not([hidden])")
        for language in ("zh", "en"):
            assert barriers(seen.tab) == [], language
            seen.tab.click("#language")
        seen.tab.click("#do-listen")
        seen.wait("document.querySelector('#listen').dataset.active === 'yes'")
        gate.scan("OP-1")
        seen.tab.wait_for_selector("#heard li")
        assert barriers(seen.tab) == []
