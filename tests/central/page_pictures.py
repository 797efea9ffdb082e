"""Opens every page of the office in a browser, looks whether it is whole, and takes its picture."""

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from central.application import close_app
from central.pages.protection import LANGUAGE_COOKIE, SESSION_COOKIE
from central.texts import TEXTS
from docs.sources.gallery import GALLERY, NOBODY, Shown
from tests.central.lived_plant import ZONE, Lived, lived_plant
from tests.central.page_client import served

HEIGHTS = {1280: 720, 390: 844}
"""Width of the window -> its height."""

COLOURS = 128
WORD = re.compile(r"[a-z_]+(?:\.[a-z_0-9]+)+")
PATIENCE_MS = 90_000
"""For a page on a machine that has other things to do."""
SHORT = frozenset({"message-answered", "phone-offline", "sign-in"})
"""Pages of a few words."""


@contextmanager
def in_zone() -> Iterator[None]:
    """This process in the plant's time zone."""
    monkey = pytest.MonkeyPatch()
    monkey.setenv("TZ", ZONE)
    time.tzset()
    try:
        yield
    finally:
        monkey.undo()
        time.tzset()


@contextmanager
def lived_site(folder: Path) -> Iterator[tuple[Lived, str]]:
    """A plant that people have worked in, and the address of its pages."""
    lived = lived_plant(folder)
    with served(lived.app) as address:
        yield lived, address
        lived.here.live.close()
    close_app(lived.app)


@dataclass
class Photographer:
    """One browser, signed in as whoever looks at a page, in one language and light."""

    browser: Browser
    lived: Lived
    address: str
    language: Literal["zh", "en"]
    scheme: Literal["light", "dark"] = "light"
    faults: list[str] = field(default_factory=list)
    _pages: dict[str, Page] = field(default_factory=dict)
    _told: list[str] = field(default_factory=list)

    def open(self, shown: Shown, width: int = 1280) -> Page:
        """The page as it stands when it is painted; what is wrong with it is kept in `faults`."""
        page = self._pages.get(shown.by) or self._new_page(shown.by)
        self._told.clear()
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        answer = page.goto(self.address + shown.path.format(**self.lived.places))
        if shown.press:
            answer = self._sent(page, shown)
        self._settle(page)
        self.faults += [f"{shown.name} {self.language}: {each}" for each in self._looked(page, shown, answer)]
        return page

    def size(self, page: Page, shown: Shown, width: int) -> None:
        """The same page in a window of another width; whatever sticks out is a fault."""
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            self.faults.append(f"{shown.name} {self.language}: {wide} px wide in a window of {width} px")

    def tour(self) -> Iterator[tuple[Shown, int, Page]]:
        """Every page in both sizes; the windows end after the last one."""
        for shown in GALLERY:
            page = self.open(shown)
            for width in HEIGHTS:
                self.size(page, shown, width)
                yield shown, width, page
        self.close()

    def close(self) -> None:
        """Ends the windows."""
        for each in self._pages.values():
            each.context.close()

    def _new_page(self, by: str) -> Page:
        context: BrowserContext = self.browser.new_context(
            color_scheme=self.scheme, locale={"zh": "zh-CN", "en": "en-GB"}[self.language], timezone_id=ZONE
        )
        values = {LANGUAGE_COOKIE: self.language}
        if by != NOBODY:
            values[SESSION_COOKIE] = self.lived.session(by)
        context.add_cookies([{"name": name, "value": value, "url": self.address} for name, value in values.items()])
        context.on("console", self._note)
        context.on("weberror", lambda each: self._told.append(str(each.error)))
        made = self._pages[by] = context.new_page()
        made.set_default_timeout(PATIENCE_MS)
        return made

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._told.append(message.text)

    def _sent(self, page: Page, shown: Shown) -> Response:
        form = shown.press.rsplit(" ", 1)[0]
        # What is made in the first manner is there in the others; a name is given once.
        again = "" if (self.language, self.scheme) == ("zh", "light") else f"-{self.language}-{self.scheme}"
        for name, wanted in shown.fill:
            value = wanted.format(again=again)
            box = page.locator(f"{form} [name={name}][type=checkbox][value='{value}']")
            if box.count():
                box.check()
            else:
                page.fill(f"{form} [name={name}]", value)
        with page.expect_navigation() as sent:
            page.locator(shown.press).first.click()
        return sent.value

    def _settle(self, page: Page) -> None:
        """Live pages have their stream, the phone its state, pictures are there."""
        for place in (".live[data-state]", "body.phone #state[data-state]"):
            if page.locator(place).count():
                expect(page.locator(place)).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)
        page.evaluate(
            "Promise.all([...document.images].map((each) => { each.loading = 'eager'; return each.decode(); }))"
        )

    def _looked(self, page: Page, shown: Shown, answer: Response | None) -> Iterator[str]:
        if answer is None or answer.status != shown.status:
            yield f"answered {answer.status if answer else 'nothing'}"
        # A browser complains of each answer that is no good, also where that is what was asked for.
        for told in self._told:
            if f"status of {shown.status}" not in told:
                yield f"the browser says: {told}"
        if page.evaluate("document.documentElement.lang") != {"zh": "zh-CN", "en": "en"}[self.language]:
            yield "it is in another language"
        words = page.locator("main").inner_text()
        if len(words.strip()) < (12 if shown.name in SHORT else 40):
            yield "there is hardly anything on it"
        for word in WORD.findall(words):
            if word in TEXTS:
                yield f"{word} is the key of a text, not its words"


def picture(page: Page, whole: bool = False) -> bytes:
    """What the window shows, or the whole page, as a PNG."""
    return page.screenshot(full_page=whole, animations="disabled", caret="hide")


def is_painted(taken: bytes) -> bool:
    """More than a ground of one colour: letters and lines."""
    return Image.open(io.BytesIO(taken)).convert("RGB").getcolors(maxcolors=16) is None


def keep(taken: bytes, path: Path) -> None:
    """As a small file: the pages have few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = Image.open(io.BytesIO(taken)).convert("RGB")
    found.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
