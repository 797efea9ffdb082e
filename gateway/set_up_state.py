"""What the set-up page shows of a gateway: devices, network, clock and queue, as plain JSON values.

Looked at in the page's own threads; nothing here is on the way of a scan (I6).
"""

import fcntl
import math
import socket
import sqlite3
import struct
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devices.detection import Detected
from devices.errors import DeviceExtraMissing
from devices.types import Signal
from gateway import limits
from gateway.assigned import AssignedDevice
from gateway.config import Config, DevicePlace, device_places
from gateway.errors import GatewayError
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader, check
from gateway.kernel_clock import error_bound
from gateway.listening import Listening
from gateway.set_up import SetUp
from gateway.view import GatewayView, StationView

LOOK_SECONDS = 2.0
"""Devices and interfaces are looked at again after so long, whoever asks."""

JOURNAL_LOOK_SECONDS = 60.0
"""The newest records are proved again after so long."""

TIME_KEEPERS = (
    ("systemd-timesyncd", Path("/run/systemd/timesync")),
    ("chrony", Path("/run/chrony")),
    ("ntpd", Path("/run/ntpd.pid")),
)
"""Who keeps the clock, and what shows that it runs."""

_SIOCGIFADDR = 0x8915


@dataclass(slots=True)
class SetUpState:
    """Collects the page's facts. One for all pages; a fact that costs something is remembered for a while."""

    set_up: SetUp
    listening: Listening
    supervised: bool = False
    """Whether a gateway that ends is started again by itself."""
    _facts: dict[str, tuple[float, Any]] = field(default_factory=dict)

    def of(self, view: GatewayView, station: StationView) -> dict[str, Any]:
        """Everything the page of this station shows."""
        config = self.set_up.running
        detected = self._fresh("devices", LOOK_SECONDS, self.set_up.detected)
        assigned = self.set_up.assigned()
        there = {name: state for each in view.stations for name, state in each.devices}
        return {
            "detected": [_detected(each, place, assigned) for each, place in detected],
            "configured": [_configured(place, there, assigned) for place in device_places(config)],
            "assigned": [_assigned(each, config) for each in assigned],
            "left_out": self.set_up.planned()[1],
            "restart_needed": self.set_up.restart_needed,
            "supervised": self.supervised,
            "listening": {
                "seconds_left": math.ceil(self.listening.seconds_left(station.station)),
                "heard": [asdict(each) for each in self.listening.heard()],
            },
            "call_types": [
                {"id": code, "zh": name, "en": name_en or name} for code, name, name_en, _ in station.call_types
            ],
            "signals": [signal.value for signal in Signal],
            "network": self._network(view, config),
            "clock": self._fresh("clock", LOOK_SECONDS, _clock) | {"wall": view.wall},
            "queue": self._queue(view, config),
        }

    def _fresh(self, name: str, seconds: float, look: Any) -> Any:
        at, fact = self._facts.get(name, (float("-inf"), None))
        if time.monotonic() - at >= seconds:
            fact = look()
            self._facts[name] = time.monotonic(), fact
        return fact

    def _network(self, view: GatewayView, config: Config) -> dict[str, Any]:
        return {
            "interfaces": self._fresh("interfaces", LOOK_SECONDS, interfaces),
            "office": {
                "state": view.office,
                "place": urlsplit(config.central.url).netloc if config.central.url else "",
                "seen_wall": view.office_seen_wall,
                "error": view.office_error,
            },
            "broker": {
                "state": view.broker,
                "place": f"{config.mqtt.host}:{config.mqtt.port}" if config.mqtt.host else "",
                "error": view.broker_error,
            },
        }

    def _queue(self, view: GatewayView, config: Config) -> dict[str, Any]:
        return {
            "kept": view.kept,
            "waiting": view.waiting,
            "oldest_wall": view.waiting_since_wall,
            "days": view.room_days,
            "refusing": view.refusing,
            "faults": self._fresh("journal", JOURNAL_LOOK_SECONDS, lambda: journal_faults(config.gateway.folder)),
        }


def journal_faults(folder: Path) -> list[str]:
    """What is wrong with the newest records on the card; nothing while there is no journal."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    try:
        with JournalReader(path) as reader:
            return list(check(reader, max(0, reader.newest() - limits.TAIL_RECORDS_CHECKED)))
    except (GatewayError, sqlite3.DatabaseError) as error:
        return [str(error)]


def interfaces(folder: Path = Path("/sys/class/net")) -> list[dict[str, Any]]:
    """Network interfaces: name, whether it has a link, its IPv4 address. Not the loopback, nor virtual ones at rest."""
    found = []
    for path in sorted(folder.glob("*")):
        up = _carrier(path)
        if path.name != "lo" and (up or (path / "device").exists()):
            found.append({"name": path.name, "up": up, "address": _address(path.name)})
    return found


def _carrier(path: Path) -> bool:
    try:
        return (path / "carrier").read_text().strip() == "1"
    except OSError:
        # An interface that is switched off has no carrier to read.
        return False


def _address(name: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return ""
    return socket.inet_ntoa(answer[20:24])


def _clock() -> dict[str, Any]:
    """Whether the kernel vouches for its clock, by how much it may be wrong at most, and who keeps it."""
    bound = error_bound()
    running = [name for name, path in TIME_KEEPERS if path.exists()]
    return {
        "synchronised": math.isfinite(bound),
        "error_seconds": bound if math.isfinite(bound) else None,
        "source": running[0] if running else "",
    }


def _detected(each: Detected, place: DevicePlace | None, assigned: tuple[AssignedDevice, ...]) -> dict[str, Any]:
    return {
        "key": each.key,
        "channel": each.channel,
        "title": each.title,
        "place": each.place,
        "readable": each.readable,
        "identity": {name: value for name, value in each.facts.items() if value},
        "used": None
        if place is None
        else {
            "name": place.name,
            "station": place.station,
            "role": place.role,
            "assigned": any(one.name == place.name for one in assigned),
        },
    }


def _configured(place: DevicePlace, there: dict[str, bool], assigned: tuple[AssignedDevice, ...]) -> dict[str, Any]:
    return {
        "name": place.name,
        "station": place.station,
        "role": place.role,
        "kind": place.kind,
        # Lights tell nothing about themselves: None.
        "there": there.get(place.name),
        "assigned": any(each.name == place.name for each in assigned),
    }


def _assigned(each: AssignedDevice, running: Config) -> dict[str, Any]:
    return {
        "name": each.name,
        "station": each.station,
        "role": each.role,
        "kind": each.kind,
        "by": each.assigned_by,
        "buttons": [
            {"code": code, "shown": _key_name(code), "call_type": call}
            for code, call in each.settings.get("keys", {}).items()
        ],
        "running": any(
            place.name == each.name and dict(place.settings) == each.settings for place in device_places(running)
        ),
    }


def _key_name(code: str) -> str:
    try:
        from devices.key_names import key_name

        return key_name(int(code))
    except (DeviceExtraMissing, ValueError):
        return code
