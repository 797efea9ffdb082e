"""The server process of the product for a fault, killed and started again, and what it holds."""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import requests
import sqlalchemy

from central.config import read_config
from floor.example import example_plant
from floor.master_files import write_toml
from simulation.plant import free_port
from simulation.processes import Process, lineside, wait_for
from tests.faults.oracle import Oracle, labels_in
from tests.faults.station import Station, kept_records

ARRIVED_SECONDS_MAX = 180.0


@dataclass
class Office:
    """`host` is where gateways find it; `database` empty: SQLite; `prefix`: before its commands, as for a namespace."""

    folder: Path
    database: str = ""
    host: str = "127.0.0.1"
    prefix: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.config = self.folder / "central.toml"
        lines = [f"folder = {json.dumps(str(self.folder / 'central'))}", f'host = "{self.host}"', f"port = {self.port}"]
        lines += [f"database = {json.dumps(self.database)}"] if self.database else []
        self.config.write_text("\n".join(lines) + "\n")
        self.config.chmod(0o600)
        command = [*self.prefix, *lineside("central", "serve", "--config", str(self.config))]
        self.process = Process("central", command, self.folder / "log", "central ready")
        self._engine: sqlalchemy.Engine | None = None

    @property
    def url(self) -> str:
        """Where gateways send."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Started and ready; the example's master data with the first start."""
        self.process.start()
        self.process.wait_ready()
        marker = self.folder / "example.toml"
        if not marker.exists():
            marker.write_text(write_toml(example_plant()))
            self._run("central", "import", "--config", str(self.config), str(marker))

    def enrol(self, name: str, data: Path, prefix: Sequence[str] = (), url: str = "") -> None:
        """A gateway's credential, laid into its folder by the product's own command."""
        said = self._run("central", "enrol", "--config", str(self.config), name)
        code = re.search(r"code\W+([A-Z0-9-]{8,64})", said, re.IGNORECASE)
        assert code is not None, said
        words = ("gateway", "enrol", "--url", url or self.url, "--name", name, "--folder", str(data), "--code", "-")
        self._run(*words, spoken=code[1] + "\n", prefix=prefix)

    def labels(self) -> list[str]:
        """The tickets of every work.started that is held, in the order of the log."""
        return labels_in(str(row[0]) for row in self.rows("SELECT content FROM record ORDER BY position"))

    def count(self, name: str) -> int:
        """How many records of a gateway are held."""
        question = (
            "SELECT count(*) FROM record JOIN stream ON stream.id = record.stream_id WHERE stream.gateway = :name"
        )
        return int(str(self.rows(question, name=name)[0][0]))

    def alarms(self) -> list[str]:
        """The kinds of all alarms."""
        return sorted(str(row[0]) for row in self.rows("SELECT kind FROM alarm"))

    def alarms_of(self, name: str) -> list[str]:
        """The kinds of a gateway's alarms, as somebody sees them who opens the board: looking folds the log."""
        requests.get(f"{self.url}/api/v1/board", timeout=30).raise_for_status()
        return sorted(str(row[0]) for row in self.rows("SELECT kind FROM alarm WHERE gateway = :name", name=name))

    def count_epochs(self, name: str) -> int:
        """How many lives of a gateway are known."""
        return int(str(self.rows("SELECT count(*) FROM stream WHERE gateway = :name", name=name)[0][0]))

    def rows(self, question: str, **values: object) -> Sequence[Sequence[object]]:
        """Look into the database, beside the server."""
        if self._engine is None:
            self._engine = sqlalchemy.create_engine(
                read_config(self.config).database_url, poolclass=sqlalchemy.NullPool
            )
        with self._engine.connect() as connection:
            return list(connection.execute(sqlalchemy.text(question), values))

    def wait_for_all(self, station: Station) -> None:
        """Until it holds every record of the card, and each beeped label once; the oracle judges."""
        wait_for(
            "every record at the office",
            lambda: self.count(station.name) >= kept_records(station.data),
            ARRIVED_SECONDS_MAX,
        )
        self.judge(station.oracle)

    def judge(self, oracle: Oracle) -> None:
        """What was beeped is held once; nothing contradicts itself."""
        oracle.judge(self.labels())
        oracle.assert_kept()
        assert self.alarms() == []

    def _run(self, *words: str, spoken: str = "", prefix: Sequence[str] | None = None) -> str:
        command = [*(self.prefix if prefix is None else prefix), *lineside(*words)]
        done = subprocess.run(command, input=spoken, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{words[:2]} failed:\n{done.stdout}{done.stderr}"
        return done.stdout


def drain(station: Station, office: Office) -> None:
    """The card goes to a gateway whose network works: everything it holds is counted once."""
    office.enrol(station.name, station.data)
    station.central_url = office.url
    station.write_config()
    station.start()
    try:
        office.wait_for_all(station)
    finally:
        station.stop()
