"""Every scanner driver against its virtual far end on the real channel."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.clock import boottime
from devices.contract import GOOD, Bench, ByteScannerContract, PluggingContract, ScannerContract, next_frame
from devices.contract_desk import Desk
from devices.errors import DeviceGone
from devices.evdev_source import build_scanner
from devices.kinds import build_source
from devices.pty_source import PtySource
from devices.tcp_source import TcpServerSource
from devices.types import Found, Garbled, Lost
from devices.virtual import VirtualSerialScanner, VirtualTcpPeer, VirtualTcpScanner
from devices.virtual_keyboard import VirtualKeyboard


class TestSerial(ByteScannerContract, PluggingContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        device = VirtualSerialScanner(str(tmp_path / "usb-Scanner_0815"))
        source, decoder = build_source("serial", "gate", {"path": device.link, "baud": 115200})
        yield Bench(source, decoder, device)
        source.close()
        device.close()

    def test_half_a_label_before_the_plug_was_pulled_is_refused(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            bench.device.scan(b"ABC")
            desk.until(lambda: desk.labels == [b"ABC"])
            bench.device.write(b"DEF")
            desk.until(lambda: desk.reader.alive and bool(bench.decoder.wake()))
            bench.device.unplug()
            desk.until_lost()
            bench.device.plug()
            desk.until_found()
            bench.device.scan(b"GHI")
            desk.until(lambda: len(desk.labels) == 2)
        assert desk.labels == [b"ABC", b"GHI"]
        assert [garbled.start for garbled in desk.of(Garbled)] == [b"DEF"]

    def test_a_port_that_is_held_by_another_is_gone(self, bench: Bench) -> None:
        bench.source.open()
        rival, _ = build_source("serial", "rival", {"path": bench.device.link})
        with pytest.raises(DeviceGone):
            rival.open()


class TestTcpClient(ByteScannerContract, PluggingContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        device = VirtualTcpScanner()
        settings = {"host": "127.0.0.1", "port": device.port}
        source, decoder = build_source("tcp_client", "dock", settings)
        yield Bench(source, decoder, device)
        source.close()
        device.close()

    def test_a_silent_scanner_with_a_heartbeat_is_lost(self, bench: Bench) -> None:
        settings = {"host": "127.0.0.1", "port": bench.device.port, "idle_seconds": 0.2}
        source, _ = build_source("tcp_client", "dock", settings)
        source.open()
        with pytest.raises(DeviceGone, match="silent"):
            while True:
                assert source.read(60) is None
        source.close()


class _PeerDevice:
    """A peer that appears with its first word, once the source listens."""

    def __init__(self, source: TcpServerSource) -> None:
        self._source = source
        self.peer: VirtualTcpPeer | None = None

    def write(self, data: bytes) -> None:
        self.peer = self.peer or VirtualTcpPeer(self._source.address)
        self.peer.write(data)

    def scan(self, label: bytes) -> None:
        self.write(label + b"\r")

    def close(self) -> None:
        if self.peer is not None:
            self.peer.close()


class TestTcpServer(ByteScannerContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        source, decoder = build_source("tcp_server", "dock", {"port": 0, "peers_max": 2})
        assert isinstance(source, TcpServerSource)
        device = _PeerDevice(source)
        yield Bench(source, decoder, device)
        source.close()
        device.close()

    def test_two_peers_never_mix_and_the_third_is_turned_away(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            address = bench.source.address  # type: ignore[attr-defined]
            with contextlib.ExitStack() as peers:
                one, two = (peers.enter_context(contextlib.closing(VirtualTcpPeer(address))) for _ in range(2))
                for part_one, part_two in zip((b"A", b"B", b"C\r"), (b"1", b"2", b"3\r"), strict=True):
                    one.write(part_one)
                    two.write(part_two)
                desk.until(lambda: len(desk.labels) == 2)
                assert sorted(desk.labels) == [b"123", b"ABC"]
                names = {scan.data: scan.device for scan in desk.inputs if hasattr(scan, "data")}
                assert names == {b"ABC": f"dock:{one.local}", b"123": f"dock:{two.local}"}
                three = peers.enter_context(contextlib.closing(VirtualTcpPeer(address)))
                assert three.ended()
                desk.until(lambda: [garbled.reason for garbled in desk.of(Garbled)] == ["crowded"])
            with contextlib.closing(VirtualTcpPeer(address)) as again:
                again.scan(GOOD)
                desk.until(lambda: GOOD in desk.labels)
            assert not desk.of(Lost)

    def test_only_allowed_addresses_may_connect(self) -> None:
        source, decoder = build_source("tcp_server", "dock", {"port": 0, "allowed": ["192.0.2.0/24"]})
        with Desk(source, decoder) as desk:
            with contextlib.closing(VirtualTcpPeer(source.address)) as peer:  # type: ignore[attr-defined]
                assert peer.ended()
            desk.until(lambda: bool(desk.of(Garbled)))

    def test_a_silent_peer_is_let_go(self) -> None:
        source, decoder = build_source("tcp_server", "dock", {"port": 0, "idle_seconds": 0.2})
        with Desk(source, decoder), contextlib.closing(VirtualTcpPeer(source.address)) as peer:  # type: ignore[attr-defined]
            assert peer.ended()


class _Writer:
    """Anybody who writes to the terminal by its name, opening and closing it each time."""

    def __init__(self, link: Path) -> None:
        self._link = link

    def write(self, data: bytes) -> None:
        with open(self._link, "wb", buffering=0) as terminal:
            view = memoryview(data)
            while view:
                view = view[terminal.write(view) :]

    def scan(self, label: bytes) -> None:
        self.write(label + b"\n")


class TestPty(ByteScannerContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        link = tmp_path / "scanner"
        source, decoder = build_source("pty", "desk", {"link": str(link), "gap_seconds": 1.0})
        yield Bench(source, decoder, _Writer(link))
        source.close()
        assert not link.is_symlink()

    def test_the_path_is_told_and_the_shell_can_write_to_it(self, bench: Bench) -> None:
        assert isinstance(bench.source, PtySource)
        with Desk(bench.source, bench.decoder) as desk:
            assert bench.source.path in desk.of(Found)[0].detail
            for _ in range(3):
                assert os.system(f"printf 'W|1\\n' > {bench.source.path}") == 0
            desk.until(lambda: desk.labels == [b"W|1"] * 3)

    def test_a_file_in_the_way_is_not_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "scanner").write_text("precious")
        source, _ = build_source("pty", "desk", {"link": str(tmp_path / "scanner")})
        with pytest.raises(DeviceGone):
            source.open()
        assert (tmp_path / "scanner").read_text() == "precious"


class TestKeyboard(ScannerContract, PluggingContract):
    layout = "us"
    hostile_bytes_max = 9_000

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        device = VirtualKeyboard(self.layout)
        settings: dict[str, Any] = {"vendor": "05e0", "product": "1200", "layout": self.layout}
        source, decoder = build_scanner("hand", settings, boottime, device)
        yield Bench(source, decoder, device)
        source.close()
        device.close()

    def test_it_is_grabbed_again_after_replugging(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            assert bench.device.grabbed
            bench.device.unplug()
            desk.until_lost()
            bench.device.plug()
            desk.until_found()
            assert bench.device.grabbed

    def test_an_overflow_of_the_kernel_refuses_the_label(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            bench.device.write(b"AB")
            bench.device.drop_events()
            bench.device.scan(b"CD")
            bench.device.scan(GOOD)
            desk.until(lambda: GOOD in desk.labels)
        assert desk.labels == [GOOD]
        assert [garbled.reason for garbled in desk.of(Garbled)] == ["dropped"]

    def test_a_stamp_of_another_clock_is_not_believed(self, bench: Bench) -> None:
        bench.source.open()
        before = boottime()
        bench.device.events([(1, 30, 1)], at=1_700_000_000.0)
        assert before <= next_frame(bench.source).at <= boottime()


class TestGermanKeyboard(TestKeyboard):
    layout = "de"


class TestFrenchKeyboard(TestKeyboard):
    layout = "fr"


def test_closing_while_many_readers_start_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    device = VirtualSerialScanner(str(tmp_path / "port"))
    for _ in range(20):
        source, decoder = build_source("serial", "gate", {"path": device.link})
        desk = Desk(source, decoder)
        desk.reader.start()
        desk.reader.stop()
        assert not desk.deaths
    device.close()
    assert threading.active_count() == before
