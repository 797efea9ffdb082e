"""Plays the script of a shift into a running plant, one input after the other, and notes when each was answered."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulation.plant import STATIONS, Plant
from simulation.processes import wait_for
from tests.gateway.screen_fixture import Client
from tests.shift.expectation import FOLDER, Row, read_script

PACE = 700.0
"""Seconds of the shift in a second of the test: eight hours in less than a minute."""

DOUBLE_SCAN_SECONDS = 0.3
ANSWER_SECONDS_MAX = 60.0


class ShiftPlant(Plant):
    """A plant whose double-scan window is as short as its shift."""

    def _write_gateway_config(self, central_port: int, broker_port: int) -> None:
        Plant._write_gateway_config(self, central_port, broker_port)
        text = self.gateway_config.read_text()
        for station in STATIONS:
            mine = f'[[station]]\nid = "{station}"'
            text = text.replace(mine, f"{mine}\ndouble_scan_seconds = {DOUBLE_SCAN_SECONDS}")
        self.gateway_config.write_text(text)


@dataclass
class Replay:
    """`sent` and `answered`: seconds of the monotonic clock for each row, before the input and after its signal."""

    plant: Plant
    sent: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)
    _signals: dict[str, queue.SimpleQueue[str]] = field(default_factory=dict)
    _last: dict[tuple[str, str], float] = field(default_factory=dict)
    _scanners: dict[str, int] = field(default_factory=dict)

    def run(self, away: range = range(0)) -> None:
        """The whole script; server and broker are away for the rows in `away`, as well as where the script says so."""
        self._signals = {station: queue.SimpleQueue() for station in STATIONS}
        self.plant.processes["gateway"].on_line = self._line
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            pages = {station: stack.enter_context(_page(self.plant, station)) for station in STATIONS}
            for row in read_script():
                self._lines(row, away)
                if row.station:
                    threading.Event().wait(max(0.0, began + row.second / PACE - time.monotonic()))
                    self._give(row, pages[row.station])
        for proxy in self.plant.proxies:
            proxy.heal()

    def _lines(self, row: Row, away: range) -> None:
        office, broker = self.plant.proxies
        if row.number == away.start and away:
            office.cut()
            broker.cut()
        elif row.number == away.stop and away:
            office.heal()
            broker.heal()
        elif row.what in ("cut", "mend") and row.number not in away:
            proxy = office if row.value == "office" else broker
            proxy.cut() if row.what == "cut" else proxy.heal()

    def _give(self, row: Row, page: Client) -> None:
        heard = self._signals[row.station]
        while not heard.empty():
            heard.get()
        # The same label is a scan of its own only behind the window, however slow or fast this machine is.
        earliest = self._last.get((row.station, row.value), 0.0) + DOUBLE_SCAN_SECONDS + 0.1
        threading.Event().wait(max(0.0, earliest - time.monotonic()))
        self.sent[row.number] = time.monotonic()
        if row.what == "press":
            assert page.post("call", {"call_type": row.value, "long": False}, row.station).status_code == 202
        else:
            label = row.value.encode() + b"\r"
            self._write(row.station, label * (2 if row.what == "twice" else 1))
        for _ in range(2 if row.what == "twice" else 1):
            heard.get(timeout=ANSWER_SECONDS_MAX)
        self.answered[row.number] = self._last[row.station, row.value] = time.monotonic()

    def _write(self, station: str, content: bytes) -> None:
        with self.plant.scanner_of(station).open("wb", buffering=0) as scanner:
            scanner.write(content)

    def _line(self, line: str) -> None:
        for station in STATIONS:
            if f"'{station}.log'" in line and ": " in line:
                word = line.rsplit(": ", 1)[1].split(" ", 1)[0]
                if word not in ("online", "offline"):
                    self._signals[station].put(word)


@contextlib.contextmanager
def _page(plant: Plant, station: str) -> Iterator[Client]:
    with Client(plant.screen_url.rstrip("/")) as client:
        client.enter(station)
        yield client


@contextlib.contextmanager
def shift_plant(folder: Path) -> Iterator[Plant]:
    """A plant of real processes with the shift's master data, behind proxies that cut."""
    plant = ShiftPlant(folder, usual_ports=False, proxied=True)
    try:
        plant.start()
        plant.command("central", "import", "--yes", "--config", str(plant.central_config), str(FOLDER / "plant.toml"))
        wait_for("the shift's master data at the gateway", lambda: _version(plant) >= 2, 60)
        yield plant
    finally:
        plant.stop()


def _version(plant: Plant) -> int:
    with Client(plant.screen_url.rstrip("/")) as client:
        lines = client.get("/metrics").text.splitlines()
    return next(int(float(each.split()[1])) for each in lines if each.startswith("lineside_master_version "))
