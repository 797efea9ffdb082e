"""The plant's server in virtual time: the real application on a real SQLite file, with its backups and restores."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from central.application import close_app, create_app
from central.backup import make_backup
from central.config import CentralConfig
from central.enrolment import enrol, invite_gateway
from central.facts import acknowledge_call, resolve_call
from central.models import Call
from central.opening import open_database
from central.projector import catch_up_all
from central.restore import restore_backup
from central.snapshots import publish
from floor.example import example_plant
from floor.master import MasterData
from simulation.ledger import Identity, Ledger
from simulation.virtual_network import Application
from simulation.virtual_time import EPOCH_SECONDS, Timeline

HELD = (
    "SELECT stream.gateway, stream.epoch, record.seq, record.place, record.digest, record.content"
    " FROM record JOIN stream ON stream.id = record.stream_id"
)
FOLD_RECORDS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Copy:
    """A confirmed backup, and what was in it."""

    path: Path
    holds: frozenset[Identity]
    made_at: float


@dataclass(slots=True)
class Seed:
    """A server's folder as it is before anything came, made once: enrolled gateways and published master data."""

    folder: Path
    tokens: dict[str, str]


def make_seed(folder: Path, names: tuple[str, ...], master: MasterData) -> Seed:
    """A fresh server that knows these gateways."""
    config = CentralConfig(folder=folder)
    database = open_database(config)
    tokens = {}
    for name in names:
        with database.write() as session:
            code, _ = invite_gateway(session, database.plant, name, "simulation", EPOCH_SECONDS)
        with database.write() as session:
            tokens[name] = enrol(session, database.plant, name, code, EPOCH_SECONDS) or ""
    with database.write() as session:
        publish(session, master, "simulation", EPOCH_SECONDS, database.plant)
    database.close()
    return Seed(folder, tokens)


@dataclass(slots=True)
class VirtualOffice:
    """One server. Down: nobody listens. `rewrite` is a planted bug's way between a request and the application."""

    folder: Path
    timeline: Timeline
    ledger: Ledger
    master: MasterData = field(default_factory=example_plant)
    copies: list[Copy] = field(default_factory=list)
    app: Flask | None = None
    rewrite: Callable[[Application], Application] = lambda application: application
    manifests_trusted: bool = True
    """False is a planted bug: a restore that looks at no manifest but the copy's own."""
    put_back_behind: bool = False
    """It was once restored from an older copy than its newest: what newer ones alone held may be gone (P3)."""

    @property
    def config(self) -> CentralConfig:
        """Its configuration."""
        return CentralConfig(folder=self.folder)

    def now(self) -> float:
        """The server's clock, which is right."""
        return EPOCH_SECONDS + self.timeline.now

    def start(self) -> None:
        """Begin to answer."""
        if self.app is None:
            self.app = create_app(self.config, open_database(self.config), self.now)

    def stop(self) -> None:
        """Killed: what was committed stays."""
        if self.app is not None:
            close_app(self.app)
            self.app = None

    def listening(self) -> Application | None:
        """The application, where it answers."""
        return None if self.app is None else self.rewrite(self.app.wsgi_app)

    def back_up(self) -> None:
        """S5, with the real code."""
        if self.app is None:
            return
        database = self.app.extensions["lineside"].database
        catch_up_all(database, FOLD_RECORDS_MAX)
        made = make_backup(database, self.config, self.now())
        holds = frozenset(identity for identity, place, _, _ in held(made.file) if place == 0)
        self.copies.append(Copy(made.file, holds, self.timeline.now))
        self.ledger.safe |= holds

    def restore(self, copy: Copy) -> None:
        """S6, with the real code; the server is stopped for it and started again."""
        self.stop()
        self.put_back_behind = self.put_back_behind or copy is not self.copies[-1]
        if self.manifests_trusted:
            restore_backup(self.config, copy.path, self.now())
        else:
            self._restore_alone(copy)
        self.start()

    def _restore_alone(self, copy: Copy) -> None:
        """A planted bug: neither the other manifests nor the database that is replaced are looked at."""
        aside = self.folder / "aside"
        aside.mkdir()
        others = [
            each
            for each in self.config.backup_folder.glob("*.manifest.json")
            if each.name != f"{copy.path.name}.manifest.json"
        ]
        for each in others:
            each.rename(aside / each.name)
        for path in self.folder.glob("central.sqlite3*"):
            path.unlink()
        restore_backup(self.config, copy.path, self.now())
        for each in others:
            (aside / each.name).rename(each)
        aside.rmdir()

    def fold(self) -> None:
        """Bring the board up to the end of the log."""
        if self.app is not None:
            catch_up_all(self.app.extensions["lineside"].database, FOLD_RECORDS_MAX)

    def publish(self, master: MasterData) -> None:
        """A planner releases new master data."""
        if self.app is None:
            return
        database = self.app.extensions["lineside"].database
        with database.write() as session:
            publish(session, master, "planner", self.now(), database.plant)
        self.master = master

    def answer_calls(self, cause_of: Callable[[str], str]) -> int:
        """A leader with a phone takes every open call, and ends those taken before. How many."""
        if self.app is None:
            return 0
        self.fold()
        database = self.app.extensions["lineside"].database
        plant = database.plant
        with database.write() as session:
            rows = session.scalars(select(Call).where(Call.plant == plant, Call.state.in_(("raised", "acknowledged"))))
            calls = [(each.gateway, f"{each.epoch}/{each.seq}", each.state, each.call_type) for each in rows]
            for name, call, state, kind in calls:
                if state == "raised":
                    acknowledge_call(session, plant, name, call, "P01", "王建国", self.now())
                else:
                    resolve_call(session, plant, name, call, cause_of(kind), "P01", "王建国", self.now())
        return len(calls)

    @property
    def file(self) -> Path:
        """Its database."""
        return self.folder / "central.sqlite3"


def held(path: Path) -> list[tuple[Identity, int, str, str]]:
    """(identity, place, digest, content) of every record in a server's database; read with nothing of the server's."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(HELD).fetchall()
    return [((name, epoch, seq), place, digest, content) for name, epoch, seq, place, digest, content in rows]


def copy_of(seed: Seed, folder: Path) -> None:
    """Lay a fresh server down."""
    shutil.copytree(seed.folder, folder)
