"""The image of a Raspberry Pi: built, looked into, and started on a board with a Pi's processor. Long."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from image.build import Build
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
