"""The office's pages at 50,000 open operations beside the same pages at 500, in turns in the same run.

Both plants have the same people, records and calls, so what differs is how many operations the tables hold. The
server's clock goes on by some seconds with each request, so that no page answers from what it read before.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskClient

from benchmarks.figures import Figure, at_most
from benchmarks.readings import in_turns, median_pair
from benchmarks.scales import Scale
from central.application import close_app, create_app
from central.config import CentralConfig
from central.ingest import ingest
from central.order_fold import catch_up_all
from central.snapshots import publish
from floor.events import AndonRaised, ReportFinished, WorkStarted
from floor.master import MasterData
from floor.rows import CallType, Operation, Person, Station, WorkOrder
from floor.work_events import ComponentUsed, ProductIdentified
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.page_client import first_administrator

FEW = 500
STEPS = 5
LINES = 20
WORKED_ON = 400
STEP_SECONDS = 3.0
GATEWAY = "one"

PAGES = {
    "page_flow": ("/flow", 4.0),
    "page_orders": ("/orders", 4.0),
    "page_order": ("/orders/WO00007", 2.0),
    "page_trace": ("/trace?q=A7", 2.0),
    "page_board": ("/board", 8.0),
}
"""Path, and by how much it may be slower than with 500 operations."""


def master(operations: int, gateways: Sequence[str] = (GATEWAY,) * LINES, people: int = 50) -> MasterData:
    """So many operations in orders of five, over twenty lines. Station S0, S1, ... belongs to each of `gateways`."""
    orders = [f"WO{number:05}" for number in range(operations // STEPS)]
    steps = itertools.product(range(len(orders)), range(STEPS))
    return MasterData(
        people=tuple(Person(id=f"P{n}", name=f"张{n}", badge=f"B{n}") for n in range(people)),
        stations=tuple(
            Station(id=f"S{n}", line=f"line-{n % LINES:02}", gateway=each) for n, each in enumerate(gateways)
        ),
        work_orders=tuple(
            WorkOrder(id=each, item=f"item-{n % 40}", quantity=100, due=f"2027-{n % 12 + 1:02}-{n % 28 + 1:02}")
            for n, each in enumerate(orders)
        ),
        operations=tuple(
            Operation(
                id=f"{orders[n]}-{step}",
                work_order=orders[n],
                number=10 * (step + 1),
                name="车削",
                planned=100,
                ticket=f"T{n}-{step}",
                stations=(f"S{(n + step) % len(gateways)}",),
            )
            for n, step in steps
        ),
        call_types=(CallType(id="quality", name="质量"),),
    )


def card() -> Card:
    """Work at the first operations: starts, components, serials, reports and some calls."""
    found = Card(GATEWAY)
    for number in range(WORKED_ON):
        order, person = f"WO{number // STEPS % (FEW // STEPS):05}", f"P{number % 50}"
        work = {"person": person, "operation": f"{order}-{number % STEPS}", "work_order": order}
        station = f"S{number % LINES}"
        found.keep(WorkStarted(**work), station)
        found.keep(ComponentUsed(**work, item="screw", lot=f"L{number // 20}"), station)
        found.keep(ProductIdentified(**work, serial=f"A{number}"), station)
        if number % 3:
            found.keep(ReportFinished(**work, good=number % 40), station)
        if number % 40 == 0:
            found.keep(AndonRaised(call_type="quality", person=person, operation=work["operation"]), station)
    return found


@contextmanager
def office(folder: Path, operations: int) -> Iterator[FlaskClient]:
    """A signed-in reader of a plant with so many operations; everything is folded."""
    ticks = itertools.count()
    begun = time.time()
    app = create_app(CentralConfig(folder=folder), clock=lambda: begun + STEP_SECONDS * next(ticks))
    try:
        database = app.extensions["lineside"].database
        enrol_gateway(database, GATEWAY)
        with database.write() as session:
            publish(session, master(operations), "bench", begun, database.plant)
        card().drain(lambda batch: ingest(database, GATEWAY, batch, begun))
        catch_up_all(database)
        yield first_administrator(app)
    finally:
        close_app(app)


def milliseconds_of(client: FlaskClient, path: str) -> float:
    """From the request to the whole answer."""
    began = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200 and answer.data, answer.status
    return 1000 * (time.perf_counter() - began)


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """Each page in turns."""
    figures = []
    with office(folder / "few", FEW) as few, office(folder / "many", scale.page_operations) as many:
        for name, (path, ratio_max) in PAGES.items():
            for each in (few, many):
                milliseconds_of(each, path)
            pairs = in_turns(scale.page_rounds, lambda: milliseconds_of(few, path), lambda: milliseconds_of(many, path))  # noqa: B023
            base, value = median_pair(pairs)
            figures.append(at_most(name, value, "ms", base, ratio_max))
    return figures
