"""Printed codes read by the phone page in real Chromium: by its camera, in a picture, without the network."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, Playwright, expect

from central.printing.symbols import QUIET_MODULES, Symbology, encoded
from tests.central.phone_browser import (
    SHOWN_MS,
    Site,
    app,
    browser,
    chromium,
    phone,
    plant,
    playwright,
    settled,
    sign_in,
    site,
)
from tests.central.phone_plant import GATEWAY, OPERATION, PhonePlant

__all__ = ["app", "browser", "plant", "playwright", "site"]

pytestmark = pytest.mark.browser


def picture(text: str, symbology: Symbology, module: int = 6) -> Image.Image:
    """A printed code on a desk: dark modules on white paper, grey around it."""
    rows = encoded(text, symbology).rows
    quiet, high = QUIET_MODULES[symbology] * module, 90 if len(rows) == 1 else module
    width, height = len(rows[0]) * module + 2 * quiet, len(rows) * high + 2 * quiet
    paper = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(paper)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                left, top = quiet + x * module, quiet + y * high
                pen.rectangle((left, top, left + module - 1, top + high - 1), fill=0)
    desk = Image.new("L", (max(640, width + 80), max(480, height + 80)), 140)
    desk.paste(paper, ((desk.width - width) // 2, (desk.height - height) // 2))
    return desk


def jpeg_of(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def film(path: Path, image: Image.Image) -> Path:
    """What the camera sees, as Chromium reads it: one still picture as YUV4MPEG2."""
    still = image.crop((0, 0, image.width // 2 * 2, image.height // 2 * 2))
    chroma = b"\x80" * (still.width // 2 * (still.height // 2) * 2)
    frame = b"FRAME\n" + still.tobytes() + chroma
    path.write_bytes(f"YUV4MPEG2 W{still.width} H{still.height} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 3)
    return path


@pytest.mark.parametrize("symbology", [Symbology.QR, Symbology.DATA_MATRIX])
def test_the_camera_reads_a_printed_ticket(
    playwright: Playwright, plant: PhonePlant, site: Site, tmp_path: Path, symbology: Symbology
) -> None:
    call = plant.raise_call()
    seen = film(tmp_path / "camera.y4m", picture(OPERATION.ticket, symbology))
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={seen}")
    with (
        chromium(playwright, "--use-fake-ui-for-media-stream", *flags) as browser,
        phone(browser, site.address) as page,
    ):
        sign_in(page, site.address)
        page.goto(f"{site.address}/phone#scan")
        page.locator("#camera").click()
        # An open call about the ticket is known here, so it opens without asking the server.
        expect(page.locator("#one-call .call")).to_be_visible(timeout=2 * SHOWN_MS)
        assert page.url.endswith(f"#call/{GATEWAY}/{call}")
        assert page.evaluate("document.querySelector('video').srcObject") is None, "the camera is off again"


def test_a_ticket_is_read_without_the_network(plant: PhonePlant, site: Site, browser: Browser) -> None:
    call = plant.raise_call()
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        settled(page)
        site.stop()
        page.goto(f"{site.address}/phone#scan")
        give(page, jpeg_of(picture(OPERATION.ticket, Symbology.DATA_MATRIX)))
        expect(page.locator("#one-call .call")).to_be_visible(timeout=2 * SHOWN_MS)
        assert page.url.endswith(f"#call/{GATEWAY}/{call}")
        page.goto(f"{site.address}/phone#scan")
        give(page, jpeg_of(picture("T-OTHER-10", Symbology.QR)))
        expect(page.locator("#scan-told")).to_contain_text("T-OTHER-10", timeout=2 * SHOWN_MS)
        expect(page.locator("#scan-told")).to_contain_text("没有网络", timeout=SHOWN_MS)


def give(page: Page, content: bytes) -> None:
    page.locator("#picture input").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content})


@pytest.mark.parametrize("symbology", list(Symbology))
def test_a_still_picture_of_a_printed_ticket_is_looked_up(
    plant: PhonePlant, site: Site, browser: Browser, symbology: Symbology
) -> None:
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        page.goto(f"{site.address}/phone#scan")
        give(page, jpeg_of(Image.new("L", (640, 480), 140)))
        expect(page.locator("#scan-told")).to_contain_text("没有读出码", timeout=2 * SHOWN_MS)
        give(page, b"no picture")
        expect(page.locator("#scan-told")).to_contain_text("不是能显示的图片")
        give(page, jpeg_of(picture(OPERATION.ticket, symbology).rotate(4, expand=True, fillcolor=140)))
        page.wait_for_url("**/scan?label=*", timeout=2 * SHOWN_MS)
        expect(page.locator(".tag").first).to_have_text("工序")
        expect(page.locator("main")).to_contain_text(OPERATION.work_order)


def test_a_camera_that_is_not_permitted_or_not_there_is_told(plant: PhonePlant, site: Site, browser: Browser) -> None:
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        page.goto(f"{site.address}/phone#scan")
        page.locator("#camera").click()
        expect(page.locator("#scan-told")).to_have_text(re.compile("没有相机权限|没有可用的相机"))
        page.locator("#typed input").fill(OPERATION.ticket)
        page.locator("#typed button").click()
        page.wait_for_url("**/scan?label=*")
