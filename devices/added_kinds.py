"""The kinds of devices that other distributions add, by the entry-point group `lineside.devices`.

An entry point is named after its kind and gives a SourceKind or an IndicatorKind (`devices.interface`). Each is loaded
only when a device of that kind is configured: one that is broken disturbs nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from devices.errors import DeviceError, DeviceKindBroken
from devices.kind import INTERFACE, IndicatorKind, Kind, SourceKind
from devices.settings import DeviceSettings

ENTRY_POINT_GROUP: Final = "lineside.devices"


@dataclass(frozen=True, slots=True)
class AddedKind:
    """A kind that an installed distribution offers. `package` is the distribution's name and version."""

    name: str
    package: str
    entry: EntryPoint

    def __str__(self) -> str:
        return f"{self.name} ({self.package})"

    def load(self) -> Kind:
        """Import it. Raises DeviceKindBroken, which names the package and who has to act."""
        try:
            kind = self.entry.load()
        except DeviceError:
            raise
        except Exception as fault:
            # Importing runs somebody else's code, which may raise anything.
            raise self._broken(f"it cannot be loaded: {fault!r}") from fault
        if not isinstance(kind, SourceKind | IndicatorKind):
            raise self._broken(f"{self.entry.value} is no SourceKind or IndicatorKind")
        if kind.interface != INTERFACE:
            stated = f"was written for interface {kind.interface}" if kind.interface else "states no interface"
            raise self._broken(f"it {stated}; this release has interface {INTERFACE}")
        settings = kind.settings
        if not (isinstance(settings, type) and issubclass(settings, DeviceSettings)):
            raise self._broken("its settings are no DeviceSettings")
        if settings.model_config.get("extra") != "forbid":
            raise self._broken("its settings take what they do not know; a wrong word must be refused")
        return kind

    def _broken(self, why: str) -> DeviceKindBroken:
        hint = (
            f"The maintainer installs a release of {self.package.partition(' ')[0]} that fits, "
            "asks its makers, or takes the device out of the configuration."
        )
        return DeviceKindBroken(f"The kind of device {self} cannot be used: {why}.", hint=hint)


def installed() -> tuple[AddedKind, ...]:
    """Every kind that others added, by name; none of them is imported."""
    found = (AddedKind(entry.name, _package(entry), entry) for entry in entry_points(group=ENTRY_POINT_GROUP))
    return tuple(sorted(found, key=lambda added: (added.name, added.package)))


def named(name: str) -> tuple[AddedKind, ...]:
    """The kinds of that name, one from each distribution that has one."""
    return tuple(added for added in installed() if added.name == name)


def only(found: Sequence[AddedKind]) -> AddedKind:
    """The one there is. Raises DeviceKindBroken for several: it is never guessed which was meant."""
    if len(found) > 1:
        packages = ", ".join(added.package for added in found)
        raise DeviceKindBroken(
            f"Several packages add the kind of device {found[0].name!r}: {packages}.",
            hint="The maintainer uninstalls all of them but one.",
        )
    return found[0]


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "unknown package"
