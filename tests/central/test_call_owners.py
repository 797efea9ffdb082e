"""One acknowledgement with every evidence (N04), and calls handed over, in whatever order the two ends learn of it."""

from collections.abc import Callable
from typing import Any

import pytest

from central.board import BoardCall, current_board
from central.call_history import CallStep, call_steps
from central.database import Database
from central.facts import acknowledge_call, assign_call, read_facts, resolve_call
from central.ingest import ingest
from central.models import Call
from central.projector import catch_up_all
from floor.events import (
    AndonAcknowledged,
    AndonAssigned,
    AndonEscalated,
    AndonRaised,
    AndonResolved,
    Event,
    FactReceived,
    Happening,
    Instant,
)
from gateway.floor_state import Floor
from tests.central.card import Card
from tests.central.test_board import NOW, publish_master, put

KIND = "quality"


class Plant:
    """One station and its office, with a line between them that a test opens: `meet()` is one exchange."""

    def __init__(self, database: Database) -> None:
        self.database = database
        publish_master(database)
        self.card = Card("one")
        self.floor = Floor()
        self.heard = 0
        self.now = NOW
        self.call = self.keep(AndonRaised(call_type=KIND, person="P1"))
        self.meet()

    def keep(self, event: Event) -> str:
        """A record at the station, folded there at once."""
        identity = self.card.keep(event)
        instant = Instant(self.card.boot, self.card.boottime, self.card.wall, True)
        self.floor.apply(identity, Happening(event, "S1", instant, 1))
        return identity

    def badge(self, person: str) -> None:
        self.keep(AndonAcknowledged(call=self.call, call_type=KIND, person=person, source="badge"))

    def hand(self, owner: str, person: str = "P1") -> None:
        self.keep(AndonAssigned(call=self.call, call_type=KIND, owner=owner, person=person, source="page"))

    def office(self, act: Callable[..., bool], *what: str) -> bool:
        with self.database.write() as session:
            return act(session, "plant", "one", self.call, *what, self.tick())

    def phone(self, person: str) -> bool:
        return self.office(acknowledge_call, person, person)

    def office_hands(self, owner: str) -> bool:
        return self.office(assign_call, owner, "P2", "李强")

    def meet(self) -> None:
        """Records go up, facts come down and are kept, and that goes up."""
        self.send()
        self.fetch()
        self.send()

    def tick(self) -> float:
        self.now += 1
        return self.now

    def send(self) -> None:
        self.card.drain(lambda batch: ingest(self.database, "one", batch, self.tick()))
        catch_up_all(self.database)

    def fetch(self) -> None:
        with self.database.read() as session:
            for fact in read_facts(session, "plant", "one", self.heard).facts:
                self.keep(FactReceived(fact=fact.number, kind=fact.kind, content=dict(fact.content)))
                self.heard = fact.number

    def shown(self) -> BoardCall:
        [found] = current_board(self.database, NOW).calls
        return found

    def here(self) -> tuple[str, str, str]:
        call = self.floor.calls[self.call]
        return str(call.state), call.owner, call.acknowledged_by

    def there(self) -> tuple[str, str, str]:
        call = self.shown()
        return call.state, call.owner, call.acknowledged_by

    def steps(self) -> tuple[CallStep, ...]:
        epoch, _, seq = self.call.partition("/")
        with self.database.read() as session:
            row = session.get(Call, ("plant", "one", epoch, int(seq)))
            assert row is not None
            return call_steps(session, "plant", row)

    def taken(self) -> list[tuple[str, str, bool]]:
        return [(each.person, each.source, each.counts) for each in self.steps() if each.kind == "acknowledged"]


@pytest.fixture
def plant(enrolled: Database) -> Plant:
    return Plant(enrolled)


def test_the_phone_first_then_the_badge_that_did_not_know(plant: Plant) -> None:
    assert plant.phone("P2")
    plant.badge("P1")
    plant.meet()
    assert plant.there() == ("acknowledged", "", "P2")
    assert plant.taken() == [("P2", "office", True), ("P1", "badge", False)]


def test_the_badge_first_then_the_phone_of_a_page_that_was_open(plant: Plant) -> None:
    plant.badge("P1")
    plant.send()
    assert not plant.phone("P2"), "it is told that somebody was first"
    assert not plant.phone("P1"), "the same person again is nothing new"
    plant.meet()
    assert plant.there() == plant.here() == ("acknowledged", "", "P1")
    assert plant.taken() == [("P1", "badge", True), ("P2", "office", False)]


def test_a_badge_without_the_office_and_a_phone_meanwhile(plant: Plant) -> None:
    """Hours apart and not a word between them: one acknowledgement at each end, both kept."""
    plant.badge("P1")
    plant.card.wall += 7200
    assert plant.phone("P2"), "the office does not know of the badge yet"
    plant.meet()
    assert plant.shown().state == "acknowledged" and plant.here()[0] == "acknowledged"
    assert sorted(plant.taken()) == [("P1", "badge", False), ("P2", "office", True)]
    plant.keep(AndonResolved(call=plant.call, call_type=KIND, person="P1", cause="tool"))
    plant.meet()
    assert current_board(plant.database, NOW).calls == ()
    assert [each.kind for each in plant.steps()].count("resolved") == 1


def test_an_acknowledgement_twice_in_the_log_is_two_evidences_of_one(plant: Plant) -> None:
    plant.badge("P1")
    plant.badge("P2")
    plant.meet()
    assert plant.taken() == [("P1", "badge", True), ("P2", "badge", False)]


def test_handed_over_at_the_station(plant: Plant) -> None:
    plant.badge("P1")
    plant.hand("设备科")
    plant.meet()
    assert plant.there() == plant.here() == ("raised", "设备科", "")
    assert plant.shown().handed_by_name == "王芳"
    plant.badge("P2")
    plant.meet()
    assert plant.there() == plant.here() == ("acknowledged", "设备科", "P2")
    assert plant.taken() == [("P1", "badge", False), ("P2", "badge", True)]
    assert [(each.kind, each.person, each.about) for each in plant.steps()][2] == ("assigned", "P1", "设备科")


def test_handed_over_by_the_office(plant: Plant) -> None:
    assert plant.phone("P1")
    assert plant.office_hands("设备科")
    assert not plant.office_hands("设备科"), "it is with them already"
    assert plant.there() == ("raised", "设备科", "")
    plant.meet()
    assert plant.here() == ("raised", "设备科", "")
    plant.badge("P2")
    plant.meet()
    assert plant.there() == plant.here() == ("acknowledged", "设备科", "P2")


def test_a_badge_that_did_not_know_of_the_new_owner_takes_nothing(plant: Plant) -> None:
    """At the station the badge came first, and the hand-over after it: both ends say that the call waits."""
    plant.badge("P1")
    assert plant.office_hands("设备科")
    plant.meet()
    assert plant.there() == plant.here() == ("raised", "设备科", "")


def test_two_hand_overs_at_once_end_with_one_owner(plant: Plant) -> None:
    plant.hand("质量科")
    assert plant.office_hands("设备科")
    plant.meet()
    assert plant.there() == plant.here() == ("raised", "设备科", "")


def test_a_phone_that_took_it_while_the_station_handed_it_over(plant: Plant) -> None:
    plant.hand("质量科")
    assert plant.phone("P2")
    plant.meet()
    assert plant.there()[0] == plant.here()[0] == "acknowledged"


def test_a_tier_from_before_a_hand_over_does_not_take_the_owner_away(plant: Plant) -> None:
    plant.keep(AndonEscalated(call=plant.call, call_type=KIND, tier=1, owner="班组长", elapsed_seconds=300.0))
    assert plant.office_hands("设备科")
    plant.meet()
    assert plant.there() == plant.here() == ("raised", "设备科", "")
    assert plant.shown().tier == 1
    plant.keep(AndonEscalated(call=plant.call, call_type=KIND, tier=2, owner="车间主任", elapsed_seconds=900.0))
    plant.meet()
    assert plant.there()[1] == plant.here()[1] == "车间主任"
    assert plant.shown().handed_by == ""


@pytest.mark.parametrize("hidden", [1, 2])
def test_a_gap_that_fills_late_turns_nothing_round(enrolled: Database, hidden: int) -> None:
    """An acknowledgement or a hand-over that comes after newer records is evidence, no news."""
    publish_master(enrolled)
    card = Card("one")
    call = card.keep(AndonRaised(call_type=KIND))
    later = [
        AndonAcknowledged(call=call, call_type=KIND, person="P1"),
        AndonAssigned(call=call, call_type=KIND, owner="设备科", person="P1"),
        AndonAcknowledged(call=call, call_type=KIND, person="P2"),
    ]
    for event in later:
        card.keep(event)
    epoch = card.epochs[-1].epoch
    kept = card.records.pop((epoch, hidden + 1))
    put(enrolled, card)
    card.records[epoch, hidden + 1] = kept
    [shown] = put(enrolled, card).calls
    assert (shown.state, shown.acknowledged_by) == ("acknowledged", "P2")


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"call": 7},
        {"call": "x\x00/1"},
        {"call": "f" * 32 + "/1"},
        {"call": "f" * 32 + "/" + "9" * 40},
    ],
)
@pytest.mark.parametrize("number", [1, -(10**30), 10**30])
def test_nonsense_about_facts_stops_no_board(enrolled: Database, content: dict[str, Any], number: int) -> None:
    card = Card("one")
    call = card.keep(AndonRaised(call_type=KIND))
    card.keep(FactReceived(fact=number, kind="call.assigned", content=content))
    card.keep(FactReceived(fact=number, kind="call.assigned", content={"call": call, "owner": ["x"]}))
    [shown] = put(enrolled, card).calls
    assert shown.state == "raised"


def test_a_closed_call_is_handed_to_nobody(plant: Plant) -> None:
    assert plant.office(resolve_call, "tool", "P2", "李强")
    assert not plant.office_hands("设备科")
    assert not plant.phone("P1")
    plant.hand("设备科")
    plant.meet()
    assert current_board(plant.database, NOW).calls == ()
