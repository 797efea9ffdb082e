"""What the small computer says of itself: model, temperature, supply, card, network. Each figure is left out where the
machine does not tell it; looked at seldom, as it changes slowly."""

import os
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOOK_SECONDS = 30.0
SECTOR_BYTES = 512

UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SINCE_BOOT = 0x1, 0x10000
"""Bits of the Pi firmware's `get_throttled`."""

WORN_TENTHS_MAX = 0x0B
"""JEDEC eMMC: 1 is 0 to 10 % of its life used, 0x0A 90 to 100 %, 0x0B more than that."""


@dataclass(slots=True)
class Machine:
    """Figures of the machine and of the file system of `folder`. `root`: where /proc and /sys are."""

    folder: Path
    clock: Callable[[], float]
    root: Path = Path("/")
    _found: dict[str, Any] = field(default_factory=dict)
    _looked: float = float("-inf")

    def figures(self) -> Mapping[str, Any]:
        """By name: model, slot, disk_free_bytes, disk_bytes, disk_worn_percent, disk_written_bytes, temperature,
        under_voltage (now, since_boot), network, address."""
        now = self.clock()
        if now >= self._looked + LOOK_SECONDS:
            self._found, self._looked = (
                {name: each for name, each in self._look().items() if each not in ("", None)},
                now,
            )
        return self._found

    def _look(self) -> dict[str, Any]:
        interface = self._interface()
        return {
            "model": self._text("proc/device-tree/model") or self._text("sys/class/dmi/id/product_name"),
            "slot": _between(self._text("proc/cmdline"), "rauc.slot="),
            "temperature": self._temperature(),
            "under_voltage": self._under_voltage(),
            "network": interface,
            "address": _address(interface),
            **self._disk(),
        }

    def _text(self, path: str) -> str:
        try:
            raw = (self.root / path).read_bytes()[:4096]
        except OSError:
            return ""
        return "".join(each for each in raw.decode("utf-8", "replace") if each.isprintable()).strip()[:120]

    def _temperature(self) -> float | None:
        told = self._text("sys/class/thermal/thermal_zone0/temp")
        return round(int(told) / 1000, 1) if told.lstrip("-").isdecimal() else None

    def _under_voltage(self) -> str | None:
        told = self._text("sys/devices/platform/soc/soc:firmware/get_throttled")
        try:
            bits = int(told, 16)
        except ValueError:
            return None
        if bits & UNDER_VOLTAGE_NOW:
            return "now"
        return "since_boot" if bits & UNDER_VOLTAGE_SINCE_BOOT else "no"

    def _disk(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        with suppress(OSError):
            room = os.statvfs(self.folder)
            found = {"disk_free_bytes": room.f_bavail * room.f_frsize, "disk_bytes": room.f_blocks * room.f_frsize}
        fields = self._text("sys/block/mmcblk0/stat").split()
        if len(fields) > 6 and fields[6].isdecimal():
            found["disk_written_bytes"] = int(fields[6]) * SECTOR_BYTES
        with suppress(ValueError):
            tenths = [int(each, 16) for each in self._text("sys/block/mmcblk0/device/life_time").split()]
            worst = max(tenths, default=0)
            if 0 < worst <= WORN_TENTHS_MAX:
                found["disk_worn_percent"] = min(100, worst * 10)
        return found

    def _interface(self) -> str:
        """Of the default route."""
        try:
            lines = (self.root / "proc/net/route").read_text().splitlines()[1:]
        except OSError:
            return ""
        routes = [fields for line in lines if len(fields := line.split()) > 7 and fields[1] == "00000000"]
        return min(routes, key=lambda each: int(each[6])).pop(0)[:15] if routes else ""


def _between(text: str, mark: str) -> str:
    _, found, rest = text.partition(mark)
    return rest.split(" ")[0][:16] if found else ""


def _address(interface: str) -> str:
    import fcntl

    if not interface:
        return ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            packed = fcntl.ioctl(asking.fileno(), 0x8915, struct.pack("256s", interface.encode()))
        except OSError:
            return ""
    return socket.inet_ntoa(packed[20:24])
