"""A call that waits goes up its tiers: each once, in order, over reboots, by a time that is not made up (N03)."""

import random
import shutil
from pathlib import Path

import pytest

from devices.types import Signal
from floor.events import AndonEscalated, Instant, decode
from floor.example import example_plant
from floor.master import MasterData
from gateway.elapsed import Elapsed
from gateway.floor_state import Floor
from gateway.screen.inputs import PageCall
from gateway.station import wake
from tests.gateway.floor_desk import Bench, small_plant
from tests.gateway.station import Bench as RealBench

TIERS = [
    {"call_type": "quality", "tier": 1, "minutes": 5, "owner": "班组长"},
    {"call_type": "quality", "tier": 2, "minutes": 15, "owner": "车间主任"},
    {"call_type": "quality", "tier": 3, "minutes": 30, "owner": "厂长"},
]


def plant() -> MasterData:
    return MasterData.model_validate({**small_plant().model_dump(), "call_tiers": TIERS})


def told(bench: Bench) -> list[AndonEscalated]:
    return [each.event for _, each in bench.kept if isinstance(each.event, AndonEscalated)]


def test_each_tier_once_when_its_minutes_are_over() -> None:
    bench = Bench(master=plant())
    bench.press("quality")
    assert wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master) == bench.now + 300
    assert bench.step(299.0) is None
    decision = bench.step(1.0)
    assert decision is not None and decision.signal is Signal.ESCALATED
    assert decision.message.key == "escalated" and decision.message.values["owner"] == "班组长"
    assert bench.step(0.0) is None
    bench.step(3600.0)
    bench.step(0.0)
    assert bench.step(0.0) is None
    assert [(each.tier, each.owner, each.elapsed_seconds) for each in told(bench)] == [
        (1, "班组长", 300.0),
        (2, "车间主任", 3900.0),
        (3, "厂长", 3900.0),
    ]
    assert wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master) is None


@pytest.mark.parametrize("end", ["B-LEE", "office", "cancel"])
def test_a_call_that_is_taken_goes_no_further(end: str) -> None:
    bench = Bench(master=plant())
    identity = bench.press("quality").desk.recent[0].identity or next(iter(bench.state.calls))
    bench.step(300.0)
    if end == "office":
        bench.fact("call.acknowledged", call=next(iter(bench.state.calls)), person="lee")
    elif end == "cancel":
        bench.press("quality", long=True)
    else:
        bench.scan(end)
    assert bench.step(7200.0) is None
    assert len(told(bench)) == 1 and identity


def test_other_types_have_no_tiers() -> None:
    bench = Bench(master=plant())
    bench.press("material")
    assert bench.step(7200.0) is None


def test_a_call_from_before_a_reboot_goes_up_though_nothing_else_happens() -> None:
    bench = Bench(master=plant(), synchronised=False)
    bench.press("quality")
    bench.boot, bench.now = "boot-2", 30.0
    assert wake(bench.state, bench.desk, bench.instant, bench.rules, bench.master) == 300.0
    decision = bench.step(270.0)
    assert decision is not None
    (event,) = told(bench)
    assert (event.elapsed_seconds, event.uncertain) == (300.0, True)


@pytest.mark.parametrize(
    ("before", "after", "gap", "uncertain"),
    [(True, True, 600.0, False), (True, False, 20.0, True), (False, True, 20.0, True), (False, False, 20.0, True)],
)
def test_a_gap_counts_only_where_both_clocks_were_right(before: bool, after: bool, gap: float, uncertain: bool) -> None:
    began = Elapsed(0.0, 100.0, "one")
    last = Instant("one", 160.0, 5_000.0, before)
    now = Instant("two", 20.0, 5_600.0, after)
    found = began.at(last, now)
    assert (found.seconds, found.since, found.boot, found.uncertain) == (60.0 + gap, 20.0, "two", uncertain)
    assert found.at(now, Instant("two", 50.0, 0.0, False)).seconds == 90.0 + gap
    assert began.at(Instant("one", 160.0, 9_000.0, True), Instant("two", 1.0, 8_000.0, True)).uncertain, "it went back"


def test_a_folded_state_of_the_release_before_is_read() -> None:
    bench = Bench(master=plant())
    bench.press("quality")
    bench.step(300.0)
    text = bench.state.to_json()
    assert Floor.from_json(text).to_json() == text
    (call,) = Floor.from_json(text).calls.values()
    assert (call.tier, call.owner, call.elapsed.boot) == (1, "班组长", "boot-1")
    whole = Floor.from_json(text.replace('"waiting"', '"old_waiting"').replace('"last"', '"old_last"'))
    assert next(iter(whole.calls.values())).tier == 0


def escalations(bench: RealBench) -> list[AndonEscalated]:
    happenings = [decode(each.content).event for each in bench.records() if '"andon.escalated"' in each.content]
    return [each for each in happenings if isinstance(each, AndonEscalated)]


@pytest.mark.parametrize("seed", range(5))
def test_tiers_over_ten_random_reboots_and_cuts(seed: int, tmp_path: Path) -> None:
    """Fifty reboots and cuts in all: the card is taken away at any moment, and goes on in another boot."""
    chance = random.Random(seed)
    with_tiers = MasterData.model_validate({**example_plant().model_dump(), "call_tiers": TIERS})
    bench = RealBench(tmp_path / "0")
    bench.keeping.master = with_tiers
    bench.step(PageCall("S1", "quality", False))
    for number in range(1, 11):
        for _ in range(chance.randrange(1, 6)):
            bench.now += chance.uniform(0.0, 90.0)
            bench.step()
        copy = tmp_path / str(number)
        shutil.copytree(bench.folder, copy)
        bench.close()
        bench = RealBench(copy, boot=f"boot-{number + 1}", at=chance.uniform(5.0, 60.0))
        bench.keeping.master = with_tiers
    for _ in range(40):
        bench.now += 60.0
        bench.step()
    found = escalations(bench)
    assert [each.tier for each in found] == [1, 2, 3]
    assert all(each.elapsed_seconds >= minutes * 60 - 0.01 for each, minutes in zip(found, (5, 15, 30), strict=True))
    bench.close()


NINE = [{"call_type": "quality", "tier": tier, "minutes": 4 * tier, "owner": f"第 {tier} 级"} for tier in range(1, 10)]


class Cuts:
    """A station whose card is taken away in mid-life, again and again, and goes on in another machine, or the same.

    Nobody ever answers: there is no server. A cut leaves on the card what was flushed, as a copy of its files has it;
    nothing is closed first.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.master = MasterData.model_validate({**example_plant().model_dump(), "call_tiers": NINE})
        self.cuts = 0
        self.bench = self._started(folder / "0", 1000.0)

    def _started(self, card: Path, at: float) -> RealBench:
        bench = RealBench(card, boot=f"boot-{self.cuts}", at=at)
        bench.keeping.master = self.master
        return bench

    def live(self, seconds: float) -> None:
        """So long, in steps as the loop asks for them or a little late, with scans in between."""
        until = self.bench.now + seconds
        while self.bench.now < until:
            self.bench.now = min(until, self.bench.now + self.chance.uniform(0.5, 40.0))
            self.bench.step()
            if self.chance.random() < 0.2:
                self.bench.scan(self.chance.choice(["B-P02", "B-P03", "hello"]), seconds=0.0)

    def cut(self) -> None:
        """The power goes now; the machine is back a while later, in another boot, by a clock that went back."""
        self.cuts += 1
        card = self.folder / str(self.cuts)
        shutil.copytree(self.bench.folder, card)
        self.bench.close()
        shutil.rmtree(self.bench.folder)
        self.bench = self._started(card, self.chance.uniform(1.0, 90.0))


@pytest.mark.parametrize("seed", range(3))
def test_each_tier_fires_once_across_fifty_random_reboots_and_cuts_with_the_server_away(
    seed: int, tmp_path: Path
) -> None:
    """N03. One call, nine tiers, fifty cuts at random moments, many of them right beside a tier's instant."""
    life = Cuts(tmp_path, seed)
    life.bench.step(PageCall("S1", "quality", False))
    fired: list[int] = []
    for number in range(50):
        if number % 3 == 0 and (due := life.bench.keeping.wake(life.bench.instant())) is not None:
            # Just before, at, or just after the instant at which something is due.
            life.bench.now = max(life.bench.now, due + life.chance.choice([-0.5, 0.0, 0.0, 0.5]))
            life.bench.step()
        life.live(life.chance.uniform(0.0, 75.0))
        fired.append(len(escalations(life.bench)))
        life.cut()
    assert len(set(fired)) >= 6, "tiers fire among the cuts, not all before or after them"
    life.live(36 * 60.0)
    found = escalations(life.bench)
    assert [each.tier for each in found] == list(range(1, 10))
    assert len({each.call for each in found}) == 1
    for each in found:
        assert each.elapsed_seconds >= each.tier * 240 - 0.01, "no tier comes before its time"
    assert life.cuts == 50
    life.bench.close()
