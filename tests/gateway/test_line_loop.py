"""The line in the main loop: what is told when, and that hearsay leaves nothing behind."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from floor.line_state import GatewayState
from gateway import limits
from gateway.config import parse
from gateway.line import build_line
from gateway.line_ear import LineSpoke
from gateway.screen.shown import line_content, station_content
from sync.broker_ports import Heard
from tests.gateway.station import BADGE, TICKET, Bench

CONFIG = """
[gateway]
name = "gw1"
site = "plant"
area = "machining"
line = "L1"
[mqtt]
host = "localhost"
[[station]]
id = "S1"
"""


class LineBench(Bench):
    """A bench whose gateway stands in a line."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.told: list[GatewayState] = []
        config = parse(CONFIG)
        self.line = build_line(config, self.inbox.put, lambda: self.now)
        self.line.telling.wake = self._told
        self.loop.viewing.config, self.loop.viewing.line = config, self.line
        self.step()

    def _told(self) -> None:
        self.told.append(GatewayState.model_validate_json(json.dumps({**self.line.telling.fields()})))

    def hear(self, **said: object) -> None:
        payload = json.dumps({"gateway": "gw2", "online": True, **said}).encode()
        self.line.ear(Heard("lineside/v1/plant/machining/L1/gw2/state", payload))
        self.step(*self.inbox.take(100, 0))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[LineBench]:
    found = LineBench(tmp_path)
    yield found
    found.close()


def test_changes_are_told_once_a_second_and_silence_every_half_minute(bench: LineBench) -> None:
    assert len(bench.told) == 1
    bench.now += 1
    bench.scan(BADGE, TICKET, seconds=0.3)
    for _ in range(20):
        bench.now += 0.1
        bench.step()
    assert 2 <= len(bench.told) <= 4 and [work.running for work in bench.told[-1].stations[0].work] == [True]
    count = len(bench.told)
    for _ in range(10):
        bench.now += limits.LINE_TELL_SECONDS / 10
        bench.step()
    assert len(bench.told) == count + 1
    wake = bench.loop.step([], bench.instant())
    assert wake is not None and wake <= bench.now + limits.LINE_TELL_SECONDS, "the loop wakes for it by itself"


def test_what_is_heard_is_shown_and_leaves_no_record(bench: LineBench) -> None:
    before, state = len(bench.records()), bench.keeping.floor.to_json()
    call = {"call_type": "quality", "name": "质量", "impact": "stop", "elapsed_seconds": 5.0}
    work = {"operation": "WO-1001-10", "good": 40}
    bench.hear(stations=[{"station": "Z9", "work": [work], "calls": [call]}], counts=[["WO-1001-10", 40, 0]])
    bench.now += 1
    bench.step()
    view = bench.views[-1]
    line, page = line_content(view), station_content(view, "S1", {})
    assert line is not None and page is not None
    row = next(each for each in line["stations"] if each["station"] == "Z9")
    assert (row["presence"], row["work"][0]["good"], row["calls"][0]["zh"]) == ("there", 40, "质量")
    assert (page["line"]["calls"], page["line"]["call"]["station"]) == (1, "Z9")
    assert len(bench.records()) == before and bench.keeping.floor.to_json() == state
    assert bench.keeping.floor.reported("WO-1001-10") == (0, 0)
    again = bench.again()
    assert not again.keeping.hearsay.neighbours, "a new start has heard nobody"
    again.close()


def test_what_is_not_taken_is_one_record_a_minute(bench: LineBench) -> None:
    for _ in range(20):
        bench.hear(gateway="gw3")
        bench.now += 1
    told = [json.loads(record.content) for record in bench.records()]
    found = [each["data"] for each in told if each["type"] == "limit.reached"]
    assert [(each["limit"], each["count"]) for each in found] == [("hearsay", 1)]
    bench.now += 60
    bench.step(LineSpoke())
    newest = json.loads(bench.records()[-1].content)["data"]
    assert (newest["limit"], newest["count"]) == ("hearsay", 19)


def test_without_a_broker_nothing_is_told_and_the_page_has_our_own(bench: LineBench) -> None:
    bench.line.config = parse(CONFIG.replace('host = "localhost"', ""))
    bench.now += 1_000
    bench.scan(BADGE)
    count = len(bench.told)
    assert bench.line.wake() is None and count == 1
    line = bench.line.view(bench.keeping, bench.instant(), "disk_full")
    own = next(each for each in line.stations if each.station == "S1")
    assert (own.presence, own.as_of, own.refusing, len(own.people)) == ("own", None, "disk_full", 1)
