"""Telling systemd: ready, alive, stopping. A no-op outside of it.

The watchdog is fed by the main loop from the boot clock: the library's own due-check compares wall times and would
let systemd kill a healthy service after a clock step.
"""

import socket

from systemd_watchdog.systemd_watchdog import WatchDog


class ServiceNotice:
    """The notify socket of systemd, where there is one."""

    def __init__(self) -> None:
        # The library opens a socket that it never closes; this one is ours to close.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notice = WatchDog(self._socket)

    @property
    def interval_seconds(self) -> float | None:
        """How often `alive` must be called: a third of the unit's WatchdogSec; None without a watchdog."""
        return float(self._notice.timeout_td.total_seconds()) / 3 if self._notice.is_enabled else None

    @property
    def supervised(self) -> bool:
        """Whether somebody starts this process again when it ends: systemd gave it a socket to tell of itself."""
        return bool(self._notice.is_enabled)

    def ready(self) -> None:
        """Start-up has finished."""
        self._notice.ready()

    def alive(self) -> None:
        """The main loop went round."""
        if self._notice.is_enabled:
            self._notice.notify()

    def stopping(self) -> None:
        """An orderly end has begun."""
        self._notice.status("stopping")

    def close(self) -> None:
        """Nothing more is told."""
        self._socket.close()
