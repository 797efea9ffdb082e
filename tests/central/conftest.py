"""Databases for the server's tests: real SQLite files and a real PostgreSQL."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from central.application import close_app, create_app
from central.config import CentralConfig
from central.database import Database
from central.enrolment import enrol, invite_gateway
from central.migrations import migrate
from central.opening import open_database
from tests.central.postgres import Postgres, find_programs


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    programs = find_programs()
    assert programs is not None, "PostgreSQL's programs are needed: apt-get install postgresql"
    server = Postgres(programs)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with this release's tables and nothing in them: made once, copied for each that asks."""
    path = tmp_path_factory.mktemp("migrated") / "central.sqlite3"
    found = Database(f"sqlite:///{path}", "plant")
    migrate(found)
    found.close()
    return path


BOTH = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


def config_of(folder: Path, url: str) -> CentralConfig:
    return CentralConfig.model_validate({"folder": folder / "central", "database": url, "port": 0, "threads": 24})


def migrated_config(request: pytest.FixtureRequest, folder: Path) -> CentralConfig:
    if request.param == "postgres":
        return config_of(folder, request.getfixturevalue("postgres_server").migrated_url())
    made = config_of(folder, "")
    made.folder.mkdir(mode=0o700)
    shutil.copy(request.getfixturevalue("migrated_file"), made.folder)
    return made


@pytest.fixture(params=BOTH)
def config(request: pytest.FixtureRequest, tmp_path: Path) -> CentralConfig:
    """A plant's configuration, once on each database; its tables are there."""
    return migrated_config(request, tmp_path)


@pytest.fixture(scope="module", params=BOTH)
def module_config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CentralConfig:
    """The same for all tests of a module together."""
    return migrated_config(request, tmp_path_factory.mktemp("plant"))


@pytest.fixture(params=BOTH)
def empty_config(request: pytest.FixtureRequest, tmp_path: Path) -> CentralConfig:
    """The same before the first start: no tables."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_server").fresh_url()
    return config_of(tmp_path, url)


@pytest.fixture
def database(config: CentralConfig) -> Iterator[Database]:
    opened = open_database(config)
    yield opened
    opened.close()


@pytest.fixture
def app(config: CentralConfig) -> Iterator[Flask]:
    """The whole server, in this process."""
    made = create_app(config, open_database(config))
    yield made
    close_app(made)


@pytest.fixture
def enrolled(database: Database) -> Database:
    """With two gateways, `one` and `two`."""
    for name in ("one", "two"):
        enrol_gateway(database, name)
    return database


def enrol_gateway(database: Database, name: str) -> str:
    """The token of a new gateway."""
    now = time.time()
    with database.write() as session:
        code, _ = invite_gateway(session, database.plant, name, "test", now)
    with database.write() as session:
        token = enrol(session, database.plant, name, code, now)
    assert token
    return token
