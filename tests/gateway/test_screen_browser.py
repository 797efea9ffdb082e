"""The station page in Chromium: what a worker sees, touches and types."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from gateway.screen import inputs
from gateway.view import HeldLine, Message, PromptLine
from tests.gateway import screen_samples as samples
from tests.gateway.browser import KIOSK, PHONE, settle, tab
from tests.gateway.screen_fixture import served

pytestmark = pytest.mark.browser


def test_who_works_on_what_and_what_came_of_the_last_scan(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        assert seen.text("#person") == "李晓梅" and seen.text("#others") == "王建国"
        assert seen.text("#job-operation") == "20 压装轴承" and seen.text("#job-order") == "WO-2611"
        assert [seen.text(f"#job-{each}") for each in ("planned", "good", "scrap")] == ["50", "38", "2"]
        assert seen.text("#job-time").startswith("1:15:")
        assert seen.text("#result-word") == "已保存" and "合格 12" in seen.text("#result-text")
        assert seen.text("#kept") == "1 284" and seen.text("#office-waiting") == "1 条未到"
        marks = seen.tab.eval_on_selector_all("#recent .mark", "(all) => all.map((each) => each.dataset.place)")
        assert marks[:4] == ["here", "none", "office", "office"]
        before = seen.text("#job-time")
        seen.wait(f"document.querySelector('#job-time').textContent !== '{before}'")
        assert seen.complaints == []


def test_typed_keys_arrive_exactly_once_and_press_nothing(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#station-name")
        seen.tab.keyboard.type("OP-2611-20")
        assert seen.tab.input_value("#type-label") == "OP-2611-20"
        seen.tab.keyboard.press("Enter")
        assert page.inbox.wait_for(1) == [inputs.Typed("A1", b"OP-2611-20")]
        # The button that was touched last must not be pressed by the scanner's Enter, nor by a second one (CR LF).
        seen.tab.click("#do-undo")
        seen.tab.click("#do-undo")
        page.inbox.wait_for(2)
        seen.burst("LX B-1")
        seen.tab.keyboard.press("Enter")
        page.inbox.wait_for(3)
        seen.burst("LAST")
        assert page.inbox.wait_for(4) == [
            inputs.Typed("A1", b"OP-2611-20"),
            inputs.PageCommand("A1", "undo", ""),
            inputs.Typed("A1", b"LX B-1"),
            inputs.Typed("A1", b"LAST"),
        ]


def test_a_label_can_be_typed_into_the_box(browser: Browser) -> None:
    with served(samples.idle()) as page, tab(browser, page.server.url, PHONE) as seen:
        seen.tab.fill("#type-label", "OP-1")
        seen.tab.click("#type-form button")
        seen.tab.fill("#type-label", "OP-2")
        seen.tab.press("#type-label", "Enter")
        assert page.inbox.wait_for(2) == [inputs.Typed("A1", b"OP-1"), inputs.Typed("A1", b"OP-2")]
        assert seen.tab.input_value("#type-label") == ""


def test_control_keys_stay_in_the_label_and_no_short_cut_acts(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.evaluate(
            "window.kept = [];"
            "addEventListener('keydown', (event) => window.kept.push([event.key, event.defaultPrevented]))"
        )
        for key in ("Control+p", "Control+f", "Control+s", "Alt+ArrowLeft", "F1", "F3", "F5", "Escape", "/", "'"):
            seen.tab.keyboard.press(key)
        seen.tab.keyboard.press("Enter")
        acted = seen.tab.evaluate("window.kept.filter(([key, held]) => !held && !['Control', 'Shift'].includes(key))")
        assert acted == []
        page.inbox.wait_for(1)  # Control characters make it a label that the gateway refuses.
        seen.burst("0104006381333931", end="")
        seen.tab.keyboard.press("Control+]")
        seen.burst("10A1")
        assert page.inbox.wait_for(2)[-1] == inputs.Typed("A1", b"0104006381333931\x1d10A1")


def test_half_a_label_is_refused_and_never_glued_to_the_next(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.burst("OP-26", end="")
        seen.wait_text("#result-text", "只读到一半")
        assert seen.text("#result-word") == "没有收下"
        seen.burst("OP-2611-20")
        assert page.inbox.wait_for(1) == [inputs.Typed("A1", b"OP-2611-20")]
        seen.burst("A" * 600)
        seen.wait_text("#result-text", "太长")
        assert len(page.inbox.inputs) == 1


def test_a_late_answer_about_one_label_leaves_the_trouble_with_the_next(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        page.inbox.answering.clear()
        seen.burst("OP-2611-20")
        page.inbox.wait_for(1)
        seen.burst("A" * 600)
        seen.wait_text("#result-text", "太长")
        page.inbox.answering.set()
        seen.wait_text("#result-age", "处理中")
        assert "太长" in seen.text("#result-text")


def test_a_full_inbox_shows_in_red(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        page.inbox.full = True
        seen.burst("OP-1")
        seen.wait_text("#result-text", "网关太忙，没有收下")
        assert seen.tab.get_attribute("#result", "data-signal") == "refused"
        assert seen.tab.get_attribute("html", "data-sounded") == "refused"


def test_a_pause_asks_why_and_set_up_begins_and_ends_by_touch(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#do-pause")
        seen.tab.click("#pause-buttons [data-value=tool]")
        seen.tab.wait_for_selector("#pause", state="hidden")
        seen.tab.click("#do-pause")
        seen.tab.click("#pause [data-do=pause-because][data-value='']")
        seen.tab.click("#do-setup")
        setup = replace(samples.WORK, state="setup", seconds=90)
        page.feed.put(samples.view(replace(samples.RUNNING_STATION, work=(setup,))))
        seen.wait_text("#do-resume", "开始生产")
        assert seen.text("#job-time-word") == "调机用时" and seen.tab.is_hidden("#do-setup")
        seen.tab.click("#do-resume")
        assert page.inbox.wait_for(4) == [
            inputs.PageCommand("A1", "pause", "tool"),
            inputs.PageCommand("A1", "pause", ""),
            inputs.PageCommand("A1", "setup", "OP-2611-20"),
            inputs.PageCommand("A1", "resume", ""),
        ]


def test_a_note_is_typed_and_the_last_ones_are_read(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#do-note")
        assert "已放到隔离区" in seen.text("#notes") and seen.text("#note-about") == "20 压装轴承"
        seen.tab.fill("#note-text", "刀具 <b>磨损</b>")
        seen.tab.press("#note-text", "Enter")
        assert page.inbox.wait_for(1) == [inputs.PageNote("A1", "刀具 <b>磨损</b>", "OP-2611-20")]
        assert seen.tab.is_hidden("#note")
        page.feed.put(samples.view(replace(samples.RUNNING_STATION, calls=(samples.OPEN_CALL,))))
        seen.tab.click("[data-do=call-open]")
        seen.tab.click("[data-do=note-call]")
        seen.wait_text("#note-about", "设备故障")
        seen.tab.keyboard.press("Escape")
        assert seen.tab.is_hidden("#note")
        seen.tab.click("[data-do=call-open]")
        seen.tab.click("[data-do=note-call]")
        seen.tab.fill("#note-text", "主轴响")
        seen.tab.click("#note-form button")
        assert page.inbox.wait_for(2)[-1] == inputs.PageNote("A1", "主轴响", "", samples.OPEN_CALL.call)


def test_a_counter_is_read_by_touch(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        page.feed.put(samples.counter())
        seen.wait_text("#counter-value", "0415")
        seen.tab.click("#counter [data-value=back]")
        seen.tab.click("#counter [data-value='7']")
        seen.wait_text("#counter-value", "0417")
        assert seen.tab.is_hidden("#prompt")
        seen.tab.click("#counter-confirm")
        assert page.inbox.wait_for(1) == [inputs.PageReadBack("A1", "0417")]
        page.feed.put(samples.running())
        seen.tab.wait_for_selector("#counter", state="hidden")


def test_a_report_by_touch(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#do-report")
        for key in "407":
            seen.tab.click(f".keypad [data-value='{key}']")
        seen.tab.click("[data-value=back]")
        seen.tab.click("#field-scrap")
        seen.tab.click(".keypad [data-value='2']")
        seen.tab.click("#quantity-confirm")
        assert "请选原因" in seen.text("#quantity-note")
        seen.tab.click("#reason-buttons [data-value=size]")
        seen.tab.click("#quantity-confirm")
        assert page.inbox.wait_for(1) == [inputs.PageReport("A1", "OP-2611-20", 40, 2, "size")]
        assert seen.tab.is_hidden("#quantity")


def test_a_partial_report_with_rework_by_touch(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#do-report")
        seen.tab.click(".keypad [data-value='6']")
        seen.tab.click("#field-rework")
        seen.tab.click(".keypad [data-value='2']")
        seen.tab.click("#quantity-partial")
        assert "请选原因" in seen.text("#quantity-note")
        seen.tab.click("#reason-buttons [data-value=polish]")
        seen.tab.click("#quantity-partial")
        assert page.inbox.wait_for(1) == [
            inputs.PageReport("A1", "OP-2611-20", 6, rework=2, rework_reason="polish", partial=True)
        ]
        assert seen.tab.is_hidden("#quantity")


def test_after_a_partial_card_the_large_button_reports_in_part(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        prompt = PromptLine("quantity", Message("ask_quantity"), good=7, partial=True)
        page.feed.put(samples.view(replace(samples.RUNNING_STATION, prompt=prompt)))
        seen.wait_text("#quantity-confirm", "报工并继续")
        assert seen.tab.is_hidden("#quantity-partial")
        seen.tab.click("#quantity-confirm")
        assert page.inbox.wait_for(1) == [inputs.PageReport("A1", "OP-2611-20", 7, partial=True)]


def test_a_plant_without_rework_is_not_asked_for_it(browser: Browser) -> None:
    plain = samples.view(replace(samples.RUNNING_STATION, rework_reasons=()))
    with served(plain) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#do-report")
        assert seen.tab.is_hidden("#field-rework")


def test_a_report_by_keyboard_and_a_scanner_is_no_quantity(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#do-report")
        seen.burst("4006381333931")
        assert page.inbox.wait_for(1) == [inputs.Typed("A1", b"4006381333931")]
        assert seen.text("#value-good") == "–"
        scanned = seen.tab.evaluate("performance.now()")
        for digit, shown in (("1", "1"), ("2", "12")):
            seen.tab.keyboard.press(digit)
            seen.wait_text("#value-good", shown)
        # An Enter right behind a label is the scanner's own second one (CR LF).
        seen.wait(f"performance.now() > {scanned + 400}")
        seen.tab.keyboard.press("Enter")
        assert page.inbox.wait_for(2)[-1] == inputs.PageReport("A1", "OP-2611-20", 12, 0, "")


def test_the_station_asks_and_the_page_follows_the_cards(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        prompt = PromptLine("quantity", Message("ask_quantity"), operation="OP-OTHER")
        page.feed.put(samples.view(replace(samples.RUNNING_STATION, prompt=prompt)))
        seen.tab.wait_for_selector("#quantity", state="visible")
        page.feed.put(samples.view(replace(samples.RUNNING_STATION, prompt=replace(prompt, good=37))))
        seen.wait_text("#value-good", "37")
        seen.tab.click("#quantity-confirm")
        assert page.inbox.wait_for(1) == [inputs.PageReport("A1", "OP-OTHER", 37, 0, "")]
        page.feed.put(samples.confirm())
        seen.tab.click("#prompt [data-command=confirm]")
        assert page.inbox.wait_for(2)[-1] == inputs.PageCommand("A1", "confirm", "")


def test_calls_are_raised_taken_solved_and_taken_back(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("[data-do=call-raise][data-value=quality]")
        assert page.inbox.wait_for(1) == [inputs.PageCall("A1", "quality", False)]
        page.feed.put(samples.called())
        seen.tab.click("[data-do=call-open][data-state=raised]")
        seen.tab.fill("#badge", "LX-B900")
        seen.tab.press("#badge", "Enter")
        call = samples.OPEN_CALL.call
        assert page.inbox.wait_for(2)[-1] == inputs.PageAcknowledge("A1", call, b"LX-B900")
        seen.tab.click("#call-cancel")
        assert seen.tab.is_visible("#call"), "a short press does not take a call back"
        seen.tab.hover("#call-cancel")
        seen.tab.mouse.down()
        assert page.inbox.wait_for(3)[-1] == inputs.PageCall("A1", "machine", True)
        seen.tab.mouse.up()
        seen.tab.click("[data-do=call-open][data-state=acknowledged]")
        assert "赵班长 来了" in seen.text("#call-state")
        seen.tab.click("#cause-buttons [data-value=jam]")
        assert page.inbox.wait_for(4)[-1] == inputs.PageResolve("A1", samples.TAKEN_CALL.call, "jam")


def test_a_notice_is_said_back_by_hand_or_by_keys(browser: Browser) -> None:
    with served(samples.notified()) as page, tab(browser, page.server.url) as seen:
        assert "数量改为 120 件" in seen.text("#reading-title") and "见更改单 7" in seen.text("#reading-text")
        assert seen.text("#reading-value") == "12" and seen.text("#reading-question") == "数量是多少？"
        assert seen.tab.is_hidden("#prompt") and seen.tab.is_hidden("#reading-letters")
        seen.tab.click("#reading [data-do=digit][data-value='0']")
        seen.tab.keyboard.press("5", delay=120)
        seen.wait_text("#reading-value", "1205")
        seen.tab.keyboard.press("Backspace")
        seen.tab.click("#reading-confirm")
        assert page.inbox.wait_for(1) == [inputs.PageReadBack("A1", "120")]
        page.feed.put(samples.instructed())
        seen.wait_text("#reading-question", "版本号是什么？可扫码")
        assert seen.tab.is_disabled("#reading-confirm") and seen.text("#reading-value") == "–"
        seen.tab.click("#reading-letters [data-value=C]")
        seen.tab.click("#reading-confirm")
        assert page.inbox.wait_for(2)[-1] == inputs.PageReadBack("A1", "C")
        seen.burst("WI-7-C")
        assert page.inbox.wait_for(3)[-1] == inputs.Typed("A1", b"WI-7-C"), "a scanner's label is a label"
        seen.tab.keyboard.press("Escape")
        assert page.inbox.wait_for(4)[-1] == inputs.PageCommand("A1", "cancel", "")
        assert seen.complaints == []


def test_a_hand_over_that_waits_is_shown_and_taken(browser: Browser) -> None:
    with served(samples.handed_over()) as page, tab(browser, page.server.url) as seen:
        assert "王建国 已交班" in seen.text("#handed-text") and "接班" in seen.text("#do-hand-over")
        assert "换用新夹具 J-12" in seen.text("#notice-list")
        seen.tab.click("#do-hand-over")
        assert page.inbox.wait_for(1) == [inputs.PageCommand("A1", "handover", "")]
        page.feed.put(samples.taking_over())
        seen.tab.wait_for_selector("#reading", state="visible")
        lines = seen.text("#reading-lines")
        assert all(each in lines for each in ("WO-2608 清洗壳体", "设备故障", "数量改为 120 件"))
        page.feed.put(samples.running())
        seen.tab.wait_for_selector("#reading", state="hidden")
        assert seen.tab.is_hidden("#handed") and seen.tab.is_hidden("#notices")
        assert "交班" in seen.text("#do-hand-over")
        assert seen.complaints == []


def test_undo_needs_two_presses(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#do-undo")
        assert "再按确认" in seen.text("#do-undo")
        assert page.inbox.inputs == []
        seen.tab.click("#do-undo")
        seen.tab.click("#do-sign-out")
        assert page.inbox.wait_for(2) == [
            inputs.PageCommand("A1", "undo", ""),
            inputs.PageCommand("A1", "sign_out", ""),
        ]


def test_the_language_switches_at_once_and_is_remembered(browser: Browser) -> None:
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        seen.tab.click("#language")
        seen.wait_text("#result-word", "Kept")
        assert seen.text("#do-report") == "Report" and seen.tab.get_attribute("html", "lang") == "en"
        seen.tab.reload()
        seen.wait_text("#result-text", "Reported 12 good")
    with served(samples.running(), language="en") as page, tab(browser, page.server.url) as seen:
        assert seen.text("#result-word") == "Kept"


def test_the_page_speaks_the_language_of_the_current_person(browser: Browser) -> None:
    smith = HeldLine("P-9", "John Smith", language="en")
    alone = replace(samples.RUNNING_STATION, people=(samples.LI,))
    joined = replace(alone, people=(samples.LI, smith))
    back = replace(alone, people=(smith, samples.LI))
    with served(samples.view(alone)) as page, tab(browser, page.server.url) as seen:
        seen.wait_text("#result-word", "已保存")
        page.feed.put(samples.view(joined))
        seen.wait_text("#result-word", "Kept")
        assert seen.text("#do-report") == "Report" and seen.tab.get_attribute("html", "lang") == "en"
        page.feed.put(samples.view(back))
        seen.wait_text("#result-word", "已保存")
        page.feed.put(samples.view(joined))
        seen.wait_text("#result-word", "Kept")
        seen.tab.click("#language")
        seen.wait_text("#result-word", "已保存")
        page.feed.put(samples.view(replace(joined, last=None)))
        seen.wait_text("#result-word", "等待扫码")
        page.feed.put(samples.view(alone))
        settle(seen, page.feed.latest()[0])
        page.feed.put(samples.view(joined))
        seen.wait_text("#result-word", "Kept")
        assert seen.tab.evaluate("localStorage.getItem('lineside.language')") is None, "the page keeps its own"


def test_a_muted_page_says_so_and_still_sounds_when_nothing_can_be_kept(browser: Browser) -> None:
    sounded = "document.documentElement.dataset.sounded"
    with served(samples.running()) as page, tab(browser, page.server.url) as seen:
        assert seen.text("#mute") == "声音"
        seen.tab.click("#mute")
        assert seen.text("#mute") == "静音" and seen.tab.get_attribute("#mute", "aria-pressed") == "true"
        seen.tab.reload()
        seen.wait_text("#mute", "静音")
        page.feed.put(samples.refused())
        settle(seen, page.feed.latest()[0])
        assert seen.tab.evaluate(sounded) is None
        page.feed.put(samples.unkept())
        seen.wait(f"{sounded} === 'unkept'")
        page.feed.put(samples.running())
        seen.tab.wait_for_selector("#unkept", state="hidden")
        seen.tab.click("#mute")
        page.feed.put(samples.refused())
        seen.wait(f"{sounded} === 'refused'")


def test_the_page_says_that_it_is_cut_off_and_comes_back(browser: Browser) -> None:
    with served(samples.running()) as page:
        with tab(browser, page.server.url) as seen:
            page.server.close()
            seen.tab.wait_for_selector("#lost", state="visible")
            assert "没有连接" in seen.text("#lost")
            seen.burst("OP-1")
            seen.wait_text("#result-text", "没有送到网关")
            with served(samples.refused(), port=page.server.port) as again:
                seen.tab.wait_for_selector("#lost", state="hidden")
                seen.wait_text("#result-word", "不接受")
                seen.burst("OP-2")
                assert again.inbox.wait_for(1) == [inputs.Typed("A1", b"OP-2")]
        assert page.inbox.inputs == []


def test_a_call_is_handed_over_and_its_line_stopped_and_past_cases_show(browser: Browser) -> None:
    with served(samples.fixed()) as page, tab(browser, page.server.url) as seen:
        call = samples.OPEN_CALL.call
        seen.tab.click(f"[data-do=call-open][data-value='{call}']")
        seen.wait_text("#call-about", "停线")
        assert seen.tab.eval_on_selector_all("#case-list b", "(all) => all.map((each) => each.textContent)") == [
            "传感器失灵",
            "卡料",
            "刀具磨损",
        ]
        assert "防护罩" in seen.text("#case-list")
        seen.tab.click("#call-stop")
        assert page.inbox.wait_for(1)[-1] == inputs.PageCommand("A1", "stop", call)
        page.feed.put(samples.assigned())
        settle(seen, page.feed.latest()[0])
        seen.tab.click(f"[data-do=call-open][data-value='{call}']")
        seen.wait_text("#call-state", "已转交 设备科")
        seen.tab.click("#call-assign")
        assert seen.tab.is_hidden("#causes")
        assert "设备科" not in seen.text("#owner-buttons"), "it is with them already"
        seen.tab.click("[data-do=assign][data-value='质量科']")
        assert page.inbox.wait_for(2)[-1] == inputs.PageAssign("A1", call, "质量科")
        assert seen.complaints == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_open_call_with_everything_fits_a_kiosk(browser: Browser, language: str) -> None:
    """The causes can be touched, however long the past cases are."""
    with served(samples.fixed(), language=language) as page, tab(browser, page.server.url) as seen:
        seen.tab.click(f"[data-do=call-open][data-value='{samples.OPEN_CALL.call}']")
        for selector in ("#cause-buttons button", "#call-assign", "#call-stop", "#call-cancel", "#case-list li"):
            box = seen.tab.locator(selector).first.bounding_box()
            assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= KIOSK[1], selector
            seen.tab.locator(selector).first.click(trial=True)


def test_nothing_leaves_this_machine(browser: Browser) -> None:
    with served(samples.called()) as page, tab(browser, page.server.url) as seen:
        for name in samples.SAMPLES:
            page.feed.put(samples.SAMPLES[name]())
        page.feed.put(samples.running())
        seen.tab.click("#language")
        seen.tab.click("#do-report")
        seen.burst("OP-1")
        page.inbox.wait_for(1)
        assert seen.hosts() == {f"127.0.0.1:{page.server.port}"}
        assert seen.complaints == []
