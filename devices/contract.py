"""The contract that every driver keeps, ours and those of others, as classes for pytest.

A driver's test class inherits what fits it and says how its bench is built:

* a scanner: ScannerContract, or ByteScannerContract when its channel carries any bytes; a button: ButtonContract;
* PluggingContract beside it when the station notices that the device goes away;
* a light: IndicatorContract;
* a kind that is added by a package: KindContract.

`pytest.register_assert_rewrite("devices.contract", "devices.contract_desk")` in a conftest.py makes failures readable.
"""

import contextlib
import resource
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from devices import contract_labels as hostile
from devices.clock import boottime
from devices.contract_desk import PATIENCE_SECONDS, Desk
from devices.errors import DeviceGone, DeviceSettingsRefused
from devices.kinds import IndicatorKind, build_indicator, build_source, kind_named
from devices.limits import GARBLED_REASONS, GARBLED_START_BYTES_MAX, SCAN_BYTES_MAX, SIGNAL_QUEUE_MAX
from devices.settings import checked
from devices.types import Decoder, Found, Frame, Garbled, Indicator, Lost, Press, Scan, Signal, Source

GOOD = b"LOT-2024-0007"


@dataclass
class Bench:
    """A driver with its virtual far end. `device` has write or press, unplug and plug."""

    source: Source
    decoder: Decoder
    device: Any


def next_frame(source: Source) -> Frame:
    """The next frame; AssertionError when none comes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        frame = source.read(1.0)
        if frame is not None:
            return frame
    raise AssertionError("no frame came")


class SourceContract:
    """Opening, reading, closing."""

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        raise AssertionError("a driver's tests build their own bench")

    def speak(self, bench: Bench) -> None:
        """Make the device say the shortest thing that is a frame."""
        bench.device.scan(b"A")

    def test_open_and_close_are_idempotent(self, bench: Bench) -> None:
        bench.source.close()
        assert bench.source.open()
        assert bench.source.open()
        bench.source.close()
        bench.source.close()
        assert bench.source.open()

    def test_a_closed_source_is_gone(self, bench: Bench) -> None:
        with pytest.raises(DeviceGone):
            bench.source.read(0)
        bench.source.open()
        bench.source.close()
        with pytest.raises(DeviceGone):
            bench.source.read(0)

    def test_nothing_comes_in_time(self, bench: Bench) -> None:
        bench.source.open()
        assert bench.source.read(0.01) is None

    def test_frames_are_stamped_when_they_arrive(self, bench: Bench) -> None:
        bench.source.open()
        before = boottime()
        self.speak(bench)
        frame = next_frame(bench.source)
        assert before - 0.001 <= frame.at <= boottime() + 0.001
        assert frame.device.partition(":")[0] == bench.source.name

    def test_close_unblocks_a_read(self, bench: Bench) -> None:
        bench.source.open()
        ended: list[BaseException] = []

        def read() -> None:
            try:
                while True:
                    bench.source.read(PATIENCE_SECONDS * 3)
            except DeviceGone as gone:
                ended.append(gone)

        thread = threading.Thread(target=read)
        thread.start()
        bench.source.close()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
        assert len(ended) == 1

    def test_waiting_costs_no_processor(self, bench: Bench) -> None:
        bench.source.open()
        before = resource.getrusage(resource.RUSAGE_THREAD)
        bench.source.read(0.5)
        after = resource.getrusage(resource.RUSAGE_THREAD)
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.05


class PluggingContract(SourceContract):
    """Devices whose loss the station notices."""

    def test_lost_and_found_again_within_two_seconds(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            bench.device.unplug()
            desk.until_lost()
            bench.device.plug()
            plugged_at = boottime()
            desk.until_found()
            assert desk.states()[-1].at - plugged_at < 2.0
            assert [type(state) for state in desk.states()] == [Found, Lost, Found]
            self.check_alive(bench, desk)

    def check_alive(self, bench: Bench, desk: Desk) -> None:
        """The device works once more."""
        bench.device.scan(GOOD)
        desk.until(lambda: GOOD in desk.labels)


class ScannerContract(SourceContract):
    """Devices that give labels."""

    # A keyboard needs four events a character: its longest input is seventeen times the limit.
    hostile_bytes_max = 10_000_000

    def test_a_hundred_scans_in_a_second(self, bench: Bench) -> None:
        labels = [b"TICKET-%04d" % number for number in range(100)]
        with Desk(bench.source, bench.decoder) as desk:
            for label in labels:
                bench.device.scan(label)
            desk.until(lambda: len(desk.labels) >= len(labels))
        assert desk.labels == labels
        assert not desk.of(Garbled)

    def test_chinese_and_group_separators_arrive_as_they_are(self, bench: Bench) -> None:
        labels = ["工单|WO-1|轴承".encode(), b"]d20104006381333931\x1d10A1", b"a b#c"]
        with Desk(bench.source, bench.decoder) as desk:
            for label in labels:
                bench.device.scan(label)
            desk.until(lambda: len(desk.labels) >= len(labels))
        assert desk.labels == labels

    def test_a_label_without_terminator_is_refused_and_not_glued(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            bench.device.write(b"HALF")
            desk.until(lambda: bool(desk.of(Garbled)))
            bench.device.scan(GOOD)
            desk.until(lambda: GOOD in desk.labels)
        assert [garbled.reason for garbled in desk.of(Garbled)] == ["incomplete"]
        assert desk.labels == [GOOD]

    def test_hostile_inputs_give_only_scans_and_refusals(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            for number, raw in enumerate(raw for raw in hostile.inputs() if len(raw) <= self.hostile_bytes_max):
                with contextlib.suppress(UnicodeDecodeError, ValueError):
                    bench.device.write(raw)
                marker = b"MARK-%d" % number
                # The first terminator ends the hostile line, the second the marker.
                bench.device.write(b"\r" + marker + b"\r")
                desk.until(lambda marker=marker: marker in desk.labels[-1:])  # type: ignore[misc]
        assert not desk.of(Press)
        assert not desk.of(Lost)
        for scan in desk.of(Scan):
            assert 1 <= len(scan.data) <= SCAN_BYTES_MAX
            assert not any(byte < 0x20 and byte != 0x1D for byte in scan.data)
        for garbled in desk.of(Garbled):
            assert garbled.reason in GARBLED_REASONS
            assert len(garbled.start) <= GARBLED_START_BYTES_MAX


class ByteScannerContract(ScannerContract):
    """Scanners whose channel carries any bytes, as much as one likes."""

    def test_ten_megabytes_are_one_refusal_and_no_memory(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            flood = threading.Thread(target=bench.device.write, args=(b"A" * 10_000_000,))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            flood.start()
            desk.until(lambda: not flood.is_alive(), 60)
            bench.device.scan(b"")
            bench.device.scan(GOOD)
            desk.until(lambda: GOOD in desk.labels)
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert [garbled.reason for garbled in desk.of(Garbled)] == ["too_long"]
        assert after - before < 30_000
        assert desk.labels == [GOOD]


class ButtonContract(SourceContract):
    """Devices that give presses: `short` and `long` press the button called `call`."""

    def short(self, bench: Bench) -> None:
        """Press and release."""
        raise AssertionError("a driver's tests press their own button")

    def long(self, bench: Bench) -> None:
        """Press and hold until it is long, then release."""
        raise AssertionError("a driver's tests press their own button")

    def speak(self, bench: Bench) -> None:
        self.short(bench)

    def check_alive(self, bench: Bench, desk: Desk) -> None:
        self.short(bench)
        desk.until(lambda: ("call", False) in desk.presses)

    def test_short_and_long(self, bench: Bench) -> None:
        with Desk(bench.source, bench.decoder) as desk:
            self.short(bench)
            desk.until(lambda: len(desk.presses) == 1)
            self.long(bench)
            desk.until(lambda: len(desk.presses) == 2)
        assert desk.presses == [("call", False), ("call", True)]


class IndicatorContract:
    """Lights and buzzers: telling one never waits, never fails, and leaves nothing behind."""

    @pytest.fixture
    def indicator(self) -> Iterator[Indicator]:
        """One that is not open."""
        raise AssertionError("a driver's tests build their own indicator")

    def shown(self, indicator: Indicator) -> str:
        """What its far end was told so far, in any form; an empty text before the first signal."""
        raise AssertionError("a driver's tests look at their own far end")

    def test_open_and_close_are_idempotent(self, indicator: Indicator) -> None:
        indicator.close()
        indicator.open()
        indicator.open()
        indicator.close()
        indicator.close()

    def test_it_shows_what_it_is_told(self, indicator: Indicator) -> None:
        indicator.open()
        indicator.give(Signal.KEPT, "S1")
        deadline = time.monotonic() + PATIENCE_SECONDS
        tick = threading.Event()
        while not self.shown(indicator):
            assert time.monotonic() < deadline, "nothing was shown"
            tick.wait(0.01)
        indicator.close()

    def test_telling_never_waits_and_never_fails(self, indicator: Indicator) -> None:
        began = time.monotonic()
        for signal in Signal:
            indicator.give(signal, "S1")
        indicator.open()
        for _ in range(SIGNAL_QUEUE_MAX * 10):
            for signal in Signal:
                indicator.give(signal, "S1")
        assert time.monotonic() - began < 1.0
        indicator.close()
        indicator.give(Signal.KEPT, "S1")

    def test_no_thread_is_left(self, indicator: Indicator) -> None:
        before = set(threading.enumerate())
        indicator.open()
        indicator.give(Signal.CALLED, "S1")
        indicator.close()
        assert set(threading.enumerate()) <= before


class KindContract:
    """A kind that an installed package adds: `kind` is its name, `example` settings that are valid."""

    kind = ""
    example: Mapping[str, object] = {}

    def test_it_is_found_and_fits_this_release(self) -> None:
        assert kind_named(self.kind)

    def test_it_is_built_from_its_settings(self) -> None:
        if isinstance(kind_named(self.kind), IndicatorKind):
            assert build_indicator(self.kind, "line-1", self.example).name == "line-1"
        else:
            assert build_source(self.kind, "line-1", self.example)[0].name == "line-1"

    def test_a_setting_that_does_not_exist_is_refused(self) -> None:
        wrong = {**self.example, "no_such_setting": 1}
        with pytest.raises(DeviceSettingsRefused, match="no_such_setting"):
            checked(kind_named(self.kind).settings, wrong)

    def test_kind_and_settings_say_what_they_are(self) -> None:
        settings = kind_named(self.kind).settings
        assert settings.__doc__
        assert all(field.description for field in settings.model_fields.values())
