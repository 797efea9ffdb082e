"""Cards that lie, fail in one call, run full and turn read-only, under the real gateway process (I1, I11)."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from simulation.lossy_mount import LossyMount
from simulation.processes import ProcessDied, wait_for
from tests.faults.counts import times
from tests.faults.loop_card import MEBIBYTE, LoopCard
from tests.faults.office import Office
from tests.faults.oracle import Oracle
from tests.faults.power import PowerCuts
from tests.faults.station import Station, kept_records, read_card
from tests.tier_run import FaultRow

NewStation = Callable[..., Station]
pytestmark = [pytest.mark.faults, pytest.mark.root, pytest.mark.process]

LIE_OPERATIONS = 64
LYING_CUTS = 20
WHOLE_CUTS = 40
FAILED_CALLS = 12
FULL_CYCLES = 10
READ_ONLY_CYCLES = 10
SHUTDOWNS = 60
FAILING_CALLS = [
    ("fsync", "EIO", 16),
    ("write", "EIO", 80),
    ("write", "ENOSPC", 80),
    ("create", "ENOSPC", 0),
    ("read", "EIO", 6),
]
"""The call, what it answers, and how many go well before at the most."""


@pytest.fixture
def loop_card(tmp_path: Path) -> Iterator[LoopCard]:
    card = LoopCard(tmp_path / "card.img", tmp_path / "card")
    card.mount()
    yield card
    card.close()


@pytest.fixture
def station(tmp_path: Path, new_station: NewStation) -> Station:
    return new_station(tmp_path / "gateway", tmp_path / "card" / "data")


@pytest.mark.timeout(600)
def test_power_cuts_with_screen_and_server(
    tmp_path: Path, office: Office, new_station: NewStation, row: FaultRow
) -> None:
    """Everything on: station page, and a server that takes records while the power goes."""
    home = tmp_path / "gateway"
    station = new_station(home, home / "card", "whole", central_url=office.url, screen=True)
    cuts = PowerCuts(station, home / "image", random.Random(5))
    with LossyMount(cuts.image, station.data) as card:
        office.enrol("whole", station.data)
        station.start()
        station.sign_in()
        station.kill()
        card.ask("settle")
        card.cut("keep", 0)
    for _ in range(times(WHOLE_CUTS)):
        cuts.cycle()
    assert cuts.faults == []
    station.data = cuts.image
    station.write_config()
    station.start()
    office.wait_for_all(station)
    assert station.stop() == 0
    outcome = "station page on, server taking records meanwhile; each beeped label once on the card and at the server"
    row.write("power cut with everything on", times(WHOLE_CUTS), outcome, **station.oracle.result())


@pytest.mark.timeout(900)
def test_a_card_that_lies_about_flushing_is_found_out(
    tmp_path: Path, office: Office, new_station: NewStation, row: FaultRow
) -> None:
    """P3: not promised, but never silent. The station refuses a damaged card; the server sees one that forgot."""
    cards: list[Station] = []
    seen: Counter[str] = Counter()
    for number in range(times(LYING_CUTS)):
        home = tmp_path / f"gateway{number}"
        oracle = Oracle(f"T-L{number}-")
        station = new_station(home, home / "card", f"liar{number}", central_url=office.url, oracle=oracle)
        cards.append(station)
        seen[lying_cut(station, home / "image", office, number)] += 1
    assert seen["silent"] == 0, seen
    assert seen["forgot, and the server raised an alarm"] + seen["damaged, and the station refuses aloud"] > 0, seen
    results = [station.oracle.result() for station in cards]
    total = {key: sum(each[key] for each in results) for key in results[0]}
    held = set(office.labels())
    saved = sum(label in held for station in cards for label in station.oracle.lost)
    said = "; ".join(f"{count} x {what}" for what, count in sorted(seen.items()))
    outcome = f"not promised, and shown: {said}; {saved} of the lost were at the server already"
    row.write("a card that answers flushes it has not done", len(cards), outcome, expected_loss=True, **total)


def lying_cut(station: Station, image: Path, office: Office, seed: int) -> str:
    """One power cut of a lying card whose records were at the server already; what a person is shown afterwards."""
    with LossyMount(image, station.data, "--lie", str(LIE_OPERATIONS)) as card:
        office.enrol(station.name, station.data)
        station.start()
        wait_for("the first snapshot", lambda: office.count(station.name) > 0)
        card.ask("settle")
        station.sign_in()
        for _ in range(8):
            station.scan(3)
        wait_for("all of them", lambda: office.count(station.name) >= kept_records(station.data))
        station.kill()
        card.cut(random.Random(seed).choice(("drop", "prefix", "subset")), seed)
    before = set(office.alarms_of(station.name))
    station.data = station.home / "after"
    shutil.copytree(image, station.data)
    try:
        faults, found = read_card(station.data)
        lost = station.oracle.judge(found)
    except (GatewayError, sqlite3.DatabaseError, ValueError, KeyError) as error:
        faults, lost = [str(error)], station.oracle.judge([])
    station.write_config()
    station.start()
    try:
        signals = station.scan()
        if signals == ["unkept"]:
            return "damaged, and the station refuses aloud"
        wait_for("the next exchange", lambda: office.count_epochs(station.name) > 1)
        if not lost and not faults:
            return "nothing was lost"
        try:
            # What a record tells is an alarm once the record is folded, a moment after it was taken.
            wait_for("an alarm", lambda: bool(set(office.alarms_of(station.name)) - before))
        except ProcessDied:
            return "silent"
    finally:
        station.kill()
    return "forgot, and the server raised an alarm"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("call", "number", "after_max"), FAILING_CALLS)
def test_one_call_of_the_card_fails(
    tmp_path: Path, call: str, number: str, after_max: int, new_station: NewStation, row: FaultRow
) -> None:
    """A fault that comes once: the station refuses aloud or does not notice, goes on by itself, and lost nothing."""
    home, chance, refused = tmp_path / "gateway", random.Random(call), 0
    station = new_station(home, home / "card", "fails", oracle=Oracle(f"T-{call}{number}-"))
    cuts = PowerCuts(station, home / "image", chance)
    cuts.sign_in()
    hits = 0
    for _ in range(times(FAILED_CALLS)):
        # SQLite makes its shared memory anew at the next start: the one file that is created then.
        (cuts.image / "journal.sqlite-shm").unlink(missing_ok=True)
        with LossyMount(cuts.image, station.data) as card:
            try:
                # From the opening of the journal to the last scan.
                card.ask("fail", call=call, errno=number, after=chance.randint(0, after_max))
                station.start()
                refused += sum(station.scan() != ["kept"] for _ in range(12))
                hits += card.ask("stats").get("failed", 0)
                card.ask("heal")
                station.scan_until("kept")
            finally:
                station.kill()
            # Linux forgets pages whose flush failed: nothing that was not flushed may be counted on.
            card.cut("drop", 0)
        cuts.look()
    assert cuts.faults == []
    station.oracle.assert_kept()
    assert hits > 0
    outcome = f"met {hits} times, {refused} scans refused aloud; went on by itself; journal whole after a cut"
    row.write(f"{number} on one {call}", times(FAILED_CALLS), outcome, **station.oracle.result())


@pytest.mark.timeout(300)
def test_ext4_full_refuses_aloud_and_goes_on(loop_card: LoopCard, station: Station, row: FaultRow) -> None:
    station.start()
    station.sign_in()
    refused = 0
    for _ in range(times(FULL_CYCLES)):
        station.scan_kept(5)
        filler = loop_card.fill(left_bytes=4 * MEBIBYTE)
        assert [station.scan() for _ in range(5)] == [["unkept"]] * 5, station.process.tail()
        refused += 5
        filler.unlink()
        station.scan_until("kept")
    assert station.stop() == 0
    station.judge()
    station.oracle.assert_kept()
    outcome = f"{refused} scans refused aloud, none pretended; went on by itself when there was room"
    row.write("ext4 on a loop device full", times(FULL_CYCLES), outcome, **station.oracle.result())


@pytest.mark.timeout(300)
def test_ext4_without_a_free_byte(loop_card: LoopCard, tmp_path: Path, new_station: NewStation, row: FaultRow) -> None:
    """The admission stop is off: SQLite itself meets the end of the disk in the middle of a commit."""
    station = new_station(tmp_path / "gateway", tmp_path / "card" / "data", settings={"free_bytes_min": 0})
    station.start()
    station.sign_in()
    for _ in range(times(FULL_CYCLES)):
        # Whoever else fills the card takes the ballast too, as soon as the station gives it back.
        while station.scan(5)[-1] != "unkept":
            filler = loop_card.fill()
        filler.unlink()
        station.scan_until("kept")
    assert station.stop() == 0
    station.judge()
    station.oracle.assert_kept()
    outcome = "the commit that met the end was refused aloud; the ballast freed, went on by itself"
    row.write("ext4 without a free byte", times(FULL_CYCLES), outcome, **station.oracle.result())


@pytest.mark.timeout(300)
def test_ext4_read_only_refuses_aloud_and_goes_on(loop_card: LoopCard, station: Station, row: FaultRow) -> None:
    """The process lives through it: it lets go of the card, which is repaired and mounted again beneath it."""
    station.start()
    station.sign_in()
    refused = 0
    for _ in range(times(READ_ONLY_CYCLES)):
        station.scan_kept(5)
        loop_card.turn_read_only()
        assert [station.scan() for _ in range(5)] == [["unkept"]] * 5, station.process.tail()
        refused += 5
        loop_card.unmount()
        loop_card.repair()
        loop_card.mount()
        station.scan_until("kept")
        assert station.process.alive
    station.kill()
    station.judge()
    station.oracle.assert_kept()
    outcome = f"{refused} scans refused aloud; went on without a restart once repaired and mounted again"
    row.write("ext4 turned read-only by an error", times(READ_ONLY_CYCLES), outcome, **station.oracle.result())


@pytest.mark.timeout(600)
def test_power_cuts_of_a_real_ext4(loop_card: LoopCard, station: Station, row: FaultRow) -> None:
    chance = random.Random(9)
    station.start()
    station.sign_in()
    for _ in range(times(SHUTDOWNS)):
        for _ in range(chance.randint(1, 6)):
            station.scan(chance.randint(1, 4))
        station.send(*station.oracle.next(3))
        loop_card.cut()
        station.kill()
        loop_card.unmount()
        loop_card.mount()
        station.judge()
        station.start()
    station.oracle.assert_kept()
    outcome = "file system stopped at once without flushing, its journal replayed; nothing lost"
    row.write("power cut of a real ext4", times(SHUTDOWNS), outcome, **station.oracle.result())
