"""Everything at once: crashes, cut replies, clones, rolled-back cards, and restores of any copy, from a seed.

At the end every card drains. Then nothing is held twice, everything that any card still has is held, and all the rest
up to each mark is in a range that is shown as missing (P1, P2, P3 of the specification).
"""

import os
import random
from pathlib import Path

import pytest
from sqlalchemy import select

from central.backup import make_backup
from central.config import CentralConfig
from central.ingest import ingest
from central.models import Alarm, Gap, Record, Stream
from central.opening import open_database
from central.restore import restore_backup
from floor.events import ReportFinished
from sync.wire import digest_of
from tests.central.card import Card
from tests.central.conftest import enrol_gateway

NOW = 1_800_000_000.0
SEED = int(os.environ.get("LINESIDE_SEED", "5"))


class World:
    def __init__(self, config: CentralConfig, seed: int) -> None:
        self.config, self.chance, self.now = config, random.Random(seed), NOW
        self.database = open_database(config)
        enrol_gateway(self.database, "one")
        self.cards, self.images = [Card("one")], list[Card]()
        self.copies = [make_backup(self.database, config, NOW).file]
        self.kept: dict[str, str] = {}

    def step(self) -> None:
        self.now += 1
        act = self.chance.choices(
            (self.keep, self.exchange, self.crash, self.copy, self.restore, self.clone, self.roll_back, self.prune),
            (8, 8, 3, 3, 1, 1, 1, 4),
        )[0]
        act(self.chance.choice(self.cards))

    def keep(self, card: Card) -> None:
        for number in range(self.chance.randint(1, 4)):
            identity = card.keep(ReportFinished(person="P1", operation="OP1", good=number))
            epoch, _, seq = identity.partition("/")
            assert identity not in self.kept, "an identity was used twice"
            self.kept[identity] = card.records[epoch, int(seq)].digest

    def exchange(self, card: Card) -> None:
        batch = card.batch(self.chance.randint(1, 6))
        for _ in range(self.chance.randint(1, 2)):
            receipt = ingest(self.database, "one", batch, self.now)
        if self.chance.random() < 0.7:
            card.believe(receipt)

    def crash(self, card: Card) -> None:
        card.start()

    def copy(self, _: Card) -> None:
        self.copies.append(make_backup(self.database, self.config, self.now).file)

    def restore(self, _: Card) -> None:
        self.database.close()
        # The database that is replaced is lost too, half of the time: the manifests alone must do.
        if self.database.is_sqlite and self.chance.random() < 0.5:
            for each in self.config.folder.glob("central.sqlite3*"):
                each.unlink()
        restore_backup(self.config, self.chance.choice(self.copies[-3:]), self.now)
        self.database = open_database(self.config)

    def clone(self, card: Card) -> None:
        if len(self.cards) < 4:
            self.cards.append(card.copy())

    def roll_back(self, card: Card) -> None:
        self.images.append(card.copy())
        if len(self.images) > 2:
            self.cards[self.cards.index(card)] = self.images.pop(self.chance.randrange(2)).copy()

    def prune(self, card: Card) -> None:
        card.prune()

    def end(self) -> None:
        for _ in range(2):
            for card in self.cards:
                card.drain(lambda batch: ingest(self.database, "one", batch, self.now))


def check(world: World) -> None:
    with world.database.read() as session:
        rows = session.execute(
            select(Stream.epoch, Record.seq, Record.previous_digest, Record.digest, Record.content).join(
                Record, Record.stream_id == Stream.id
            )
        ).all()
        streams = session.scalars(select(Stream)).all()
        gaps = session.scalars(select(Gap)).all()
        alarms = set(session.scalars(select(Alarm.kind)))
    held = {(row.epoch, row.seq) for row in rows}
    assert len(held) == len(rows), "held twice"
    for row in rows:
        assert digest_of("one", row.epoch, row.seq, row.previous_digest, row.content) == row.digest
        assert world.kept[f"{row.epoch}/{row.seq}"] == row.digest
    for card in world.cards:
        assert {key for key in card.records} <= held, "a card still has what the server has not"
    for stream in streams:
        missing = {seq for gap in gaps if gap.stream_id == stream.id for seq in range(gap.first, gap.last + 1)}
        own = {seq for epoch, seq in held if epoch == stream.epoch}
        assert not missing & own and missing | own == set(range(1, stream.mark + 1))
    assert "conflict" not in alarms and "not_held" not in alarms and "wrong_digest" not in alarms


def run(folder: Path, seed: int, steps: int) -> None:
    world = World(CentralConfig.model_validate({"folder": folder / "central"}), seed)
    try:
        for _ in range(steps):
            world.step()
        world.end()
        check(world)
    finally:
        world.database.close()


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_nothing_is_lost_silently_or_held_twice(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, 120)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(1000, 1060))
def test_nothing_is_lost_silently_or_held_twice_for_long(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, 400)
