"""Finding an input device by what it is, taking it over, and reading recorded events by the library's own code."""

import gc
import os
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from devices.clock import boottime
from devices.errors import DeviceGone
from devices.evdev_library import InputDevice
from devices.evdev_source import EvdevSource
from devices.input_device import ACCESS_HINT, EVIOCSCLOCKID, InputIdentity, KernelInput, find, take_over
from devices.keymap import ENTER
from devices.types import MISSING, Frame, KeyEvent
from devices.virtual_keyboard import INPUT_EVENT, InputDescription, VirtualInputDevice, VirtualKeyboard

ENTER_KEY = frozenset({ENTER})
LETTERS = frozenset(range(1, 100))


class Hub:
    """Several virtual devices behind one port, as the kernel shows several. Remembers what is still open."""

    def __init__(self, *described: InputDescription, withheld: Sequence[str] = ()) -> None:
        self.boards = {each.path: VirtualKeyboard(described=each) for each in described}
        self.opened: list[InputDevice] = []
        self.faults: dict[str, Exception] = {}
        self.stamped: list[InputDevice] = []
        self._withheld = withheld

    def paths(self) -> Sequence[str]:
        return sorted([*self.boards, *self.faults])

    def withheld(self) -> Sequence[str]:
        return self._withheld

    def open(self, path: str) -> InputDevice:
        if path in self.faults:
            raise self.faults[path]
        if path not in self.boards:
            raise FileNotFoundError(2, "No such file or directory", path)
        self.opened.append(self.boards[path].open(path))
        return self.opened[-1]

    def stamp_by_boottime(self, device: InputDevice) -> None:
        self.stamped.append(device)

    def still_open(self) -> list[str]:
        return [str(device.path) for device in self.opened if device.fd >= 0]

    def close(self) -> None:
        for device in self.opened:
            device.close()
        for board in self.boards.values():
            board.close()


def described(event: int, vendor: int, name: str, phys: str, keys: frozenset[int], uniq: str = "") -> InputDescription:
    return InputDescription(f"/dev/input/event{event}", vendor, 0x1200, name, phys, uniq, keys)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Two like scanners without serial number, one of them with a second interface, a mouse, two wireless scanners."""
    hub = Hub(
        described(2, 0x05E0, "Scanner Consumer Control", "usb-1-1.2/input1", frozenset({113, 114, 115})),
        described(3, 0x05E0, "Scanner", "usb-1-1.2/input0", LETTERS),
        described(10, 0x05E0, "Scanner", "usb-1-1.3/input0", LETTERS),
        described(11, 0x046D, "Mouse ", "usb-1-1.4/input0", frozenset({272, 273}), "M1"),
        described(12, 0x0C2E, "Wireless", "dc:a6:32:00:00:01", LETTERS, "00:19:01:00:00:01"),
        described(13, 0x0C2E, "Wireless", "dc:a6:32:00:00:01", LETTERS, "00:19:01:00:00:02"),
    )
    yield hub
    hub.close()


def path_of(hub: Hub, identity: InputIdentity) -> str:
    found = find(hub, identity)
    assert hub.still_open() == [str(found.path)]
    found.close()
    return str(found.path)


@pytest.mark.parametrize("identity", [InputIdentity("05e0", "1200"), InputIdentity("0c2e")])
def test_two_alike_are_never_guessed_between(hub: Hub, identity: InputIdentity) -> None:
    wanted = InputIdentity(identity.vendor, identity.product, keys=ENTER_KEY)
    with pytest.raises(DeviceGone, match="Two devices") as gone:
        find(hub, wanted)
    assert "phys" in gone.value.hint
    assert len(hub.opened) == 6
    assert not hub.still_open()


def test_the_socket_tells_them_apart_and_the_keys_choose_the_interface(hub: Hub) -> None:
    assert path_of(hub, InputIdentity("05e0", phys="usb-1-1.2", keys=ENTER_KEY)) == "/dev/input/event3"
    assert path_of(hub, InputIdentity("05e0", phys="usb-1-1.3", keys=ENTER_KEY)) == "/dev/input/event10"
    assert path_of(hub, InputIdentity(phys="usb-1-1.2", keys=frozenset({114}))) == "/dev/input/event2"
    # Both interfaces are one device: the first is taken.
    assert path_of(hub, InputIdentity(phys="usb-1-1.2")) == "/dev/input/event2"
    with pytest.raises(DeviceGone):
        find(hub, InputIdentity(phys="usb-1-1", keys=ENTER_KEY))


def test_serial_number_and_name(hub: Hub) -> None:
    assert path_of(hub, InputIdentity(serial="M1")) == "/dev/input/event11"
    assert path_of(hub, InputIdentity(device_name="Mouse")) == "/dev/input/event11"
    assert path_of(hub, InputIdentity(serial="00:19:01:00:00:02")) == "/dev/input/event13"
    with pytest.raises(DeviceGone, match="No such") as gone:
        find(hub, InputIdentity(serial="M2"))
    assert gone.value.hint == DeviceGone.hint
    assert not hub.still_open()


def test_a_given_path_must_be_there_and_may_not_be_withheld(hub: Hub) -> None:
    assert path_of(hub, InputIdentity(path="/dev/input/event10")) == "/dev/input/event10"
    with pytest.raises(DeviceGone, match="is not there"):
        find(hub, InputIdentity(path="/dev/input/event99"))
    hub.faults["/dev/input/event4"] = PermissionError(13, "Permission denied")
    with pytest.raises(DeviceGone, match=r"event4 may not be read\.") as gone:
        find(hub, InputIdentity(path="/dev/input/event4"))
    assert gone.value.hint == ACCESS_HINT


def test_devices_that_cannot_be_looked_at_do_not_hide_the_others(hub: Hub) -> None:
    hub.faults["/dev/input/event0"] = OSError(19, "No such device")
    hub.faults["/dev/input/event1"] = DeviceGone("It has a name that is not text.")
    hub.faults["/dev/input/event4"] = PermissionError(13, "Permission denied")
    assert path_of(hub, InputIdentity(serial="M1")) == "/dev/input/event11"
    with pytest.raises(DeviceGone, match="No such") as gone:
        find(hub, InputIdentity(serial="M2"))
    assert "one of 1 that may not be read" in gone.value.hint and ACCESS_HINT in gone.value.hint


def test_no_permission_for_any_device_is_told_as_that() -> None:
    with pytest.raises(DeviceGone, match=r"event7 may not be read\.") as gone:
        find(Hub(withheld=["/dev/input/event7"]), InputIdentity("05e0"))
    assert gone.value.hint == ACCESS_HINT


def test_no_input_devices_at_all(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone, match="No such"):
        find(KernelInput(tmp_path / "none"), InputIdentity("05e0"))


def test_taking_over_stamps_and_grabs(hub: Hub) -> None:
    device = find(hub, InputIdentity(serial="M1"))
    take_over(hub, device, False)
    assert hub.stamped == [device]
    assert not hub.boards["/dev/input/event11"].grabbed
    take_over(hub, device, True)
    assert hub.boards["/dev/input/event11"].grabbed


def test_somebody_elses_grab_is_told_and_nothing_stays_open() -> None:
    def busy() -> None:
        raise OSError(16, "Device or resource busy")

    class Taken(VirtualKeyboard):
        def open(self, path: str) -> InputDevice:
            device = super().open(path)
            self.last = VirtualInputDevice(os.dup(device.fd), self.described, busy)
            device.close()
            return self.last

    board = Taken()
    source = EvdevSource("hand", InputIdentity("05e0"), True, boottime, board)
    with pytest.raises(DeviceGone, match="Another program"):
        source.open()
    assert board.last.fd == -1
    board.close()


def test_nodes_that_are_no_input_devices_are_not_taken_and_not_leaked(tmp_path: Path) -> None:
    (tmp_path / "kbd").write_text("not a device")
    (tmp_path / "event1").write_text("not a device")
    (tmp_path / "event0").symlink_to("/dev/null")
    port = KernelInput(tmp_path)
    assert port.paths() == [str(tmp_path / "event0")]
    assert port.withheld() == []
    by_path = EvdevSource("hand", InputIdentity(path=str(tmp_path / "kbd")), True, boottime, port)
    by_vendor = EvdevSource("hand", InputIdentity("05e0"), True, boottime, port)
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for source in (by_path, by_vendor) * 3:
        with pytest.raises(DeviceGone):
            source.open()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_node_without_permission_is_withheld() -> None:
    program = """
import os, tempfile
from pathlib import Path
from devices.errors import DeviceGone
from devices.input_device import InputIdentity, KernelInput, find
if os.geteuid() == 0:
    os.setuid(65534)  # Nothing is withheld from root.
with tempfile.TemporaryDirectory() as folder:
    far_end, near_end = os.openpty()
    node = Path(folder, "event0")
    node.symlink_to(os.ttyname(near_end))
    os.chmod(node, 0)
    port = KernelInput(Path(folder))
    assert (port.paths(), port.withheld()) == ([], [str(node)])
    for identity in InputIdentity("05e0"), InputIdentity(path=str(node)):
        try:
            find(port, identity)
        except DeviceGone as gone:
            assert str(gone) == f"{node} may not be read." and "group `input`" in gone.hint
        else:
            raise AssertionError("it was found")
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_call_of_our_own_is_that_of_the_kernel() -> None:
    assert 1 << 30 | struct.calcsize("i") << 16 | ord("E") << 8 | 0xA0 == EVIOCSCLOCKID


def opened(board: VirtualKeyboard) -> EvdevSource:
    source = EvdevSource("hand", InputIdentity("05e0"), True, lambda: 5.0, board)
    assert source.open() == "/dev/input/virtual"
    return source


def frames_of(source: EvdevSource) -> list[Frame]:
    """Everything that has already been sent."""
    frames = []
    while frame := source.read(0.0):
        frames.append(frame)
    return frames


def test_recorded_events_are_read_and_dropped_ones_told() -> None:
    board = VirtualKeyboard()
    source = opened(board)
    board.replay(
        b"".join(
            INPUT_EVENT.pack(5, 250_000, *event)
            for event in ((4, 4, 30), (1, 30, 1), (1, 30, 2), (0, 0, 0), (0, 3, 0), (1, 31, 1), (0, 0, 0), (1, 30, 0))
        )
    )
    found: list[Frame] = []
    # Reads that hold nothing of interest give no frame, so each packet is asked for.
    while len(found) < 3:
        frame = source.read(5.0)
        assert frame is not None
        found.append(frame)
    # The key 31 stood in a queue that had overflowed, so it is not believed; a held key tells nothing.
    assert [frame.data for frame in found] == [KeyEvent(30, 1), MISSING, KeyEvent(30, 0)]
    assert {frame.at for frame in found} == {5.25}
    source.close()
    board.close()


def test_more_than_one_read_of_the_library_loses_nothing() -> None:
    board = VirtualKeyboard()
    source = opened(board)
    taps = [KeyEvent(2 + number % 50, value) for number in range(150) for value in (1, 0)]
    board.replay(b"".join(INPUT_EVENT.pack(5, 0, 1, tap.code, tap.value) for tap in taps))
    assert [frame.data for frame in frames_of(source)] == taps
    source.close()
    board.close()


def test_the_end_of_the_stream_is_the_plug() -> None:
    board = VirtualKeyboard()
    source = opened(board)
    board.unplug()
    with pytest.raises(DeviceGone, match="unplugged"):
        source.read(5.0)
    with pytest.raises(DeviceGone, match="No such"):
        source.open()
    source.close()
