"""Corrected times against the truth: any sequence of boots, jumps, drift, synchronisation, exchanges and their faults.

The gateway's side is the production clock on simulated kernel clocks; the server's side is the production ingest and
fold on a real database. The server's own clock is the true time (I9).
"""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select

from central.config import CentralConfig
from central.database import Database
from central.ingest import ingest
from central.models import Happening as Row
from central.opening import open_database
from central.projector import catch_up_all
from central.times import DRIFT
from floor.events import DeviceFound, Happening, encode
from gateway.clock import ERROR_SECONDS_MAX, MachineClock
from sync.wire import Batch
from tests.central.card import Card
from tests.central.conftest import enrol_gateway

KERNEL_GROWTH = 500e-6
"""How fast the kernel's own error bound grows after the last word of an NTP server."""
numbers = itertools.count()


class World:
    """One gateway and its server. `now` is the truth."""

    def __init__(self, database: Database, tells_answers: bool = True) -> None:
        self.database = database
        self.tells_answers = tells_answers
        self.now = 1_800_000_000.0
        self.card = Card(f"g{next(numbers)}")
        enrol_gateway(database, self.card.name)
        self.truth: dict[tuple[str, float], float] = {}
        self.late: list[Batch] = []
        self.boots = 0
        self.boot(0.0, 0.0, 0.0)

    # -- the machine ----------------------------------------------------------------------------------------------

    def boot(self, off_seconds: float, drift: float, wall: float) -> None:
        """Power back after a while: no battery clock, so the wall clock begins anywhere."""
        self.now += off_seconds
        self.boots += 1
        self.began, self.drift = self.now, drift
        self.set_wall(wall)
        self.start()

    def start(self) -> None:
        """A process."""
        self.answered = 0.0
        self.card.start()
        self.clock = MachineClock(
            f"boot-{self.boots}",
            boottime=self.boottime,
            wall=lambda: self.set_to + self.boottime() - self.set_at,
            synchronised=lambda: (self.now - self.heard) * KERNEL_GROWTH <= ERROR_SECONDS_MAX,
        )

    def boottime(self) -> float:
        """CLOCK_BOOTTIME, with a crystal that is too fast or too slow."""
        return (self.now - self.began) * (1 + self.drift)

    def set_wall(self, wall: float) -> None:
        """By hand, or to what was saved at some time: nothing vouches for it."""
        self.set_to, self.set_at, self.heard = wall, self.boottime(), -math.inf

    def synchronise(self, error: float) -> None:
        """By an NTP server."""
        self.set_wall(self.now + error)
        self.heard = self.now

    # -- the gateway ----------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """A record."""
        self.now += 0.001
        instant = self.clock()
        self.card.keep_text(encode(Happening(DeviceFound(device="x"), "S1", instant, 1), "2026-01-01T00:00:00Z"))
        self.truth[instant.boot, round(instant.boottime, 6)] = self.now

    def exchange(self, there: float, back: float, fate: str) -> None:
        """An offer. Its request may come after the gateway has given it up, its answer may be lost."""
        status: dict[str, object] = {"bootid": self.clock.boot, "boottime": self.boottime()}
        if self.tells_answers:
            status["answered"] = self.answered
        batch = self.card.batch(100).model_copy(update={"status": status})
        self.now += there
        if fate == "late":
            self.late.append(batch)
            return
        receipt = ingest(self.database, self.card.name, batch, self.now)
        self.now += back
        if fate == "good":
            self.answered = receipt.server_time
            self.card.believe(receipt)

    def deliver(self) -> None:
        """A request that was under way all the time."""
        if self.late:
            ingest(self.database, self.card.name, self.late.pop(0), self.now)

    # -- what must hold -------------------------------------------------------------------------------------------

    def judge(self) -> int:
        """How many records have a bound; each is within it."""
        catch_up_all(self.database)
        with self.database.read() as session:
            rows = session.scalars(select(Row).where(Row.gateway == self.card.name).order_by(Row.position)).all()
        bounded = 0
        for row in rows:
            truth = self.truth[row.boot, round(row.boottime, 6)]
            if row.error_seconds is None:
                assert row.clock == "unsynchronised"
                continue
            bounded += 1
            assert row.wall is not None
            assert abs(row.wall - truth) <= row.error_seconds + 1e-3, (row.clock, row.wall - truth, row.error_seconds)
        # The page's order is that of the log, which within an epoch is that of its numbers, whatever any clock said.
        happened = [self.truth[row.boot, round(row.boottime, 6)] for row in rows]
        assert happened == sorted(happened)
        return bounded


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("clocks")
    opened = open_database(CentralConfig.model_validate({"folder": folder, "port": 0}))
    yield opened
    opened.close()


WALLS = some.sampled_from([0.0, 1_600_000_000.0, 1_799_999_000.0, 2_100_000_000.0])
DELAYS = some.sampled_from([0.002, 0.3, 4.0])
VALUES: dict[str, tuple[some.SearchStrategy[object], ...]] = {
    "keep": (),
    "wait": (some.sampled_from([0.01, 1.0, 60.0, 3_000.0, 40_000.0, 2_592_000.0]),),
    "exchange": (DELAYS, DELAYS, some.sampled_from(["good", "good", "good", "good", "lost", "late"])),
    "set_wall": (WALLS,),
    "synchronise": (some.floats(-0.3, 0.3),),
    "boot": (some.sampled_from([5.0, 90_000.0]), some.floats(-DRIFT, DRIFT), WALLS),
    "start": (),
    "deliver": (),
}
NAMES = [*VALUES, *["keep", "wait"] * 4, *["exchange"] * 8]
"""Most of the time a station keeps, waits and sends; the rest is what makes it hard."""
ACT = some.sampled_from(NAMES).flatmap(lambda name: some.tuples(some.just(name), *VALUES[name]))
ACTS = some.lists(ACT, min_size=8, max_size=40)
DRIFTS = some.sampled_from([-DRIFT, DRIFT, 0.0, DRIFT / 3])


def live(world: World, acts: list[tuple[object, ...]]) -> None:
    """The acts in order, judged after each exchange."""
    for name, *values in acts:
        if name == "wait":
            world.now += float(str(values[0]))
        else:
            getattr(world, str(name))(*values)
        if name in ("exchange", "deliver"):
            world.judge()
    world.judge()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(drift=DRIFTS, acts=ACTS)
def test_a_stated_bound_holds(plant: Database, drift: float, acts: list[tuple[object, ...]]) -> None:
    world = World(plant)
    world.drift = drift
    live(world, acts)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(drift=DRIFTS, acts=ACTS)
def test_it_holds_for_an_earlier_release_on_a_network_that_loses_nothing(
    plant: Database, drift: float, acts: list[tuple[object, ...]]
) -> None:
    """0.1.0 does not say which answer it had, so the bound rests on each answer arriving."""
    world = World(plant, tells_answers=False)
    world.drift = drift
    live(world, [act for act in acts if "late" not in act and "lost" not in act])


def test_a_month_without_time_is_known_to_minutes_and_the_last_hour_to_seconds(plant: Database) -> None:
    world = World(plant)
    world.drift = DRIFT
    for _ in range(30):
        world.keep()
        world.now += 86_400
    world.keep()
    world.exchange(0.1, 0.1, "good")
    assert world.judge() == 0, "one exchange has no earlier bound"
    world.exchange(0.1, 0.1, "good")
    assert world.judge() == 31
    with plant.read() as session:
        rows = session.scalars(select(Row).where(Row.gateway == world.card.name).order_by(Row.position)).all()
    errors = [row.error_seconds for row in rows if row.error_seconds is not None]
    assert 300 < errors[0] < 600 and errors[-1] < 1
    assert errors == sorted(errors, reverse=True)


def test_a_late_request_does_not_make_a_bound_that_fails(plant: Database) -> None:
    """The gateway gave it up and read its clock again; the server saw it only then."""
    world = World(plant)
    world.exchange(0.1, 0.1, "good")
    world.exchange(0.1, 0.1, "late")
    world.keep()
    status = {"bootid": world.clock.boot, "boottime": world.boottime(), "answered": world.answered}
    given_up = world.card.batch().model_copy(update={"status": status})
    world.now += 20
    world.deliver()
    world.now += 0.5
    ingest(plant, world.card.name, given_up, world.now)
    assert world.judge() == 1


def test_a_clock_whose_network_is_gone_stops_vouching(plant: Database) -> None:
    world = World(plant)
    world.drift = DRIFT
    world.synchronise(0.3)
    seen = []
    for _ in range(40):
        world.now += 600
        seen.append(world.clock().synchronised)
    assert seen[:3] == [True] * 3 and not any(seen[4:])


def test_a_step_is_seen_at_once(plant: Database) -> None:
    """The flag is asked every five seconds only, and at once after a step."""
    world = World(plant)
    world.synchronise(0.0)
    assert world.clock().synchronised
    world.now += 0.5
    world.set_wall(0.0)
    assert not world.clock().synchronised


@pytest.mark.parametrize("drift", [-DRIFT, DRIFT])
def test_an_anchor_of_last_month_is_not_taken_for_one_of_today(plant: Database, drift: float) -> None:
    world = World(plant)
    world.drift = drift
    for _ in range(3):
        world.exchange(0.1, 0.1, "good")
    world.now += 2_592_000
    world.keep()
    world.exchange(0.1, 0.1, "lost")
    assert world.judge() == 1
