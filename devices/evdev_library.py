"""The library evdev for the modules of the kinds `evdev` and `evdev_keys`, or a clear word that it is missing.

Only modules that are themselves imported when such a device is configured may import this one: the library costs a
gateway 13 MB of memory (asyncio comes with it), and a station without keyboard devices starts without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices.errors import DeviceExtraMissing

try:
    import evdev
    from evdev import ecodes
except ImportError as fault:
    raise DeviceExtraMissing(
        "Keyboard scanners and button boxes need the library evdev, which cannot be loaded.",
        hint="The maintainer installs evdev by pip, or Debian's package python3-evdev.",
    ) from fault

if TYPE_CHECKING:
    InputDevice = evdev.InputDevice[str]
else:
    # Only newer versions of the library take a type in brackets.
    InputDevice = evdev.InputDevice

__all__ = ["InputDevice", "ecodes", "evdev"]
