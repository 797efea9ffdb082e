"""A fleet of real gateway processes, each a machine with two directory slots, its own card and the real update agent.

A machine is supervised as a service manager does it: what lies in the booted slot is started, starts again when it
ends, and is booted anew when a boot is asked for.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from central.config import read_config
from central.database import Database
from central.opening import open_database
from central.snapshots import publish
from floor.example import example_plant
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from gateway.journal_versions import MIGRATIONS
from gateway.updates.boot_requests import PLAIN, TRIAL
from gateway.updates.bundles import build_bundle, make_keys
from gateway.updates.directory_slots import boot, first_release
from simulation.processes import Process, lineside
from tests.central.conftest import enrol_gateway
from tests.faults.office import Office
from tests.faults.station import Station

GOOD = '#!/bin/sh\nexec "{python}" -m gateway.cli gateway run --config "$1"\n'
BAD = "#!/bin/sh\necho this release does not become ready\nsleep 3\nexit 1\n"
RESTART_SECONDS = 1.0
OFFICE_READY_SECONDS_MAX = 600.0


@dataclass
class Vendor:
    """Who builds releases."""

    home: Path

    def __post_init__(self) -> None:
        self.keys = self.home / "keys"
        self.keys.mkdir(parents=True)
        make_keys(self.home / "vendor.key", self.keys / "vendor.pem")

    def bundle(self, version: str, program: str = GOOD) -> Path:
        """A signed release whose `run` is the program."""
        tree = self.home / f"tree-{version}"
        tree.mkdir()
        (tree / "run").write_text(program.format(python=sys.executable))
        (tree / "run").chmod(0o755)
        out = self.home / f"{version}.lineside"
        build_bundle(tree, out, version, "lineside", self.home / "vendor.key", MIGRATIONS, ())
        return out


class FleetStation(Station):
    """A station whose configuration names its slots; its program is the one of the booted slot."""

    slots: Path
    keys: Path
    trial_seconds: float = 120.0

    def write_config(self) -> None:
        super().write_config()
        update = {
            "backend": "directory",
            "slots": str(self.slots),
            "keys": str(self.keys),
            "requests": str(self.home / "requests"),
            "ask_seconds": 1.0,
            "quiet_seconds": 0,
            "healthy_seconds": 2,
            "trial_seconds_max": self.trial_seconds,
        }
        lines = ["[update]", *(f"{name} = {json.dumps(value)}" for name, value in update.items())]
        with self.config.open("a") as file:
            file.write("\n".join(lines) + "\n")


class Machine:
    """One gateway of the fleet."""

    def __init__(self, home: Path, name: str, office: Office, vendor: Vendor, first: Path) -> None:
        self.name, self.home, self.data = name, home, home / "card"
        self.slots, self.requests = home / "slots", home / "requests"
        made = type(f"StationOf{name}", (FleetStation,), {"slots": self.slots, "keys": vendor.keys})
        self.station = made(home, self.data, name=name, central_url=office.url)
        first_release(self.slots, first, vendor.keys)
        self.agent = Process(
            f"agent-{name}",
            lineside("update", "run", "--config", str(self.station.config)),
            home / "agent-log",
            "update agent ready",
        )
        self.boots: list[str] = []
        self.version = ""
        self.up = False
        self.signed_in = False
        self.boot_seconds = 0.0
        self._booted_at = 0.0
        self._dead_since = 0.0

    def boot(self) -> None:
        """What the firmware chooses is started, and so is the agent. Requests lie where a boot leaves nothing."""
        for name in (PLAIN, TRIAL):
            (self.requests / name).unlink(missing_ok=True)
        slot = boot(self.slots)
        self.version = str(json.loads((slot / "release.json").read_text())["version"])
        self.boots.append(self.version)
        self.station.process.command = [str(slot / "run"), str(self.station.config)]
        self.up = False
        self.station.forget_signals()
        self.station.process.start()
        self.agent.start()
        self._booted_at = time.monotonic()

    def step(self) -> None:
        """Boot when it is asked for; what ended starts again; a station that is up scans one label."""
        asked = [each for each in (PLAIN, TRIAL) if (self.requests / each).exists()]
        if asked:
            self.halt()
            self.boot()
        elif not self.station.process.alive:
            self.up = False
            if not self._dead_since:
                self._dead_since = time.monotonic()
            elif time.monotonic() - self._dead_since > RESTART_SECONDS:
                self._dead_since = 0.0
                self.station.process.start()
        elif not self.up:
            self.up = self.station.process.is_ready and self.station._connect()
            if self.up:
                self.boot_seconds = max(self.boot_seconds, time.monotonic() - self._booted_at)
        elif not self.signed_in:
            self.station.sign_in()
            self.signed_in = True
        else:
            self.station.scan()

    def give_time(self, seconds: float) -> None:
        """How long a release may take to be good, from the next boot on: a busy machine boots slowly."""
        self.station.trial_seconds = seconds
        self.station.write_config()

    def halt(self) -> None:
        """In order, as a reboot does it."""
        self.agent.stop()
        self.station.stop()

    def kept(self) -> set[tuple[str, int, str]]:
        """(epoch, seq, digest) of every record on the card."""
        with JournalReader(self.data / FILE_NAME) as reader:
            return {(record.epoch, record.seq, record.digest) for _, record in reader.walk()}


def enrol(database: Database, machines: Sequence[Machine]) -> None:
    """Each gets its own credential, as enrolment lays it there."""
    for each in machines:
        each.data.mkdir(parents=True, exist_ok=True)
        token = each.data / "token"
        token.write_text(enrol_gateway(database, each.name))
        token.chmod(0o600)


@contextmanager
def office_of(folder: Path) -> Iterator[tuple[Office, Database]]:
    """A server of both its processes with the example's master data, and its database beside it. The worker takes a
    roll-out from stage to stage."""
    office = Office(folder)
    office.process.start()
    office.process.wait_ready(OFFICE_READY_SECONDS_MAX)
    command = lineside("central", "work", "--config", str(office.config))
    worker = Process("worker", command, folder / "log", "work ready")
    worker.start()
    worker.wait_ready(OFFICE_READY_SECONDS_MAX)
    database = open_database(read_config(office.config))
    try:
        with database.write() as session:
            publish(session, example_plant(), "test", time.time(), database.plant)
        yield office, database
    finally:
        database.close()
        worker.stop()
        office.process.stop()


def held(office: Office, name: str) -> set[tuple[str, int, str]]:
    """What the office holds of a gateway, by identity and digest."""
    question = (
        "SELECT stream.epoch, record.seq, record.digest FROM record JOIN stream ON stream.id = record.stream_id"
        " WHERE stream.gateway = ?"
    )
    with sqlite3.connect(f"file:{office.folder / 'central/central.sqlite3'}?mode=ro", uri=True, timeout=30) as opened:
        found = {(str(epoch), int(seq), str(digest)) for epoch, seq, digest in opened.execute(question, (name,))}
    opened.close()
    return found
