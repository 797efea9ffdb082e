"""A damaged journal is made anew: everything readable keeps its identity, each hole has a `lost` record (G7)."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from floor.events import JournalSalvaged, decode
from gateway import salvage as salvaging
from gateway.errors import JournalCorrupt
from gateway.journal import FILE_NAME, Journal
from gateway.journal_reader import LOST_BEGINNING, JournalReader, check
from gateway.journal_upkeep import checkpoint_state, checkpoint_wal, prune
from gateway.limits import DAMAGED_JOURNALS_MAX
from gateway.salvage import BUILDING_NAME, READY_NAME, damaged_folders, is_damage, suspect
from gateway.witness import FILE_NAME as WITNESS_NAME
from gateway.witness import Witness
from sync.wire import StreamReceipt
from tests.gateway.station import BADGE, TICKET, Bench

LOG_NAME = f"{FILE_NAME}-wal"
PAGE_BYTES = 4_096
RECORDS_AN_EPOCH = 120

Kept = dict[tuple[str, int], str]
Damage = Callable[[Path, random.Random], None]


def opened(folder: Path) -> Journal:
    journal = Journal(folder, "gw1", free_bytes_min=0, ballast_bytes=0)
    journal.open()
    return journal


def text(number: int) -> str:
    """Most are as long as a report; one in forty needs pages of its own."""
    filling = "x" * (6_000 if number % 40 == 7 else number % 300)
    return json.dumps({"type": "test.made", "subject": "S1", "n": number, "filling": filling}, separators=(",", ":"))


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Kept]:
    """A card as a power cut leaves it: three epochs, the first partly pruned, the newest records in the log only."""
    folder = tmp_path_factory.mktemp("card") / "live"
    kept: Kept = {}
    for life in range(3):
        journal = opened(folder)
        for start in range(0, RECORDS_AN_EPOCH, 4):
            with journal.group() as group:
                for number in range(start, start + 4):
                    group.append(text(1_000 * life + number))
                group.remember("facts_last", str(start))
            kept |= {(each.epoch, each.seq): each.digest for each in group.records}
        if life == 0:
            checkpoint_state(journal, json.dumps({"state": "s" * 9_000}))
            (epoch,) = {each.epoch for each in group.records}
            journal.believe((StreamReceipt(epoch=epoch, mark=100, safe=50),), 1.0, "server-1")
            journal.flush()
            while prune(journal, (), "central"):
                pass
        if life < 2:
            checkpoint_wal(journal)
            journal.close()
    copy = folder.with_name("card")
    shutil.copytree(folder, copy)
    journal.close()
    return copy, kept


def flipped(name: str, count: int) -> Damage:
    def damage(folder: Path, chance: random.Random) -> None:
        path = folder / name
        raw = bytearray(path.read_bytes())
        for _ in range(count):
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        path.write_bytes(raw)

    return damage


def cut_short(name: str) -> Damage:
    def damage(folder: Path, chance: random.Random) -> None:
        path = folder / name
        with path.open("r+b") as file:
            file.truncate(chance.randrange(path.stat().st_size))

    return damage


def overwritten(name: str, size: int, content: bytes | None) -> Damage:
    def damage(folder: Path, chance: random.Random) -> None:
        path = folder / name
        at = chance.randrange(max(1, path.stat().st_size // size)) * size
        with path.open("r+b") as file:
            file.seek(at)
            file.write(bytes(size) if content is None else content)

    return damage


def emptied(folder: Path, _: random.Random) -> None:
    (folder / FILE_NAME).write_bytes(b"")


def gone(folder: Path, _: random.Random) -> None:
    (folder / FILE_NAME).unlink()
    (folder / LOG_NAME).unlink()


def without_log(folder: Path, _: random.Random) -> None:
    (folder / LOG_NAME).unlink()


def headless(folder: Path, _: random.Random) -> None:
    with (folder / FILE_NAME).open("r+b") as file:
        file.write(b"\xff" * 100)


def nonsense_beside(folder: Path, chance: random.Random) -> None:
    (folder / f"{FILE_NAME}-shm").write_bytes(chance.randbytes(32_768))


DAMAGES: dict[str, tuple[Damage, int]] = {
    "a bit of the database": (flipped(FILE_NAME, 1), 25),
    "bits of the database": (flipped(FILE_NAME, 40), 8),
    "a bit of the log": (flipped(LOG_NAME, 1), 25),
    "bits of the log": (flipped(LOG_NAME, 40), 8),
    "the database cut short": (cut_short(FILE_NAME), 8),
    "the log cut short": (cut_short(LOG_NAME), 15),
    "a page of zeroes": (overwritten(FILE_NAME, PAGE_BYTES, None), 15),
    "a sector of zeroes in the log": (overwritten(LOG_NAME, 512, None), 15),
    "an empty database": (emptied, 1),
    "no file at all": (gone, 1),
    "no log": (without_log, 1),
    "no header": (headless, 1),
    "nonsense in the shared memory": (nonsense_beside, 3),
}


def fault_of(folder: Path) -> str:
    try:
        with JournalReader(folder / FILE_NAME) as reader:
            return next(check(reader), "")
    except sqlite3.DatabaseError as error:
        assert is_damage(error)
        return str(error)


def judged(folder: Path, kept: Kept) -> tuple[int, int]:
    """(readable, lost) after the damage was met; fails where a record is neither, or stands for something else."""
    journal = opened(folder)
    if fault := fault_of(folder):
        # Deep in the file: found by the reading of idle moments, and salvaged at the next open.
        journal.close()
        suspect(folder, fault)
        journal = opened(folder)
    assert fault_of(folder) == ""
    with JournalReader(folder / FILE_NAME) as reader:
        found = {(each.epoch, each.seq): each for _, each in reader.walk()}
        floors = {each.epoch: each.floor for each in reader.epochs()}
    readable = lost = 0
    for (epoch, seq), digest in kept.items():
        record = found.pop((epoch, seq), None)
        if record is None:
            # Nothing on the card tells of an epoch at all only where nothing was left of the card.
            assert epoch not in floors or seq <= floors[epoch], f"{epoch}/{seq} is in a hole"
        elif record.digest == digest:
            readable += 1
        else:
            assert record.content.startswith(LOST_BEGINNING)
            lost += 1
    assert not found, "nothing is there that was never kept"
    told = json.loads(journal.settings.get("salvage") or "{}")
    assert told.get("lost", 0) == lost
    newest = max(journal.epochs)
    last = (journal.epochs[newest].epoch, journal.epochs[newest].last)
    with journal.group() as group:
        record = group.append(text(9))
    assert record.seq == 1 and journal.current is not None
    assert (journal.current.previous_epoch, journal.current.previous_last) == last
    journal.close()
    return readable, lost


@pytest.mark.parametrize("name", DAMAGES)
def test_whatever_is_damaged_the_rest_is_kept_and_the_holes_are_named(
    name: str, card: tuple[Path, Kept], tmp_path: Path
) -> None:
    damage, rounds = DAMAGES[name]
    live, kept = card
    pruned = 50
    worst = 0
    for round_ in range(rounds):
        folder = tmp_path / str(round_)
        shutil.copytree(live, folder)
        damage(folder, random.Random(round_))
        readable, lost = judged(folder, kept)
        worst = max(worst, lost)
        if name not in ("no file at all", "no log", "an empty database"):
            # Pages are 4 KiB and hold six records; only a file that is cut loses more than its pages.
            assert name.endswith("cut short") or lost <= 400
            assert readable + lost >= len(kept) - pruned - 1 or name.endswith("cut short")
        if name == "nonsense in the shared memory":
            assert lost == 0 and not damaged_folders(folder)
    if name == "a bit of the log":
        assert worst <= 6, "a log is read frame by frame, not only up to its first fault"


def test_nothing_of_the_damaged_journal_is_changed_and_the_bound_is_kept(
    card: tuple[Path, Kept], tmp_path: Path
) -> None:
    folder = tmp_path / "card"
    shutil.copytree(card[0], folder)
    for number in range(1, DAMAGED_JOURNALS_MAX + 1):
        flipped(FILE_NAME, 200)(folder, random.Random(number))
        (folder / "journal.suspect").write_text("for the test")
        before = (folder / FILE_NAME).read_bytes()
        opened(folder).close()
        assert [each.name for each in damaged_folders(folder)][-1] == f"damaged-{number}"
        assert (damaged_folders(folder)[-1] / FILE_NAME).read_bytes() == before
    (folder / "journal.suspect").write_text("once more")
    with pytest.raises(JournalCorrupt, match="damaged journals are kept"):
        opened(folder)


class Cut(BaseException):
    """The power is gone."""


@pytest.mark.parametrize("step", range(12))
def test_a_salvage_that_is_cut_is_gone_on_from(
    step: int, card: tuple[Path, Kept], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, kept = card
    folder = tmp_path / "card"
    shutil.copytree(live, folder)
    flipped(LOG_NAME, 30)(folder, random.Random(3))
    done = 0

    def counted(act: Callable[..., object]) -> Callable[..., object]:
        def acting(*arguments: object) -> object:
            nonlocal done
            done += 1
            if done == step:
                raise Cut
            return act(*arguments)

        return acting

    with monkeypatch.context() as cutting:
        cutting.setattr(Path, "rename", counted(Path.rename))
        cutting.setattr(salvaging, "flush", counted(salvaging.flush))
        journal = Journal(folder, "gw1", free_bytes_min=0, ballast_bytes=0)
        try:
            journal.open()
        except Cut:
            assert step
        journal.close()
    judged(folder, kept)
    assert not (folder / BUILDING_NAME).exists() and not (folder / READY_NAME).exists()
    assert len(damaged_folders(folder)) == 1


def test_the_first_record_after_a_salvage_tells_of_it_and_the_screen_shows_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE, *(f"T-N{number:03d}" for number in range(30)))
    copy = tmp_path.with_name(f"{tmp_path.name}-copy")
    shutil.copytree(tmp_path, copy)
    bench.close()
    cut_short(LOG_NAME)(copy, random.Random(5))
    again = Bench(copy, boot="boot-2", at=50.0)
    salvaged = [decode(each.content) for each in again.records() if '"journal.salvaged"' in each.content]
    assert len(salvaged) == 1
    event = salvaged[0].event
    assert isinstance(event, JournalSalvaged) and event.lost > 0 and event.ranges and event.folder == "damaged-1"
    again.now += 1
    again.step()
    shown = again.views[-1].doubt
    assert shown is not None and shown.lost == event.lost and shown.since_wall is not None
    assert again.scan(BADGE, TICKET)[-1] is not None and again.views[-1].refusing == ""
    third = again.again()
    assert sum('"journal.salvaged"' in each.content for each in third.records()) == 1, "it is told once"
    third.now += 25 * 3600
    third.scan(TICKET)
    assert third.views[-1].doubt is None, "and shown for a day"
    third.close()


def test_damage_that_is_met_while_running_is_salvaged_at_the_next_try(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE, *(f"T-N{number:03d}" for number in range(10)))
    with sqlite3.connect(bench.journal.path) as other:
        other.execute("UPDATE record SET content = replace(content, 'T-N004', 'T-N444')")
    other.close()
    bench.now += 60
    bench.step()
    bench.now += 1
    bench.step()
    assert bench.storage.reason == "journal_corrupt", "idle moments read the journal again and again"
    bench.now += 5
    bench.step()
    assert bench.storage.reason == ""
    lost = [each for each in bench.records() if each.content.startswith(LOST_BEGINNING)]
    assert len(lost) == 1 and "T-N444" not in "".join(each.content for each in bench.records())
    assert len(bench.scan("T-AFTER")) == 1
    bench.close()


def test_a_torn_witness_leaves_the_other_slot(tmp_path: Path) -> None:
    witness = Witness(tmp_path)
    assert witness.open() is None
    for number in range(1, 6):
        witness.note(number, "ab" * 16, number, bytes(32))
    path = tmp_path / WITNESS_NAME
    raw = bytearray(path.read_bytes())
    raw[128 + 20] ^= 1
    path.write_bytes(raw)
    found = witness.read()
    assert found is not None and (found.position, found.seq, found.epoch) == (4, 4, "ab" * 16)
    witness.close()
    path.write_bytes(b"nonsense")
    assert Witness(tmp_path).open() is None
