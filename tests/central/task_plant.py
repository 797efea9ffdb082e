"""A plant for tests of tasks: three people with deputies and duties, a call that a card raises and resolves."""

from central.database import Database
from central.history import Actor
from central.ingest import ingest
from central.projector import catch_up_all
from central.snapshots import publish
from central.task_pumps import LogPump
from floor.duty import Absence, Department, Deputy, Duty
from floor.example import example_plant
from floor.master import MasterData
from tests.central.card import Card

NOW = 1_800_000_000.0
DAY = 86_400.0
OWNER, DEPUTY, BUYER = (each.id for each in example_plant().people[:3])
WANG = Actor("wang", OWNER, "Chrome · Android", "192.0.2.7")
LI = Actor("li", DEPUTY, "Edge · Windows", "192.0.2.8")
OPERATION = example_plant().operations[0]


def task_master(*, away: tuple[str, ...] = ()) -> MasterData:
    """The example plant with a department, duties and a deputy; `away`: people who are."""
    plant = example_plant()
    people = [row.model_copy(update={"department": "MACH"}) if row.id == OWNER else row for row in plant.people]
    return plant.with_tables(
        people=tuple(people),
        departments=(Department(id="MACH", name="机加", name_en="Machining", head=OWNER),),
        duties=(
            Duty(duty="采购值班", person=BUYER),
            Duty(duty="质量值班", person=DEPUTY),
            Duty(duty="夜班电工", person=BUYER, start="00:00", end="00:01"),
        ),
        deputies=(Deputy(person=OWNER, deputy=DEPUTY),),
        absences=tuple(Absence(person=each, since="2020-01-01") for each in away),
    )


def publish_master(database: Database, master: MasterData | None = None) -> MasterData:
    """Master data in force."""
    found = master or task_master()
    with database.write() as session:
        publish(session, found, "test", NOW, database.plant)
    return found


def take_in(database: Database, card: Card, now: float = NOW) -> None:
    """What a card holds, ingested and folded, and answered by the pump."""
    card.drain(lambda batch: ingest(database, card.name, batch, now))
    answer_log(database, now)


def answer_log(database: Database, now: float = NOW) -> None:
    """The log read to its end."""
    catch_up_all(database)
    pump = LogPump(database)
    while pump.step(now) <= now:
        pass
