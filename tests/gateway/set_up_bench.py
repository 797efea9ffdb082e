"""A whole gateway for the set-up page, in this process, with virtual devices at the far ends of real channels."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from devices.detection import Hardware
from devices.evdev_library import InputDevice
from devices.virtual import VirtualSerialScanner
from devices.virtual_keyboard import InputDescription, VirtualKeyboard
from floor.example import example_plant
from floor.master import MasterData
from floor.master_files import write_toml
from gateway.assigned import AssignedDevice, read_assigned
from gateway.config import read
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from gateway.main import Program
from gateway.screen.server import ScreenServer
from tests.gateway.screen_fixture import WAIT_SECONDS, Client

OPERATOR, MAINTAINER = "B-P02", "B-P04"


class Keyboards:
    """Several virtual keyboards as one `InputPort`."""

    def __init__(self, *keyboards: VirtualKeyboard) -> None:
        self._keyboards = keyboards

    def paths(self) -> Sequence[str]:
        return [path for each in self._keyboards for path in each.paths()]

    def withheld(self) -> Sequence[str]:
        return []

    def open(self, path: str) -> InputDevice:
        (found,) = (each for each in self._keyboards if each.described.path == path)
        return found.open(path)

    def stamp_by_boottime(self, device: InputDevice) -> None:
        """Stamped by the virtual keyboard."""


class _Running(Program):
    screen: ScreenServer

    def _start_screen(self) -> Any:
        self.screen = super()._start_screen()
        return self.screen


class SetUpGateway:
    """Station S1 with a pseudo-terminal as scanner; a keyboard scanner, a keypad and a serial scanner that are free."""

    def __init__(
        self, folder: Path, maintainer: bool = True, master: MasterData | None = None, station: str = ""
    ) -> None:
        self.folder = folder
        (folder / "by-id").mkdir()
        self.serial = VirtualSerialScanner(str(folder / "by-id" / "usb-Honeywell_Voyager_1470g-if00"))
        self.hand = VirtualKeyboard(
            described=InputDescription("/dev/input/event3", 0x05E0, 0x1200, "Symbol Bar Code Scanner", "usb-1.2/input0")
        )
        self.pad = VirtualKeyboard(
            described=InputDescription("/dev/input/event7", 0x1A2C, 0x0E24, "Andon keypad", "usb-1.3/input0", "K-77")
        )
        plant = write_toml(master or example_plant())
        if maintainer:
            plant = plant.replace('badge = "B-P04"', 'badge = "B-P04"\nroles = ["maintainer"]')
        (folder / "plant.toml").write_text(plant)
        self.own = folder / "own-scanner"
        self.config = folder / "gateway.toml"
        self.config.write_text(
            f'[gateway]\nname = "gw1"\nfolder = "{folder / "data"}"\n[master]\nfile = "{folder / "plant.toml"}"\n'
            f'[screen]\nport = 0\n[[station]]\nid = "S1"\n{station}'
            f'[[station.scanner]]\nkind = "pty"\nname = "own"\nlink = "{self.own}"\n'
            '[[station.scanner]]\nkind = "serial"\nname = "dock"\npath = "/dev/serial/by-id/usb-Dock"\n'
            '[[station]]\nid = "S2"\n'
        )
        self.start()

    def start(self) -> None:
        """Start it, as its supervisor would."""
        hardware = Hardware(Keyboards(self.hand, self.pad), self.folder, lambda: ())
        self.program = _Running(read(self.config), hardware)
        self.codes: list[int] = []
        self._thread = threading.Thread(target=lambda: self.codes.append(self.program.run()), name="gateway")
        self._thread.start()
        until(lambda: hasattr(self.program, "screen") and self.program.screen.wait_ready(0))
        until(lambda: self.own.exists() and self.program.feed.latest()[1] is not None)

    def wait_end(self) -> int:
        """The exit code of a gateway that ends."""
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()
        return self.codes[0]

    def close(self) -> None:
        """End it and its devices."""
        if self._thread.is_alive():
            self.program.died("the test", SystemExit())
            self.wait_end()
        for each in (self.serial, self.hand, self.pad):
            each.close()

    @property
    def url(self) -> str:
        return self.program.screen.url

    def client(self) -> "SetUpClient":
        return SetUpClient(self.url)

    def scan(self, label: str) -> None:
        """Scan with the station's own scanner."""
        self.own.write_text(label + "\r")

    def sign_in(self, badge: str = MAINTAINER) -> None:
        """Scan a badge, and wait until the page knows."""
        self.scan(badge)
        person = badge.removeprefix("B-")
        until(lambda: any(each.person == person for each in self.people()))

    def people(self) -> Sequence[Any]:
        _, view = self.program.feed.latest()
        return () if view is None else view.stations[0].people

    def kept(self, kind: str) -> list[dict[str, Any]]:
        """The data of all kept events of a type."""
        with JournalReader(self.folder / "data" / FILE_NAME) as reader:
            contents = [json.loads(record.content) for _, record in reader.walk()]
        return [each["data"] | {"station": each.get("subject", "")} for each in contents if each["type"] == kind]

    def assigned(self) -> tuple[AssignedDevice, ...]:
        return read_assigned(self.folder / "data" / "assigned.toml")


class SetUpClient(Client):
    """Asks and posts like the set-up page."""

    def state(self, station: str = "S1") -> dict[str, Any]:
        """The state, with its token taken. AssertionError when it is refused."""
        assert self.get(f"/station/{station}/set-up").status_code == 200
        answer = self.get(f"/station/{station}/set-up/state")
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        self.token = state["token"]
        return state

    def act(self, act: str, body: object, station: str = "S1") -> tuple[int, dict[str, Any]]:
        """The status and the answer of an action."""
        answer = self.post(f"set-up/{act}", body, station)
        return answer.status_code, answer.json()


def until(reached: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + WAIT_SECONDS
    tick = threading.Event()
    while not reached():
        assert time.monotonic() < deadline, "not reached"
        tick.wait(0.02)
