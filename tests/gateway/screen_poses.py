"""Every pose of the station page: a sample state, and what was tapped on it until a panel stood open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.gateway import screen_samples as samples
from tests.gateway.browser import Watched, settle
from tests.gateway.screen_fixture import Page

CLOSE = "() => [...document.querySelectorAll('.panel')].forEach((each) => (each.hidden = true))"


@dataclass(frozen=True)
class Pose:
    """The name of a sample and the selectors tapped one after the other."""

    sample: str
    taps: tuple[str, ...] = ()


OPEN = f'[data-call="{samples.OPEN_CALL.call}"]'
TAKEN = f'[data-call="{samples.TAKEN_CALL.call}"]'

POSES = {name: Pose(name) for name in samples.SAMPLES} | {
    "call": Pose("called", (OPEN,)),
    "call with cases": Pose("similar", (OPEN,)),
    "call that is taken": Pose("called", (TAKEN,)),
    "call to hand over": Pose("assigned", (OPEN, "#call-assign")),
    "call at its position": Pose("fixed", (OPEN,)),
    "pausing": Pose("running", ("#do-pause",)),
    "noting": Pose("running", ("#do-note",)),
    "reporting": Pose("running", ("#do-report",)),
    "reporting scrap": Pose("running", ("#do-report", "#field-scrap", '#quantity [data-value="2"]')),
    "undoing": Pose("running", ("#do-undo",)),
}


@contextmanager
def posed(page: Page, seen: Watched, name: str) -> Iterator[None]:
    """The page in this pose; its panels are closed at the end."""
    pose = POSES[name]
    page.feed.put(samples.view(samples.replace(samples.IDLE_STATION, name=name)))
    settle(seen, page.feed.latest()[0])
    page.feed.put(samples.SAMPLES[pose.sample]())
    settle(seen, page.feed.latest()[0])
    for selector in pose.taps:
        seen.tab.click(selector)
    yield
    seen.tab.evaluate(CLOSE)
