"""What the station page costs: bytes and requests, for the page and for a change."""

import pytest
from playwright.sync_api import Browser

from benchmarks import screens
from tests.gateway import screen_samples as samples
from tests.gateway.screen_fixture import served

pytestmark = pytest.mark.browser


def test_a_page_and_a_change_stay_within_their_limits(browser: Browser) -> None:
    with served(samples.running()) as page:
        cost = screens.taken(browser, page.server.url, page.feed, screens.SLOWED)
    assert 0 < cost.page_bytes <= screens.PAGE_BYTES_MAX
    assert 0 < cost.page_requests <= screens.PAGE_REQUESTS_MAX
    assert cost.update_requests <= screens.UPDATE_REQUESTS_MAX
    assert 0 < max(cost.update_bytes) <= screens.UPDATE_BYTES_MAX
    # How long a change takes is measured beside a baseline, by `scripts/bench screen`.
    assert min(cost.update_ms) > 0
