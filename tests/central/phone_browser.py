"""A phone for browser tests: a server that goes away and comes back, Chromium with a profile of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from central.application import close_app, create_app
from central.config import CentralConfig
from tests.central.page_client import CHROMIUM, PASSWORD, QUIET, _QuietRequest, _Server
from tests.central.phone_plant import PhonePlant

SHOWN_MS = 15_000
"""Tests share their machine; a page waits for its server up to six seconds."""


class Site:
    """The application at one address, which can be away and come back."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._port = 0
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self.start()
        self.address = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = _Server("127.0.0.1", self._port, self._app, handler=_QuietRequest)
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        """Nobody listens any more: what a browser sends fails."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout=20)
            self._server.server_close()
            self._thread = None


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(CentralConfig(folder=tmp_path / "central"))
    yield made
    close_app(made)


@pytest.fixture
def plant(app: Flask) -> PhonePlant:
    made = PhonePlant(app)
    for name in ("wang", "li"):
        made.person(name, "leader")
    return made


@pytest.fixture
def site(plant: PhonePlant) -> Iterator[Site]:
    made = Site(plant.app)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@contextmanager
def chromium(playwright: Playwright, *more: str) -> Iterator[Browser]:
    opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *more])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as opened:
        yield opened


@contextmanager
def phone(browser: Browser, address: str, language: str = "zh-CN", width: int = 390, **more: Any) -> Iterator[Page]:
    """A phone of its own. Every request to another host, and every complaint of the browser, fails the test."""
    opened: BrowserContext = browser.new_context(
        viewport={"width": width, "height": 844}, locale=language, service_workers="allow", **more
    )
    strangers: list[str] = []
    complaints: list[str] = []
    ours = (address, "data:", "blob:")
    opened.on("request", lambda each: None if each.url.startswith(ours) else strangers.append(each.url))
    opened.on("console", lambda each: complaints.append(each.text) if "Content Security" in each.text else None)
    opened.on("weberror", lambda each: complaints.append(str(each.error)))
    yield opened.new_page()
    opened.close()
    assert strangers == [] and complaints == []


def sign_in(page: Page, address: str, name: str = "wang") -> None:
    page.goto(f"{address}/sign-in?next=/phone")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{address}/phone")
    expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=SHOWN_MS)


def until(page: Page, what: str, milliseconds: int = 2 * SHOWN_MS) -> None:
    """Waits for what a promise of the page says; the browser's own waiting takes a promise itself for a yes."""
    done = page.evaluate(
        f"""async () => {{
          const last = performance.now() + {milliseconds};
          while (performance.now() < last) {{
            if (await ({what})) return true;
            await new Promise((resolve) => setTimeout(resolve, 50));
          }}
          return false;
        }}"""
    )
    assert done, f"{what} did not come"


def settled(page: Page) -> None:
    """The worker is in charge, holds the whole shell, and has kept a state."""
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "caches.open('lineside-own').then((own) => own.match('/phone/state'))")


def kept_stores(page: Page) -> list[str]:
    found: list[str] = page.evaluate("caches.keys()")
    return sorted(found)
