"""The station page in Chromium with its processor slowed six times, beside the same browser at full speed.

What a page may cost stands here by name; `tests/gateway/test_screen_cost.py` holds the page to it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.figures import Figure, at_most
from benchmarks.scales import Scale
from gateway.screen.live import ViewFeed
from gateway.view import GatewayView
from tests.gateway import screen_samples as samples
from tests.gateway.browser import KIOSK, chromium
from tests.gateway.screen_fixture import served

SLOWED = 6
"""A Pi 3 beside the computer of a developer."""
RATIO_MAX = 8.0
"""A page that only waits for its processor takes six times as long; a cold cache costs a little more."""

PAGE_BYTES_MAX = 320_000
"""On the wire, for the whole page the first time. Its files go uncompressed."""
PAGE_REQUESTS_MAX = 24
UPDATE_BYTES_MAX = 24_000
"""On the wire, for one change of the view with everything on the screen; two may come in one moment."""
UPDATE_REQUESTS_MAX = 0
"""A change comes on the open stream."""

UPDATES = 10


@dataclass
class Cost:
    """What the page took: until it was painted first, and for each change after that."""

    paint_ms: float = 0.0
    page_bytes: int = 0
    page_requests: int = 0
    update_ms: list[float] = field(default_factory=list)
    update_bytes: list[int] = field(default_factory=list)
    update_requests: int = 0


class Meter:
    """Counts what one tab sends and receives, and how long its main thread is busy."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.protocol: CDPSession = page.context.new_cdp_session(page)
        self.bytes = 0
        self.requests = 0
        for domain in ("Network", "Performance"):
            self.protocol.send(f"{domain}.enable")
        self.protocol.on("Network.requestWillBeSent", self._asked)
        self.protocol.on("Network.responseReceived", self._answered)
        self.protocol.on("Network.dataReceived", self._received)

    def _asked(self, event: dict[str, Any]) -> None:
        # The icon of the tab is asked for when the browser likes.
        self.requests += not event["request"]["url"].startswith("data:") and not event["request"]["url"].endswith(
            "/mark.svg"
        )

    def _answered(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["response"]["encodedDataLength"])

    def _received(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"] or event["dataLength"])

    def slow_down(self, rate: int) -> None:
        self.protocol.send("Emulation.setCPUThrottlingRate", {"rate": rate})

    def busy_ms(self) -> float:
        """Milliseconds of tasks on the main thread so far."""
        metrics = self.protocol.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def changes() -> Iterator[GatewayView]:
    """A full screen, again and again with another result."""
    full = samples.crowded()
    for number in range(UPDATES):
        last = replace(samples.RECENT[0], wall=samples.WALL + number, identity=f"{samples.EPOCH}/{2000 + number}")
        station = replace(full.stations[0], last=last, recent=(last, *samples.RECENT))
        yield replace(full, stations=(station,), kept=2000 + number)


def taken(browser: Browser, url: str, feed: ViewFeed, rate: int) -> Cost:
    """Open the page in a new profile, and change what it shows."""
    cost = Cost()
    with _tab(browser) as page:
        meter = Meter(page)
        meter.slow_down(rate)
        page.goto(url)
        page.wait_for_selector("html[data-painted=yes]")
        cost.paint_ms = float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        page.wait_for_load_state("load")
        cost.page_bytes, cost.page_requests = meter.bytes, meter.requests
        for view in changes():
            before, sent, busy = meter.bytes, meter.requests, meter.busy_ms()
            feed.put(view)
            _shown(page, feed.latest()[0])
            cost.update_ms.append(meter.busy_ms() - busy)
            cost.update_bytes.append(meter.bytes - before)
            cost.update_requests += meter.requests - sent
    return cost


@contextmanager
def _tab(browser: Browser) -> Iterator[Page]:
    width, height = KIOSK
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        yield context.new_page()
    finally:
        context.close()


def _shown(page: Page, version: int) -> None:
    """Painted, and the frame after it drawn: asked rarely, because asking costs the page as well."""
    due = time.monotonic() + 30
    while page.evaluate("Number(document.documentElement.dataset.version)") < version:
        assert time.monotonic() < due, "the page does not show what came"
        page.wait_for_timeout(100)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """First paint, and the main thread's time for a change: slowed, beside full speed, in turns."""
    paints: list[tuple[float, float]] = []
    updates: list[tuple[float, float]] = []
    with sync_playwright() as playwright, chromium(playwright) as browser, served(samples.running()) as page:
        for _ in range(scale.screen_rounds):
            usual = taken(browser, page.server.url, page.feed, 1)
            slowed = taken(browser, page.server.url, page.feed, SLOWED)
            paints.append((slowed.paint_ms, usual.paint_ms))
            updates.append((median(slowed.update_ms), median(usual.update_ms)))
    return [_figure("screen_paint", paints), _figure("screen_update", updates)]


def _figure(name: str, pairs: list[tuple[float, float]]) -> Figure:
    value, baseline = (median([pair[at] for pair in pairs]) for at in (0, 1))
    return at_most(name, value, "ms", baseline, RATIO_MAX, median([one / two for one, two in pairs]))
