"""The phone page in real Chromium: acts, photos, the queue without a server, sign-out, upgrade, pushed messages."""

import io
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from sqlalchemy import select

from central.facts import read_facts
from central.limits import PHONE_ACTS_WAITING_MAX, PHONE_PHOTO_PIXELS_MAX
from central.pages import phone_pages
from central.phone.tables import CallNote, PhoneAct
from tests.accessibility import barriers
from tests.central.page_client import CHROMIUM, QUIET
from tests.central.phone_browser import (
    SHOWN_MS,
    Site,
    app,
    browser,
    kept_stores,
    phone,
    plant,
    playwright,
    settled,
    sign_in,
    site,
    until,
)
from tests.central.phone_plant import GATEWAY, OPERATION, PhonePlant
from tests.central.test_phone_acts import photo_with_a_place

__all__ = ["app", "browser", "plant", "playwright", "site"]

pytestmark = pytest.mark.browser


def notes(plant: PhonePlant) -> list[CallNote]:
    with plant.here.database.read() as session:
        return list(session.scalars(select(CallNote).order_by(CallNote.received_at, CallNote.number)))


def facts(plant: PhonePlant) -> list[str]:
    with plant.here.database.read() as session:
        found = read_facts(session, plant.here.database.plant, GATEWAY, 0).facts
    return [each.kind for each in found if each.kind.startswith("call.")]


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


def test_who_is_no_leader_reads_and_is_told_why(browser: Browser, plant: PhonePlant, site: Site) -> None:
    plant.person("zhao", "planner")
    plant.raise_call()
    with phone(browser, site.address) as page:
        sign_in(page, site.address, "zhao")
        page.locator("#calls .call a").click()
        expect(page.locator("#only-leader")).to_be_visible()
        expect(page.locator("#acts")).to_be_hidden()


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
        page.goto("about:blank")
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
