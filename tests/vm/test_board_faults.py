"""The image on a board: scanners that come and go, a gateway that hangs, a full card, a kernel that gives up."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulation.plant import Plant
from simulation.processes import wait_for
from tests.process.test_kills import at_office
from tests.vm.board import Board
from tests.vm.machine import Machine
from tests.vm.stations import LIT, built, flashed, office_in, scan, sign_in, wait_ready

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.process, pytest.mark.timeout(1_800)]
WAIT_SECONDS = 600.0


@dataclass
class Station:
    """A started board, its office, and the socket that plays a serial scanner."""

    board: Board
    machine: Machine
    plant: Plant
    serial: Path

    def scan(self, label: str) -> None:
        """By the keyboard scanner; returns once the office has it."""
        scan(self.machine, self.plant, f"T-{label}")

    def awaits(self, label: str) -> None:
        wait_for(f"{label} at the office", lambda: f"T-{label}" in at_office(self.plant), WAIT_SECONDS)

    def plugged(self) -> socket.socket:
        """The serial scanner is plugged in for as long as somebody holds the other end."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.serial))
        return connection


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    folder = tmp_path_factory.mktemp("faults")
    with office_in(folder) as plant:
        board = flashed(built(folder, "1.0.0").disk, folder, plant)
        serial = folder / "serial.sock"
        port = ("-chardev", f"socket,id=serial0,path={serial},server=on,wait=off")
        with board.started(*port, "-device", "usb-serial,bus=usb0.0,chardev=serial0,serial=SER0001") as machine:
            wait_ready(board, machine)
            sign_in(machine, plant)
            yield Station(board, machine, plant, serial)


@pytest.fixture(autouse=True)
def at_work(station: Station, request: pytest.FixtureRequest) -> None:
    """Each test finds a station that takes a scan."""
    station.scan(f"BEFORE-{len(request.node.name)}")


def test_a_serial_scanner_is_plugged_in_and_pulled_out(station: Station) -> None:
    for turn in (1, 2):
        with station.plugged() as scanner:
            opened = "ls -l /proc/$(systemctl show -P MainPID lineside-gateway)/fd"
            station.board.wait_said(station.machine, opened, "/dev/ttyUSB0")
            scanner.sendall(f"T-SERIAL-{turn}\r".encode())
            station.awaits(f"SERIAL-{turn}")
        station.board.wait_said(station.machine, "ls /dev/ttyUSB0 2>&1", "No such file")
        station.scan(f"BESIDE-{turn}")


def test_a_gateway_that_hangs_is_started_again(station: Station) -> None:
    before = int(station.board.ssh("systemctl show -P NRestarts lineside-gateway"))
    station.board.ssh("kill -STOP $(systemctl show -P MainPID lineside-gateway)")
    station.board.wait_said(station.machine, "systemctl show -P NRestarts lineside-gateway", str(before + 1))
    station.board.wait_said(station.machine, "systemctl is-active lineside-gateway", "active\n")
    station.scan("AFTER-HANG")


def test_a_full_card_is_refused_aloud_and_goes_on_by_itself(station: Station) -> None:
    board, machine = station.board, station.machine
    board.ssh("fallocate -l $(($(stat -f -c '%a * %S' /data) - 1048576)) /data/filling || true; df /data")
    told = LIT.format("unkept")
    earlier = int(board.ssh(told))

    def aloud() -> bool:
        machine.type_label("T-NO-ROOM")
        return int(board.ssh(told)) > earlier

    board.wait(machine, "the loudest light", aloud)
    board.ssh("rm /data/filling")

    def again() -> bool:
        machine.type_label("T-ROOM-AGAIN")
        return "T-ROOM-AGAIN" in at_office(station.plant)

    board.wait(machine, "room again", again)
    assert "T-NO-ROOM" not in at_office(station.plant)


def test_the_boards_watchdog_is_fed_by_the_system(station: Station) -> None:
    assert "15" in station.board.ssh("systemctl show -P RuntimeWatchdogUSec")
    assert "i6300ESB" in station.board.ssh("cat /sys/class/watchdog/watchdog0/identity")
    assert station.board.ssh("cat /sys/class/watchdog/watchdog0/state").strip() == "active"
