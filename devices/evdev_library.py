"""The library evdev for the modules of the kinds `evdev` and `evdev_keys`, or a clear word that it is missing.

Only modules that are themselves imported when such a device is configured may import this one: a station without
keyboard devices starts without the library, and without the 1 to 3 MB of memory and asyncio that come with it.
"""

from __future__ import annotations

import os
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
    _Base = evdev.InputDevice[str]
else:
    # Only newer versions of the library take a type in brackets.
    _Base = evdev.InputDevice


class InputDevice(_Base):
    """The library's device, except that closing it leaves asyncio alone."""

    def close(self) -> None:
        """Give the descriptor back. Idempotent.

        Before 2.0 the library's own asks asyncio for a loop: a main thread that has none gets one, which stays open.
        """
        descriptor, self.fd = self.fd, -1
        if descriptor >= 0:
            os.close(descriptor)


__all__ = ["InputDevice", "ecodes", "evdev"]
