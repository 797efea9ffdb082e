"""What a kind of device is: its settings, and how one is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from devices.clock import Clock
from devices.settings import DeviceSettings
from devices.types import Decoder, Indicator, Source

INTERFACE: Final = 1
"""What drivers and the station speak. It changes only when a driver written for it would no longer work."""

Report = Callable[[str], None]
"""Told in words about what no signal can say: a lamp out of reach, signals dropped."""

SourceBuilder = Callable[[str, Mapping[str, object], Clock], tuple[Source, Decoder]]
IndicatorBuilder = Callable[[str, Mapping[str, object], Clock, Report], Indicator]


class Role(StrEnum):
    """What a kind is for."""

    SCANNER = "scanner"
    BUTTON = "button"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind that speaks. `build` is called with (name, settings, clock), or named as "module:function".

    `interface`: the INTERFACE it was written for, as a number. Kinds that others add must state it.
    """

    role: Role
    settings: type[DeviceSettings]
    build: SourceBuilder | str
    interface: int = 0


@dataclass(frozen=True, slots=True)
class IndicatorKind:
    """A kind that is told. `build` is called with (name, settings, clock, report), or named as "module:function".

    `interface`: the INTERFACE it was written for, as a number. Kinds that others add must state it.
    """

    settings: type[DeviceSettings]
    build: IndicatorBuilder | str
    role: Role = Role.LIGHT
    interface: int = 0


Kind = SourceKind | IndicatorKind
