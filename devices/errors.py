"""What can go wrong with a device. The class docstring is the message when none is given; `hint` says who can help."""

from __future__ import annotations


class DeviceError(Exception):
    """A device fault."""

    hint: str = ""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        if hint:
            self.hint = hint


class DeviceGone(DeviceError):
    """The device is not there, or went away; it is looked for again."""

    hint = "Plug it in, or check its cable and power. The station finds it again by itself."


class DeviceSettingsRefused(DeviceError):
    """The settings of a device are not valid."""

    hint = "Whoever maintains the station corrects the device's settings; docs/devices.md lists each of them."


class DeviceKindUnknown(DeviceSettingsRefused):
    """There is no such kind of device."""


class DeviceKindBroken(DeviceError):
    """A kind of device that somebody else added cannot be used."""

    hint = "The maintainer installs a release of its package that fits, or takes the device out of the configuration."


class DeviceExtraMissing(DeviceError):
    """A library for this kind of device is not installed."""

    hint = "The maintainer installs the extra that the message names."


class IndicatorUnreachable(DeviceError):
    """The lamp cannot be reached; it is looked for again with the next signal."""

    hint = "Check the lamp's cable and power. Signals still show on the screen."
