"""The contract suite of the installed lineside, run against the drivers of this package."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from devices.contract import Bench, ByteScannerContract, IndicatorContract, KindContract, PluggingContract
from devices.interface import Indicator
from devices.kinds import build_indicator, build_source


class ScannerProgram:
    """The far end: what listens on the socket and sends labels."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listener: socket.socket | None = None
        self._peer: socket.socket | None = None
        self.plug()

    def plug(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._path))
        self._listener.listen(8)

    def unplug(self) -> None:
        for each in (self._peer, self._listener):
            if each is not None:
                each.close()
        self._peer = self._listener = None
        self._path.unlink(missing_ok=True)

    def scan(self, label: bytes) -> None:
        self.write(label + b"\r")

    def write(self, data: bytes) -> None:
        assert self._listener is not None
        # Of several connections the newest is the one that is read.
        self._listener.setblocking(self._peer is None)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._peer, _ = self._listener.accept()
                self._listener.setblocking(False)
        assert self._peer is not None
        self._peer.setblocking(True)
        self._peer.sendall(data)


class TestScanner(ByteScannerContract, PluggingContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        program = ScannerProgram(tmp_path / "scanner")
        source, decoder = build_source("socket_scanner", "hand", {"path": str(tmp_path / "scanner")})
        yield Bench(source, decoder, program)
        source.close()
        program.unplug()


class TestLight(IndicatorContract):
    @pytest.fixture
    def indicator(self, tmp_path: Path) -> Iterator[Indicator]:
        self.file = tmp_path / "light"
        light = build_indicator("file_light", "tower", {"path": str(self.file)})
        yield light
        light.close()

    def shown(self, indicator: Indicator) -> str:
        return self.file.read_text() if self.file.exists() else ""


class TestScannerKind(KindContract):
    kind = "socket_scanner"
    example: ClassVar = {"path": "/run/scanner", "gap_seconds": 1.0}


class TestLightKind(KindContract):
    kind = "file_light"
    example: ClassVar = {"path": os.devnull}
