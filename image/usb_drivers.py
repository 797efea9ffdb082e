"""Which drivers a USB device may bring into the kernel: of scanners, serial ports, sticks, touch screens, and the Pi.

Debian's kernel has some hundred others, and a plug chooses which of them is loaded: an adapter becomes a network, a
camera a program with faults. Said by what the image's own kernel has, so that no later kernel adds to it unseen.
"""

import re
from pathlib import Path

from image.initrd import driver_name

FOLDERS = (
    *("kernel/drivers/hid/", "kernel/drivers/usb/core/", "kernel/drivers/usb/serial/", "kernel/drivers/usb/storage/"),
    "kernel/drivers/input/touchscreen/",
)
NAMES = {
    "cdc_acm": "scanners that are a serial port",
    "lan78xx": "the Ethernet of a Raspberry Pi 3B+",
    "smsc95xx": "the Ethernet of a Raspberry Pi 3B",
    "brcmfmac": "the radio of a Raspberry Pi, which is not on USB but has the same driver",
    "onboard_usb_dev": "the hub on the board",
    "onboard_usb_hub": "the same under its former name",
}
"""Beside those of the folders; each with its reason."""
TARGET = "usr/lib/modprobe.d/lineside-usb.conf"


def refused(modules: Path) -> list[str]:
    """Drivers for USB devices that no station needs, of the kernel whose folder of drivers this is."""
    dependencies = (modules / "modules.dep").read_text("utf-8").splitlines()
    places = {driver_name(path): path for path in (line.partition(":")[0] for line in dependencies)}
    aliases = (modules / "modules.alias").read_text("utf-8")
    for_usb = {each.replace("-", "_") for each in re.findall(r"^alias usb:\S+ (\S+)$", aliases, re.MULTILINE)}
    return sorted(each for each in for_usb if each not in NAMES and not places.get(each, "").startswith(FOLDERS))


def refuse_drivers(tree: Path, modules: Path) -> None:
    """Write it where the loader of drivers looks. `blacklist` is for a device that asks, `install` for a program."""
    lines = ["# Made by image/usb_drivers.py from the kernel of this image."]
    lines += [f"blacklist {each}\ninstall {each} /bin/false" for each in refused(modules)]
    (tree / TARGET).write_text("\n".join(lines) + "\n", "utf-8")
