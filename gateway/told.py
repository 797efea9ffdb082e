"""What a gateway tells of itself: to the office with each batch, and to the update agent on the local socket."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from floor import __version__
from gateway.busy import busy_with, idle_seconds
from gateway.clock import MachineClock, boottime
from gateway.config import Config, device_places
from gateway.keeping import Keeping
from gateway.machine import Machine
from gateway.storage import Storage
from gateway.viewing import Viewing

MISSING_MAX = 20
"""Devices that are not there which are named; all of them are counted by the page of the station."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Reads what the main loop published; touches nothing that it is busy with (I6)."""

    config: Config
    clock: MachineClock
    viewing: Viewing
    storage: Storage
    keeping: Keeping
    machine: Machine
    wished: tuple[int, tuple[str, ...]] = (0, ())
    """The number of the wished settings in use, and why they are not used."""

    def status(self) -> dict[str, Any]:
        """The health that goes with each batch: small, and informative only."""
        view, place = self.viewing.latest, self.config.gateway
        return {
            # Read between the server's last answer and this batch: its anchor for our times (I9).
            "bootid": self.clock.boot,
            "boottime": boottime(),
            "stations": [station.id for station in self.config.station],
            "line": f"{place.site}/{place.area}/{place.line}",
            "clock_synchronised": view.clock_synchronised if view else False,
            "wall": view.wall if view else 0,
            "waiting": view.waiting if view else 0,
            "waiting_since": view.waiting_since_wall if view else None,
            "refusing": self.storage.reason,
            "missing": self._missing(),
            "broker": view.broker if view else "none",
            "master_version": self.keeping.master.version,
            "machine": dict(self.machine.figures()),
        }

    def health(self) -> Mapping[str, Any]:
        """What the update agent asks; `ready` as this is answered only once the station is."""
        view = self.viewing.latest
        return {
            "ready": view is not None,
            "release": __version__,
            "refusing": self.storage.reason,
            "office": view.office if view else "unknown",
            "missing": self._missing(),
            "busy": busy_with(view),
            "idle_seconds": idle_seconds(view, time.time()),
            "settings": self.wished[0],
            "settings_faults": list(self.wished[1]),
        }

    def _missing(self) -> list[str]:
        """Scanners and buttons that are not open; one that was not heard of yet is not."""
        there = {
            name for states in list(self.viewing.devices.values()) for name, found in list(states.items()) if found
        }
        places = [each for each in device_places(self.config) if each.role != "light"]
        return sorted(each.name for each in places if each.name not in there)[:MISSING_MAX]
