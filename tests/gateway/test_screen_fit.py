"""Every state of the pages in Chromium: it fits its screens, hostile text stays text, each signal is told apart."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Playwright

from devices.types import Signal
from gateway.clock import boottime
from gateway.view import CallLine, HandoverLine, HeldLine, LastScan, Message, NoticeLine, PromptLine, WorkLine
from tests.corpus.hostile import CORPUS
from tests.gateway import screen_samples as samples
from tests.gateway.browser import KIOSK, PHONE, Watched, chromium, settle, tab
from tests.gateway.screen_fixture import served

pytestmark = pytest.mark.browser


def hostile_view(text: str) -> object:
    """Every text of a screen is `text`."""
    message = Message("signed_in", {"name": text})
    scan = LastScan(text, "refused", message, samples.WALL, f"{samples.EPOCH}/1")
    call = CallLine(text, text, text, text, text, "raised", samples.WALL, text, text, ((text, text, text),))
    work = WorkLine("P", text, text, text, text, text, 5, 1, 1, "running", 1, samples.WALL)
    station = replace(
        samples.IDLE_STATION,
        name=text,
        people=(HeldLine("Q", text), HeldLine("P", text)),
        work=(work, replace(work, person="Q", operation=text + "2")),
        prompt=PromptLine("cause", message),
        last=scan,
        recent=(scan, replace(scan, beep_unknown=True, signal=text)),
        calls=(call,),
        call_types=((text, text, text, text),),
        scrap_reasons=((text, text, text),),
        devices=((text, False),),
        notices=(NoticeLine(text, text, text, text),),
        handover=HandoverLine(text, samples.WALL, (text,), ((text, text),), ((text, text),)),
    )
    return samples.view(station, gateway_name=text, refusing=text)


def test_hostile_text_stays_text(browser: Browser) -> None:
    labels = [each for labels in CORPUS.values() for each in labels]
    texts = [each.decode("latin-1") if isinstance(each, bytes) else each for each in labels]
    with served(samples.idle()) as page, tab(browser, page.server.url) as seen:
        tags = "[...new Set([...document.querySelectorAll('body *')].map((each) => each.localName))].sort().join()"
        usual = set(seen.tab.evaluate(tags).split(",")) | {"em", "code", "time", "li", "p", "i", "small"}
        for text in texts:
            page.feed.put(hostile_view(text[:600]))  # type: ignore[arg-type]
            version, _ = page.feed.latest()
            seen.wait(f"Number(document.documentElement.dataset.version) >= {version}")
            assert set(seen.tab.evaluate(tags).split(",")) <= usual, text[:60]
            assert seen.tab.evaluate("document.querySelector('#result-shown').textContent") == text[:600]
        assert seen.complaints == []
        assert seen.hosts() == {f"127.0.0.1:{page.server.port}"}


@pytest.mark.parametrize("signal", list(Signal))
def test_every_signal_has_a_word_an_icon_and_a_colour(browser: Browser, signal: Signal) -> None:
    with served(samples.idle()) as page, tab(browser, page.server.url) as seen:
        last = samples.scan(signal.value, "called", "X-1", 1, 7, name="y")
        page.feed.put(samples.view(replace(samples.RUNNING_STATION, last=last)))
        settle(seen, page.feed.latest()[0])
        assert seen.tab.evaluate("document.querySelector('#result-word').textContent") != signal.value
        used = seen.tab.get_attribute("#result-icon", "href")
        assert used and seen.tab.locator(f"symbol{used}").count() == 1
        colour = seen.tab.evaluate("getComputedStyle(document.querySelector('#result')).backgroundColor")
        assert colour != "rgb(91, 112, 129)", "the colour of no signal"
        seen.wait(f"document.documentElement.dataset.sounded === '{signal.value}'")


def test_offline_unkept_and_uncertain_are_said(browser: Browser) -> None:
    with served(samples.offline()) as page, tab(browser, page.server.url) as seen:
        assert seen.text("#office-state") == "离线" and seen.text("#office-waiting") == "37 条未到"
        assert seen.text("#office-since") == "最早 13:40 起" and "没响" in seen.text("#beep")
        assert "扫码枪 断开" in seen.text("#chips") and "时钟未校准" in seen.text("#chips")
        page.feed.put(samples.alone())
        seen.wait_text("#days", "还能存 12 天")
        page.feed.put(samples.unkept())
        seen.tab.wait_for_selector("#unkept", state="visible")
        assert "不能保存！请叫班长" in seen.text("#unkept") and "CANNOT KEEP" in seen.text("#unkept")
        assert "存储已满" in seen.text("#unkept")
        page.feed.put(samples.running())
        seen.tab.wait_for_selector("#unkept", state="hidden")


def test_a_browser_that_wants_a_touch_before_sound_says_so(playwright: Playwright) -> None:
    with (
        chromium(playwright, "--autoplay-policy=document-user-activation-required") as strict,
        served(samples.running()) as page,
        tab(strict, page.server.url) as seen,
    ):
        seen.tab.wait_for_selector("#sound-hint", state="visible")
        seen.tab.click("#station-name")
        seen.tab.wait_for_selector("#sound-hint", state="hidden")


def test_records_that_may_be_lost_are_named_until_they_are_not(browser: Browser) -> None:
    with served(samples.doubtful(), language="en") as page, tab(browser, page.server.url) as seen:
        seen.wait_text("#doubt", "12 records")
        page.feed.put(samples.running())
        seen.wait("document.getElementById('doubt').hidden")
        assert seen.complaints == []


def test_the_line_page_says_who_speaks_and_how_old_it_is(browser: Browser) -> None:
    view = samples.in_line(now=boottime())
    with served(view) as page, tab(browser, page.server.url + "/line") as seen:
        cards = dict(
            zip(all_of(seen, "#stations .card", "each.dataset.station"), texts(seen, "#stations .card"), strict=True)
        )
        assert "本网关，实时" in cards["A1"] and "王建国、李晓梅" in cards["A1"] and "38 / 50" in cards["A1"]
        assert re.search(r"数据 \d+ 秒前", cards["A2"]) and "孙悦" in cards["A2"] and "64 / 120 报废 1" in cards["A2"]
        assert "没有消息 · 数据 25 分钟前" in cards["A4"] and "已断开 · 数据 5 分钟前" in cards["A5"]
        assert "还没有收到消息" in cards["A6"] and "没有说这个工位" in cards["A7"]
        assert "数据至少" in cards["A8"] and "不能保存记录" in cards["A8"] and "另有 2 项" in cards["A3"]
        calls = texts(seen, "#calls li")
        assert [each.split("\n")[0] for each in calls] == ["设备故障", "质量异常", "缺料"], (
            "untaken first, then by impact"
        )
        assert "已升级到 车间主任" in calls[0] and "已断开 · 数据 5 分钟前" in calls[0] and "赵班长 来了" in calls[2]
        # An age grows by itself, and a gateway falls silent without a word of anybody.
        young = samples.line_of(now=boottime())
        quiet = replace(young.stations[1], as_of=boottime() - 88.0)
        page.feed.put(replace(view, line=replace(young, stations=(quiet,))))
        seen.wait("document.querySelector('#stations .card').dataset.presence === 'there'")
        seen.wait("document.querySelector('#stations .card').dataset.presence === 'silent'")
        assert seen.complaints == [] and seen.hosts() == {page.server.url.removeprefix("http://")}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_line_page_fits_its_screens(browser: Browser, language: str) -> None:
    with served(samples.in_line(now=boottime()), language=language) as page:
        for size, axis in ((KIOSK, "Height"), (KIOSK, "Width"), (PHONE, "Width")):
            with tab(browser, page.server.url + "/line", size) as seen:
                fits = f"document.documentElement.scroll{axis} <= window.inner{axis}"
                assert seen.tab.evaluate(fits), (size, axis)


def test_without_messages_the_line_page_says_so(browser: Browser) -> None:
    away = samples.in_line("offline", boottime())
    with served(away, language="en") as page, tab(browser, page.server.url + "/line") as seen:
        assert "Line messages are away" in seen.text("#notice") and seen.text("#broker-state") == "offline"
        page.feed.put(samples.in_line("none", boottime()))
        seen.wait_text("#notice", "only this gateway's stations")
        page.feed.put(samples.in_line("online", boottime()))
        seen.wait("document.getElementById('notice').hidden")


def test_a_station_names_the_lines_most_important_call_and_leads_there_and_back(browser: Browser) -> None:
    with served(samples.in_line(now=boottime())) as page, tab(browser, page.server.url) as seen:
        assert "5 号工位 包装 · 设备故障 +2" in seen.text("#chips")
        seen.tab.click("#chips a")
        seen.tab.wait_for_selector("body.line")
        seen.wait("document.documentElement.dataset.painted === 'yes'")
        # A keyboard scanner types into nothing here: the station's page comes back, and no beep was heard.
        seen.burst("OP-1")
        seen.tab.wait_for_url("**/station/A1")
        page.feed.put(samples.running())
        seen.wait("!document.querySelector('#chips a')")
        assert page.inbox.inputs == [] and seen.complaints == []


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "a" * 64, "\"'&"]
)
def test_what_strangers_say_is_text(browser: Browser, text: str) -> None:
    call = replace(samples.line_of().stations[1].calls[0], name=text, owner=text, tier=1)
    row = replace(samples.line_of().stations[1], station="S9", name=text, people=(text,), calls=(call,))
    view = replace(samples.running(), line=replace(samples.line_of(), stations=(row,)))
    with served(view) as page:
        for path in ("/line", "/station/A1"):
            with tab(browser, page.server.url + path) as seen:
                assert text in seen.tab.inner_text("body")
                assert seen.tab.locator("img, script:not([src])").count() == 0 and seen.complaints == []


def all_of(seen: Watched, selector: str, value: str) -> list[str]:
    found: list[str] = seen.tab.eval_on_selector_all(selector, f"(all) => all.map((each) => {value})")
    return found


def texts(seen: Watched, selector: str) -> list[str]:
    return all_of(seen, selector, "each.innerText.replace(/\\n+/g, '\\n')")
