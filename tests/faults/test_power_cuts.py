"""Power cuts on a file system that forgets, tears and reorders what was not flushed (I1)."""

import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.counts import times
from tests.faults.office import Office, drain
from tests.faults.oracle import Oracle
from tests.faults.power import PowerCuts
from tests.faults.station import Station
from tests.tier_run import FaultRow

pytestmark = [pytest.mark.faults, pytest.mark.root, pytest.mark.process]

CUTS_PER_CARD = 250
CARDS = 4
WEAK_CUTS = 60


def cuts_on(
    new_station: Callable[..., Station], folder: Path, name: str, seed: int, command: tuple[str, ...] = ()
) -> PowerCuts:
    station = new_station(folder, folder / "card", name, command=command, oracle=Oracle(f"T-P{seed}"))
    return PowerCuts(station, folder / "image", random.Random(seed))


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("card", range(CARDS))
def test_power_cuts_lose_nothing_that_was_beeped(
    tmp_path: Path, office: Office, new_station: Callable[..., Station], card: int, row: FaultRow
) -> None:
    cuts = cuts_on(new_station, tmp_path / "gateway", f"card{card}", card)
    cuts.sign_in()
    for _ in range(times(CUTS_PER_CARD)):
        cuts.cycle()
    station = cuts.station
    assert cuts.faults == []
    station.oracle.assert_kept()
    assert len(station.oracle.kept) > times(CUTS_PER_CARD), "the cuts must leave room for scans"
    assert cuts.unflushed > 0, "a card on which nothing was ever unflushed proves nothing"
    # What the last cut left, on a card that keeps what it is given.
    station.data = cuts.image
    drain(station, office)
    assert station.judge() == 0
    row.write(
        "power cut: unflushed writes dropped, torn or reordered",
        times(CUTS_PER_CARD),
        f"journal whole after each cut; {cuts.unflushed:,} unflushed writes were at stake; then drained, counted once",
        **station.oracle.result(),
    )


@pytest.mark.timeout(600)
def test_without_flushing_the_same_cuts_lose(
    tmp_path: Path, new_station: Callable[..., Station], row: FaultRow
) -> None:
    command = (sys.executable, "-m", "tests.faults.weak_gateway")
    cuts = cuts_on(new_station, tmp_path / "gateway", "weak", 77, command)
    cuts.sign_in()
    for _ in range(times(WEAK_CUTS)):
        cuts.cycle()
    assert cuts.cuts_with_loss > 0, "the lab must see a loss where there is one"
    assert cuts.station.oracle.doubled == set()
    row.write(
        "control: the same cuts with synchronous=NORMAL",
        times(WEAK_CUTS),
        f"loses, as it must: in {cuts.cuts_with_loss} cuts; so the lab sees losses",
        expected_loss=True,
        **cuts.station.oracle.result(),
    )
