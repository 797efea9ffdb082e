"""A gateway process of the product with one scanner on a TCP port, and its light heard from outside."""

import json
import os
import queue
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from floor.example import example_plant
from floor.master_files import write_toml
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader, check
from simulation.plant import free_port
from simulation.processes import Process, ProcessDied, lineside, wait_for
from tests.faults.oracle import Oracle, labels_in

BADGE = "B-P02"
SIGNAL_SECONDS_MAX = 60.0
LIGHT = "'S1.log': "
RESET = struct.pack("ii", 1, 0)


@dataclass
class Station:
    """`home` holds configuration and log, `data` the journal: the card that suffers.

    `command` runs the configuration; the default is what systemd starts. `prefix` goes before it, such as a namespace.
    """

    home: Path
    data: Path
    name: str = "gw1"
    central_url: str = ""
    broker: tuple[str, int] = ("", 0)
    screen: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)
    command: Sequence[str] = ()
    prefix: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    oracle: Oracle = field(default_factory=Oracle)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.signals: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._scanner: socket.socket | None = None
        self.home.mkdir(parents=True, exist_ok=True)
        self.config = self.home / "gateway.toml"
        self.write_config()
        command = [*self.prefix, *(self.command or lineside("gateway", "run", "--config")), str(self.config)]
        self.process = Process("gateway", command, self.home / "log", "INFO lineside: ready", self.environment)
        self.process.on_line = self._line

    def write_config(self) -> None:
        """The configuration; a plant's file stands in for a server that is not there."""
        lines = ["[gateway]", f'name = "{self.name}"', f"folder = {json.dumps(str(self.data))}"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in self.settings.items()]
        if self.central_url:
            lines += ["[central]", f'url = "{self.central_url}"']
        else:
            plant = self.home / "plant.toml"
            plant.write_text(write_toml(example_plant()))
            lines += ["[master]", f"file = {json.dumps(str(plant))}"]
        if self.broker[1]:
            lines += ["[mqtt]", f'host = "{self.broker[0]}"', f"port = {self.broker[1]}"]
        lines += ["[screen]", f"enabled = {json.dumps(self.screen)}", "port = 0", "[[station]]", 'id = "S1"']
        if self.host:
            lines += ["[[station.scanner]]", 'kind = "tcp_server"', f'host = "{self.host}"', f"port = {self.port}"]
        else:
            lines += ["[[station.scanner]]", 'kind = "pty"', f"link = {json.dumps(str(self.link))}"]
        self.config.write_text("\n".join(lines) + "\n")

    @property
    def link(self) -> Path:
        """The scanner's pseudo-terminal, for a gateway whose network is not ours."""
        return self.home / "scanner"

    def start(self) -> None:
        """Started, ready, and the scanner connected."""
        self.forget_signals()
        self.link.unlink(missing_ok=True)
        self.process.start()
        self.process.wait_ready()
        if self.host:
            wait_for("the scanner's port", self._connect, step_seconds=0.005)
        else:
            wait_for("the scanner's pseudo-terminal", self.link.exists, step_seconds=0.005)

    def send(self, *labels: str) -> None:
        """What the scanner sends; nothing when the gateway is gone."""
        raw = b"".join(label.encode() + b"\r" for label in labels)
        if self._scanner is not None:
            try:
                self._scanner.sendall(raw)
            except OSError:
                self._disconnect()
        elif not self.host:
            descriptor = os.open(self.link, os.O_WRONLY | os.O_NOCTTY)
            os.write(descriptor, raw)
            os.close(descriptor)

    def signal(self, seconds_max: float = SIGNAL_SECONDS_MAX) -> str:
        """The next signal of the light; empty when the gateway is dead or says nothing."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            try:
                return self.signals.get(timeout=0.05)
            except queue.Empty:
                if not self.process.alive and self.signals.empty():
                    return ""
        return ""

    def scan(self, count: int = 1) -> list[str]:
        """Scan new labels at once, hear their signals, and let the oracle know.

        Several labels that could not be kept are refused with one signal: after it nothing more is waited for.
        """
        labels = self.oracle.next(count)
        self.send(*labels)
        signals: list[str] = []
        while len(signals) < count and "unkept" not in signals and (signal := self.signal()):
            signals.append(signal)
        self.oracle.hear(labels, signals)
        return signals

    def scan_kept(self, count: int) -> None:
        """Scans one after the other, each of which must be kept."""
        for _ in range(count):
            signals = self.scan()
            assert signals == ["kept"], f"{signals} instead of a beep:\n{self.process.tail()}"

    def scan_until(self, wanted: str, seconds_max: float = SIGNAL_SECONDS_MAX) -> int:
        """Scan until the light says so; after how many scans. Raises ProcessDied."""
        deadline, scans = time.monotonic() + seconds_max, 0
        while time.monotonic() < deadline:
            scans += 1
            if self.scan() == [wanted]:
                return scans
            wait_a_moment()
        raise ProcessDied(f"no {wanted!r} in {seconds_max:.0f} s:\n{self.process.tail(30)}")

    def sign_in(self) -> None:
        """A person is there from now on, over restarts as well. Without master data nobody's badge is known."""
        wait_for("the master data", lambda: "snapshot.applied" in kinds_on(self.data))
        self.send(BADGE)
        assert (signal := self.signal()) == "noted", f"{signal!r}:\n{self.process.tail()}"

    def forget_signals(self) -> None:
        """What was not heard of the process before."""
        while not self.signals.empty():
            self.signals.get()

    def kill_in_scan(self, count: int) -> None:
        """SIGKILL with scans under way; what the light still said is heard."""
        labels = self.oracle.next(count)
        self.send(*labels)
        self.kill()
        signals: list[str] = []
        while len(signals) < count and "unkept" not in signals and not self.signals.empty():
            signals.append(self.signals.get())
        self.oracle.hear(labels, signals)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self._disconnect()

    def stop(self) -> int | None:
        """SIGTERM, in order."""
        self._disconnect()
        return self.process.stop()

    def judge(self) -> int:
        """Every record holds, and what was beeped is on the card; how many labels were lost since the last time."""
        faults, found = read_card(self.data)
        assert faults == [], faults
        return self.oracle.judge(found)

    def _connect(self) -> bool:
        try:
            self._scanner = socket.create_connection((self.host, self.port), timeout=5)
        except OSError:
            return False
        return True

    def _disconnect(self) -> None:
        connection, self._scanner = self._scanner, None
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.close()

    def _line(self, line: str) -> None:
        if LIGHT in line:
            word = line.rsplit(LIGHT, 1)[1].split(" ", 1)[0]
            if word not in ("online", "offline"):
                self.signals.put(word)


def read_card(folder: Path) -> tuple[list[str], list[str]]:
    """The faults of a journal and the labels it holds."""
    with JournalReader(folder / FILE_NAME) as reader:
        return list(check(reader)), labels_in(record.content for _, record in reader.walk())


def kinds_on(folder: Path) -> set[str]:
    """The types of records that a card holds."""
    with JournalReader(folder / FILE_NAME) as reader:
        return {json.loads(record.content)["type"] for _, record in reader.walk()}


def kept_records(folder: Path) -> int:
    """Records that the card has ever kept."""
    with JournalReader(folder / FILE_NAME) as reader:
        return sum(entry.last for entry in reader.epochs())


def wait_a_moment(seconds: float = 0.05) -> None:
    """Between two looks at something that changes by itself."""
    time.sleep(seconds)
