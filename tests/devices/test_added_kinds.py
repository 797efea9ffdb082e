"""Kinds that other packages add: found by name, refused with a word about who acts, guarded against their faults."""

import importlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.clock import boottime
from devices.contract_desk import Desk
from devices.errors import DeviceGone, DeviceKindBroken, DeviceKindUnknown, DeviceSettingsRefused
from devices.guarded import REST_SECONDS, GuardedDecoder, GuardedSource
from devices.kinds import build_indicator, build_source, check_settings, kind_named
from devices.limits import INPUTS_PER_FRAME_MAX, READ_BYTES_MAX, SCAN_BYTES_MAX
from devices.types import Frame, Garbled, Press, Scan, Signal

MODULE = """
from devices.interface import DeviceSettings, IndicatorKind, LineSettings, Role, SourceKind
from devices.pty_source import build
from devices.settings import PtySettings

class Loose(DeviceSettings):
    model_config = {"extra": "allow"}

def fails(*_):
    raise RuntimeError("a driver's bug")

class Fussy(DeviceSettings):
    speed: int = 1
    def __init__(self, **given):
        raise RuntimeError("a model's bug")
    model_validate = classmethod(lambda cls, given: cls(**given))

class Lamp:
    name = "lamp"
    def __init__(self): self.given = []
    def open(self): pass
    def give(self, signal, station): self.given.append(signal); raise RuntimeError("no bulb")
    def close(self): pass

CRANE = SourceKind(Role.SCANNER, PtySettings, build, interface=1)
OLD = SourceKind(Role.SCANNER, PtySettings, build)
NEWER = SourceKind(Role.SCANNER, PtySettings, build, interface=2)
LOOSE = SourceKind(Role.SCANNER, Loose, build, interface=1)
BARE = SourceKind(Role.SCANNER, dict, build, interface=1)
FAILING = SourceKind(Role.SCANNER, PtySettings, fails, interface=1)
EMPTY = SourceKind(Role.SCANNER, PtySettings, lambda *_: None, interface=1)
FUSSY = SourceKind(Role.SCANNER, Fussy, build, interface=1)
BULBLESS = IndicatorKind(DeviceSettings, lambda *_: Lamp(), interface=1)
NO_LAMP = IndicatorKind(DeviceSettings, lambda *_: object(), interface=1)
BROKEN = object()
"""

Added = Callable[..., None]


@pytest.fixture
def added(tmp_path: Path) -> Iterator[Added]:
    """Installs a distribution of somebody else: `added("crane = crane_kind:CRANE", package="crane")`."""
    (tmp_path / "crane_kind.py").write_text(MODULE)
    sys.path.insert(0, str(tmp_path))

    def install(*lines: str, package: str = "crane") -> None:
        dist = tmp_path / f"{package}-1.dist-info"
        dist.mkdir(exist_ok=True)
        (dist / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (dist / "entry_points.txt").write_text("\n".join(["[lineside.devices]", *lines]) + "\n")
        importlib.invalidate_caches()

    yield install
    sys.path.remove(str(tmp_path))
    sys.modules.pop("crane_kind", None)
    importlib.invalidate_caches()


def test_others_add_kinds_with_settings_of_their_own(added: Added) -> None:
    added("crane = crane_kind:CRANE")
    source, _ = build_source("crane", "hook", {})
    assert source.name == "hook"
    with pytest.raises(DeviceSettingsRefused, match="colour"):
        check_settings("crane", {"colour": "red"})


def test_an_unknown_kind_names_what_is_installed(added: Added) -> None:
    added("crane = crane_kind:CRANE")
    with pytest.raises(DeviceKindUnknown, match=r"telepathy.*pty.*crane \(crane 1\)"):
        kind_named("telepathy")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("crane_kind:BROKEN", "no SourceKind"),
        ("crane_kind:MISSING", "cannot be loaded"),
        ("no_such_module:X", "cannot be loaded.*no_such_module"),
        ("crane_kind:OLD", "states no interface; this release has interface 1"),
        ("crane_kind:NEWER", "written for interface 2; this release has interface 1"),
        ("crane_kind:LOOSE", "a wrong word must be refused"),
        ("crane_kind:BARE", "no DeviceSettings"),
    ],
)
def test_a_kind_that_cannot_be_used_says_whose_it_is_and_who_acts(added: Added, target: str, why: str) -> None:
    added(f"hoist = {target}")
    with pytest.raises(DeviceKindBroken, match=rf"hoist \(crane 1\).*{why}") as broken:
        kind_named("hoist")
    assert "maintainer" in broken.value.hint and "crane" in broken.value.hint


@pytest.mark.parametrize("kind", ["failing", "empty", "fussy"])
def test_a_fault_while_it_is_checked_or_built_is_a_broken_kind(added: Added, kind: str) -> None:
    added(*(f"{each} = crane_kind:{each.upper()}" for each in ("failing", "empty", "fussy")))
    with pytest.raises(DeviceKindBroken, match=kind):
        check_settings(kind, {})
        build_source(kind, "hook", {})


def test_what_is_no_indicator_is_a_broken_kind(added: Added) -> None:
    added("no_lamp = crane_kind:NO_LAMP")
    with pytest.raises(DeviceKindBroken, match="no indicator"):
        build_indicator("no_lamp", "tower", {})


def test_a_broken_kind_disturbs_no_other(added: Added) -> None:
    added("bad = no_such_module:X", "crane = crane_kind:CRANE")
    assert kind_named("crane") and kind_named("pty")


def test_a_name_of_ours_stays_ours(added: Added) -> None:
    added("pty = crane_kind:BROKEN")
    assert kind_named("pty").interface == 0


def test_a_name_that_two_packages_add_is_never_guessed(added: Added) -> None:
    added("crane = crane_kind:CRANE", package="crane")
    added("crane = crane_kind:CRANE", package="derrick")
    with pytest.raises(DeviceKindBroken, match="crane 1, derrick 1"):
        kind_named("crane")


# -- the guard ----------------------------------------------------------------------------------------------------


class Faulty:
    """A source of somebody else: `result` is what its calls give or raise."""

    def __init__(self, result: object) -> None:
        self.result = result
        self.calls = 0

    def open(self) -> str:
        return "here"

    def read(self, timeout_seconds: float) -> Any:
        self.calls += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def close(self) -> None:
        raise RuntimeError("a driver's bug")


@pytest.mark.parametrize(
    "result",
    [
        RuntimeError("a driver's bug"),
        "no frame",
        Frame("another", 0.0, b"A"),
        Frame("hook", 0.0, "text"),  # type: ignore[arg-type]
        Frame("hook", 0.0, b"A" * (READ_BYTES_MAX + 1)),
        Frame("hook", "now", b"A"),  # type: ignore[arg-type]
    ],
)
def test_a_source_that_fails_is_gone_and_rests(result: object) -> None:
    now = [100.0]
    source = GuardedSource("crane", "hook", Faulty(result), lambda: now[0])
    assert source.open() == "here"
    with pytest.raises(DeviceGone, match="driver of the kind 'crane' failed"):
        source.read(0)
    source.close()
    with pytest.raises(DeviceGone, match="driver of the kind 'crane' failed"):
        source.open()
    now[0] += REST_SECONDS + 1
    assert source.open() == "here"


def test_a_device_that_is_not_there_needs_no_rest() -> None:
    source = GuardedSource("crane", "hook", Faulty(DeviceGone("pulled")), boottime)
    with pytest.raises(DeviceGone, match="pulled"):
        source.read(0)
    source._inner.result = OSError(5, "Input/output error")
    with pytest.raises(DeviceGone, match="Input/output"):
        source.read(0)
    assert source.open() == "here"


def test_a_stamp_of_another_clock_is_not_believed() -> None:
    source = GuardedSource("crane", "hook", Faulty(Frame("hook:peer", 5.0, b"A")), lambda: 1000.0)
    frame = source.read(0)
    assert frame is not None and frame.at == 1000.0


class Garbler:
    """A decoder of somebody else."""

    def __init__(self, result: object) -> None:
        self.result = result

    def feed(self, _: object) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    step = reset = feed

    def wake(self) -> Any:
        return 0.0


SCAN = Scan("hook", 1.0, b"A")


@pytest.mark.parametrize(
    "result",
    [
        RuntimeError("a decoder's bug"),
        None,
        ("text",),
        (Scan("another", 1.0, b"A"),),
        (Scan("hook", 1.0, b""),),
        (Scan("hook", 1.0, "A"),),  # type: ignore[arg-type]
        (Scan("hook", 1.0, b"A" * (SCAN_BYTES_MAX + 1)),),
        (Press("hook", 1.0, "x" * 33, False),),
        (Press("hook", 1.0, "call", 1),),  # type: ignore[arg-type]
        (Garbled("hook", 1.0, "tired", 1, b""),),
        (Garbled("hook", 1.0, "control", 1, b"x" * 33),),
        (SCAN,) * (INPUTS_PER_FRAME_MAX + 1),
    ],
)
def test_a_decoder_that_fails_is_one_refusal_and_then_silent(result: object) -> None:
    decoder = GuardedDecoder("crane", "hook", Garbler(result))
    for found in (decoder.feed(Frame("hook", 1.0, b"A")), decoder.step(1.0), decoder.reset(1.0)):
        assert [type(each) for each in found] == [Garbled]
        assert decoder.wake() is None


def test_what_a_decoder_gives_in_order_passes() -> None:
    given = (SCAN, Press("hook:peer", 1.0, "call", True), Garbled("hook", 1.0, "control", 3, b"abc"))
    assert GuardedDecoder("crane", "hook", Garbler(given)).feed(Frame("hook", 1.0, b"A")) == given


def test_a_decoder_that_is_always_due_keeps_nobody_busy() -> None:
    decoder = GuardedDecoder("crane", "hook", Garbler(()))
    decoder.step(50.0)
    wake = decoder.wake()
    assert wake is not None and wake > 50.0


def test_a_station_hears_a_driver_fail_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    faulty = Faulty(RuntimeError("a driver's bug"))
    source = GuardedSource("crane", "hook", faulty, boottime)
    with caplog.at_level(logging.ERROR), Desk(source, GuardedDecoder("crane", "hook", Garbler(()))) as desk:
        desk.until_lost()
    assert faulty.calls == 1
    assert "a driver's bug" in caplog.text


def test_a_light_that_fails_or_waits_delays_nobody(added: Added) -> None:
    added("bulbless = crane_kind:BULBLESS")
    reports: list[str] = []
    told = threading.Event()

    def report(text: str) -> None:
        reports.append(text)
        told.set()

    light = build_indicator("bulbless", "tower", {}, boottime, report)
    light.open()
    began = time.monotonic()
    for _ in range(100):
        light.give(Signal.KEPT, "S1")
    assert time.monotonic() - began < 1.0
    assert told.wait(20)
    light.close()
    assert any("no bulb" in text or "too slow" in text for text in reports)
