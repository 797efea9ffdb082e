"""A GPIO chip without hardware: the part of libgpiod 2 that gpio_chip uses, on a pipe. Shipped."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any


class Value(Enum):
    """As gpiod.line.Value: logical levels."""

    INACTIVE = 0
    ACTIVE = 1


class EdgeType(Enum):
    """As gpiod.EdgeEvent.Type."""

    RISING_EDGE = 1
    FALLING_EDGE = 2


@dataclass(frozen=True, slots=True)
class VirtualEdge:
    """As gpiod.EdgeEvent; the stamp is nanoseconds of CLOCK_MONOTONIC."""

    line_offset: int
    event_type: EdgeType
    timestamp_ns: int


class VirtualRequest:
    """As gpiod.LineRequest: lines in use, edges in a pipe."""

    def __init__(self, offsets: tuple[int, ...]) -> None:
        self.offsets = offsets
        self._lock = threading.Lock()
        self._edges: list[VirtualEdge] = []
        self.fd, self._far_end = os.pipe()
        self.released = False
        self.history: list[dict[int, Value]] = []

    def read_edge_events(self) -> list[VirtualEdge]:
        """All edges since the last call. Raises OSError when the chip was pulled out."""
        if not os.read(self.fd, 4096):
            raise OSError(19, "No such device")
        with self._lock:
            edges, self._edges = self._edges, []
        return edges

    def set_values(self, values: Mapping[int, Value]) -> None:
        """Drive lines; every setting is remembered in `history`."""
        if self.released or self._far_end < 0:
            raise OSError(19, "No such device")
        self.history.append(dict(values))

    def release(self) -> None:
        """Give the lines back."""
        if not self.released:
            self.released = True
            os.close(self.fd)
            self.pull_out()

    def pull_out(self) -> None:
        """The chip vanishes."""
        far_end, self._far_end = self._far_end, -1
        if far_end >= 0:
            os.close(far_end)

    def edge(self, offset: int, active: bool) -> None:
        """One change of a line."""
        kind = EdgeType.RISING_EDGE if active else EdgeType.FALLING_EDGE
        with self._lock:
            self._edges.append(VirtualEdge(offset, kind, time.monotonic_ns()))
        os.write(self._far_end, b"\0")


class VirtualGpiod:
    """In place of the module gpiod: `build(..., gpiod=VirtualGpiod())`. Drives inputs and shows outputs by line."""

    is_virtual = True
    EdgeEvent = SimpleNamespace(Type=EdgeType)
    LineSettings = SimpleNamespace
    line = SimpleNamespace(
        Direction=SimpleNamespace(INPUT="input", OUTPUT="output"),
        Edge=SimpleNamespace(BOTH="both"),
        Bias=SimpleNamespace(PULL_UP="pull_up", PULL_DOWN="pull_down", DISABLED="disabled"),
        Value=Value,
    )

    def __init__(self) -> None:
        self._requests: list[VirtualRequest] = []
        self._plugged = True

    def request_lines(self, path: str, config: Mapping[tuple[int, ...], Any], consumer: str) -> VirtualRequest:
        """Take lines. Raises OSError when the chip is pulled out or a line is in use."""
        if not self._plugged:
            raise OSError(2, "No such file or directory")
        offsets = tuple(offset for group in config for offset in group)
        if any(not request.released and set(offsets) & set(request.offsets) for request in self._requests):
            raise OSError(16, "Device or resource busy")
        request = VirtualRequest(offsets)
        self._requests = [*(old for old in self._requests if not old.released), request]
        return request

    def in_use(self, offset: int) -> bool:
        """Whether somebody has taken the line."""
        return any(offset in request.offsets and not request.released for request in tuple(self._requests))

    def press(self, offset: int, active: bool) -> None:
        """Change an input line."""
        self._request_of(offset).edge(offset, active)

    def lit(self, offset: int) -> bool:
        """Whether an output line is on."""
        history = self._request_of(offset).history
        return bool(history) and history[-1][offset] is Value.ACTIVE

    def history(self, offset: int) -> list[bool]:
        """Every level that an output line was set to."""
        return [levels[offset] is Value.ACTIVE for levels in tuple(self._request_of(offset).history)]

    def unplug(self) -> None:
        """Pull the chip out."""
        self._plugged = False
        for request in self._requests:
            request.pull_out()

    def plug(self) -> None:
        """Put it back."""
        self._plugged = True

    def _request_of(self, offset: int) -> VirtualRequest:
        for request in reversed(self._requests):
            if offset in request.offsets:
                return request
        raise OSError(22, f"Line {offset} is not in use")
