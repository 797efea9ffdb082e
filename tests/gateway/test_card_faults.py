"""A card without room and a card that cannot be written, on real file systems (I11)."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.types import Signal
from floor.events import ReportFinished, decode
from gateway.journal_reader import JournalReader, check
from tests.gateway.station import BADGE, OTHER_TICKET, TICKET, Bench

pytestmark = pytest.mark.root

MEBIBYTE = 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    image, folder = tmp_path / "card.img", tmp_path / "card"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(64 * MEBIBYTE)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    loop = subprocess.run(["losetup", "-f", "--show", image], check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(["mount", "-o", "errors=remount-ro", loop, folder], check=True)
    yield folder, loop
    subprocess.run(["umount", folder], check=True)
    subprocess.run(["losetup", "-d", loop], check=True)


def reports_of(bench: Bench) -> int:
    return sum(isinstance(decode(each.content).event, ReportFinished) for each in bench.records())


def test_a_full_disk_refuses_aloud_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    bench = Bench(small_disk, free_bytes_min=8 * MEBIBYTE, ballast_bytes=MEBIBYTE)
    assert bench.scan(BADGE, TICKET) == [Signal.NOTED, Signal.KEPT]
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 17 * MEBIBYTE)
    assert bench.scan(TICKET, OTHER_TICKET) == [Signal.UNKEPT, Signal.UNKEPT]
    bench.now += 1
    bench.step()
    assert bench.views[-1].refusing == "disk_full"
    assert not (small_disk / "ballast").exists(), "the ballast is given back, so that marks can still be written"
    filler.unlink()
    bench.now += 5
    bench.step()
    assert bench.storage.reason == "", "it goes on by itself"
    assert bench.scan(TICKET) == [Signal.KEPT]
    assert reports_of(bench) == 1
    with JournalReader(bench.journal.path) as reader:
        assert list(check(reader)) == []
    bench.close()


def test_without_a_free_byte_nothing_kept_is_lost(small_disk: Path) -> None:
    """The admission stop is off here: SQLite itself meets the end of the disk, in the middle of a commit."""
    bench = Bench(small_disk, free_bytes_min=0, ballast_bytes=MEBIBYTE)
    bench.scan(BADGE)
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        os.posix_fallocate(file.fileno(), 0, free - 64 * 1024)
    signals = []
    for number in range(400):
        signals += bench.scan(f"T-N{number:04d}")
        if Signal.UNKEPT in signals:
            break
    assert signals[-1] is Signal.UNKEPT and signals.count(Signal.KEPT) > 1
    kept = signals.count(Signal.KEPT)
    filler.unlink()
    bench.now += 5
    bench.step()
    assert bench.scan("T-AFTER") == [Signal.KEPT]
    started = [each for each in bench.records() if '"work.started"' in each.content]
    assert len(started) == kept + 1
    with JournalReader(bench.journal.path) as reader:
        assert list(check(reader)) == []
    bench.close()


def test_a_start_on_a_card_without_a_free_byte_gives_the_ballast_back(small_disk: Path) -> None:
    """Else the journal could not even be opened, and what waits on it never be sent."""
    bench = Bench(small_disk, free_bytes_min=8 * MEBIBYTE, ballast_bytes=MEBIBYTE)
    assert bench.scan(BADGE, TICKET) == [Signal.NOTED, Signal.KEPT]
    bench.close()
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize)
    bench = Bench(small_disk, "boot-2", 50, free_bytes_min=8 * MEBIBYTE, ballast_bytes=MEBIBYTE)
    assert bench.scan(OTHER_TICKET) == [Signal.UNKEPT]
    bench.journal.move("mqtt", 2, bench.now)
    bench.now += 1
    bench.step()
    assert bench.journal.flush_due() is None, "marks still move"
    filler.unlink()
    bench.now += 5
    bench.step()
    assert bench.scan(OTHER_TICKET) == [Signal.KEPT]
    bench.close()


def test_a_card_that_turned_read_only_refuses_aloud_and_loses_nothing(ext4: tuple[Path, str]) -> None:
    folder, loop = ext4
    bench = Bench(folder)
    assert bench.scan(BADGE, TICKET) == [Signal.NOTED, Signal.KEPT]
    # What ext4 does when it finds itself damaged: every write fails from now on.
    Path(f"/sys/fs/ext4/{Path(loop).name}/trigger_fs_error").write_text("test")
    assert bench.scan(TICKET, TICKET) == [Signal.UNKEPT, Signal.UNKEPT]
    bench.now += 1
    bench.step()
    assert bench.views[-1].refusing == "read_only"
    bench.close()
    subprocess.run(["umount", folder], check=True)
    subprocess.run(["fsck.ext4", "-y", "-f", loop], check=False, capture_output=True)
    subprocess.run(["mount", loop, folder], check=True)
    bench = Bench(folder, boot="boot-2", at=50)
    assert bench.scan(TICKET) == [Signal.ASK], "the last beep before the fault is unknown to the new process"
    assert bench.scan("C-ANOTHER") == [Signal.KEPT]
    assert reports_of(bench) == 1
    bench.close()
