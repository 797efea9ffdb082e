"""Photos by the station page in Chromium: chosen, sent in pieces, shown as kept here until the office has the file."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from floor.limits import PHOTO_BYTES_MAX
from gateway.file_room import FileRoom
from gateway.photo_shelf import PhotoShelf
from gateway.screen.inputs import PagePhoto
from gateway.view import LastScan, Message
from tests.floor.pictures import jpeg, pdf, png
from tests.gateway import screen_samples as samples
from tests.gateway.browser import KIOSK, PHONE, Watched, chromium, tab
from tests.gateway.screen_fixture import served

pytestmark = pytest.mark.browser

TEXTS = samples.TEXTS | {"photo_kept": {"zh": "照片已保存 · {about}", "en": "Photo kept · {about_en}"}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, chromium(playwright) as running:
        yield running


@pytest.fixture
def shelf(tmp_path: Path) -> PhotoShelf:
    found = PhotoShelf(tmp_path, FileRoom(tmp_path / "journal", 0, 0), lambda: 0.0)
    found.recovered(())
    return found


def choose(seen: Watched, button: str, name: str, media_type: str, content: bytes) -> None:
    """Touch the button and take a picture."""
    with seen.tab.expect_file_chooser() as chooser:
        seen.tab.click(button)
    chooser.value.set_files({"name": name, "mimeType": media_type, "buffer": content})


def test_a_photo_of_the_running_operation(browser: Browser, shelf: PhotoShelf) -> None:
    content = jpeg(700_000)
    with served(samples.running(), photos=shelf) as page, tab(browser, page.server.url, KIOSK) as seen:
        choose(seen, "#job .photo", "IMG_1.jpg", "image/jpeg", content)
        sha256 = hashlib.sha256(content).hexdigest()
        assert page.inbox.wait_for(1) == [PagePhoto("A1", sha256, 700_000, "image/jpeg", "OP-2611-20", "")]
        seen.wait("!document.querySelector('#chips .busy')")
        assert seen.complaints == []


def test_a_photo_of_an_open_call_on_a_phone(browser: Browser, shelf: PhotoShelf) -> None:
    content = png(more=b"a call")
    with served(samples.called(), photos=shelf) as page, tab(browser, page.server.url, PHONE) as seen:
        seen.tab.click("[data-do=call-open] >> nth=0")
        choose(seen, "#call .photo", "IMG_2.png", "image/png", content)
        (photo,) = page.inbox.wait_for(1)
        assert isinstance(photo, PagePhoto)
        assert photo.call in {samples.OPEN_CALL.call, samples.TAKEN_CALL.call} and photo.operation == ""


def test_a_file_that_is_no_photo_is_refused_in_words(browser: Browser, shelf: PhotoShelf) -> None:
    with served(samples.running(), photos=shelf) as page, tab(browser, page.server.url, KIOSK) as seen:
        choose(seen, "#job .photo", "photo.jpg", "image/jpeg", b"<html><script>alert(1)</script></html>")
        seen.wait_text("#result-text", "这不是照片")
        assert seen.text("#result-word") == "没有收下"
        choose(seen, "#job .photo", "photo.jpg", "image/jpeg", pdf())
        choose(seen, "#job .photo", "big.jpg", "image/jpeg", jpeg(PHOTO_BYTES_MAX + 1))
        seen.wait_text("#result-text", "照片太大")
        assert page.inbox.inputs == []


def test_a_full_card_is_said_and_everything_else_goes_on(browser: Browser, shelf: PhotoShelf) -> None:
    shelf._room = FileRoom(shelf._room.journal, 0, 0, files_max=0)
    with served(samples.running(), photos=shelf) as page, tab(browser, page.server.url, KIOSK) as seen:
        choose(seen, "#job .photo", "photo.jpg", "image/jpeg", jpeg())
        seen.wait_text("#result-text", "报工不受影响")
        seen.tab.click("#do-sign-out")
        page.inbox.wait_for(1)


def test_a_photo_goes_on_when_the_gateway_was_too_busy(browser: Browser, shelf: PhotoShelf) -> None:
    with served(samples.running(), photos=shelf) as page, tab(browser, page.server.url, KIOSK) as seen:
        page.inbox.full = True
        choose(seen, "#job .photo", "photo.jpg", "image/jpeg", jpeg(3_000))
        seen.wait("document.querySelector('#chips .busy')?.textContent.includes('照片')")
        page.inbox.full = False
        assert len(page.inbox.wait_for(1)) == 1


def test_kept_here_and_at_the_office_are_two_states_of_a_photo(browser: Browser, shelf: PhotoShelf) -> None:
    last = LastScan(
        "", "kept", Message("photo_kept", {"about": "设备故障", "about_en": "Machine"}), samples.WALL, "e/1"
    )
    here = replace(samples.RUNNING_STATION, last=last, recent=(last, *samples.RECENT))
    with (
        served(samples.view(here, photos_waiting=2), photos=shelf, texts=TEXTS) as page,
        tab(browser, page.server.url, KIOSK) as seen,
    ):
        assert seen.text("#result-text") == "照片已保存 · 设备故障"
        assert seen.tab.get_attribute("#recent li:first-child .mark", "data-place") == "here"
        assert "2 张照片未到办公室" in seen.text("#chips")
        there = replace(last, at_office=True)
        page.feed.put(samples.view(replace(here, last=there, recent=(there, *samples.RECENT))))
        seen.wait("document.querySelector('#recent li:first-child .mark').dataset.place === 'office'")
        seen.wait("!document.querySelector('#chips').textContent.includes('照片')")
