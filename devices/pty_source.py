"""A scanner without hardware: a pseudo-terminal that anybody on this machine can write labels to.

The near end of the terminal is held open here as well, so writers such as `echo 'W|1' > path` may come and go.
"""

from __future__ import annotations

import contextlib
import os
import termios
import tty
from collections.abc import Mapping

from devices.clock import Clock
from devices.errors import DeviceGone
from devices.limits import READ_BYTES_MAX
from devices.lines import LineDecoder
from devices.port_source import PortSource
from devices.settings import PtySettings, checked
from devices.types import Decoder, Frame, Source


class PtySource(PortSource):
    """Makes a pseudo-terminal, raw and without echo; `path` is its name, `link` an optional lasting one."""

    def __init__(self, name: str, link: str, clock: Clock) -> None:
        super().__init__(name, clock)
        self._link = link
        self._ends: tuple[int, int] | None = None
        self.path = ""

    def _connect(self) -> str:
        self._ends = os.openpty()
        scanner_end, station_end = self._ends[1], self._ends[0]
        tty.setraw(scanner_end, termios.TCSANOW)
        os.set_blocking(station_end, False)
        self.path = os.ttyname(scanner_end)
        if self._link:
            place_link(self.path, self._link)
        return f"{self.path} ({self._link})" if self._link else self.path

    def _descriptors(self) -> list[int]:
        if self._ends is None:
            raise DeviceGone("The pseudo-terminal is closed.")
        return [self._ends[0]]

    def _drain(self, ready: frozenset[int]) -> list[Frame]:
        return [Frame(self.name, self._clock(), os.read(next(iter(ready)), READ_BYTES_MAX))]

    def _disconnect(self) -> None:
        ends, self._ends = self._ends, None
        if ends is None:
            return
        if self._link:
            with contextlib.suppress(OSError):
                if os.readlink(self._link) == self.path:
                    os.unlink(self._link)
        for descriptor in ends:
            os.close(descriptor)


def place_link(path: str, link: str) -> None:
    """Point `link` at `path` in one step. Raises DeviceGone rather than replace anything that is not a link."""
    if os.path.lexists(link) and not os.path.islink(link):
        raise DeviceGone(f"{link} is in the way: it is no link.", hint="Choose another `link`, or move the file away.")
    fresh = f"{link}.{os.getpid()}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(fresh)
    os.symlink(path, fresh)
    os.replace(fresh, link)


def build(name: str, settings: Mapping[str, object], clock: Clock) -> tuple[Source, Decoder]:
    """The kind `pty`."""
    given = checked(PtySettings, settings)
    return PtySource(name, given.link, clock), LineDecoder(given.label_rules())
