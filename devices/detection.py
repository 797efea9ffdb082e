"""What is plugged in, whether it is configured or not: keyboard devices and serial ports, and how each is known again.

Nothing is read from a device here. A device is described once, when it is first seen under its path.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from devices.clock import Clock
from devices.errors import DeviceError, DeviceExtraMissing, DeviceGone
from devices.keymap import ENTER
from devices.limits import DETECTED_MAX
from devices.types import Decoder, Source

if TYPE_CHECKING:
    from devices.input_device import InputPort

# Codes from here on are buttons of mice and touch screens.
KEY_CODES_MAX: Final = 0x100
INPUT: Final = "input"
SERIAL: Final = "serial"
GPIO: Final = "gpio"


@dataclass(frozen=True, slots=True)
class Detected:
    """A device that is there. `settings` are those by which its kinds find it again, whatever its path will be.

    `channel`: input (a keyboard device), serial, or gpio (a chip of pins, which says nothing about what is wired).
    `place`: its path now. `readable`: this program may open it.
    """

    key: str
    channel: str
    title: str
    place: str
    readable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    types: bool = False
    """It has an Enter key, as scanners have."""


@dataclass(frozen=True, slots=True)
class _Described:
    """What an input device says of itself, in the words of the settings."""

    facts: Mapping[str, str]
    keys: frozenset[int]


class Hardware:
    """This machine's devices. The arguments are seams for tests: the kernel's input devices, and where ports lie."""

    def __init__(
        self,
        port: InputPort | None = None,
        serial_folder: Path = Path("/dev/serial"),
        ports: Callable[[], Iterable[Any]] | None = None,
        chips_folder: Path = Path("/dev"),
    ) -> None:
        self._port = port
        self._serial_folder = serial_folder
        self._ports = ports
        self._chips_folder = chips_folder
        self._lock = threading.Lock()
        self._described: dict[tuple[str, int], _Described | None] = {}

    def detect(self) -> list[Detected]:
        """Everything there is, at most DETECTED_MAX; the order is lasting. From any thread."""
        with self._lock:
            return [*self._inputs(), *self._serials(), *self._chips()][:DETECTED_MAX]

    def listen(self, detected: Detected, name: str, clock: Clock) -> tuple[Source, Decoder]:
        """A source that takes whatever the device sends. Raises DeviceError."""
        if detected.channel == GPIO:
            raise DeviceGone("A pin cannot be listened to before it is configured.")
        if detected.channel == SERIAL:
            from devices.serial_source import build

            return build(name, {"path": detected.place}, clock)
        from devices.evdev_source import EvdevSource
        from devices.input_device import InputIdentity
        from devices.keyboard import KeyboardDecoder
        from devices.settings import EvdevSettings

        rules = EvdevSettings(path=detected.place).keyboard_rules()
        source = EvdevSource(name, InputIdentity(path=detected.place), True, clock, self._input_port())
        return source, KeyboardDecoder(name, rules)

    def _input_port(self) -> InputPort:
        """Raises DeviceExtraMissing without the library."""
        if self._port is None:
            from devices.input_device import KernelInput

            self._port = KernelInput()
        return self._port

    def _inputs(self) -> list[Detected]:
        try:
            port = self._input_port()
        except DeviceExtraMissing:
            return []
        found: dict[str, tuple[str, _Described]] = {}
        seen = set()
        for path in sorted(port.paths(), key=_by_number):
            mark = path, _changed_at(path)
            seen.add(mark)
            if mark not in self._described:
                self._described[mark] = _described(port, path)
            described = self._described[mark]
            if described is None or not described.keys:
                continue
            # The interfaces of one device are one row: the one that types, or else the first.
            device = described.facts["phys"] or described.facts["serial"] or path
            if device not in found or (ENTER in described.keys and ENTER not in found[device][1].keys):
                found[device] = path, described
        self._described = {mark: row for mark, row in self._described.items() if mark in seen}
        every = [described.facts for _, described in found.values()]
        rows = [_input(path, described, every) for path, described in found.values()]
        return rows + [Detected(f"input {path}", INPUT, "", path, readable=False) for path in port.withheld()]

    def _serials(self) -> list[Detected]:
        """Ports by their lasting names; those without one by their path."""
        names: dict[str, str] = {}
        for folder in ("by-id", "by-path"):
            for link in sorted((self._serial_folder / folder).glob("*")):
                names.setdefault(os.path.realpath(link), str(link))
        for port in self._ports() if self._ports is not None else _system_ports():
            names.setdefault(os.path.realpath(port.device), port.device)
        return [
            Detected(
                f"serial {name}",
                SERIAL,
                os.path.basename(name),
                place,
                os.access(place, os.R_OK | os.W_OK),
                {"path": name},
                {"path": name},
                types=True,
            )
            for place, name in names.items()
        ]

    def _chips(self) -> list[Detected]:
        found = sorted(str(path) for path in self._chips_folder.glob("gpiochip[0-9]*"))
        return [
            Detected(f"gpio {path}", GPIO, os.path.basename(path), path, os.access(path, os.W_OK)) for path in found
        ]


def recognises(kind: str, settings: Mapping[str, object], detected: Detected) -> bool:
    """Whether a configured device of this kind is the one that was detected."""
    path = str(settings.get("path") or "")
    if detected.channel == GPIO:
        chip = str(settings.get("chip") or "/dev/gpiochip0")
        return kind in ("gpio_button", "gpio_light") and os.path.realpath(chip) == os.path.realpath(detected.place)
    if detected.channel == SERIAL:
        return kind in ("serial", "serial_light") and os.path.realpath(path) == os.path.realpath(detected.place)
    if kind not in ("evdev", "evdev_keys"):
        return False
    if path:
        return os.path.realpath(path) == os.path.realpath(detected.place)
    wanted = {name: str(settings.get(name) or "") for name in ("vendor", "product", "serial", "device_name")}
    if any(value and detected.facts.get(name) != value for name, value in wanted.items()):
        return False
    phys = str(settings.get("phys") or "")
    return bool(phys or any(wanted.values())) and (not phys or (detected.facts["phys"] + "/").startswith(phys + "/"))


def _described(port: InputPort, path: str) -> _Described | None:
    """What the device says of itself; None for one that cannot be asked."""
    from devices.evdev_library import ecodes

    try:
        device = port.open(path)
    except (OSError, DeviceError):
        return None
    try:
        codes = device.capabilities(absinfo=False).get(ecodes.EV_KEY, ())
        facts = {
            "vendor": f"{device.info.vendor:04x}",
            "product": f"{device.info.product:04x}",
            "serial": device.uniq.strip(),
            "phys": device.phys.strip().rpartition("/")[0],
            "device_name": device.name.strip(),
        }
        return _Described(facts, frozenset(code for code in codes if code < KEY_CODES_MAX))
    except OSError:
        return None
    finally:
        device.close()


def _input(path: str, described: _Described, every: Sequence[Mapping[str, str]]) -> Detected:
    facts = described.facts
    model = {name: facts[name] for name in ("vendor", "product") if facts[name] != "0000"}
    alike = sum(all(other[name] == facts[name] for name in ("vendor", "product")) for other in every) > 1
    if facts["serial"]:
        settings = {**model, "serial": facts["serial"]}
    elif facts["phys"] and (alike or not model):
        # Only the socket tells two alike apart: the socket should be labelled.
        settings = {**model, "phys": facts["phys"]}
    else:
        settings = {**model, "device_name": facts["device_name"]} if facts["device_name"] else {"path": path}
    key = " ".join([INPUT, *(f"{name}={value}" for name, value in settings.items())])
    return Detected(key, INPUT, facts["device_name"], path, True, settings, facts, ENTER in described.keys)


def _system_ports() -> Iterable[Any]:
    """What the library finds; it is loaded only when somebody looks."""
    from serial.tools import list_ports

    return list_ports.comports()


def _changed_at(path: str) -> int:
    """Tells a device from the one that had its path before."""
    try:
        return os.stat(path).st_ctime_ns
    except OSError:
        return 0


def _by_number(path: str) -> tuple[int, str]:
    return len(path), path
