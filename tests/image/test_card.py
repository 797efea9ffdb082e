"""Which disk a start takes for its card, where several carry the signature: the search over a tree of the test."""

import os
import subprocess
from pathlib import Path

import pytest

from image.recipe import DISK_SIGNATURE, PARTITIONS
from tests.image.test_scripts import SCRIPTS

SEARCH = Path(__file__).parent.parent.parent / "image/card"
OWN = "devices/platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0"
READER = "devices/platform/scb/fd500000.pcie/usb1/1-1/1-1.1/host0/target0:0:0/0:0:0:0/block/sda"
MASKED_READER = "devices/platform/scb/fd500000.pcie/usb1/1-1/1-1.1/rtsx_usb_sdmmc.1/mmc_host/mmc1/mmc1:1/block/mmcblk1"
FIXED = "devices/pci0000:00/0000:00:04.0/virtio1/block/vda"
FROM_CARD, FROM_USB = 1, 4


class Machine:
    """Disks as the kernel shows them, and the word of the firmware, if it has one."""

    def __init__(self, folder: Path) -> None:
        self.sysfs, self.devices, self.tree = (folder / name for name in ("sys", "dev", "tree"))
        for each in (self.sysfs / "class/block", self.sysfs / "dev/block", self.devices, folder / "bin"):
            each.mkdir(parents=True)
        busybox = folder / "bin/busybox"
        busybox.write_text('#!/bin/sh\nexec "$@"\n')
        busybox.chmod(0o755)
        self.path = f"{busybox.parent}:/usr/bin:/bin"

    def plug(self, place: str, signature: str = DISK_SIGNATURE) -> str:
        """A disk with the partitions of a card, at a place of the machine; its kernel name."""
        disk = self.sysfs / place
        name = disk.name
        (self.devices / name).write_bytes(bytes(440) + bytes.fromhex(signature)[::-1] + bytes(68))
        for number in ("", *map(str, PARTITIONS.values())):
            between = "p" if number and name[-1].isdigit() else ""
            part = disk / f"{name}{between}{number}" if number else disk
            part.mkdir(parents=True)
            if number:
                (part / "partition").write_text(f"{number}\n")
            (self.sysfs / "class/block" / part.name).symlink_to(part)
        return name

    def started_from(self, mode: int) -> None:
        folder = self.tree / "chosen/bootloader"
        folder.mkdir(parents=True)
        (folder / "boot-mode").write_bytes(mode.to_bytes(4, "big"))

    def found(self) -> str:
        """What the initrd takes for the disk, and for its partition of the data."""
        part = f'echo "$disk" "$(partition "$disk" {PARTITIONS["data"]})"'
        words = f'. {SEARCH}; disk=$(own_disk {DISK_SIGNATURE}); [ -z "$disk" ] || {part}'
        places = {"sysfs": str(self.sysfs), "devices": str(self.devices), "tree": str(self.tree), "pause": "0"}
        command = ["sh", "-c", words]
        done = subprocess.run(command, env={"PATH": self.path, **places}, capture_output=True, text=True, check=True)
        return done.stdout.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("reader", [READER, MASKED_READER])
def test_a_second_card_in_a_reader_is_not_taken(machine: Machine, reader: str) -> None:
    machine.plug(reader)
    machine.plug(OWN)
    assert machine.found() == "mmcblk0 mmcblk0p7", "a firmware that says nothing"
    machine.started_from(FROM_CARD)
    assert machine.found() == "mmcblk0 mmcblk0p7"


def test_a_card_that_comes_late_is_waited_for_rather_than_a_stick_taken(machine: Machine) -> None:
    machine.plug(READER)
    machine.started_from(FROM_CARD)
    assert machine.found() == "", "the firmware read the kernel from a card: no stick is that"


def test_a_board_that_started_from_usb_finds_its_disk_there(machine: Machine) -> None:
    machine.plug(READER)
    assert machine.found() == "sda sda7"
    machine.plug(OWN)
    machine.started_from(FROM_USB)
    assert machine.found() == "sda sda7"


def test_a_disk_of_a_virtual_machine_comes_before_a_stick(machine: Machine) -> None:
    machine.plug(READER)
    machine.plug(FIXED)
    machine.plug("devices/pci0000:00/ata1/block/sdb", "00000001")
    assert machine.found() == "vda vda7"


def test_only_partitions_of_the_roots_disk_get_the_names_that_everything_else_uses(machine: Machine) -> None:
    machine.plug(OWN)
    machine.plug(READER)
    (machine.sysfs / "dev/block/179:5").symlink_to(machine.sysfs / OWN / "mmcblk0p5")
    for part, own in ((f"/{OWN}/mmcblk0p1", True), (f"/{READER}/sda1", False), (f"/{READER}/sda5", False)):
        done = subprocess.run(
            ["sh", str(SCRIPTS / "own-disk"), part],
            env={**os.environ, "LINESIDE_ROOT": "179:5", "LINESIDE_SYSFS": str(machine.sysfs)},
            check=False,
        )
        assert (done.returncode == 0) == own, part
