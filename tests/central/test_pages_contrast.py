"""Every office page holds WCAG 2.2 AA by axe-core, in both languages, wide and narrow."""

from typing import Literal

import pytest
from playwright.sync_api import BrowserContext

from tests.accessibility import barriers
from tests.central.memory_office import MemoryOffice
from tests.central.test_pages import record
from tests.central.test_pages_browser import PAGES, address, browser, context, office, sign_in

__all__ = ["address", "browser", "context", "office"]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("width", "language", "scheme"),
    [
        pytest.param(390, "zh", "light", id="phone-zh"),
        pytest.param(1280, "en", "light", id="office-en", marks=pytest.mark.nightly),
        # tests/central/test_dark.py reads every page in the dark, once.
        pytest.param(1280, "zh", "dark", id="dark-zh", marks=pytest.mark.nightly),
    ],
)
def test_every_office_page_can_be_read(
    context: BrowserContext,
    office: MemoryOffice,
    address: str,
    width: int,
    language: str,
    scheme: Literal["light", "dark"],
) -> None:
    office.log = [record(n, content="{}", data={"good": n}, person="p") for n in range(1, 5)]
    context.add_cookies([{"name": "lineside_language", "value": language, "url": address}])
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    found = {}
    for path in ("/sign-in", "/sign-in/first"):
        page.goto(address + path)
        found[path] = barriers(page)
    sign_in(page, address)
    for path in PAGES:
        page.goto(address + path)
        for summary in page.locator("summary").all()[:3]:
            summary.click()
        found[path] = barriers(page)
    assert [f"{path} {each}" for path in found for each in found[path]] == []
