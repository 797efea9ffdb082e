"""The phone page in real Chromium: camera, pictures, the queue without a server, sign-out, and an upgrade."""

import io
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from sqlalchemy import select

from central.application import close_app, create_app
from central.config import CentralConfig
from central.facts import read_facts
from central.limits import PHONE_ACTS_WAITING_MAX, PHONE_PHOTO_PIXELS_MAX
from central.pages import phone_pages
from central.phone.tables import CallNote, PhoneAct
from central.printing.symbols import QUIET_MODULES, Symbology, encoded
from tests.accessibility import barriers
from tests.central.page_client import CHROMIUM, PASSWORD, QUIET, _QuietRequest, _Server
from tests.central.phone_plant import GATEWAY, OPERATION, PhonePlant
from tests.central.test_phone_acts import photo_with_a_place

pytestmark = pytest.mark.browser

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


def notes(plant: PhonePlant) -> list[CallNote]:
    with plant.here.database.read() as session:
        return list(session.scalars(select(CallNote).order_by(CallNote.received_at, CallNote.number)))


def facts(plant: PhonePlant) -> list[str]:
    with plant.here.database.read() as session:
        found = read_facts(session, plant.here.database.plant, GATEWAY, 0).facts
    return [each.kind for each in found if each.kind.startswith("call.")]


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


# Calls


def test_a_leader_takes_and_closes_a_call(browser: Browser, plant: PhonePlant, site: Site) -> None:
    call = plant.raise_call()
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        page.locator("#calls .call a").click()
        page.locator("#acknowledge").click()
        expect(page.locator("#call-acts .tag")).to_have_text("已生效", timeout=SHOWN_MS)
        expect(page.locator("#one-call")).to_contain_text("wang")
        expect(page.locator("#acknowledge")).to_be_hidden()
        expect(page.locator("#to-sign-in")).to_be_hidden()
        page.locator("#resolve select").select_option("other")
        page.locator("#resolve button").click()
        expect(page.locator("#gone-call")).to_be_visible(timeout=SHOWN_MS)
        expect(page.locator("#told .green")).to_have_text("已送达服务器。")
        assert facts(plant) == ["call.acknowledged", "call.resolved"]
        page.locator(".tabs a").first.click()
        expect(page.locator("#no-calls")).to_be_visible()
        assert page.locator("#call-page").get_attribute("href") == f"/calls/{GATEWAY}/{call}"


def test_a_photo_is_small_and_tells_no_place(browser: Browser, plant: PhonePlant, site: Site) -> None:
    call = plant.raise_call()
    taken = photo_with_a_place((4000, 3000))
    assert b"31.2304N" in taken
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        page.goto(f"{site.address}/phone#call/{GATEWAY}/{call}")
        page.locator("#note textarea").fill("油管漏油")
        page.locator("#note input").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": taken})
        with page.expect_request("**/phone/act") as sent:
            page.locator("#note button").click()
        body = sent.value.post_data_buffer or b""
        expect(page.locator("#call-acts .tag")).to_have_text("已生效", timeout=SHOWN_MS)
        assert b"31.2304N" not in body and b"A maker" not in body and b"Exif" not in body
        [note] = notes(plant)
        found = plant.here.files.find(note.sha256)
        assert note.text == "油管漏油" and found is not None and found.media_type == "image/jpeg"
        assert max(Image.open(io.BytesIO(found.path.read_bytes())).size) == PHONE_PHOTO_PIXELS_MAX
        page.locator("#note input").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
        )
        page.locator("#note button").click()
        expect(page.locator("#told .red")).to_contain_text("无法读取")
        page.goto(f"{site.address}/calls/{GATEWAY}/{call}")
        page.wait_for_function("() => [...document.images].some((each) => each.complete && each.naturalWidth > 0)")


# Without the server


def test_what_is_done_without_the_server_is_sent_once_in_its_order(
    browser: Browser, plant: PhonePlant, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line flaps: twice the server does an act and its answer is lost on the way."""
    calls = [plant.raise_call() for _ in range(2)]
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        settled(page)
        site.stop()
        page.goto(f"{site.address}/phone")
        expect(page.locator("#state")).to_contain_text("离线，数据截至", timeout=SHOWN_MS)
        expect(page.locator("#calls .call")).to_have_count(2)
        page.evaluate(f"location.hash = 'call/{GATEWAY}/{calls[0]}'")
        page.locator("#acknowledge").click()
        page.locator("#note textarea").fill("一")
        page.locator("#note button").click()
        expect(page.locator("#call-acts .act")).to_have_count(2)
        page.locator("#note textarea").fill("二")
        page.locator("#note input").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo_with_a_place()}
        )
        page.locator("#note button").click()
        expect(page.locator("#call-acts .act")).to_have_count(3)
        page.locator("#resolve select").select_option("other")
        page.locator("#resolve button").click()
        expect(page.locator("#waiting-count")).to_have_text("4", timeout=SHOWN_MS)
        page.goto(f"{site.address}/phone#waiting")
        expect(page.locator("#waiting .tag").first).to_have_text("待发送", timeout=SHOWN_MS)
        expect(page.locator("#waiting .act").first).to_contain_text("秒前")
        expect(page.locator("#hold")).to_contain_text("连接不上", timeout=SHOWN_MS)
        lost = losing_answers(plant.app, monkeypatch, 2)
        for flap in (1, 2):
            site.start()
            page.evaluate("window.dispatchEvent(new Event('online'))")
            lost_by(lost, flap)
            site.stop()
            expect(page.locator("#state")).to_contain_text("离线", timeout=2 * SHOWN_MS)
        site.start()
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(page.locator("#waiting-count")).to_have_text("", timeout=3 * SHOWN_MS)
        assert [each.text for each in notes(plant)] == ["一", "二"]
        assert facts(plant) == ["call.acknowledged", "call.resolved"]
        assert len(lost) == 2, "two answers were lost, so two acts came twice"
        with plant.here.database.read() as session:
            assert len(list(session.scalars(select(PhoneAct)))) == 4


def lost_by(lost: list[str], count: int) -> None:
    """Waits until so many answers were lost."""
    deadline = time.monotonic() + 60
    while len(lost) < count:
        assert time.monotonic() < deadline, "the phone sent nothing"
        threading.Event().wait(0.02)


def losing_answers(app: Flask, monkeypatch: pytest.MonkeyPatch, count: int) -> list[str]:
    """The next answers to acts, where something was done, break on the way."""
    lost: list[str] = []
    before = app.wsgi_app

    def wsgi(environ: dict[str, Any], start: Any) -> Any:
        if environ["PATH_INFO"] != "/phone/act" or len(lost) >= count:
            return before(environ, start)
        body = b"".join(before(environ, lambda *_: None))
        lost.append(body.decode())
        raise ConnectionError("the line is cut")

    monkeypatch.setattr(app, "wsgi_app", wsgi)
    return lost


def test_what_waits_outlasts_the_browser(playwright: Playwright, plant: PhonePlant, site: Site, tmp_path: Path) -> None:
    call = plant.raise_call()

    def opened() -> BrowserContext:
        return playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=QUIET, locale="zh-CN", service_workers="allow"
        )

    context = opened()
    page = context.new_page()
    sign_in(page, site.address)
    settled(page)
    site.stop()
    page.goto(f"{site.address}/phone#call/{GATEWAY}/{call}")
    page.locator("#acknowledge").click()
    expect(page.locator("#waiting-count")).to_have_text("1", timeout=SHOWN_MS)
    context.close()
    site.start()
    context = opened()
    page = context.new_page()
    page.goto(f"{site.address}/phone#waiting")
    expect(page.locator("#waiting .tag")).to_have_text("已生效", timeout=SHOWN_MS)
    context.close()
    assert facts(plant) == ["call.acknowledged"]


def test_an_act_that_is_refused_says_why_and_who(browser: Browser, plant: PhonePlant, site: Site) -> None:
    call = plant.raise_call()
    with phone(browser, site.address) as page, phone(browser, site.address) as other:
        sign_in(page, site.address)
        settled(page)
        sign_in(other, site.address, "li")
        page.context.set_offline(True)
        page.goto(f"{site.address}/phone#call/{GATEWAY}/{call}")
        page.locator("#acknowledge").click()
        expect(page.locator("#waiting-count")).to_have_text("1", timeout=SHOWN_MS)
        other.goto(f"{site.address}/phone#call/{GATEWAY}/{call}")
        other.locator("#acknowledge").click()
        expect(other.locator("#call-acts .tag")).to_have_text("已生效", timeout=SHOWN_MS)
        page.context.set_offline(False)
        expect(page.locator("#call-acts .tag")).to_have_text("未生效", timeout=SHOWN_MS)
        expect(page.locator("#call-acts p")).to_have_text("li 已经接手。有话请找 li。")
        page.locator("#call-acts button").click()
        expect(page.locator("#call-acts .act")).to_have_count(0)
        expect(page.locator("#waiting-count")).to_have_text("")


def test_the_queue_is_bounded_and_says_so(browser: Browser, plant: PhonePlant, site: Site) -> None:
    call = plant.raise_call()
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        settled(page)
        page.context.set_offline(True)
        page.goto(f"{site.address}/phone#call/{GATEWAY}/{call}")
        expect(page.locator("#note")).to_be_visible(timeout=SHOWN_MS)
        version = page.locator("body").get_attribute("data-version")
        act = {"account": "wang", "kind": "note", "gateway": GATEWAY, "call": call, "title": "x", "about": "x"}
        page.evaluate(
            f"""async (act) => {{
              const {{ keep }} = await import("/phone/files/{version}/queue.js");
              for (let n = 0; n < {PHONE_ACTS_WAITING_MAX}; n++) await keep(act, {PHONE_ACTS_WAITING_MAX});
            }}""",
            act,
        )
        page.locator("#note textarea").fill("one more")
        page.locator("#note button").click()
        expect(page.locator("#told .red")).to_contain_text(f"{PHONE_ACTS_WAITING_MAX} 项")
        expect(page.locator("#note textarea")).to_have_value("one more")


def test_sign_out_clears_and_another_account_sends_nothing_of_mine(
    browser: Browser, plant: PhonePlant, site: Site
) -> None:
    call = plant.raise_call()
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        settled(page)
        page.context.set_offline(True)
        page.goto(f"{site.address}/phone#call/{GATEWAY}/{call}")
        page.locator("#acknowledge").click()
        page.evaluate("location.hash = 'more'")
        expect(page.locator("#leaving")).to_contain_text("1 项待发送", timeout=SHOWN_MS)
        # Without the server: what was kept is gone at once, and the page says that the server does not know.
        page.locator("form.signed button").last.click()
        expect(page.locator("h1")).to_have_text("没有网络", timeout=SHOWN_MS)
        assert "lineside-own" not in kept_stores(page)
        page.goto(f"{site.address}/phone")
        expect(page.locator("#state")).to_contain_text("没有数据", timeout=SHOWN_MS)
        expect(page.locator("#calls .call")).to_have_count(0)
        page.context.clear_cookies()
        page.context.set_offline(False)
        sign_in(page, site.address, "li")
        settled(page)
        page.goto(f"{site.address}/phone#waiting")
        expect(page.locator("#others")).to_contain_text("另有 1 项", timeout=SHOWN_MS)
        assert facts(plant) == []
        page.evaluate("location.hash = 'more'")
        page.locator("form.signed button").last.click()
        page.wait_for_url("**/sign-in")
        until(page, "caches.has('lineside-own').then((there) => !there)")
        sign_in(page, site.address, "wang")
        page.goto(f"{site.address}/phone#waiting")
        expect(page.locator("#waiting .tag")).to_have_text("已生效", timeout=SHOWN_MS)
    assert facts(plant) == ["call.acknowledged"]


def test_a_session_that_ended_leaves_nothing_behind(browser: Browser, plant: PhonePlant, site: Site) -> None:
    plant.raise_call()
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        settled(page)
        page.context.clear_cookies()
        page.goto(f"{site.address}/phone")
        page.wait_for_url("**/sign-in?next=/phone")
        until(page, "caches.has('lineside-own').then((there) => !there)")


def test_an_upgrade_leaves_no_old_shell(
    browser: Browser, plant: PhonePlant, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with phone(browser, site.address) as page:
        sign_in(page, site.address)
        settled(page)
        [before] = [each for each in kept_stores(page) if each.startswith("lineside-shell-")]
        old = phone_pages._shell()
        script = old.contents["phone.js"] + b"\ndocument.body.dataset.release = 'newer';\n"
        newer = replace(old, version="f" * 16, contents={**old.contents, "phone.js": script})
        monkeypatch.setattr(phone_pages, "_shell", lambda: newer)
        # The open page hears of it with its next state and loads itself anew.
        page.wait_for_function("() => document.body.dataset.release === 'newer'", timeout=3 * SHOWN_MS)
        until(page, "caches.has('lineside-shell-ffffffffffffffff')")
        until(page, f"caches.has('{before}').then((there) => !there)")
        page.context.set_offline(True)
        page.goto(f"{site.address}/phone")
        page.wait_for_function("() => document.body.dataset.release === 'newer'")
        assert page.locator("body").get_attribute("data-version") == "f" * 16
        page.goto(f"{site.address}/board")
        expect(page.locator("h1")).to_have_text("没有网络")


# Scanning


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


# Pushed messages


def test_a_pushed_message_is_shown_and_leads_to_our_own_page(plant: PhonePlant, site: Site, browser: Browser) -> None:
    with phone(browser, site.address, permissions=["notifications"]) as page:
        sign_in(page, site.address)
        settled(page)
        worker = page.context.service_workers[0]
        pushed = """async (text) => {
          let done;
          const event = new Event("push");
          event.data = { json: () => JSON.parse(text) };
          event.waitUntil = (promise) => (done = promise);
          self.dispatchEvent(event);
          await done;
          const shown = await self.registration.getNotifications();
          return shown.map((each) => [each.title, each.body, each.tag, each.data.link]);
        }"""
        told = '{"title": "设备呼叫", "text": "钻孔 3 号", "link": "/calls", "tag": "c1"}'
        assert ["设备呼叫", "钻孔 3 号", "c1", "/calls"] in worker.evaluate(pushed, told)
        assert ["线边 Lineside", "", "", None] in worker.evaluate(pushed, "no json")
        for link, leads in (
            ("/calls/x", "/calls/x"),
            ("https://elsewhere.example/x", "/phone"),
            ("//elsewhere.example", "/phone"),
            ("javascript:alert(1)", "/phone"),
            (None, "/phone"),
        ):
            assert worker.evaluate("(link) => ownAddress(link)", link) == site.address + leads
        version = page.locator("body").get_attribute("data-version")
        can = page.evaluate(f"import('/phone/files/{version}/push.js').then((push) => push.canPush())")
        assert can is True


# How it looks


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 360), ("en-GB", 390)])
def test_every_view_can_be_read_and_touched(
    browser: Browser, plant: PhonePlant, site: Site, language: str, width: int
) -> None:
    call = plant.raise_call()
    plant.raise_call()
    with phone(browser, site.address, language, width) as page:
        sign_in(page, site.address)
        settled(page)
        faults: list[str] = []
        for name in ("calls", f"call/{GATEWAY}/{call}", "scan", "waiting", "more"):
            page.goto(f"{site.address}/phone#{name}")
            expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=SHOWN_MS)
            faults += judged(page, name, width)
        page.context.set_offline(True)
        page.goto(f"{site.address}/phone#call/{GATEWAY}/{call}")
        page.locator("#acknowledge").click()
        expect(page.locator("#call-acts .act")).to_have_count(1)
        faults += judged(page, "offline call", width)
        page.evaluate("location.hash = 'waiting'")
        expect(page.locator("#waiting .act")).to_have_count(1)
        faults += judged(page, "offline waiting", width)
        page.goto(f"{site.address}/calls")
        faults += judged(page, "offline", width, touched=False)
        page.context.set_offline(False)
        page.goto(f"{site.address}/scan?label={OPERATION.ticket}")
        faults += judged(page, "scan", width, touched=False)
        assert faults == []


TOUCH_PIXELS_MIN = 44


def judged(page: Page, name: str, width: int, *, touched: bool = True) -> list[str]:
    """Barriers, what is wider than the screen, and targets too small for a glove."""
    found = [f"{name}: {each}" for each in barriers(page)]
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        found.append(f"{name} is {wide} px wide")
    targets = page.locator("main button:visible, .tabs a, main select:visible, main .button:visible, .call a:visible")
    for each in targets.all() if touched else []:
        box = each.bounding_box()
        if box is None or box["height"] < TOUCH_PIXELS_MIN:
            found.append(f"{name}: {each.inner_text()} is {box} px")
    return found
