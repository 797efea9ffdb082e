"""Finding a keyboard device by what it is, not by its event number, and taking it over.

Identity is read from sysfs, so no other device is opened in the search. The three calls to the kernel (find, open, take
over) are the seam that virtual.VirtualInput replaces; reading and decoding are the same code for both.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from devices.errors import DeviceGone

# _IOW('E', 0x90, int) and _IOW('E', 0xa0, int) of linux/input.h, the same on every platform that is supported.
EVIOCGRAB: Final = 0x40044590
EVIOCSCLOCKID: Final = 0x400445A0


@dataclass(frozen=True, slots=True)
class InputIdentity:
    """What a device is recognised by; empty fields match anything. `keys` are codes that it must have."""

    vendor: str = ""
    product: str = ""
    serial: str = ""
    phys: str = ""
    device_name: str = ""
    path: str = ""
    keys: frozenset[int] = frozenset()


class InputPort(Protocol):
    """The seam to the kernel. Each call raises DeviceGone or OSError."""

    def find(self, identity: InputIdentity) -> str:
        """Path of the one device that matches."""
        ...

    def open(self, path: str) -> int:
        """A non-blocking descriptor that reads `struct input_event`."""
        ...

    def take_over(self, descriptor: int, grab: bool) -> None:
        """Stamp by CLOCK_BOOTTIME, and keep the keys from everybody else."""
        ...


class KernelInput:
    """The real kernel. `sysfs` and `devfs` are parameters so that a test can lay out its own."""

    def __init__(self, sysfs: Path = Path("/sys/class/input"), devfs: Path = Path("/dev/input")) -> None:
        self._sysfs = sysfs
        self._devfs = devfs

    def find(self, identity: InputIdentity) -> str:
        """Path of the matching device. Two that match are never guessed between."""
        if identity.path:
            if not os.path.exists(identity.path):
                raise DeviceGone(f"{identity.path} is not there.")
            return identity.path
        matching = [node for node in self._nodes() if _matches(node, identity)]
        if not matching:
            raise DeviceGone("No such keyboard device is plugged in.")
        # The interfaces of one physical device share the part of `phys` before the last slash.
        if len({_facts(node, "phys").rpartition("/")[0] for node in matching}) > 1:
            raise DeviceGone(
                "Two devices match.", hint="Tell them apart by serial, or by the USB socket with the setting phys."
            )
        return str(self._devfs / matching[0].name)

    def open(self, path: str) -> int:
        """A non-blocking descriptor."""
        try:
            return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError as fault:
            hint = "Give the service's user the group `input`; docs/devices.md has the udev rule."
            raise DeviceGone(f"{path} may not be read.", hint=hint) from fault

    def take_over(self, descriptor: int, grab: bool) -> None:
        """EVIOCSCLOCKID and EVIOCGRAB. Somebody else's grab is DeviceGone: half of a scan is worse than none."""
        fcntl.ioctl(descriptor, EVIOCSCLOCKID, struct.pack("i", time.CLOCK_BOOTTIME))
        if grab:
            try:
                fcntl.ioctl(descriptor, EVIOCGRAB, 1)
            except OSError as fault:
                raise DeviceGone("Another program has grabbed the device.") from fault

    def _nodes(self) -> list[Path]:
        try:
            nodes = [node for node in self._sysfs.iterdir() if re.fullmatch(r"event\d+", node.name)]
        except OSError:
            return []
        return sorted(nodes, key=lambda node: int(node.name[5:]))


def _matches(node: Path, identity: InputIdentity) -> bool:
    wanted = (
        ("id/vendor", identity.vendor),
        ("id/product", identity.product),
        ("uniq", identity.serial),
        ("name", identity.device_name),
    )
    if any(value and _facts(node, fact) != value for fact, value in wanted):
        return False
    if identity.phys and not (_facts(node, "phys") + "/").startswith(identity.phys + "/"):
        return False
    return identity.keys <= _key_codes(_facts(node, "capabilities/key"), identity.keys)


def _facts(node: Path, fact: str) -> str:
    try:
        return (node / "device" / fact).read_text(errors="replace").strip()
    except OSError:
        return ""


def _key_codes(bitmap: str, among: Iterable[int]) -> frozenset[int]:
    """Which of `among` are set. sysfs writes words of the kernel's `long`, highest first, without leading zeros."""
    bits = struct.calcsize("l") * 8
    words = [int(word, 16) for word in reversed(bitmap.split())]
    return frozenset(code for code in among if code // bits < len(words) and words[code // bits] >> code % bits & 1)
