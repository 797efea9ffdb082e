"""Being told by the system that something was plugged, so that a replugged scanner reads again at once.

Without udev (a container, a stripped image) nothing is lost: readers look again within reopen.REOPEN_DELAY_SECONDS_MAX.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

SUBSYSTEMS: Final = ("input", "tty", "gpio")


class Hotplug:
    """Calls `plugged` from its own thread for every device that appears; readers then `look_now`."""

    def __init__(self, plugged: Callable[[], None]) -> None:
        self._plugged = plugged
        self._observer: Any = None

    def start(self) -> bool:
        """Begin. False when the system cannot tell: polling alone has to do."""
        try:
            import pyudev
        except ImportError:
            return False
        try:
            monitor = pyudev.Monitor.from_netlink(pyudev.Context())
            for subsystem in SUBSYSTEMS:
                monitor.filter_by(subsystem)
            self._observer = pyudev.MonitorObserver(monitor, callback=self._heard, name="hotplug")
            self._observer.start()
        except (OSError, ImportError):
            self._observer = None
            return False
        return True

    def stop(self) -> None:
        """End. Idempotent."""
        observer, self._observer = self._observer, None
        if observer is not None:
            with contextlib.suppress(OSError):
                observer.stop()

    def _heard(self, device: Any) -> None:
        if device.action in ("add", "change"):
            self._plugged()
