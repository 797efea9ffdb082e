"""The work instruction of the running operation on the station page: picture, document, or the word that it is away."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gateway.instruction_shelf import InstructionShelf
from gateway.screen import inputs
from gateway.view import GatewayView, InstructionLine
from simulation.processes import wait_for
from tests.floor.pictures import jpeg, pdf, png
from tests.gateway import screen_samples as samples
from tests.gateway.browser import ARGUMENTS, CHROMIUM, KIOSK, PHONE, tab
from tests.gateway.screen_fixture import served
from tests.gateway.test_instruction_shelf import Card, master_of, named

PICTURE, DOCUMENT = png(320, 240), pdf("Press the bearing home")
HIDDEN = jpeg() + b"<html><script>alert(document.cookie)</script></html>"


@pytest.fixture
def shelf(tmp_path: Path) -> InstructionShelf:
    card = Card(tmp_path)
    card.shelf.plan(master_of(("AX-200", PICTURE), ("AX-210", DOCUMENT), ("BK-015", HIDDEN)))
    card.fetch(PICTURE, DOCUMENT, HIDDEN)
    return card.shelf


def view(content: bytes, media_type: str, here: bool = True, revision: str = "B") -> GatewayView:
    row = InstructionLine("WI-1", revision, "压装轴承作业指导书", named(content), media_type, here)
    work = replace(samples.WORK, instruction=row)
    return samples.view(replace(samples.RUNNING_STATION, work=(samples.PAUSED, work)))


# The route.


def test_a_file_is_served_as_what_its_bytes_say_and_nothing_in_it_runs(shelf: InstructionShelf) -> None:
    with served(samples.running(), instructions=shelf) as page, page.session() as client:
        answer = client.get(f"/instruction/{named(HIDDEN)}")
        assert (answer.status_code, answer.content) == (200, HIDDEN)
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["X-Frame-Options"] == "DENY"
        answer = client.get(f"/instruction/{named(DOCUMENT)}", headers={"Range": "bytes=5-9"})
        assert (answer.status_code, answer.content) == (206, DOCUMENT[5:10])
        assert answer.headers["Content-Type"] == "application/pdf"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        for wrong in ("0" * 64, "x", named(PICTURE).upper(), "..%2ftoken", named(PICTURE) + ".part"):
            answer = client.get(f"/instruction/{wrong}")
            assert answer.status_code == 404
            assert "object-src 'none'" in answer.headers["Content-Security-Policy"]
        host = client.get(f"/instruction/{named(PICTURE)}", headers={"Host": "evil.example"})
        assert host.status_code == 403


def test_a_page_without_a_shelf_shows_none() -> None:
    with served(samples.running()) as page, page.session() as client:
        assert client.get(f"/instruction/{named(PICTURE)}").status_code == 404


SHADES = """async (picture) => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const paper = canvas.getContext("2d");
  paper.drawImage(image, 0, 0);
  const { data } = paper.getImageData(0, 0, image.width, image.height);
  const found = [0, 0];
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] > 250) found[0] += 1;
    else if (data[at] < 60) found[1] += 1;
  }
  return found;
}"""


def shades(judge: Page, picture: bytes) -> list[int]:
    """(white, dark) points of a screenshot."""
    found: list[int] = judge.evaluate(SHADES, base64.b64encode(picture).decode())
    return found


# In Chromium: the new headless mode is the whole browser, with the viewer of documents that a kiosk has.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, "--headless=new"], ignore_default_args=["--headless"]
        )
        yield running
        running.close()


@pytest.mark.browser
@pytest.mark.parametrize("size", [KIOSK, PHONE])
def test_a_picture_is_shown_beside_the_result(browser: Browser, shelf: InstructionShelf, size: tuple[int, int]) -> None:
    with (
        served(view(PICTURE, "image/png"), instructions=shelf) as page,
        tab(browser, page.server.url, size) as seen,
    ):
        assert "B 版" in seen.text("#do-instruction")
        assert not seen.tab.is_visible("#instruction")
        seen.tab.click("#do-instruction")
        seen.wait("document.querySelector('#instruction img')?.naturalWidth === 320")
        assert seen.text("#instruction-title") == "压装轴承作业指导书"
        if size == KIOSK:
            seen.tab.click("#instruction-size")
            assert seen.tab.eval_on_selector("#instruction", "(each) => each.getBoundingClientRect().left") == 0
            # A new result must be in sight.
            last = samples.scan("kept", "reported", "OP-2611-20", 0, 1299, good=1, scrap=0)
            whole = view(PICTURE, "image/png")
            page.feed.put(replace(whole, stations=(replace(whole.stations[0], last=last),)))
            seen.wait("document.querySelector('#instruction').getBoundingClientRect().left > 600")
        seen.tab.click("[data-do=instruction-close]")
        assert not seen.tab.is_visible("#instruction")
        assert seen.complaints == []
        assert seen.hosts() == {page.server.url.removeprefix("http://")}


@pytest.mark.browser
def test_a_document_is_shown_by_the_browser_itself_and_takes_no_keys(browser: Browser, shelf: InstructionShelf) -> None:
    with (
        served(view(DOCUMENT, "application/pdf"), instructions=shelf) as page,
        tab(browser, page.server.url, KIOSK) as seen,
    ):
        seen.tab.click("#do-instruction")
        frame = seen.tab.locator("#instruction iframe")
        frame.wait_for()
        place = frame.bounding_box()
        assert place is not None
        with seen.tab.context.new_page() as judge:
            # White paper with dark letters on it, in the viewer's dark surroundings.
            wait_for("the painted page", lambda: min(shades(judge, frame.screenshot())) > 1_000)
        seen.tab.mouse.click(place["x"] + 100, place["y"] + 200)
        seen.wait("document.activeElement.tagName !== 'IFRAME'")
        seen.tab.keyboard.type("OP-2611-20")
        seen.tab.keyboard.press("Enter")
        assert page.inbox.wait_for(1) == [inputs.Typed("A1", b"OP-2611-20")]
        assert seen.complaints == []
        # The viewer's own parts are inside the browser; what is asked of a network is asked of the gateway.
        asked = [url for url in seen.requests if not url.startswith(("chrome-extension:", "chrome:"))]
        assert all(url.startswith(page.server.url) for url in asked), asked


@pytest.mark.browser
def test_what_has_not_arrived_is_said_and_appears_when_it_comes(browser: Browser, shelf: InstructionShelf) -> None:
    with (
        served(view(PICTURE, "image/png", here=False, revision="C"), instructions=shelf) as page,
        tab(browser, page.server.url, PHONE) as seen,
    ):
        assert "指导书 C 版还没到" in seen.text("#instruction-absent")
        assert not seen.tab.is_visible("#do-instruction")
        seen.tab.click("#language")
        assert "Instruction rev C has not arrived yet" in seen.text("#instruction-absent")
        page.feed.put(view(PICTURE, "image/png", revision="C"))
        seen.tab.wait_for_selector("#do-instruction", state="visible")
        assert not seen.tab.is_visible("#instruction-absent")


@pytest.mark.browser
def test_an_operation_without_an_instruction_says_nothing(browser: Browser, shelf: InstructionShelf) -> None:
    with served(samples.running(), instructions=shelf) as page, tab(browser, page.server.url, KIOSK) as seen:
        assert not seen.tab.is_visible("#do-instruction")
        assert not seen.tab.is_visible("#instruction-absent")
