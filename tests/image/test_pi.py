"""The image of a Raspberry Pi: built, looked into, and started on a board with a Pi's processor. Long."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from image.build import Build
from image.driver import NAME, PLACE
from image.initrd import Entry, archive, compressed
from simulation.processes import wait_for
from tests.process.test_kills import contents
from tests.vm.board import PiBoard
from tests.vm.pins import Pins, qtest_words
from tests.vm.stations import built, flashed, office_in, scan, sign_in, wait_ready

pytestmark = [pytest.mark.nightly, pytest.mark.root, pytest.mark.process, pytest.mark.timeout(4_500)]
BOOT_SECONDS_MAX = 3_600.0
FIRMWARE = {"start4.elf", "fixup4.dat", "start.elf", "fixup.dat", "bootcode.bin", "config.txt", "cmdline.txt"}
TREES = {"bcm2711-rpi-4-b.dtb", "bcm2711-rpi-400.dtb", "bcm2711-rpi-cm4-io.dtb", "bcm2837-rpi-3-b-plus.dtb"}
LINE = 5
BUTTON = f"""
[[station.button]]
kind = "gpio_button"
lines = {{ call = {LINE} }}
active_low = false
bias = "disabled"
"""
"""The chip of the played board has no pull-ups."""
CALL_SECONDS = 300.0
SYSTEMCTL = "usr/bin/systemctl"
RESTARTS = f"""#!/bin/busybox sh
busybox mount -t devtmpfs dev /dev
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t tmpfs run /run
busybox mkdir -p /run/systemd
busybox insmod /{PLACE.name}
/{SYSTEMCTL} reboot --force --force --reboot-argument="$(busybox sed -n 's/.*lineside.words=//p' /proc/cmdline)"
"""
"""The first program of a board that only restarts, with the words that its kernel was given."""
SET_REBOOT_FLAGS, NOTIFY_REBOOT = "0x00038064", "0x00030048"
"""Properties of the Pi's firmware, as its mailbox names them."""
FIRMWARE_SECONDS = 900.0


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return built(tmp_path_factory.mktemp("pi"), "1.0.0", architecture="arm64")


def test_the_boot_partition_has_what_the_firmware_looks_for(release: Build, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["mdir", "-b", "-i", str(release.folder / "boot.vfat"), "::"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {line.removeprefix("::/") for line in listed.splitlines()}
    assert FIRMWARE | TREES | {"vmlinuz", "initrd.img"} <= names, (FIRMWARE | TREES) - names
    told = json.loads((release.folder / "build.json").read_text("utf-8"))
    with capsys.disabled():
        sizes = ", ".join(f"{name} {each['bytes'] / 1e6:.0f} MB" for name, each in told["files"].items())
        sys.stdout.write(f"\npi image: {sizes}\npi image: {told['seconds']}\n")
    assert release.packed.stat().st_size < 700 * 10**6


def test_a_scan_and_a_pressed_pin_on_a_pis_processor_are_at_the_office(
    release: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with office_in(tmp_path) as plant:
        board = flashed(release.disk, tmp_path, plant, PiBoard, more=BUTTON)
        pins = tmp_path / "pins.sock"
        with board.started(*qtest_words(pins)) as machine:
            ready = wait_ready(board, machine, BOOT_SECONDS_MAX)
            sign_in(machine, plant)
            scan(machine, plant, "T-PI-1")
            assert '"type":"andon.raised"' not in "".join(contents(plant))
            with Pins(machine, pins) as contacts:
                contacts.press(LINE)
                wait_for("the call", lambda: '"type":"andon.raised"' in "".join(contents(plant)), CALL_SECONDS)
            with capsys.disabled():
                sys.stdout.write(f"\npi image: ready {ready:.0f} s after the kernel's start, emulated\n")


def needed_by(tree: Path, program: str) -> set[Path]:
    """A program of the image, its loader, and every library that it is bound to."""
    found: set[Path] = set()
    wanted = [tree / program, *tree.glob("usr/lib/ld-linux-*.so.1")]
    while wanted:
        path = wanted.pop()
        if path not in found:
            found.add(path)
            said = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
            for name in re.findall(r"NEEDED\).*\[(\S+)\]", said):
                wanted += [*tree.glob(f"usr/lib/*-linux-gnu/{name}"), *tree.glob(f"usr/lib/*-linux-gnu/systemd/{name}")]
    return found


def restarting(release: Build, folder: Path) -> Path:
    """An initrd of the image's own files that restarts at once, with words for the firmware."""
    tree = folder / "tree"
    words = ("unsquashfs", "-q", "-n", "-d", tree, release.folder / "root.squashfs", "usr/lib/lineside")
    subprocess.run(
        [*words, "usr/bin/busybox", SYSTEMCTL, "usr/lib/aarch64-linux-gnu", "usr/lib/ld-linux-*"], check=True
    )
    entries = [Entry("init", stat.S_IFREG | 0o755, RESTARTS.encode())]
    entries += [Entry(name, stat.S_IFDIR | 0o755) for name in ("bin", "dev", "proc", "run", "sys", "usr", "usr/bin")]
    entries.append(Entry("lib", stat.S_IFLNK | 0o777, b"usr/lib"))
    entries.append(Entry("bin/busybox", stat.S_IFREG | 0o755, (tree / "usr/bin/busybox").read_bytes()))
    entries.append(Entry(PLACE.name, stat.S_IFREG | 0o644, (tree / PLACE).read_bytes()))
    files = needed_by(tree, SYSTEMCTL)
    folders = {parent for path in files for parent in path.relative_to(tree).parents} - {
        Path(),
        Path("usr"),
        Path("usr/bin"),
    }
    entries += [Entry(str(each), stat.S_IFDIR | 0o755) for each in folders]
    entries += [Entry(str(path.relative_to(tree)), stat.S_IFREG | 0o755, path.read_bytes()) for path in files]
    initrd = folder / "initrd"
    initrd.write_bytes(compressed(archive(entries)))
    return initrd


def heard_by_firmware(release: Build, initrd: Path, folder: Path, words: str) -> list[str]:
    """The properties that the kernel asked of the firmware of QEMU's own Pi from its restart on, in order."""
    for name in ("vmlinuz", "bcm2837-rpi-3-b.dtb"):
        subprocess.run(["mcopy", "-n", "-i", release.folder / "boot.vfat", f"::{name}", folder], check=True)
    console, asked = folder / f"console-{len(words)}", folder / f"asked-{len(words)}"
    command = ["qemu-system-aarch64", "-M", "raspi3b", "-kernel", str(folder / "vmlinuz"), "-initrd", str(initrd)]
    command += ["-dtb", str(folder / "bcm2837-rpi-3-b.dtb"), "-display", "none", "-no-reboot"]
    command += ["-serial", "null", "-serial", f"file:{console}", "-trace", "bcm2835_mbox_property", "-D", str(asked)]
    line = f"console=ttyS1,115200 8250.nr_uarts=1 panic=5 rdinit=/init lineside.words={words}"
    asked.touch()
    with subprocess.Popen([*command, "-append", line], stdin=subprocess.DEVNULL) as machine:
        try:
            wait_for("the restart", lambda: NOTIFY_REBOOT in asked.read_text(errors="replace"), FIRMWARE_SECONDS)
        except Exception as error:
            raise AssertionError(console.read_text(errors="replace")[-2_000:]) from error
        finally:
            machine.kill()
    assert f"{NAME}: loading out-of-tree module" in console.read_text(errors="replace")
    return re.findall(r"tag:(0x[0-9a-f]{8})", asked.read_text(errors="replace"))


def test_the_kernel_tells_the_firmware_of_a_trial_and_of_nothing_else(release: Build, tmp_path: Path) -> None:
    initrd = restarting(release, tmp_path)
    assert heard_by_firmware(release, initrd, tmp_path, "0 tryboot")[-2:] == [SET_REBOOT_FLAGS, NOTIFY_REBOOT]
    assert SET_REBOOT_FLAGS not in heard_by_firmware(release, initrd, tmp_path, "0")
