"""A Raspberry Pi played by QEMU: the same disk image, and the part of the firmware that chooses what to start.

No emulator runs the Pi's firmware. So this reads autoboot.txt and the chosen boot partition out of the disk, keeps
the flag of a single trial start, and hands kernel, initrd and command line to a machine; when the machine resets, it
chooses again. Always emulated: a test of the product must not depend on what KVM this host has.
"""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from image.partitions import fat_file
from image.programs import run
from simulation.plant import free_port
from tests.vm.accelerators import EMULATED
from tests.vm.machine import WAIT_SECONDS_MAX, Machine, MachineFailed

SCANNER = "SCAN0001"
"""The serial number of the keyboard that plays the scanner."""
HOST = "10.0.2.2"
"""This machine as the guest sees it."""
TRIAL_REQUEST = "Restarting system with command '0 tryboot'"
# A slow guest must not trip systemd's own limits, nor the kernel's test of its timer.
TEST_WORDS = (
    "no_timer_check nosoftlockup mitigations=off "
    "systemd.default_timeout_start_sec=900 systemd.default_device_timeout_sec=900"
)
DEVICE_PARTITION = 1


class Board:
    """A board with its card, from start to start. `key`: the private key that its card knows."""

    emulator: ClassVar = ("qemu-system-x86_64", *EMULATED, "-M", "q35,i8042=off")
    more_words: ClassVar = ""
    screen: ClassVar[tuple[str, ...]] = ()
    memory_mib: ClassVar = 1_024

    def __init__(self, disk: Path, folder: Path, key: Path) -> None:
        self.disk = disk
        self.folder = folder
        self.key = key
        self.trial_asked = False
        self.starts = 0
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def started(self, *more: str) -> Iterator[Machine]:
        """A start of any kind: the firmware chooses the partition. The power is cut at the end of the block."""
        self.starts += 1
        partition = self.chosen_partition()
        self.trial_asked = False
        settings = self.read(partition, "config.txt").decode()
        words = {}
        for key, name in (("kernel", r"^kernel=(\S+)"), ("initrd", r"^initramfs (\S+)")):
            found = re.search(name, settings, re.MULTILINE)
            assert found is not None
            (self.folder / key).write_bytes(self.read(partition, found[1]))
            words[key] = str(self.folder / key)
        line = f"{self.read(partition, 'cmdline.txt').decode().strip()} {TEST_WORDS} {self.more_words}"
        command = [*self._command(), "-kernel", words["kernel"], "-initrd", words["initrd"], "-append", line, *more]
        with Machine(command, self.folder / f"start-{self.starts}") as machine:
            yield machine

    def chosen_partition(self) -> int:
        """What the firmware would start now: autoboot.txt says it for an ordinary start and for a trial."""
        wanted, section = "tryboot" if self.trial_asked else "all", ""
        chosen = 0
        for line in self.read(DEVICE_PARTITION, "autoboot.txt").decode().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif section in ("all", wanted) and line.startswith("boot_partition="):
                chosen = int(line.partition("=")[2])
        assert chosen, "autoboot.txt chooses nothing"
        return chosen

    def read(self, partition: int, name: str) -> bytes:
        """A file of a FAT partition of the card, as it lies there."""
        found = fat_file(self.disk, partition, name)
        assert found is not None, name
        return found

    def has(self, partition: int, name: str) -> bool:
        """Whether a FAT partition holds a file."""
        return fat_file(self.disk, partition, name) is not None

    def wait_restart(self, machine: Machine, seconds: float = WAIT_SECONDS_MAX) -> bool:
        """Wait until the system restarts by itself; whether it asked the firmware for a trial."""
        machine.wait_end(seconds)
        self.trial_asked = TRIAL_REQUEST in machine.serial.read_text(errors="replace")
        return self.trial_asked

    def _command(self) -> list[str]:
        return [
            *(*self.emulator, "-smp", "2", "-m", str(self.memory_mib)),
            *("-nodefaults", "-no-reboot", "-device", "virtio-rng-pci", *self.screen),
            # A board that this machine leaves waiting must not be taken for one that hangs.
            *("-device", "i6300esb", "-action", "watchdog=none"),
            *("-drive", f"file={self.disk},format=raw,if=none,id=card0,cache=writeback"),
            *("-device", "virtio-blk-pci,drive=card0"),
            *("-device", "pcie-root-port,id=socket0,chassis=1,slot=1"),
            *("-netdev", f"user,id=net0,hostfwd=tcp:127.0.0.1:{self.port}-:22"),
            *("-device", "virtio-net-pci,netdev=net0,id=nic0"),
            *("-device", "qemu-xhci,id=usb0"),
            *("-device", f"usb-kbd,bus=usb0.0,id=scanner,serial={SCANNER}"),
        ]

    # -- the maintainers' door ------------------------------------------------------------------------------------

    def ssh(self, command: str, *, spoken: str | bytes = "", seconds: float = 300.0) -> str:
        """What a command prints on the board. Raises RuntimeError when it fails there, or when nobody answers."""
        return run(*self._ssh(), command, standard_input=_bytes(spoken), seconds=seconds)

    def answers(self) -> bool:
        """Whether a command can be given now."""
        done = subprocess.run([*self._ssh(), "true"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
        return done.returncode == 0

    def wait_answer(self, machine: Machine, seconds: float = WAIT_SECONDS_MAX) -> None:
        """Wait until the board can be asked."""
        self.wait(machine, "the maintainers' door", self.answers, seconds)

    def wait_said(self, machine: Machine, command: str, wanted: str, seconds: float = WAIT_SECONDS_MAX) -> str:
        """Wait until a command on the board says something with these words in it."""
        said = ""

        def heard() -> bool:
            nonlocal said
            try:
                said = self.ssh(f"{command} || true")
            except RuntimeError as error:
                said = str(error)
            return wanted in said

        self.wait(machine, f"{wanted!r} from {command!r}", heard, seconds, lambda: said)
        return said

    def wait(self, machine: Machine, what: str, true, seconds: float = WAIT_SECONDS_MAX, last=lambda: "") -> None:
        """Wait for a condition while the machine runs. Raises MachineFailed."""
        deadline = time.monotonic() + seconds
        while not true():
            machine.require_alive()
            if time.monotonic() > deadline:
                raise MachineFailed(f"never came: {what}; last: {last()}\n{machine.tail()}")
            time.sleep(1.0)

    def _ssh(self) -> list[str]:
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes")
        options += ("ConnectTimeout=30", "IdentitiesOnly=yes")
        words = [word for each in options for word in ("-o", each)]
        return ["ssh", "-F", "none", "-i", str(self.key), "-p", str(self.port), *words, "root@127.0.0.1"]


class ScreenBoard(Board):
    """A board with a screen, and the memory of the smallest Pi 4 for its browser."""

    screen: ClassVar = ("-device", "virtio-vga,xres=1280,yres=720")
    memory_mib: ClassVar = 2_048


class PiBoard(Board):
    """A board with a Pi's processor. QEMU's own Raspberry Pis are too slow for a test; this one has the processor of
    a Pi 4 and runs the kernel, the initrd and the root of the Pi's card."""

    emulator: ClassVar = ("qemu-system-aarch64", "-accel", "tcg,thread=multi", "-cpu", "cortex-a72", "-M", "virt")
    more_words: ClassVar = "console=ttyAMA0"


class PiScreenBoard(PiBoard):
    """The same with a screen. No emulator has the Pi's own chip that draws, so the processor does."""

    screen: ClassVar = ("-device", "virtio-gpu-pci,xres=1280,yres=720")
    memory_mib: ClassVar = ScreenBoard.memory_mib


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
