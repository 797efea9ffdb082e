"""Debian's Chromium on a station page, watched: whatever it asks, says or breaks is kept to be judged."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Playwright

from tests.gateway import screen_fixture

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
KIOSK = (1280, 720)
SEVEN_INCH = (1024, 600)
TELEVISION = (1920, 1080)
PORTRAIT = (1080, 1920)
PHONE = (390, 844)
WAIT_MS = screen_fixture.WAIT_SECONDS * 1000

# A wedge scanner: every key within the same few milliseconds.
BURST = """(keys) => {
  for (const key of keys)
    for (const kind of ["keydown", "keyup"])
      (document.activeElement || document.body).dispatchEvent(
        new KeyboardEvent(kind, { key, bubbles: true, cancelable: true }));
}"""


@dataclass
class Watched:
    """A tab and what it did."""

    tab: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def burst(self, text: str, end: str = "Enter") -> None:
        """What a scanner types."""
        self.tab.evaluate(BURST, [*text, *([end] if end else [])])

    def wait(self, expression: str) -> None:
        """Until this JavaScript expression holds."""
        self.tab.wait_for_function(f"() => ({expression})", timeout=WAIT_MS)

    def text(self, selector: str) -> str:
        return self.tab.inner_text(selector)

    def wait_text(self, selector: str, text: str) -> None:
        self.tab.wait_for_function(
            "([selector, text]) => document.querySelector(selector)?.textContent.includes(text)",
            arg=[selector, text],
            timeout=WAIT_MS,
        )

    def hosts(self) -> set[str]:
        """Where its requests went."""
        return {urlsplit(url).netloc for url in self.requests if not url.startswith("data:")}


@contextmanager
def chromium(playwright: Playwright, *more: str) -> Iterator[Browser]:
    """A browser of its own profile, ended at the end."""
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
    try:
        yield running
    finally:
        running.close()


@contextmanager
def tab(
    browser: Browser, url: str, size: tuple[int, int] = KIOSK, painted: bool = True, **settings: Any
) -> Iterator[Watched]:
    """A new profile with one tab at `url`, its page painted."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai", **settings)
    context.set_default_timeout(WAIT_MS)
    try:
        page = context.new_page()
        watched = Watched(page)
        page.on("request", lambda request: watched.requests.append(request.url))
        page.on("pageerror", lambda fault: watched.complaints.append(f"error: {fault}"))
        page.on("dialog", lambda dialog: _dismiss(watched, dialog))
        page.on("console", lambda message: _note(watched, message))
        page.goto(url)
        if painted:
            page.wait_for_selector("html[data-painted=yes][data-connected=yes]")
        yield watched
    finally:
        context.close()


def settle(seen: Watched, version: int) -> None:
    seen.wait(f"Number(document.documentElement.dataset.version) >= {version}")


def _dismiss(watched: Watched, dialog: Dialog) -> None:
    watched.complaints.append(f"dialog: {dialog.message}")
    dialog.dismiss()


def _note(watched: Watched, message: ConsoleMessage) -> None:
    if message.type == "error" or "Content Security Policy" in message.text:
        watched.complaints.append(f"console: {message.text}")
