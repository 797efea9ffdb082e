"""Finding an input device by what it is, on a laid-out sysfs."""

import gc
import os
import socket
import struct
from pathlib import Path

import pytest

from devices.errors import DeviceGone
from devices.evdev_source import INPUT_EVENT, EvdevSource
from devices.input_device import EVIOCGRAB, EVIOCSCLOCKID, InputIdentity, KernelInput
from devices.keymap import ENTER
from devices.types import MISSING, KeyEvent
from devices.virtual import VirtualKeyboard


def bitmap(*codes: int) -> str:
    """As sysfs writes it: words of the kernel's long, highest first."""
    bits = struct.calcsize("l") * 8
    words = [0] * (max(codes, default=0) // bits + 1)
    for code in codes:
        words[code // bits] |= 1 << code % bits
    return " ".join(f"{word:x}" for word in reversed(words))


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """Two like scanners without serial number, one of them with a second interface, and a mouse."""

    def lay(event: int, vendor: str, name: str, phys: str, keys: str, serial: str = "") -> None:
        folder = tmp_path / f"event{event}" / "device"
        (folder / "id").mkdir(parents=True)
        (folder / "capabilities").mkdir()
        facts = {"id/vendor": vendor, "id/product": "1200", "name": name, "phys": phys, "uniq": serial}
        for fact, value in {**facts, "capabilities/key": keys}.items():
            (folder / fact).write_text(value + "\n")

    lay(2, "05e0", "Scanner Consumer Control", "usb-1-1.2/input1", bitmap(113, 114, 115))
    lay(3, "05e0", "Scanner", "usb-1-1.2/input0", bitmap(*range(1, 100)))
    lay(10, "05e0", "Scanner", "usb-1-1.3/input0", bitmap(*range(1, 100)))
    lay(11, "046d", "Mouse", "usb-1-1.4/input0", bitmap(272, 273), "M1")
    (tmp_path / "input7").mkdir()
    return tmp_path


def find(sysfs: Path, **identity: object) -> str:
    return KernelInput(sysfs, Path("/dev/input")).find(InputIdentity(**identity))  # type: ignore[arg-type]


def test_two_alike_are_never_guessed_between(sysfs: Path) -> None:
    with pytest.raises(DeviceGone, match="Two devices") as gone:
        find(sysfs, vendor="05e0", product="1200", keys=frozenset({ENTER}))
    assert "phys" in gone.value.hint


def test_the_socket_tells_them_apart_and_the_keys_choose_the_interface(sysfs: Path) -> None:
    keys = frozenset({ENTER})
    assert find(sysfs, vendor="05e0", phys="usb-1-1.2", keys=keys) == "/dev/input/event3"
    assert find(sysfs, vendor="05e0", phys="usb-1-1.3", keys=keys) == "/dev/input/event10"
    assert find(sysfs, phys="usb-1-1.2", keys=frozenset({114})) == "/dev/input/event2"
    with pytest.raises(DeviceGone):
        find(sysfs, phys="usb-1-1", keys=keys)


def test_serial_number_and_name(sysfs: Path) -> None:
    assert find(sysfs, serial="M1") == "/dev/input/event11"
    assert find(sysfs, device_name="Mouse") == "/dev/input/event11"
    with pytest.raises(DeviceGone, match="No such"):
        find(sysfs, serial="M2")


def test_a_given_path_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "kbd").touch()
    assert find(tmp_path, path=str(tmp_path / "kbd")) == str(tmp_path / "kbd")
    with pytest.raises(DeviceGone):
        find(tmp_path, path=str(tmp_path / "none"))


def test_no_input_devices_at_all(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone):
        find(tmp_path / "none", vendor="05e0")


def test_a_node_that_is_no_input_device_is_gone(tmp_path: Path) -> None:
    (tmp_path / "kbd").write_text("not a device")
    source = EvdevSource("hand", InputIdentity(path=str(tmp_path / "kbd")), True, lambda: 1.0, KernelInput())
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(DeviceGone):
            source.open()
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_calls_are_those_of_the_kernel() -> None:
    def iow(number: int) -> int:
        return 1 << 30 | struct.calcsize("i") << 16 | ord("E") << 8 | number

    assert (iow(0x90), iow(0xA0)) == (EVIOCGRAB, EVIOCSCLOCKID)


class _Cut(VirtualKeyboard):
    """Gives the test the far end itself, to cut events where the kernel never would."""

    def open(self, path: str) -> int:
        near_end, self.far_end = socket.socketpair()
        return near_end.detach()


def test_events_cut_anywhere_and_dropped_ones() -> None:
    device = _Cut()
    source = EvdevSource("hand", InputIdentity(), True, lambda: 5.0, device)
    source.open()
    recorded = b"".join(
        INPUT_EVENT.pack(5, 0, *event)
        for event in ((4, 4, 30), (1, 30, 1), (0, 0, 0), (0, 3, 0), (1, 31, 1), (0, 0, 0), (1, 30, 0), (0, 0, 0))
    )
    frames = []
    for start in range(0, len(recorded), 7):
        device.far_end.sendall(recorded[start : start + 7])
        frame = source.read(5.0 if not frames else 0.0)
        frames += [frame] if frame else []
    while frame := source.read(0.0):
        frames.append(frame)
    # The key 31 stood in a queue that had overflowed, so it is not believed.
    assert [frame.data for frame in frames] == [KeyEvent(30, 1), MISSING, KeyEvent(30, 0)]
    source.close()
    device.far_end.close()
