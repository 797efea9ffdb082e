"""scripts/flash on files and on loop devices: what it writes, what it reads back, and what it will not touch."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.disk import AUTOBOOT, make_disk
from image.flash import held, place_files
from image.partitions import fat_file
from image.programs import run
from image.recipe import ARCHITECTURES, PARTITIONS, Recipe, Variant
from image.slots import make_boot
from image.targets import TargetRefused, target_of
from tests.wheels import ROOT

pytestmark = pytest.mark.image
SMALL = Recipe(ARCHITECTURES["amd64"], Variant("headless", 16), "1.0.0")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole disk of the real layout with next to nothing in its slots, packed."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "root.squashfs").write_bytes(b"root" * 1000)
    make_boot({"vmlinuz": b"kernel", "cmdline.txt": b"quiet\n"}, folder / "boot.vfat")
    make_disk(SMALL, folder, {}, folder / "disk.img")
    run("zstd", "-q", folder / "disk.img", "-o", folder / "disk.img.zst")
    return folder / "disk.img.zst"


def flash(*words: str | Path, spoken: str = "") -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts/flash"), *map(str, words)]
    return subprocess.run(command, input=spoken, capture_output=True, text=True, check=False, cwd="/")


def on_device(disk: Path, name: str) -> str:
    found = fat_file(disk, PARTITIONS["device"], name)
    assert found is not None, name
    return found.decode()


OPTIONS = ("--name", "gw1", "--station", "S1", "--server", "https://plant.example", "--code", "ABCD-EFGH-JKLM")


def test_a_file_gets_the_image_and_what_the_device_must_know(image: Path, tmp_path: Path) -> None:
    card, key = tmp_path / "card.img", tmp_path / "key.pub"
    key.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPnMl8 who@where\n")
    done = flash(image, card, "--yes", "--ssh-key", key, *OPTIONS)
    assert done.returncode == 0, done.stderr
    assert "written and read back" in done.stdout and "gateway.toml, enrolment.toml, authorized_keys" in done.stdout
    assert 'name = "gw1"' in on_device(card, "lineside/gateway.toml")
    assert on_device(card, "lineside/enrolment.toml") == 'code = "ABCD-EFGH-JKLM"\n'
    assert on_device(card, "lineside/authorized_keys") == key.read_text()
    assert on_device(card, "autoboot.txt").encode() == AUTOBOOT
    again = flash(image, card, "--yes")
    assert again.returncode == 0 and "no settings" in again.stdout
    assert hashlib.sha256(card.read_bytes()).hexdigest() == hashlib.sha256(unpacked(image)).hexdigest()


def unpacked(image: Path) -> bytes:
    return subprocess.run(["zstd", "-dcq", str(image)], capture_output=True, check=True).stdout


def test_a_fault_of_the_settings_writes_nothing(image: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.img"
    done = flash(image, card, "--yes", "--name", "gw 1", "--station", "S1")
    assert (done.returncode, card.exists()) == (1, False)
    assert "gateway.name" in done.stderr


def test_what_is_no_image_is_refused(image: Path, tmp_path: Path) -> None:
    card, other = tmp_path / "card.img", tmp_path / "other.img"
    other.write_bytes(b"\0" * 4096)
    assert "no image" in flash(other, card, "--yes").stderr
    cut = tmp_path / "cut.img.zst"
    cut.write_bytes(image.read_bytes()[:-20])
    assert "damaged" in flash(cut, card, "--yes").stderr
    assert not card.exists()


def test_an_image_is_never_its_own_target(image: Path, tmp_path: Path) -> None:
    disk, link, second = tmp_path / "disk.img", tmp_path / "link.img", tmp_path / "second.img"
    disk.write_bytes(unpacked(image))
    link.symlink_to(disk)
    second.hardlink_to(disk)
    before = hashlib.sha256(disk.read_bytes()).hexdigest()
    for source, target in ((disk, disk), (disk, link), (link, disk), (disk, second)):
        done = flash(source, target, "--yes")
        assert done.returncode == 1 and "is the image itself" in done.stderr, done.stderr
    assert hashlib.sha256(disk.read_bytes()).hexdigest() == before


def test_an_image_that_is_empty_or_breaks_off_is_refused(image: Path, tmp_path: Path) -> None:
    card, other = tmp_path / "card.img", tmp_path / "other.img"
    other.write_bytes(b"")
    assert "no image" in flash(other, card, "--yes").stderr
    other.write_bytes(unpacked(image)[: 4 * 2**20])
    done = flash(other, card, "--yes")
    assert done.returncode == 1 and "breaks off" in done.stderr
    assert not card.exists()


def test_it_asks_and_takes_no_other_word_for_yes(image: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.img"
    done = flash(image, card, spoken="yes\n")
    assert (done.returncode, card.exists()) == (1, False)
    assert "Type its name" in done.stdout and "nothing was written" in done.stderr
    assert flash(image, card, spoken="card.img\n").returncode == 0


@pytest.fixture
def loop(tmp_path: Path, image: Path) -> Iterator[Path]:
    """A block device as large as a card must be."""
    backing = tmp_path / "backing.img"
    with backing.open("wb") as file:
        file.truncate(len(unpacked(image)) + 8 * 2**20)
    device = run("losetup", "--find", "--show", backing).strip()
    try:
        yield Path(device)
    finally:
        run("losetup", "--detach", device)


@pytest.mark.root
def test_a_card_is_written_only_when_its_size_was_named(image: Path, loop: Path) -> None:
    refused = flash(image, loop, "--yes", *OPTIONS)
    size = int(run("blockdev", "--getsize64", loop))
    assert f"--device-is {size}" in refused.stderr
    done = flash(image, loop, "--yes", "--device-is", str(size), *OPTIONS)
    assert done.returncode == 0, done.stderr
    assert 'id = "S1"' in on_device(loop, "lineside/gateway.toml")


@pytest.mark.root
def test_a_mounted_card_is_refused(image: Path, loop: Path, tmp_path: Path) -> None:
    run("mke2fs", "-q", "-F", loop)
    place = tmp_path / "mounted"
    place.mkdir()
    run("mount", loop, place)
    try:
        done = flash(image, loop, spoken=f"{loop.name}\n")
        assert done.returncode == 1 and f"{place} is mounted from it" in done.stderr
    finally:
        run("umount", place)


@pytest.mark.root
def test_nobody_mounts_a_card_that_is_being_written(loop: Path, tmp_path: Path) -> None:
    """A desktop would, as soon as it sees the new partitions."""
    run("mke2fs", "-q", "-F", loop)
    place = tmp_path / "mounted"
    place.mkdir()
    target = target_of(loop, 1)
    try:
        with held(target):
            assert subprocess.run(["mount", loop, place], capture_output=True, check=False).returncode != 0
        run("mount", loop, place)
        with pytest.raises(TargetRefused, match="is mounted from it"):
            place_files(target, {"gateway.toml": "x"})
    finally:
        subprocess.run(["umount", "-A", loop], capture_output=True, check=False)


@pytest.mark.root
def test_a_card_that_is_too_small_is_refused(loop: Path) -> None:
    size = int(run("blockdev", "--getsize64", loop))
    assert target_of(loop, size).is_device
    with pytest.raises(TargetRefused, match="the image needs"):
        target_of(loop, size + 1)


@pytest.mark.root
def test_the_disk_of_this_machine_is_refused() -> None:
    number = Path("/").stat().st_dev
    found = [path for path in Path("/dev").iterdir() if path.is_block_device() and path.stat().st_rdev == number]
    assert found, "the root of this machine lies on a disk"
    with pytest.raises(TargetRefused, match=r"mounted|partition|taken out|use"):
        target_of(found[0], 1)


def test_what_is_neither_file_nor_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetRefused, match="neither"):
        target_of(Path("/dev/null"), 1)
    with pytest.raises(TargetRefused, match="neither"):
        target_of(tmp_path, 1)
    with pytest.raises(TargetRefused, match="no folder"):
        target_of(tmp_path / "missing/card.img", 1)
