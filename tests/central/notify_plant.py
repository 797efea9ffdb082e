"""A plant whose people can be told: master data, accounts, a gateway's card, and the pump over memory channels."""

import itertools
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from central.accounts import add_account
from central.channels.port import Channel
from central.config import CentralConfig
from central.database import Database
from central.ingest import ingest
from central.notify.contacts import save_contact
from central.notify.pump import DeliveryPump
from central.notify.rule_rows import save_rule
from central.notify.rules import Rule
from central.notify.tables import Delivery, DeliveryStep, Notification
from central.projector import catch_up_all
from central.snapshots import publish
from floor.duty import Absence, Department, Deputy, Duty
from floor.events import Event
from floor.example import example_plant
from floor.master import MasterData
from tests.central.card import Card
from tests.central.memory_channel import MemoryChannel

NOW = 1_700_000_100.0
"""14 November 2023, 22:15 UTC; the card's first record is of this hour."""

PUBLIC_URL = "https://plant.example"
WAIT_SECONDS_MAX = 20.0


def staffed_plant() -> MasterData:
    """The example with a department: its leader P01, its head P06, the maintainer P03 on duty, P02 for who is away."""
    plant = example_plant()
    people = [each.model_copy(update={"department": "M"} if each.id in ("P01", "P02") else {}) for each in plant.people]
    people[2] = people[2].model_copy(update={"roles": ("maintainer",)})
    return plant.with_tables(
        people=tuple(people),
        stations=tuple(each.model_copy(update={"department": "M"}) for each in plant.stations),
        departments=(Department(id="M", name="机加", name_en="Machining", head="P06"),),
        duties=(Duty(duty="设备科", person="P03"),),
        deputies=(Deputy(person="P01", deputy="P02"),),
    )


def away(master: MasterData, person: str) -> MasterData:
    """The same with somebody away."""
    return master.with_tables(absences=(Absence(person=person, since="2020-01-01"),))


class NotifyPlant:
    """`database` has a gateway `one` enrolled. Time stands still unless a test moves `now`."""

    def __init__(self, database: Database, channels: Mapping[str, Channel] | None = None) -> None:
        self.database = database
        self.channels: Mapping[str, Channel] = channels or {}
        self.now = NOW
        self.card = Card("one")
        self.pump = self.new_pump()
        self._accounts = itertools.count(1)
        with database.write() as session:
            publish(session, staffed_plant(), "test", NOW - 100, database.plant)

    def new_pump(self) -> DeliveryPump:
        """The pump of a worker that has just started."""
        config = CentralConfig(folder=Path("."), public_url=PUBLIC_URL)
        return DeliveryPump(self.database, config, self.channels, lambda _: 0.0)

    def account(self, *people: str) -> None:
        """Somebody who can sign in."""
        with self.database.write() as session:
            for person in people:
                name = f"user{next(self._accounts)}"
                add_account(session, self.database.plant, name, ("leader",), "test", self.now, person)

    def contact(self, person: str, channel: str, address: str = "a@example.org", **values: str) -> None:
        with self.database.write() as session:
            given = {"channel": channel, "address": address, **values}
            save_contact(session, self.database.plant, person, given, "test", self.now)

    def rule(self, rule: Rule) -> int:
        with self.database.write() as session:
            return save_rule(session, self.database.plant, rule, "test", self.now)

    def happen(self, event: Event, station: str = "S1") -> str:
        """An event comes in and is folded; its identity."""
        self.card.wall = self.now - 1
        identity = self.card.keep(event, station)
        self.card.drain(lambda batch: ingest(self.database, "one", batch, self.now))
        catch_up_all(self.database)
        return identity

    def run(self, seconds: float = 0.0, pump: DeliveryPump | None = None) -> None:
        """Some time later: step until nothing is under way. Waits on the answers, never for a time."""
        self.now += seconds
        stepping = pump or self.pump
        until = time.monotonic() + WAIT_SECONDS_MAX
        quiet = 0
        while quiet < 2:
            stepping.step(self.now)
            flying = stepping.under_way()
            for each in flying:
                each.exception(WAIT_SECONDS_MAX)
            quiet = 0 if flying else quiet + 1
            assert time.monotonic() < until, "the pump does not come to rest"

    def deliveries(self, channel: str = "", person: str = "") -> list[Delivery]:
        with self.database.read() as session:
            rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        return [row for row in rows if channel in ("", row.channel) and person in ("", row.person)]

    def states(self, channel: str = "", person: str = "") -> list[str]:
        return [row.state for row in self.deliveries(channel, person)]

    def notes(self, kind: str = "") -> list[Notification]:
        with self.database.read() as session:
            rows = session.scalars(select(Notification).order_by(Notification.id)).all()
        return [row for row in rows if kind in ("", row.kind)]

    def steps(self, row: Delivery) -> list[str]:
        with self.database.read() as session:
            wanted = select(DeliveryStep.action).where(DeliveryStep.delivery == row.id)
            return list(session.scalars(wanted.order_by(DeliveryStep.number)))


@pytest.fixture
def chat() -> MemoryChannel:
    return MemoryChannel()


@pytest.fixture
def mail() -> MemoryChannel:
    return MemoryChannel()


@pytest.fixture
def plant(enrolled: Database, chat: MemoryChannel, mail: MemoryChannel) -> NotifyPlant:
    made = NotifyPlant(enrolled, {"chat": chat, "mail": mail})
    made.account("P01", "P06")
    return made
