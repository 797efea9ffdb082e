"""A plant of two lines with a call, a task, a problem, an order and an operation at each, and whoever asks."""

import itertools
from dataclasses import dataclass

from flask import Flask
from werkzeug.test import TestResponse

from central import accounts
from central.call_names import call_name
from central.context import Plant
from central.history import Actor
from central.ingest import ingest
from central.models import Call
from central.pages.protection import FORM_TOKEN, SESSION_COOKIE
from central.problems import Analysis, make_problem
from central.projector import catch_up_all
from central.sessions import NOWHERE, PASSWORD, open_session
from central.snapshots import publish
from central.tasks import Wanted, make_task
from floor.events import AndonRaised
from floor.example import example_plant
from floor.master import MasterData
from floor.owners import owners
from floor.rows import Operation, Station, WorkOrder
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.page_client import form_token

GATEWAY, KIND = "one", "equipment"
STATIONS = {"own": "S1", "other": "S9"}
OWN = "plant/machining/L1"
MINE, SOMEBODY, PERSON = "P01", Actor("somebody", "P04"), "P05"
"""The person of every account that asks; who made everything; whose everything is."""


def two_lines() -> MasterData:
    """The example plant with a second line, and an order with one operation at each."""
    plant = example_plant()
    orders = [WorkOrder(id=f"WO-{line}", item="AX", quantity=9) for line in STATIONS]
    operations = [
        Operation(id=f"OP-{line}", work_order=f"WO-{line}", planned=9, ticket=f"T-{line}", stations=(station,))
        for line, station in STATIONS.items()
    ]
    other = Station(id="S9", name="工位 9", site="plant", area="machining", line="L9", gateway=GATEWAY)
    return plant.with_tables(
        stations=(*plant.stations, other),
        work_orders=(*plant.work_orders, *orders),
        operations=(*plant.operations, *operations),
    )


@dataclass(frozen=True, slots=True)
class Things:
    """What there is at a line: the names and numbers that a form or an address says."""

    station: str
    call: str
    task: int
    problem: int
    order: str
    operation: str


class LinePlant:
    """The application with those things; `person` makes an account with roles, `ask` asks as it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.here: Plant = app.extensions["lineside"]
        self.name = self.here.database.plant
        self.master = two_lines()
        with self.here.database.write() as session:
            publish(session, self.master, "test", self.here.now(), self.name)
        enrol_gateway(self.here.database, GATEWAY)
        self.card, self._numbers = Card(GATEWAY), itertools.count(1)
        self.things = {line: self._things(line) for line in STATIONS}
        self.owner = owners(self.master, KIND)[0]

    def raise_call(self, line: str) -> str:
        """A new open call; its name."""
        station = STATIONS[line]
        call = self.card.keep(AndonRaised(call_type=KIND), station)
        self.card.drain(lambda batch: ingest(self.here.database, GATEWAY, batch, self.here.now()))
        catch_up_all(self.here.database)
        return f"{GATEWAY}/{call}"

    def _things(self, line: str) -> Things:
        call, problem_call, now = self.raise_call(line), self.raise_call(line), self.here.now()
        with self.here.database.write() as session:
            wanted = Wanted("Look", PERSON, checklist=("one",), station=STATIONS[line])
            task = make_task(session, self.name, wanted, SOMEBODY, now)
            rows = {call_name(each): each for each in session.query(Call).all()}
            problem = make_problem(session, self.name, Analysis("Why", PERSON), [rows[problem_call]], SOMEBODY, now)
        assert task is not None and problem is not None
        return Things(STATIONS[line], call, task, problem, f"WO-{line}", f"OP-{line}")

    def account(self, *roles: str) -> str:
        """The session's token of a new account with these roles."""
        name = f"user{next(self._numbers)}"
        with self.here.database.write() as session:
            accounts.add_account(session, self.name, name, roles, "test", self.here.now(), MINE)
            return open_session(session, self.name, name, self.here.now(), NOWHERE, PASSWORD)

    def ask(self, token: str, path: str, form: dict[str, str] | None = None, number: int = 1) -> TestResponse:
        """A page (no form), or what its form sends, from an address of its own."""
        client = self.app.test_client()
        client.set_cookie(SESSION_COOKIE, token)
        where = {"REMOTE_ADDR": f"10.1.{number // 250}.{number % 250 + 1}"}
        if form is None:
            return client.get(path, environ_overrides=where)
        headers = {"Origin": "http://localhost"}
        data = {FORM_TOKEN: form_token(self.app, token), **form}
        return client.post(path, data=data, headers=headers, environ_overrides=where)
