"""What the set-up page does: find devices, assign one to a station, take an assignment back.

Assignments are written to a file of their own (`gateway.assigned`) and take effect when the gateway starts again. Every
one is a record with the person who made it; without room for that record nothing is assigned.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from devices.detection import INPUT, SERIAL, Detected, Hardware, recognises
from floor.events import DeviceAssigned, DeviceUnassigned, Event
from gateway import limits
from gateway.assigned import AssignedDevice, Check, merged, read_assigned, unfit, write_assigned
from gateway.clock import rfc3339
from gateway.config import Config, DevicePlace, device_places
from gateway.errors import ConfigRefused

NAME_CHARS_OF_STATION = 32
"""So much of a station's id goes into the names of its assigned devices."""

KINDS: dict[tuple[str, str], str] = {
    ("scanner", INPUT): "evdev",
    ("scanner", SERIAL): "serial",
    ("button", INPUT): "evdev_keys",
}
"""Which kind a detected device becomes, by its role and channel."""


class SetUpRefused(Exception):
    """Not assigned. `key`: the text of `gateway.screen.texts` that says why; `detail` for the maintainer."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(detail or key)
        self.key = key
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Wanted:
    """An assignment as the page asks for it. `key`: of the detected device; `code`: of the key that is a button."""

    key: str
    role: Literal["scanner", "button"]
    code: str = ""
    call_type: str = ""


class SetUp:
    """The assignments of one gateway. Used by the page's threads; `base` is the configuration without them."""

    def __init__(self, base: Config, running: Config, hardware: Hardware, check: Check) -> None:
        self.base = base
        self.running = running
        self.hardware = hardware
        self._check = check
        self._lock = threading.Lock()
        self._started_with = self._read()

    def detected(self) -> list[tuple[Detected, DevicePlace | None]]:
        """What is plugged in, each with the device of the running or assigned configuration that it is."""
        places = [*device_places(self.running), *device_places(self.planned()[0])]
        return [(each, _claimed(each, places)) for each in self.hardware.detect()]

    def free(self, detected: list[Detected]) -> list[Detected]:
        """Those that the running gateway does not read."""
        places = device_places(self.running)
        return [each for each in detected if _claimed(each, places) is None]

    def assigned(self) -> tuple[AssignedDevice, ...]:
        """What the file says now."""
        return self._read()

    def planned(self) -> tuple[Config, list[str]]:
        """The configuration of the next start, and what will be left out of it."""
        return merged(self.base, self._read(), self._check)

    @property
    def restart_needed(self) -> bool:
        """Whether the file says another thing than the gateway runs by."""
        return self._read() != self._started_with

    def assign(self, station: str, person: str, wanted: Wanted, keep: Callable[[Event], bool]) -> None:
        """Assign a detected device, or name one of its buttons. Raises SetUpRefused, and then nothing has changed."""
        with self._lock:
            before = self._read()
            device, others = self._device(station, person, wanted, before)
            after = (*others, device)
            event = DeviceAssigned(
                person=person,
                device=device.name,
                kind=device.kind,
                role=device.role,
                call_type=wanted.call_type,
                detail=", ".join(f"{name}={value}" for name, value in device.settings.items())[:512],
            )
            self._replace(before, after, event, keep)

    def remove(self, person: str, name: str, keep: Callable[[str, Event], bool]) -> None:
        """Take an assignment back. Raises SetUpRefused, and then nothing has changed."""
        with self._lock:
            before = self._read()
            gone = next((each for each in before if each.name == name), None)
            if gone is None:
                raise SetUpRefused("set_up_gone")
            after = tuple(each for each in before if each.name != name)
            self._replace(
                before, after, DeviceUnassigned(person=person, device=name), lambda event: keep(gone.station, event)
            )

    def _replace(
        self,
        before: Sequence[AssignedDevice],
        after: Sequence[AssignedDevice],
        event: Event,
        keep: Callable[[Event], bool],
    ) -> None:
        """The file, then its record; a record that finds no room takes the file back."""
        self._write(after)
        if not keep(event):
            self._write(before)
            raise SetUpRefused("inbox_full")

    def _device(
        self, station: str, person: str, wanted: Wanted, before: Sequence[AssignedDevice]
    ) -> tuple[AssignedDevice, list[AssignedDevice]]:
        """The device to assign, checked, and the assignments that stay beside it."""
        found = next((each for each in self.hardware.detect() if each.key == wanted.key), None)
        if found is None:
            raise SetUpRefused("set_up_not_there")
        claimed = _claimed(found, device_places(self.base))
        if claimed is not None:
            raise SetUpRefused("set_up_configured", f"{claimed.name} ({claimed.station})")
        kind = KINDS.get((wanted.role, found.channel))
        if kind is None:
            raise SetUpRefused("set_up_no_kind")
        earlier = next((each for each in before if recognises(each.kind, each.settings, found)), None)
        settings: dict[str, Any] = dict(found.settings)
        if wanted.role == "button":
            same = earlier is not None and (earlier.kind, earlier.station) == (kind, station)
            settings["keys"] = {**(earlier.settings["keys"] if earlier and same else {}), wanted.code: wanted.call_type}
        device = AssignedDevice.model_validate(
            {
                "kind": kind,
                "name": earlier.name if earlier and earlier.station == station else self._name(station, wanted, before),
                "station": station,
                "role": wanted.role,
                "assigned_by": person,
                "assigned_at": rfc3339(time.time()),
                **settings,
            }
        )
        others = [each for each in before if each is not earlier]
        beside, _ = merged(self.base, others, self._check)
        if fault := unfit(beside, device, self._check):
            raise SetUpRefused("set_up_unfit", f"assigned device {device.name}: {fault}")
        return device, others

    def _name(self, station: str, wanted: Wanted, before: Sequence[AssignedDevice]) -> str:
        """The first that no other device has."""
        taken = {place.name for place in device_places(self.base)} | {each.name for each in before}
        names = (f"{station[:NAME_CHARS_OF_STATION]}.{wanted.role}{number}" for number in range(1, 10_000))
        return next(name for name in names if name not in taken)

    def _read(self) -> tuple[AssignedDevice, ...]:
        """A file that cannot be read is told at the start and counts as empty here: the next assignment replaces it."""
        try:
            return read_assigned(self.base.assigned_path)
        except ConfigRefused:
            return ()

    def _write(self, devices_wanted: Sequence[AssignedDevice]) -> None:
        if len(devices_wanted) > limits.ASSIGNED_DEVICES_MAX:
            raise SetUpRefused("set_up_many")
        try:
            write_assigned(self.base.assigned_path, devices_wanted)
        except (OSError, ConfigRefused) as error:
            raise SetUpRefused("set_up_unwritten", str(error)) from error


def _claimed(detected: Detected, places: Sequence[DevicePlace]) -> DevicePlace | None:
    return next((place for place in places if recognises(place.kind, place.settings, detected)), None)
