"""Files of work instructions on the card: those that are wanted first, bounded, whole or absent."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from floor.example import example_plant
from floor.master import MasterData
from gateway.file_room import FileRoom
from gateway.instruction_shelf import InstructionShelf
from tests.floor.pictures import jpeg, pdf, png


def named(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def master_of(*files: tuple[str, bytes]) -> MasterData:
    """Instructions for items; in the order of the table."""
    rows: list[dict[str, Any]] = [
        {"id": f"WI-{at}", "item": item, "revision": "A", "sha256": named(content), "bytes": len(content)}
        for at, (item, content) in enumerate(files)
    ]
    return MasterData.model_validate({**example_plant().model_dump(), "instructions": rows})


class Card:
    """A gateway's folder, and an office whose files are all there."""

    def __init__(self, folder: Path, bytes_max: int = 10**8) -> None:
        self.folder = folder
        self.room = FileRoom(folder / "journal", 0, 0, 100, bytes_max)
        self.told: list[str] = []
        self.shelf = self.start()

    def start(self) -> InstructionShelf:
        self.shelf = InstructionShelf(self.folder, self.room, ["S1"], self.told.append)
        return self.shelf

    def fetch(self, *files: bytes) -> list[bytes]:
        """Everything that is wanted, in the order in which it is asked for."""
        contents = {named(each): each for each in files}
        order = []
        while (sha256 := self.shelf.next_missing(())) is not None:
            order.append(contents[sha256])
            self.shelf.put(sha256, contents[sha256][self.shelf.offset(sha256) :])
            assert self.shelf.finish(sha256)
        return order

    def names(self) -> set[str]:
        return {path.name for path in (self.folder / "instructions").iterdir()}


DOCUMENT, PICTURE, PHOTO = pdf(), png(), jpeg(3_000)


def test_files_of_released_orders_come_first(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.shelf.plan(master_of(("ZZ-1", PICTURE), ("AX-200", DOCUMENT)))
    assert card.fetch(DOCUMENT, PICTURE) == [DOCUMENT, PICTURE]
    found = card.shelf.find(named(DOCUMENT))
    assert found is not None
    assert (found.path.read_bytes(), found.media_type) == (DOCUMENT, "application/pdf")
    assert card.shelf.find("0" * 64) is None


def test_a_start_knows_what_is_here_and_goes_on_with_the_rest(tmp_path: Path) -> None:
    card = Card(tmp_path)
    master = master_of(("AX-200", DOCUMENT), ("AX-210", PHOTO))
    card.shelf.plan(master)
    sha256 = card.shelf.next_missing(())
    assert sha256 == named(DOCUMENT)
    card.shelf.put(sha256, DOCUMENT[:100])
    (tmp_path / "instructions" / "rubbish").write_text("x")
    card.start().plan(master)
    assert card.shelf.next_missing(()) == sha256
    assert card.shelf.offset(sha256) == 100
    assert card.fetch(DOCUMENT, PHOTO) == [DOCUMENT, PHOTO]
    assert card.names() == {named(DOCUMENT), named(PHOTO)}
    card.start().plan(master)
    assert card.shelf.next_missing(()) is None
    assert card.shelf.here == {named(DOCUMENT), named(PHOTO)}


def test_what_does_not_fit_its_hash_or_is_of_no_kind_is_never_here(tmp_path: Path) -> None:
    card = Card(tmp_path)
    page = b"<html><script>alert(1)</script></html>"
    card.shelf.plan(master_of(("AX-200", DOCUMENT), ("AX-210", page)))
    assert card.shelf.next_missing(()) == named(DOCUMENT)
    card.shelf.put(named(DOCUMENT), DOCUMENT[:-1] + b"?")
    assert not card.shelf.finish(named(DOCUMENT))
    assert card.shelf.offset(named(DOCUMENT)) == 0
    card.shelf.put(named(page), page)
    assert not card.shelf.finish(named(page))
    card.shelf.put(named(DOCUMENT), DOCUMENT + b"and more than it should have")
    assert card.shelf.offset(named(DOCUMENT)) == 0
    assert card.shelf.here == frozenset()


def test_the_cache_is_bounded_and_the_oldest_unused_goes(tmp_path: Path) -> None:
    one, two, three = jpeg(4_000), jpeg(4_001), jpeg(4_002)
    card = Card(tmp_path, bytes_max=10_000)
    card.shelf.plan(master_of(("AX-200", one), ("AX-210", two)))
    card.fetch(one, two)
    old = card.folder / "instructions" / named(two)
    os.utime(old, (1, 1))
    assert card.shelf.find(named(one)) is not None
    card.shelf.plan(master_of(("BK-015", three)))
    assert card.fetch(three) == [three]
    assert card.names() == {named(one), named(three)}, "the one that was shown last stays while there is room"
    card.shelf.plan(master_of(("AX-200", one), ("AX-210", two), ("BK-015", three)))
    card.fetch(two)
    assert card.names() == {named(one), named(two)}, "what there is no room for is not wanted, and gives way"
    assert card.told == ["instructions"]


def test_nothing_is_fetched_into_the_journals_room(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.room = FileRoom(tmp_path / "journal", 2**60, 0)
    card.start().plan(master_of(("AX-200", DOCUMENT)))
    assert card.shelf.next_missing(()) is None
    assert card.told == ["instructions"]


def test_none_are_kept_where_none_are_wanted(tmp_path: Path) -> None:
    card = Card(tmp_path, bytes_max=0)
    card.shelf.plan(master_of(("AX-200", DOCUMENT)))
    assert card.shelf.next_missing(()) is None


def test_a_card_that_fails_for_a_while_is_planned_for_again(tmp_path: Path) -> None:
    card = Card(tmp_path)
    (tmp_path / "instructions").write_text("no folder can be made here")
    card.shelf.plan(master_of(("AX-200", DOCUMENT)))
    with pytest.raises(OSError, match="instructions"):
        card.shelf.next_missing(())
    (tmp_path / "instructions").unlink()
    assert card.fetch(DOCUMENT) == [DOCUMENT]
