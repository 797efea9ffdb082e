"""A whole plant on one machine: broker, server, server's worker and one gateway, as real processes with embedded
defaults. `lineside plant run` keeps it up, `check` proves it, the demo adds people and an outage."""

import json
import re
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from floor.example import example_plant
from floor.master import MasterData
from floor.master_files import write_toml
from simulation.cut_proxy import CutProxy
from simulation.processes import Process, ProcessDied, lineside, wait_for

GATEWAY_NAME = "gw1"
STATIONS = ("S1", "S2", "S3")
SCREEN_PORT = 8088
CENTRAL_PORT = 8770
BROKER_PORT = 1883
SCANNER_PORT = 5501
PROCESSES = {
    "central": ("central", "serve", "central ready"),
    "work": ("central", "work", ""),
    "broker": ("central", "broker", "broker ready"),
    "gateway": ("gateway", "run", "gateway ready"),
}
"""Name of a process: whose subcommand, which one, and the words by which it says that it is ready."""


@dataclass(slots=True)
class Ports:
    """Where everything listens, on loopback."""

    central: int
    broker: int
    screen: int
    scanner: int


def free_port(wanted: int = 0) -> int:
    """`wanted` when it is free on loopback, else any free port."""
    for port in (wanted, 0) if wanted else (0,):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise ProcessDied("no free port on loopback")


@dataclass(slots=True)
class Plant:
    """The processes of a plant in one folder. `proxied` puts a cutting proxy between the gateway and the office.
    `program` gives the command line of a subcommand, so that parts of another release can take a place."""

    folder: Path
    usual_ports: bool = True
    proxied: bool = False
    program: Callable[..., list[str]] = lineside
    master: MasterData = field(default_factory=example_plant)
    """What is imported at the first start."""
    processes: dict[str, Process] = field(default_factory=dict)
    proxies: list[CutProxy] = field(default_factory=list)
    ports: Ports = field(default_factory=lambda: Ports(0, 0, 0, 0))

    def start(self) -> None:
        """Start everything and return when all of it answers. Raises ProcessDied."""
        self.start_office()
        self.launch("broker")
        self.processes["broker"].wait_ready()
        central_port, broker_port = self._through_proxies()
        self._enrol(central_port)
        self._write_gateway_config(central_port, broker_port)
        self.launch("gateway")
        self.processes["gateway"].wait_ready()
        # Until the first snapshot has come a fresh gateway knows nobody's badge.
        wait_for("the master data at the gateway", self._has_master)
        wait_for("the scanners' pseudo-terminals", lambda: all(self.scanner_of(each).exists() for each in STATIONS))

    def start_office(self) -> None:
        """Start the server and its work alone, for gateways that run elsewhere. Raises ProcessDied."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports = self._choose_ports()
        self._write_central_config()
        self.launch("central")
        self._prepare_office()
        self.launch("work")

    def _has_master(self) -> bool:
        metrics = requests.get(f"{self.screen_url}metrics", timeout=5).text
        return re.search(r"^lineside_master_version [1-9]", metrics, re.MULTILINE) is not None

    def launch(self, name: str) -> None:
        """Start the process of this name, by the program that `program` gives now."""
        part, action, ready_word = PROCESSES[name]
        config = self.gateway_config if part == "gateway" else self.central_config
        command = self.program(part, action, "--config", str(config))
        process = Process(name, command, self.folder / "logs" / f"{name}.log", ready_word)
        self.processes[name] = process
        process.start()

    def stop(self) -> None:
        """End everything in order: scanners first, the server last."""
        for name in ("gateway", "work", "broker", "central"):
            if name in self.processes:
                self.processes[name].stop()
        for proxy in self.proxies:
            proxy.close()
        self.proxies.clear()

    def dead(self) -> list[str]:
        """Names of processes that ended by themselves."""
        return [name for name, process in self.processes.items() if not process.alive]

    # -- addresses ------------------------------------------------------------------------------------------------

    @property
    def board_url(self) -> str:
        """The office board."""
        return f"http://127.0.0.1:{self.ports.central}/board"

    @property
    def screen_url(self) -> str:
        """The station pages."""
        return f"http://127.0.0.1:{self.ports.screen}/"

    @property
    def scanner_link(self) -> Path:
        """The pseudo-terminal that stands for the scanner of the first station."""
        return self.scanner_of(STATIONS[0])

    def scanner_of(self, station: str) -> Path:
        """The pseudo-terminal that stands for a station's scanner."""
        return self.folder / f"scanner-{station}"

    @property
    def broker_account(self) -> tuple[str, str]:
        """A name and password that may read everything on the broker."""
        return "reader", self.broker_secret.read_text().strip()

    @property
    def broker_secret(self) -> Path:
        """Where that password lies."""
        return self.central_folder / "broker" / "reader.password"

    @property
    def admin_code(self) -> str:
        """The one-time code of the first sign-in; empty once it was used."""
        return (
            self.command("central", "admin-code", "--config", str(self.central_config)).strip().removeprefix("code: ")
        )

    @property
    def central_config(self) -> Path:
        """The server's configuration."""
        return self.folder / "central.toml"

    @property
    def gateway_config(self) -> Path:
        """The gateway's configuration."""
        return self.folder / "gateway.toml"

    @property
    def gateway_folder(self) -> Path:
        """The gateway's journal and credentials."""
        return self.folder / "gateway"

    @property
    def central_folder(self) -> Path:
        """The server's database, backups and broker."""
        return self.folder / "central"

    # -- steps ----------------------------------------------------------------------------------------------------

    def _choose_ports(self) -> Ports:
        usual = (CENTRAL_PORT, BROKER_PORT, SCREEN_PORT, SCANNER_PORT) if self.usual_ports else (0, 0, 0, 0)
        chosen: list[int] = []
        for port in usual:
            found = free_port(port)
            while found in chosen:
                found = free_port()
            chosen.append(found)
        return Ports(*chosen)

    def _write_central_config(self) -> None:
        self.central_config.write_text(
            f"folder = {json.dumps(str(self.central_folder))}\n"
            f"port = {self.ports.central}\n\n[broker]\nport = {self.ports.broker}\n"
        )

    def _prepare_office(self) -> None:
        """The example's master data, on the first start only: later ones keep what the planner changed."""
        self.processes["central"].wait_ready()
        marker = self.folder / "example.toml"
        if marker.exists():
            return
        marker.write_text(write_toml(self.master), encoding="utf-8")
        self.command("central", "import", "--config", str(self.central_config), str(marker))

    def _through_proxies(self) -> tuple[int, int]:
        if not self.proxied:
            return self.ports.central, self.ports.broker
        ports = []
        for target in (self.ports.central, self.ports.broker):
            port = free_port()
            self.proxies.append(CutProxy(port, "127.0.0.1", target))
            ports.append(port)
        return ports[0], ports[1]

    def enrolment_code(self, name: str) -> str:
        """A one-time code for a gateway of this name. Raises ProcessDied."""
        said = self.command("central", "enrol", "--config", str(self.central_config), name)
        code = re.search(r"code\W+([A-Z0-9-]{8,64})", said, re.IGNORECASE)
        if code is None:
            raise ProcessDied(f"the server gave no code: {said}")
        return code[1]

    def _enrol(self, central_port: int) -> None:
        if (self.gateway_folder / "token").exists():
            return
        code = self.enrolment_code(GATEWAY_NAME)
        self.command(
            "gateway",
            "enrol",
            "--url",
            f"http://127.0.0.1:{central_port}",
            "--name",
            GATEWAY_NAME,
            "--folder",
            str(self.gateway_folder),
            "--code",
            "-",
            spoken=code + "\n",
        )

    def _write_gateway_config(self, central_port: int, broker_port: int) -> None:
        lines = [
            "[gateway]",
            f'name = "{GATEWAY_NAME}"',
            f"folder = {json.dumps(str(self.gateway_folder))}",
            'site = "plant"\narea = "machining"\nline = "L1"\n',
            f'[central]\nurl = "http://127.0.0.1:{central_port}"\n',
            f'[mqtt]\nhost = "127.0.0.1"\nport = {broker_port}\n',
            f"[screen]\nport = {self.ports.screen}\n",
        ]
        for station in STATIONS:
            lines.append(f'[[station]]\nid = "{station}"')
            link = json.dumps(str(self.scanner_of(station)))
            lines.append(f'[[station.scanner]]\nkind = "pty"\nlink = {link}')
            if station == STATIONS[0]:
                lines.append(f'[[station.scanner]]\nkind = "tcp_server"\nport = {self.ports.scanner}')
            lines.append("")
        self.gateway_config.write_text("\n".join(lines))

    def command(self, *arguments: str, spoken: str = "") -> str:
        """What a subcommand prints. Raises ProcessDied with its words when it fails."""
        done = subprocess.run(
            self.program(*arguments), input=spoken, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise ProcessDied(f"lineside {' '.join(arguments[:2])} failed:\n{done.stdout}{done.stderr}")
        return done.stdout
