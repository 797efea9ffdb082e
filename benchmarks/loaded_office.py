"""The product's own server with a whole plant enrolled, for `plant_load`: what is laid out before it starts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.fleet import Enlisted
from benchmarks.office_pages import GATEWAY, STEPS, card, master
from benchmarks.offices import lay_out
from benchmarks.page_readers import administrator, first_administrator
from benchmarks.plant_events import Place
from benchmarks.scales import Scale
from central import order_fold
from central.accounts import administrator_code
from central.config import read_config
from central.database import Database
from central.history import SERVER
from central.ingest import ingest
from central.opening import open_database
from central.snapshots import current_head, publish
from central.tasks import Wanted, make_task
from simulation.processes import Process, lineside
from tests.central.conftest import enrol_gateway

CREWS = 2
"""Processes of gateways, each with one that was away."""

READERS = 3
PEOPLE = 2_000
TASKS = 500


@dataclass(frozen=True, slots=True)
class LoadedOffice:
    """`pids` of its processes by their commands; `database` looks at the same database from outside."""

    url: str
    pids: dict[str, int]
    database: Database
    crews: list[list[Enlisted]]
    sessions: list[requests.Session]


@contextmanager
def loaded_office(folder: Path, database_url: str, scale: Scale) -> Iterator[LoadedOffice]:
    """`central serve` and `central work` over a plant that is laid out; both end afterwards."""
    config, url = lay_out(folder, database_url)
    database = open_database(read_config(config))
    crews = enlist(database, scale)
    with database.write() as session:
        code, _ = administrator_code(session, database.plant, time.time())
    processes = [
        Process(each, lineside("central", each, "--config", str(config)), folder / f"{each}.log", word)
        for each, word in (("serve", "central ready"), ("work", "work ready"))
    ]
    try:
        for each in processes:
            each.start()
        for each in processes:
            each.wait_ready()
        sessions = [first_administrator(url, code), *(administrator(url) for _ in range(READERS - 1))]
        yield LoadedOffice(url, {each.name: each.pid for each in processes}, database, crews, sessions)
    finally:
        for each in reversed(processes):
            each.stop()
        database.close()


def enlist(database: Database, scale: Scale) -> list[list[Enlisted]]:
    """A plant with master data, tasks and somewhat of a past; every gateway enrolled, in crews of one process each."""
    now, plant, gateways = time.time(), database.plant, scale.load_gateways
    people = min(PEOPLE, 10 * gateways)
    names = [f"gw{number}" for number in range(gateways)]
    away = [f"away{number}" for number in range(CREWS)]
    tokens = {name: enrol_gateway(database, name) for name in (GATEWAY, *names, *away)}
    with database.write() as session:
        publish(session, master(scale.page_operations, names, people), "bench", now, plant)
    with database.write() as session:
        for number in range(TASKS):
            wanted = Wanted(f"检查 {number}", f"P{number % people}", due=now + 600.0 * number)
            make_task(session, plant, wanted, SERVER, now)
    card().drain(lambda batch: ingest(database, GATEWAY, batch, now), records_max=1_000)
    while order_fold.catch_up_all(database):
        continue
    with database.read() as session:
        head = current_head(session, plant)
    orders = scale.page_operations // STEPS
    places = [Place(number, gateways, orders, people) for number in range(gateways)]
    crews = [
        [Enlisted(name, tokens[name], place, head) for name, place in zip(names, places, strict=True)][number::CREWS]
        for number in range(CREWS)
    ]
    for number, name in enumerate(away):
        crews[number].append(Enlisted(name, tokens[name], places[number], head, scale.load_backlog))
    return crews
