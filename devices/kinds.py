"""The kinds of devices by name, ours and those that others add by the entry-point group `lineside.devices`.

An entry point is named after its kind and gives a `SourceKind` or an `IndicatorKind`. Drivers are imported when they
are used, so a station without pins or a broker does not load their libraries.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from typing import Any, Final

from devices import settings as models
from devices.clock import Clock, boottime
from devices.errors import DeviceKindUnknown, DeviceSettingsRefused
from devices.indicator_thread import Report, log_report
from devices.limits import NAME_CHARS_MAX
from devices.settings import DeviceSettings
from devices.types import Decoder, Indicator, Source

ENTRY_POINT_GROUP: Final = "lineside.devices"

SourceBuilder = Callable[[str, Mapping[str, object], Clock], tuple[Source, Decoder]]
IndicatorBuilder = Callable[[str, Mapping[str, object], Clock, Report], Indicator]


class Role(StrEnum):
    """What a kind is for."""

    SCANNER = "scanner"
    BUTTON = "button"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind that speaks. `build` is called with (name, settings, clock), or named as "module:function"."""

    role: Role
    settings: type[DeviceSettings]
    build: SourceBuilder | str


@dataclass(frozen=True, slots=True)
class IndicatorKind:
    """A kind that is told. `build` is called with (name, settings, clock, report), or named as "module:function"."""

    settings: type[DeviceSettings]
    build: IndicatorBuilder | str
    role: Role = Role.LIGHT


Kind = SourceKind | IndicatorKind

KINDS: Final[Mapping[str, Kind]] = {
    "evdev": SourceKind(Role.SCANNER, models.EvdevSettings, "devices.evdev_source:build_scanner"),
    "serial": SourceKind(Role.SCANNER, models.SerialSettings, "devices.serial_source:build"),
    "tcp_client": SourceKind(Role.SCANNER, models.TcpClientSettings, "devices.tcp_source:build_client"),
    "tcp_server": SourceKind(Role.SCANNER, models.TcpServerSettings, "devices.tcp_source:build_server"),
    "pty": SourceKind(Role.SCANNER, models.PtySettings, "devices.pty_source:build"),
    "evdev_keys": SourceKind(Role.BUTTON, models.EvdevKeysSettings, "devices.evdev_source:build_keys"),
    "gpio_button": SourceKind(Role.BUTTON, models.GpioButtonSettings, "devices.gpio_button:build"),
    "mqtt_button": SourceKind(Role.BUTTON, models.MqttButtonSettings, "devices.mqtt_button:build"),
    "log": IndicatorKind(models.LogLightSettings, "devices.log_light:build"),
    "gpio_light": IndicatorKind(models.GpioLightSettings, "devices.gpio_light:build"),
    "serial_light": IndicatorKind(models.SerialLightSettings, "devices.serial_light:build"),
    "mqtt_light": IndicatorKind(models.MqttLightSettings, "devices.mqtt_light:build"),
    "virtual_light": IndicatorKind(models.VirtualLightSettings, "devices.virtual_light:build"),
}

# A name goes into topics, thread names and records; the colon separates it from a peer.
_NAME = re.compile(r"[^\x00-\x20:/+#\x7f]+")


def settings_models() -> dict[str, type[DeviceSettings]]:
    """The settings of every kind that is installed."""
    return {name: kind.settings for name, kind in all_kinds().items()}


def all_kinds() -> dict[str, Kind]:
    """Every kind that is installed. Raises DeviceSettingsRefused when an added one is none, or has a name of ours."""
    found: dict[str, Kind] = dict(KINDS)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        kind = entry.load()
        if not isinstance(kind, SourceKind | IndicatorKind) or entry.name in found:
            raise DeviceSettingsRefused(f"The added kind of device {entry.name!r} cannot be used: {entry.value}.")
        found[entry.name] = kind
    return found


def kind_named(name: str) -> Kind:
    """The kind. Raises DeviceKindUnknown; others' entry points are loaded only when it is none of ours."""
    if name in KINDS:
        return KINDS[name]
    kinds = all_kinds()
    if name not in kinds:
        raise DeviceKindUnknown(f"There is no kind of device {name!r}; known: {', '.join(sorted(kinds))}.")
    return kinds[name]


def build_source(
    kind: str, name: str, settings: Mapping[str, object], clock: Clock = boottime
) -> tuple[Source, Decoder]:
    """A scanner or button that is not open yet. Raises DeviceSettingsRefused or DeviceExtraMissing."""
    known = kind_named(kind)
    if not isinstance(known, SourceKind):
        raise DeviceSettingsRefused(f"{kind!r} is a light, not a scanner or button.")
    build = _resolved(known.build)
    source, decoder = build(_checked_name(name), settings, clock)
    return source, decoder


def build_indicator(
    kind: str,
    name: str,
    settings: Mapping[str, object],
    clock: Clock = boottime,
    report: Report = log_report,
) -> Indicator:
    """A light that is not open yet. Raises DeviceSettingsRefused or DeviceExtraMissing."""
    known = kind_named(kind)
    if not isinstance(known, IndicatorKind):
        raise DeviceSettingsRefused(f"{kind!r} is a scanner or button, not a light.")
    indicator: Indicator = _resolved(known.build)(_checked_name(name), settings, clock, report)
    return indicator


def _resolved(build: Callable[..., Any] | str) -> Callable[..., Any]:
    if not isinstance(build, str):
        return build
    module, _, function = build.partition(":")
    resolved: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return resolved


def _checked_name(name: str) -> str:
    if len(name) > NAME_CHARS_MAX or not _NAME.fullmatch(name):
        raise DeviceSettingsRefused(f"A device cannot be called {name[:NAME_CHARS_MAX]!r}.")
    return name
