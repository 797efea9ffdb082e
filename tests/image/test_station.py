"""From a flashed card to a record at the office: the amd64 image under emulation, scanned by a real device."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from image.build import Build
from simulation.plant import Plant
from simulation.processes import ProcessDied, wait_for
from tests.vm.board import SCANNER, Board
from tests.vm.machine import Machine
from tests.vm.stations import NAME, flashed, office_in, scan, sign_in, wait_ready

pytestmark = [pytest.mark.image, pytest.mark.root, pytest.mark.process, pytest.mark.timeout(2_400)]
MEMORY_BYTES_MAX = 100 * 10**6
REPORTS = 100
"""Scans whose writes to the card are measured; what they come to is told for 1,000."""
DAY_REPORTS = 30_000
CARD_BYTES = 32 * 10**9
ERASES = 500
AMPLIFICATION = 10
"""A plain card of 32 GB, each cell erased so often, and ten bytes written inside it for each one that is sent: small
writes that are flushed make a card move what lies beside them. Cautious figures for cheap TLC; a card's maker may say
better ones."""


@dataclass
class Started:
    """A station that has been started, and its office."""

    board: Board
    machine: Machine
    plant: Plant
    ready_seconds: float
    """Since the kernel's start, in the emulator."""


@pytest.fixture(scope="module")
def station(release: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("station")
    with office_in(folder) as plant:
        board = flashed(release.disk, folder, plant)
        with board.started() as machine:
            yield Started(board, machine, plant, wait_ready(board, machine))


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nstation: {line}\n")


def test_a_scan_through_the_real_device_is_at_the_office(station: Started, capsys: pytest.CaptureFixture[str]) -> None:
    tell(capsys, f"ready {station.ready_seconds:.0f} s after the kernel's start, emulated")
    board, machine = station.board, station.machine
    board.wait_said(machine, f"ls /dev/input/by-id/*{SCANNER}*", "event-kbd")
    sign_in(machine, station.plant)
    began = time.monotonic()
    scan(machine, station.plant, "T-IMAGE-1")
    tell(capsys, f"a scan was at the office after {time.monotonic() - began:.1f} s")


def test_the_scanner_types_into_nothing_else(station: Started) -> None:
    taken = (
        "import errno, evdev, glob\n"
        f"device = evdev.InputDevice(glob.glob('/dev/input/by-id/*{SCANNER}*-event-kbd')[0])\n"
        "try:\n    device.grab()\nexcept OSError as error:\n    print(errno.errorcode[error.errno])\n"
    )
    assert station.board.ssh("/opt/lineside/bin/python3 -I -", spoken=taken).strip() == "EBUSY"
    assert "getty" not in station.board.ssh("ps -e -o comm")


def test_lineside_takes_little_memory(station: Started, capsys: pytest.CaptureFixture[str]) -> None:
    # RAUC's own tool, which the agent asks for the slots, comes and goes beside them.
    asked = "for each in $(pgrep -u lineside -f /opt/lineside); do grep ^Pss: /proc/$each/smaps_rollup; done"
    used = sum(int(line.split()[1]) * 1024 for line in station.board.ssh(asked).splitlines())
    tell(capsys, f"all processes of Lineside together: {used / 1e6:.1f} MB")
    assert 0 < used < MEMORY_BYTES_MAX


def test_only_the_maintainers_door_is_open(station: Started) -> None:
    listening = {line.split()[3] for line in station.board.ssh("ss -H -t -l -n").splitlines()}
    outside = {each for each in listening if not each.startswith(("127.", "[::1]"))}
    assert all(each.endswith(":22") for each in outside), outside
    assert "policy drop" in station.board.ssh("nft list chain inet lineside input")


def test_the_root_cannot_be_written_and_the_data_lies_on_its_partition(station: Started) -> None:
    board = station.board
    assert "Read-only" in board.ssh("touch /usr/x 2>&1 || true")
    assert board.ssh("findmnt -n -o FSTYPE /").strip() == "squashfs"
    options = board.ssh("findmnt -n -o OPTIONS /data")
    assert "noatime" in options and "commit=30" in options and "nobarrier" not in options
    assert "4c494e45-07" in board.ssh("blkid -o value -s PARTUUID $(findmnt -n -o SOURCE /data)")
    assert board.ssh("systemctl --failed --plain --no-legend").strip() == ""
    assert board.ssh("test -e /data/.grown && echo grown").strip() == "grown"
    secrets = ("/var/lib/lineside/token", "/boot/firmware/lineside/gateway.toml", "/boot/firmware/lineside")
    modes = board.ssh(f"stat -c '%U %a' {' '.join(secrets)}").splitlines()
    assert modes == ["lineside 600", "root 750", "root 750"], "the maintainers' keys lie there: root alone writes"
    asked = "setpriv --reuid lineside --regid lineside --clear-groups"
    assert board.ssh(f"{asked} cat /boot/firmware/lineside/gateway.toml").startswith("[gateway]")
    assert "Permission denied" in board.ssh("setpriv --reuid nobody --clear-groups ls /boot/firmware 2>&1 || true")


def test_the_code_is_off_the_card_which_is_closed_again(station: Started) -> None:
    board, machine = station.board, station.machine
    board.wait_said(machine, "systemctl is-active lineside-first-boot lineside-card", "inactive\ninactive")
    said = board.wait_said(machine, "ls /boot/firmware/lineside; echo .", "gateway.toml\n.")
    assert said.split() == ["authorized_keys", "gateway.toml", "."]
    assert "Read-only" in board.ssh("touch /boot/firmware/x 2>&1 || true")


def test_the_log_is_sealed_and_the_office_has_the_key(station: Started) -> None:
    board, machine, plant = station.board, station.machine, station.plant
    board.wait_said(machine, "ls -a /var/log/journal", ".sealed")
    wait_for("the key at the office", lambda: seals(plant) != [])
    (key,) = seals(plant)
    assert "No such file" in board.ssh("ls /var/lib/lineside/log-seal 2>&1 || true"), "off the card"
    board.ssh("systemd-cat -t canary echo IT-HAPPENED; journalctl --sync; journalctl --rotate")
    verified = f"journalctl --verify --verify-key={key} 2>&1"
    said = board.ssh(verified)
    assert "FAIL" not in said and "Validated from" in said, said
    files = "/var/log/journal/*/system@*.journal"
    changed = f"for each in {files}; do sed s/IT-HAPPENED/NOTHING-WAS/ $each >/tmp/${{each##*/}}; done"
    assert "FAIL" in board.ssh(f"{changed}; {verified} -D /tmp || true")
    assert "FAIL" in board.ssh(f"{verified.replace(key, other(key))} || true"), "nobody else's key judges it"


def test_only_the_boards_own_socket_gets_an_address_and_no_adapter_a_driver(station: Started) -> None:
    board = station.board
    assert "LINESIDE_OWN=1" in board.ssh("udevadm info --query=property $(ls -d /sys/class/net/en* | head -n 1)")
    assert "failed" in board.ssh("modprobe cdc_ether 2>&1 || echo failed")
    station.machine.command_qemu("netdev_add", type="user", id="net9")
    station.machine.command_qemu("device_add", driver="usb-net", id="adapter", netdev="net9", bus="usb0.0")
    board.wait_said(station.machine, "cat /sys/bus/usb/devices/*/product", "RNDIS")
    board.ssh("udevadm settle")
    assert len(board.ssh("ls /sys/class/net").split()) == 2, "its own, and the way to itself"
    station.machine.command_qemu("device_del", id="adapter")


def seals(plant: Plant) -> list[str]:
    """The keys that the office has."""
    try:
        said = plant.command("fleet", "seals", "--config", str(plant.central_config), NAME)
    except ProcessDied:
        return []
    return [line.split()[-1] for line in said.splitlines()]


def other(key: str) -> str:
    """Another key of the same shape."""
    return ("1" if key[0] == "0" else "0") + key[1:]


def test_reports_write_little(station: Started, capsys: pytest.CaptureFixture[str]) -> None:
    board, plant = station.board, station.plant
    written = "sync; awk '{print $7}' /sys/class/block/vda/stat"
    before = int(board.ssh(written))
    for number in range(REPORTS):
        scan(station.machine, plant, f"T-WEAR-{number:04d}")
    bytes_written = (int(board.ssh(written)) - before) * 512
    thousand = bytes_written / REPORTS * 1_000
    years = CARD_BYTES * ERASES / AMPLIFICATION / (thousand / 1_000 * DAY_REPORTS) / 365
    tell(capsys, f"1,000 reports write {thousand / 1e6:.1f} MB; at {DAY_REPORTS} a day a card lasts {years:.0f} years")
    assert thousand < 200e6
    assert years > 2
