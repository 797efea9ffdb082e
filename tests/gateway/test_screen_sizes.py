"""Every pose of the station page fits its screens: nothing scrolls or is cut, a gloved finger finds each button."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from devices.types import Signal
from gateway.view import LastScan, Message
from tests.gateway import screen_samples as samples
from tests.gateway.browser import KIOSK, PHONE, PORTRAIT, SEVEN_INCH, TELEVISION, settle, tab
from tests.gateway.screen_fixture import served
from tests.gateway.screen_poses import POSES, posed

pytestmark = pytest.mark.browser

TOUCH_PX = {SEVEN_INCH: 60, KIOSK: 72, TELEVISION: 72, PORTRAIT: 72}
WORD_SHARE = 1 / 12
"""Of the screen's height, for the word of the last result: it is read from three steps away."""

LONGEST = {
    "zh": "前道工序数量不足，先请前道补报 20 件，再扫一次工单上的工序条码，或请班长放行",
    "en": "The operation before has not reported enough pieces yet: ask for 20 more, then scan the ticket again",
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", list(TOUCH_PX), ids=lambda size: "x".join(map(str, size)))
def test_every_pose_fits_a_kiosk(browser: Browser, size: tuple[int, int], language: str) -> None:
    with served(samples.refused(), language=language) as page, tab(browser, page.server.url, size) as seen:
        for name in POSES:
            with posed(page, seen, name):
                assert seen.tab.evaluate(CUT, list(size)) == [], name
                assert seen.tab.evaluate(SMALL, TOUCH_PX[size]) == [], name
                assert seen.tab.evaluate(WORD) >= size[1] * WORD_SHARE, name


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_needs_no_scrolling_sideways(browser: Browser, language: str) -> None:
    with served(samples.refused(), language=language) as page, tab(browser, page.server.url, PHONE) as seen:
        for name in POSES:
            with posed(page, seen, name):
                assert seen.tab.evaluate("document.documentElement.scrollWidth") <= PHONE[0], name
                assert seen.tab.evaluate(SMALL, 44) == [], name


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", list(TOUCH_PX), ids=lambda size: "x".join(map(str, size)))
def test_the_word_of_every_signal_fits_with_the_longest_text(
    browser: Browser, size: tuple[int, int], language: str
) -> None:
    texts = {**samples.TEXTS, "longest": LONGEST}
    view = samples.view(samples.RUNNING_STATION)
    with served(view, texts=texts, language=language) as page, tab(browser, page.server.url, size) as seen:
        for signal in Signal:
            last = LastScan("OP-2611-20", signal.value, Message("longest"), samples.WALL - 1, f"{samples.EPOCH}/7")
            page.feed.put(samples.view(replace(samples.RUNNING_STATION, last=last)))
            settle(seen, page.feed.latest()[0])
            assert seen.tab.evaluate(CUT, list(size)) == [], signal
            assert seen.tab.evaluate(WORD) >= size[1] * WORD_SHARE, signal


WORD = "() => parseFloat(getComputedStyle(document.querySelector('#result-word')).fontSize)"

# What is to be read or pressed stands inside the screen and inside everything that would cut it. The last results are a
# list of as many whole rows as there is room for.
CUT = """([width, height]) => {
  const page = document.documentElement;
  const out = page.scrollHeight > height || page.scrollWidth > width ? ["page"] : [];
  const name = (node) => `${node.id || node.className || node.localName} ${node.textContent.trim().slice(0, 20)}`;
  const words = "button, input, h1, h2, h3, [data-text], .badge, .chip, .figure, .state small, output, .result, " +
    ".result p, " +
    "#prompt p, .job-order, .call-state, .call-about, #call-by, .absent, .doubt, .handed p, " +
    ".unkept p, #case-list li, " +
    "#case-list p, .question, .title, .card, footer, .panel, dd, dt";
  for (const node of document.querySelectorAll(words)) {
    if (!node.getClientRects().length || node.closest(".recent ol, .sr")) continue;
    const box = node.getBoundingClientRect();
    const outside = box.right > width + 1 || box.bottom > height + 1 || box.left < -1 || box.top < -1;
    if (outside) out.push(`outside: ${name(node)}`);
    const cuts = getComputedStyle(node).overflowY !== "visible" && !node.matches(".recent, input");
    const over = node.scrollWidth > node.clientWidth + 2 || node.scrollHeight > node.clientHeight + 3;
    if (cuts && over) out.push(`cut: ${name(node)}`);
    for (let frame = node.parentElement; frame && frame !== document.body; frame = frame.parentElement) {
      if (getComputedStyle(frame).overflowY === "visible") continue;
      const edge = frame.getBoundingClientRect();
      if (box.right > edge.right + 2 || box.bottom > edge.bottom + 2) out.push(`behind ${name(frame)}: ${name(node)}`);
    }
  }
  return out;
}"""

SMALL = """(least) =>
  [...document.querySelectorAll("button, a, input")]
    .filter((each) => each.offsetParent && (each.offsetHeight < least || each.offsetWidth < least))
    .map((each) => `${each.id || each.className || each.dataset.do} ${each.offsetWidth}x${each.offsetHeight}`)"""
