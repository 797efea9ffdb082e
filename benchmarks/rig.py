"""A gateway to measure: its folder with configuration, credential and master data; as a process, or in this one."""

import json
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.content import GATEWAY_NAME, STATIONS, plant
from benchmarks.readings import wait_until
from devices.types import Indicator
from gateway.config import read
from gateway.equipment import Equipment, build_equipment
from gateway.journal import FILE_NAME, Journal
from gateway.loop import Stop
from gateway.main import Program
from gateway.master_store import save, seal
from simulation.processes import Process, lineside

TOKEN = "bench-token-of-no-secrecy-0123456789"


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where the gateway sends: port 0 and an empty address mean nowhere."""

    broker_port: int = 0
    central_url: str = ""
    token: str = TOKEN


def lay_out(folder: Path, sinks: Sinks, stations: int = 1, screen: bool = False, journal_bytes_max: int = 0) -> Path:
    """A gateway's folder and its configuration file, whose path is returned. Scanner 1 is `folder`/scanner."""
    place = folder / "gateway"
    place.mkdir(parents=True, exist_ok=True)
    save(seal(plant()), place)
    (place / "token").write_text(sinks.token)
    lines = ["[gateway]", f'name = "{GATEWAY_NAME}"', f"folder = {json.dumps(str(place))}"]
    lines += ['site = "plant"', 'area = "machining"', 'line = "L1"', 'log_level = "info"']
    lines += [f"journal_bytes_max = {journal_bytes_max}"] if journal_bytes_max else []
    lines += ["[screen]", f"enabled = {str(screen).lower()}", "port = 0"]
    if sinks.broker_port:
        lines += ["[mqtt]", 'host = "127.0.0.1"', f"port = {sinks.broker_port}"]
    if sinks.central_url:
        lines += ["[central]", f'url = "{sinks.central_url}"']
    for number, station in enumerate(STATIONS[:stations]):
        link = folder / ("scanner" if number == 0 else f"scanner{number + 1}")
        # Each scan counts here: tickets come round faster than a person could bring them.
        lines += ["[[station]]", f'id = "{station}"', "double_scan_seconds = 0"]
        lines += ["[[station.scanner]]", 'kind = "pty"', f"link = {json.dumps(str(link))}"]
        if number > 0:
            lines += ["[[station.light]]", 'kind = "log"']
    config = folder / "gateway.toml"
    config.write_text("\n".join(lines) + "\n")
    return config


@contextmanager
def gateway_process(config: Path, ready_word: str = "INFO lineside: ready") -> Iterator[Process]:
    """`lineside gateway run`, ready; ended afterwards."""
    process = Process(
        "gateway", lineside("gateway", "run", "--config", str(config)), config.with_suffix(".log"), ready_word
    )
    process.start()
    try:
        process.wait_ready()
        yield process
    finally:
        process.stop()


class Station:
    """The production gateway in this process: every part of `gateway.main.Program` but its signals.

    `indicator` takes the place of the lights of the first station.
    """

    def __init__(self, config: Path, indicator: Indicator | None = None) -> None:
        self.program = Program(read(config))
        # The same steps as Program.run, which waits for signals that only a main thread can have.
        self.program._read_master()
        self.program._open()
        self.equipment = self._equipment(indicator)
        self.sinks = self.program._sinks()
        self.loop = self.program._loop(self.equipment, self.sinks)
        self._thread = threading.Thread(target=self.loop.run, name="main-loop", daemon=True)

    @property
    def journal(self) -> Journal:
        """The journal; look only."""
        return self.program.journal

    def start(self) -> None:
        """Devices, sinks, then the loop."""
        self.equipment.start()
        self.sinks.start()
        self._thread.start()

    def stop(self) -> None:
        """Scanners, loop, sinks, journal."""
        self.equipment.stop()
        self.program.inbox.put(Stop(signal.Signals.SIGTERM.name))
        self._thread.join(30)
        self.sinks.stop()
        self.equipment.dark()
        self.program.journal.close()
        self.program.notice.close()

    def _equipment(self, indicator: Indicator | None) -> Equipment:
        built = build_equipment(self.program.config, self.program.inbox.put, self.program.died)
        if indicator is None:
            return built
        return replace(built, indicators={**built.indicators, STATIONS[0]: (indicator,)})


@contextmanager
def station(config: Path, indicator: Indicator | None = None) -> Iterator[Station]:
    """A running station, stopped afterwards."""
    with started(Station(config, indicator)) as found:
        yield found


@contextmanager
def started(built: Station) -> Iterator[Station]:
    """A built station at work, stopped afterwards."""
    built.start()
    try:
        yield built
    finally:
        built.stop()


def wait_for_scanner(folder: Path) -> Path:
    """The pseudo-terminal of the first scanner, once it is there."""
    link = folder / "scanner"
    wait_until("the scanner", link.exists)
    return link


def forget_sinks(folder: Path) -> None:
    """As if nothing had been sent yet: for the next round over the same records."""
    connection = sqlite3.connect(folder / "gateway" / FILE_NAME)
    with connection:
        connection.execute("DELETE FROM sink")
        connection.execute("UPDATE epoch SET mark = 0, safe = 0, missing = '[]'")
    connection.close()
