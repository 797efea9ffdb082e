"""The set-up page in Chromium: a maintainer installs a scanner and a keypad without a shell."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from devices.types import Signal
from tests.gateway.browser import KIOSK, PHONE, Watched, tab
from tests.gateway.set_up_bench import OPERATOR, SetUpGateway, until

pytestmark = pytest.mark.browser

KEY_F1, KEY_F2 = 59, 60


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[SetUpGateway]:
    stack = threading.stack_size()
    gate = SetUpGateway(tmp_path)
    yield gate
    gate.close()
    threading.stack_size(stack)


def listen(gate: SetUpGateway, seen: Watched) -> None:
    seen.tab.click("#do-listen")
    seen.wait("document.querySelector('#listen').dataset.active === 'yes'")
    until(lambda: gate.hand.grabbed and gate.pad.grabbed)


def test_the_page_opens_when_a_maintainer_scans_and_closes_when_they_go(gate: SetUpGateway, browser: Browser) -> None:
    with tab(browser, gate.url + "/station/S1", KIOSK) as seen:
        seen.tab.click("#set-up")
        seen.wait_text("#refused h1", "只有维护人员")
        gate.sign_in(OPERATOR)
        assert not seen.tab.is_visible("#main")
        gate.sign_in()
        seen.wait_text("#person", "刘洋")
        assert not seen.tab.is_visible("#refused")
        gate.sign_in(OPERATOR)
        seen.wait("!document.querySelector('#refused').hidden && document.querySelector('#main').hidden")


def test_scanner_and_keypad_are_found_assigned_and_work_after_the_restart(gate: SetUpGateway, browser: Browser) -> None:
    gate.sign_in()
    with tab(browser, gate.url + "/station/S1/set-up", KIOSK) as seen:
        listen(gate, seen)
        gate.hand.scan(b"<b>LOT-7</b>")
        seen.wait_text("#heard", "<b>LOT-7</b>")
        seen.tab.click("#heard [data-do=assign]")
        seen.wait_text("#assigned", "S1.scanner1")
        assert seen.tab.is_visible("#restart") and "重启" in seen.text("#assigned")
        for code, call in ((KEY_F1, "material"), (KEY_F2, "quality")):
            gate.pad.tap(code)
            seen.tab.click(f"#heard [data-code='{code}'][data-call={call}]")
            seen.wait(f"document.querySelector('#heard [data-code=\"{code}\"].main')?.dataset.call === '{call}'")
        seen.wait_text("#assigned", "KEY_F2 → 质量")
        gate.scan("T-WO-1001-10")
        seen.wait_text("#heard", "T-WO-1001-10")
        seen.tab.click("#do-stop")
        seen.wait("document.querySelector('#listen').dataset.active === 'no'")
        assert seen.complaints == []
        seen.tab.click("[data-do=restart]")
        assert gate.codes == [], "one touch restarts nothing"
        seen.tab.click("[data-do=restart]")
        assert gate.wait_end() == 0
    names = {each.name: each.settings.get("keys") for each in gate.assigned()}
    assert names == {"S1.scanner1": None, "S1.button1": {"59": "material", "60": "quality"}}
    assert gate.kept("work.started") == []
    gate.start()
    with tab(browser, gate.url + "/station/S1/set-up", PHONE) as seen:
        seen.wait_text("#configured", "S1.button1")
        assert not seen.tab.is_visible("#restart")
        remove = "[data-do=remove][data-name='S1.button1']"
        seen.tab.click(remove)
        seen.tab.click(remove)
        seen.wait("document.querySelectorAll('#assigned > li').length === 1")
        assert seen.tab.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_a_scan_while_it_listens_says_on_the_station_page_that_it_is_no_work(
    gate: SetUpGateway, browser: Browser
) -> None:
    gate.sign_in()
    with tab(browser, gate.url + "/station/S1", KIOSK) as worker, tab(browser, gate.url + "/station/S1/set-up") as seen:
        assert not worker.tab.is_visible("#listening")
        listen(gate, seen)
        worker.wait("!document.querySelector('#listening').hidden")
        seen.tab.click("#do-stop")
        worker.wait("document.querySelector('#listening').hidden")


def test_lights_and_sounds_are_tried_and_all_facts_are_there_in_both_languages(
    gate: SetUpGateway, browser: Browser
) -> None:
    gate.sign_in()
    with tab(browser, gate.url + "/station/S1/set-up", KIOSK) as seen:
        tried = seen.tab.query_selector_all("#signals button")
        assert len(tried) == len(Signal) and all(each.text_content() for each in tried)
        seen.tab.click("#signals [data-signal=called]")
        seen.wait("document.documentElement.dataset.sounded === 'called'")
        until(lambda: [each["signal"] for each in gate.kept("signal.tested")] == ["called"])
        for words in (("网络", "时钟", "记录", "完好"), ("Network", "Clock", "Records", "sound")):
            assert all(word in seen.text("#main") for word in words)
            assert "undefined" not in seen.text("#main") and "null" not in seen.text("#main")
            seen.tab.click("#language")
        assert seen.hosts() == {gate.url.removeprefix("http://")}
        assert seen.complaints == []


def test_what_is_refused_is_said(gate: SetUpGateway, browser: Browser) -> None:
    gate.sign_in()
    with tab(browser, gate.url + "/station/S1/set-up", KIOSK) as seen:
        listen(gate, seen)
        gate.hand.scan(b"LOT-7")
        seen.wait_text("#heard", "LOT-7")
        gate.program.inbox._items_max = 0
        seen.tab.click("#heard [data-do=assign]")
        seen.wait_text("#trouble", "网关太忙")
        gate.program.inbox._items_max = 100
        assert gate.assigned() == ()
