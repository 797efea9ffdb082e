"""The kinds of devices by name: ours, and those that others add (`devices.added_kinds`).

Drivers are imported when they are used, so a station without pins or a broker does not load their libraries.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from devices import added_kinds
from devices import settings as models
from devices.clock import Clock, boottime
from devices.errors import DeviceError, DeviceKindBroken, DeviceKindUnknown, DeviceSettingsRefused
from devices.guarded import guarded_indicator, guarded_source
from devices.indicator_thread import log_report
from devices.kind import IndicatorKind, Kind, Report, Role, SourceKind
from devices.limits import NAME_CHARS_MAX
from devices.types import Decoder, Indicator, Source

__all__ = [
    "KINDS",
    "IndicatorKind",
    "Kind",
    "Role",
    "SourceKind",
    "build_indicator",
    "build_source",
    "check_settings",
    "checked_name",
    "kind_named",
]

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


def kind_named(name: str) -> Kind:
    """The kind. Raises DeviceKindUnknown, or DeviceKindBroken for one that others added and that cannot be used."""
    if name in KINDS:
        return KINDS[name]
    found = added_kinds.named(name)
    if not found:
        known = [*sorted(KINDS), *(str(added) for added in added_kinds.installed())]
        raise DeviceKindUnknown(f"There is no kind of device {name!r}; installed: {', '.join(known)}.")
    return added_kinds.only(found).load()


def check_settings(name: str, settings: Mapping[str, object]) -> Kind:
    """The kind, when the settings are valid for it. Raises as `kind_named`, and DeviceSettingsRefused."""
    kind = kind_named(name)
    try:
        models.checked(kind.settings, settings)
    except DeviceError:
        raise
    except Exception as fault:
        if name in KINDS:
            raise
        raise DeviceKindBroken(f"The settings of the kind of device {name!r} cannot be checked: {fault!r}.") from fault
    return kind


def build_source(
    kind: str, name: str, settings: Mapping[str, object], clock: Clock = boottime
) -> tuple[Source, Decoder]:
    """A scanner or button that is not open yet.

    Raises DeviceSettingsRefused, or DeviceExtraMissing or DeviceKindBroken when its software cannot be used.
    """
    known = kind_named(kind)
    if not isinstance(known, SourceKind):
        raise DeviceSettingsRefused(f"{kind!r} is a light, not a scanner or button.")
    built = _built(kind, known.build, checked_name(name), settings, clock)
    if kind in KINDS:
        source, decoder = built
        return source, decoder
    return guarded_source(kind, name, built, clock)


def build_indicator(
    kind: str,
    name: str,
    settings: Mapping[str, object],
    clock: Clock = boottime,
    report: Report = log_report,
) -> Indicator:
    """A light that is not open yet.

    Raises DeviceSettingsRefused, or DeviceExtraMissing or DeviceKindBroken when its software cannot be used.
    """
    known = kind_named(kind)
    if not isinstance(known, IndicatorKind):
        raise DeviceSettingsRefused(f"{kind!r} is a scanner or button, not a light.")
    built = _built(kind, known.build, checked_name(name), settings, clock, report)
    if kind in KINDS:
        indicator: Indicator = built
        return indicator
    return guarded_indicator(kind, name, built, clock, report)


def _built(kind: str, build: Callable[..., Any] | str, *arguments: object) -> Any:
    if kind in KINDS:
        return _resolved(build)(*arguments)
    try:
        return _resolved(build)(*arguments)
    except DeviceError:
        raise
    except Exception as fault:
        # Somebody else's code may raise anything; whose it is, and what it was, is what helps.
        raise DeviceKindBroken(f"The kind of device {kind!r} cannot be built: {fault!r}.") from fault


def _resolved(build: Callable[..., Any] | str) -> Callable[..., Any]:
    if not isinstance(build, str):
        return build
    module, _, function = build.partition(":")
    resolved: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return resolved


def checked_name(name: str) -> str:
    """The name, when a device may be called so. Raises DeviceSettingsRefused."""
    if len(name) > NAME_CHARS_MAX or not _NAME.fullmatch(name):
        raise DeviceSettingsRefused(f"A device cannot be called {name[:NAME_CHARS_MAX]!r}.")
    return name
