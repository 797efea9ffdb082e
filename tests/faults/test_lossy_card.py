"""The model of the lossy card, without mounting it: what a power cut may and may not take."""

import errno
import random
from pathlib import Path

import pytest

from simulation.lossy_card import SECTOR_BYTES, CardFault, LossyCard, Node, Order, Write


def loaded(image: Path, lie: int = 0) -> LossyCard:
    image.mkdir(parents=True, exist_ok=True)
    card = LossyCard(image, lie)
    card.load()
    return card


def test_what_was_flushed_survives_every_cut(tmp_path: Path) -> None:
    for seed in range(40):
        card = loaded(tmp_path / str(seed))
        card.make("/a", Node())
        card.write("/a", b"kept" * 300, 0)
        card.flush("/a")
        card.write("/a", b"more" * 300, 1200)
        card.cut("mixed", seed)
        assert (card.image / "a").read_bytes()[:1200] == b"kept" * 300


def test_what_was_not_flushed_goes_whole_or_in_sectors() -> None:
    node = Node()
    node.change(Write(0, b"x" * 8 * SECTOR_BYTES))
    chance = random.Random(1)
    assert node.survivors("drop", chance) == b""
    assert node.survivors("keep", chance) == b"x" * 8 * SECTOR_BYTES
    pieces = {node.survivors("subset", chance).count(b"x") for _ in range(50)}
    assert len(pieces) > 3 and all(count % SECTOR_BYTES == 0 for count in pieces)
    assert len({len(node.survivors("prefix", chance)) for _ in range(50)}) > 3, "the last write may be torn"


def test_a_name_is_lost_with_a_cut_before_any_flush(tmp_path: Path) -> None:
    card = loaded(tmp_path / "card")
    card.make("/a", Node())
    card.write("/a", b"x", 0)
    card.cut("drop", 1)
    assert list(card.image.iterdir()) == []


def test_a_card_that_lies_loses_what_it_flushed(tmp_path: Path) -> None:
    card = loaded(tmp_path / "card", lie=8)
    card.make("/a", Node())
    card.settle()
    card.write("/a", b"x", 0)
    card.flush("/a")
    card.cut("drop", 1)
    assert (card.image / "a").read_bytes() == b""


def test_it_fails_on_order_and_freezes_on_time(tmp_path: Path) -> None:
    card = loaded(tmp_path / "card")
    card.make("/a", Node())
    card.orders.append(Order("write", errno.ENOSPC, after=1))
    card.write("/a", b"1", 0)
    with pytest.raises(CardFault) as full:
        card.write("/a", b"2", 1)
    assert full.value.errno == errno.ENOSPC
    card.write("/a", b"3", 1)
    card.countdown = 2
    card.write("/a", b"4", 2)
    for _ in range(2):
        with pytest.raises(CardFault) as frozen:
            card.write("/a", b"5", 3)
        assert frozen.value.errno == errno.EIO
    card.cut("keep", 1)
    assert (card.image / "a").read_bytes() == b"134"
