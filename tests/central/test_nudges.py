"""Whom the office nudges, how often, and that nobody else can: real databases, a real mosquitto."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.broker import Broker
from central.broker_files import OFFICE
from central.database import Database
from central.facts import CALL_ACKNOWLEDGED, PROGRESS, add_fact
from central.limits import NUDGE_INTERVAL_SECONDS, NUDGES_PER_LOOK_MAX
from central.nudges import Nudges
from central.snapshots import publish
from floor.master import MasterData
from floor.rows import Station
from floor.schemas import nudge_topic
from tests.central.conftest import enrol_gateway
from tests.central.test_broker import Client, config_of, until

NAMES = ("one", "two")


def add(database: Database, name: str, kind: str) -> None:
    with database.write() as session:
        assert add_fact(session, "plant", name, kind, {"call": "e/1"}, time.time())


def looked(database: Database, nudges: Nudges) -> Nudges:
    with database.read() as session:
        nudges.look(session)
    return nudges


def test_an_act_of_the_office_nudges_its_gateway_and_progress_nobody(enrolled: Database) -> None:
    add(enrolled, "two", CALL_ACKNOWLEDGED)
    nudges = looked(enrolled, Nudges("plant"))
    assert nudges.take(0.0) == [], "what was there before the first look is old"
    add(enrolled, "one", PROGRESS)
    assert looked(enrolled, nudges).take(10.0) == []
    add(enrolled, "one", PROGRESS)
    add(enrolled, "one", CALL_ACKNOWLEDGED)
    add(enrolled, "one", PROGRESS)
    assert looked(enrolled, nudges).take(20.0) == ["one"]
    assert looked(enrolled, nudges).take(30.0) == []


def test_a_gateway_that_enrolled_since_and_a_list_that_became_shorter_are_told(enrolled: Database) -> None:
    for _ in range(3):
        add(enrolled, "one", CALL_ACKNOWLEDGED)
    nudges = looked(enrolled, Nudges("plant"))
    enrol_gateway(enrolled, "late")
    add(enrolled, "late", CALL_ACKNOWLEDGED)
    nudges._facts["one"] = 9  # As before a restore of the server.
    assert looked(enrolled, nudges).take(10.0) == ["late", "one"]
    assert looked(enrolled, nudges).take(20.0) == []


def test_nudges_of_one_gateway_are_apart_and_the_last_one_is_never_swallowed(enrolled: Database) -> None:
    nudges = looked(enrolled, Nudges("plant"))
    told, now = 0, 100.0
    for _ in range(40):
        add(enrolled, "one", CALL_ACKNOWLEDGED)
        told += len(looked(enrolled, nudges).take(now))
        now += NUDGE_INTERVAL_SECONDS / 10
    assert 4 <= told <= 5
    assert looked(enrolled, nudges).take(now + NUDGE_INTERVAL_SECONDS) == ["one"]


def test_a_new_version_reaches_all_in_pieces_and_acts_go_before_it(database: Database) -> None:
    names = [f"gw{place:03d}" for place in range(2 * NUDGES_PER_LOOK_MAX + 5)]
    for name in names:
        enrol_gateway(database, name)
    nudges = looked(database, Nudges("plant"))
    with database.write() as session:
        station = Station(id="S1", site="s", area="a", line="l", gateway="one")
        publish(session, MasterData(stations=(station,)), "test", time.time())
    first = looked(database, nudges).take(100.0)
    assert first == names[:NUDGES_PER_LOOK_MAX]
    add(database, names[-1], CALL_ACKNOWLEDGED)
    second = looked(database, nudges).take(101.0)
    assert second[0] == names[-1] and len(second) == NUDGES_PER_LOOK_MAX
    third = looked(database, nudges).take(102.0)
    assert sorted({*first, *second, *third}) == names and len(third) == 5


@pytest.fixture
def broker(tmp_path: Path, enrolled: Database) -> Iterator[Broker]:
    assert shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists(), "mosquitto is needed"
    found = Broker(config_of(tmp_path), enrolled)
    found.start()
    yield found
    found.stop()


def stepped(broker: Broker, seen: list[tuple[str, bytes]]) -> None:
    """Step as the process does, only faster, until a nudge came."""

    def came() -> bool:
        broker.step(time.monotonic())
        return bool(seen)

    until(came)


@pytest.mark.broker
def test_a_nudge_goes_to_its_gateway_alone_and_holds_nothing(broker: Broker, enrolled: Database) -> None:
    tokens = {name: enrol_gateway(enrolled, name) for name in NAMES}
    until(lambda: broker.step(time.monotonic()) and broker._voice.step(time.monotonic()))
    one, two = (Client(broker.port, name, token) for name, token in tokens.items())
    for each in (one, two):
        until(each.accepted)
        each.listen()
    add(enrolled, "one", CALL_ACKNOWLEDGED)
    stepped(broker, one.heard)
    assert one.heard == [(nudge_topic("one"), b"")]
    # Nothing is kept for somebody who comes later, nor told to the other.
    late = Client(broker.port, "one", tokens["one"])
    late.listen()
    add(enrolled, "two", CALL_ACKNOWLEDGED)
    stepped(broker, two.heard)
    assert two.heard == [(nudge_topic("two"), b"")] and late.heard == []
    for each in (one, two, late):
        each.close()


@pytest.mark.broker
def test_nobody_but_the_office_may_nudge(broker: Broker, enrolled: Database) -> None:
    token = enrol_gateway(enrolled, "two")
    broker.step(time.monotonic())
    reader = Client(broker.port, "reader", broker.reader_password)
    reader.listen()
    topics = [nudge_topic("one"), nudge_topic("two"), "lineside/v1/nudge/one/x", "lineside/v1/nudge"]
    for account in (("two", token), ("reader", broker.reader_password)):
        for topic in topics:
            thief = Client(broker.port, *account)
            until(thief.accepted)
            thief.say(topic, "stolen")
            thief.close()
    stranger = Client(broker.port, OFFICE, "guessed")
    assert not stranger.accepted()
    stranger.close()
    # The office itself may say nothing else.
    office = Client(broker.port, OFFICE, broker._office_password)
    office.say("lineside/v1/s/a/l/one/state", "stolen")
    office.close()
    office = Client(broker.port, OFFICE, broker._office_password)
    office.say(nudge_topic("one"), "")
    office.close()
    until(lambda: reader.heard)
    assert reader.heard == [(nudge_topic("one"), b"")]
    reader.close()


@pytest.mark.broker
def test_the_office_speaks_again_after_its_broker_was_killed(broker: Broker, enrolled: Database) -> None:
    token = enrol_gateway(enrolled, "one")
    until(lambda: broker.step(time.monotonic()) and broker._voice.step(time.monotonic()))
    assert broker._process is not None
    broker._process.kill()
    broker._process.wait(20)
    begun = time.monotonic()
    broker.step(begun)
    broker.step(begun + 60)
    broker._voice._not_before = 0.0
    one = Client(broker.port, "one", token)
    one.listen()
    add(enrolled, "one", CALL_ACKNOWLEDGED)
    stepped(broker, one.heard)
    assert one.heard == [(nudge_topic("one"), b"")]
    one.close()


@pytest.mark.broker
def test_the_offices_password_lies_nowhere(broker: Broker, tmp_path: Path) -> None:
    for path in (tmp_path / "central" / "broker").rglob("*"):
        if path.is_file():
            assert broker._office_password.encode() not in path.read_bytes(), path
