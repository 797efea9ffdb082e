"""The devices of a configuration, built: readers that post frames, decoders for the main loop, lights and buzzers."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from devices.errors import DeviceExtraMissing, DeviceKindBroken
from devices.hotplug import Hotplug
from devices.kinds import build_indicator, build_source
from devices.reader import Posted, Reader
from devices.types import Decoder, Indicator, Lost
from gateway.clock import boottime
from gateway.config import Config, device_places

log = logging.getLogger("lineside.equipment")

Died = Callable[[str, BaseException], None]


@dataclass(slots=True)
class Equipment:
    """What stands at the stations of this gateway."""

    stations: dict[str, str]
    decoders: dict[str, Decoder]
    indicators: dict[str, tuple[Indicator, ...]]
    readers: tuple[Reader, ...]
    missing: tuple[Lost, ...] = ()
    """What could not be built because its software cannot be used: the station works without it."""
    hotplug: Hotplug | None = None

    def start(self) -> None:
        """Lights first, so that nothing is scanned in the dark."""
        for indicator in self._all_indicators():
            indicator.open()
        for reader in self.readers:
            reader.start()
        # Without udev (a container) readers find what was plugged by looking again, within two seconds.
        self.hotplug = Hotplug(self.look_now)
        self.hotplug.start()

    def stop(self) -> None:
        """Scanners first: what is not read is not promised."""
        if self.hotplug is not None:
            self.hotplug.stop()
        for reader in self.readers:
            reader.stop()

    def dark(self) -> None:
        """Let the lights go, after the last signal."""
        for indicator in self._all_indicators():
            indicator.close()

    def look_now(self) -> None:
        """Something was plugged."""
        for reader in self.readers:
            reader.look_now()

    def _all_indicators(self) -> list[Indicator]:
        return list({id(each): each for row in self.indicators.values() for each in row}.values())


def build_equipment(config: Config, post: Callable[[Posted], bool], died: Died) -> Equipment:
    """Everything the configuration names. Raises DeviceSettingsRefused for settings that are not valid.

    A device whose software is missing or broken is lost, with the reason; all others work.
    """
    stations: dict[str, str] = {}
    decoders: dict[str, Decoder] = {}
    readers: list[Reader] = []
    indicators: dict[str, list[Indicator]] = {station.id: [] for station in config.station}
    missing: list[Lost] = []
    for place in device_places(config):
        stations[place.name] = place.station
        try:
            if place.role == "light":
                indicators[place.station].append(build_indicator(place.kind, place.name, place.settings))
                continue
            source, decoders[place.name] = build_source(place.kind, place.name, place.settings, boottime)
        except (DeviceExtraMissing, DeviceKindBroken) as error:
            log.error("%s: %s (%s)", place.where, error, error.hint)
            missing.append(Lost(place.name, boottime(), f"{error} {error.hint}"))
            continue
        # A full inbox answers False and counts it; the reader then marks the hole, so no label is made of the rest.
        readers.append(Reader(source, post, boottime, died))
    lights = {key: tuple(row) for key, row in indicators.items()}
    return Equipment(stations, decoders, lights, tuple(readers), tuple(missing))
