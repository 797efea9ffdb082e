"""Finding a keyboard device by what it is, not by its event number, and taking it over.

Opening, describing, grabbing and reading are the library's. Its calls to the kernel are the seam that
virtual_keyboard.VirtualKeyboard replaces; finding, reading and decoding are the same code for both.
"""

from __future__ import annotations

import fcntl
import re
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from devices.errors import DeviceGone
from devices.evdev_library import InputDevice, ecodes, evdev

# _IOW('E', 0xa0, int) of linux/input.h, the same on every platform that is supported; the library has no call for it.
EVIOCSCLOCKID: Final = 0x400445A0
ACCESS_HINT: Final = "Give the service's user the group `input`; docs/devices.md has the udev rule."


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

    def paths(self) -> Sequence[str]:
        """Every input device that may be opened."""
        ...

    def withheld(self) -> Sequence[str]:
        """Every input device that is there but may not be opened."""
        ...

    def open(self, path: str) -> InputDevice:
        """A non-blocking device, described."""
        ...

    def stamp_by_boottime(self, device: InputDevice) -> None:
        """Let the kernel stamp events by CLOCK_BOOTTIME."""
        ...


class KernelInput:
    """The real kernel. `folder` is a parameter so that a test can lay out its own."""

    def __init__(self, folder: Path = Path("/dev/input")) -> None:
        self._folder = folder

    def paths(self) -> Sequence[str]:
        """The event devices that may be read and written, as the library lists them."""
        return evdev.list_devices(str(self._folder))

    def withheld(self) -> Sequence[str]:
        """The event devices that the library leaves out."""
        listed = frozenset(self.paths())
        nodes = (node for node in self._folder.glob("event*") if node.is_char_device())
        return sorted(str(node) for node in nodes if str(node) not in listed)

    def open(self, path: str) -> InputDevice:
        """Open and describe it; what is no input device is an OSError."""
        try:
            return InputDevice(path)
        except UnicodeDecodeError as fault:
            # A name that the kernel cut in the middle of a character; the library reads no such device.
            raise DeviceGone(f"{path} has a name that is not text.") from fault

    def stamp_by_boottime(self, device: InputDevice) -> None:
        """EVIOCSCLOCKID."""
        fcntl.ioctl(device.fd, EVIOCSCLOCKID, struct.pack("i", time.CLOCK_BOOTTIME))


def find(port: InputPort, identity: InputIdentity) -> InputDevice:
    """The one device that matches, open; every other is closed again. Two that match are never guessed between."""
    if identity.path:
        return _at_path(port, identity.path)
    matching: list[InputDevice] = []
    denied = list(port.withheld())
    opened = 0
    try:
        for path in sorted(port.paths(), key=_event_number):
            device = _opened(port, path, denied)
            if device is None:
                continue
            opened += 1
            if _matches(device, identity):
                matching.append(device)
            else:
                device.close()
        if not matching:
            raise _not_found(denied, opened)
        if len({_physical(device) for device in matching}) > 1:
            raise DeviceGone(
                "Two devices match.", hint="Tell them apart by serial, or by the USB socket with the setting phys."
            )
        return matching.pop(0)
    finally:
        for device in matching:
            device.close()


def take_over(port: InputPort, device: InputDevice, grab: bool) -> None:
    """Stamp by CLOCK_BOOTTIME, and keep the keys from everybody else.

    Somebody else's grab is DeviceGone: half of a scan is worse than none.
    """
    port.stamp_by_boottime(device)
    if grab:
        try:
            device.grab()
        except OSError as fault:
            raise DeviceGone("Another program has grabbed the device.") from fault


def _at_path(port: InputPort, path: str) -> InputDevice:
    """The device of a lasting name, which is a link that the kernel follows."""
    try:
        return port.open(path)
    except FileNotFoundError as fault:
        raise DeviceGone(f"{path} is not there.") from fault
    except PermissionError as fault:
        raise DeviceGone(f"{path} may not be read.", hint=ACCESS_HINT) from fault


def _opened(port: InputPort, path: str, denied: list[str]) -> InputDevice | None:
    """A device to look at; None for one that vanished in this moment, has no description, or is `denied`."""
    try:
        return port.open(path)
    except PermissionError:
        denied.append(path)
    except (OSError, DeviceGone):
        pass
    return None


def _not_found(denied: list[str], opened: int) -> DeviceGone:
    """Why nothing was found: it is not there, or it is among the devices that may not be opened."""
    if denied and not opened:
        return DeviceGone(f"{denied[0]} may not be read.", hint=ACCESS_HINT)
    hint = f"{DeviceGone.hint} Or it is one of {len(denied)} that may not be read. {ACCESS_HINT}" if denied else ""
    return DeviceGone("No such keyboard device is plugged in.", hint=hint)


def _matches(device: InputDevice, identity: InputIdentity) -> bool:
    wanted = (
        (f"{device.info.vendor:04x}", identity.vendor),
        (f"{device.info.product:04x}", identity.product),
        (device.uniq.strip(), identity.serial),
        (device.name.strip(), identity.device_name),
    )
    if any(value and fact != value for fact, value in wanted):
        return False
    if identity.phys and not (device.phys.strip() + "/").startswith(identity.phys + "/"):
        return False
    return identity.keys <= frozenset(device.capabilities(absinfo=False).get(ecodes.EV_KEY, ()))


def _physical(device: InputDevice) -> str:
    """The same for the interfaces of one physical device: they share the part of `phys` before the last slash.

    Wireless ones have none; their `phys` is the receiver's, but their serial number is an address of their own.
    """
    return device.phys.strip().rpartition("/")[0] or device.uniq.strip() or str(device.path)


def _event_number(path: str) -> int:
    """Devices are looked at in the order in which the kernel made them, event10 after event9."""
    digits = re.search(r"[0-9]*$", path)
    return int(digits[0]) if digits and digits[0] else 0
