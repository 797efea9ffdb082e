"""Photos on the card: whole, named by their hash, bounded, never in the way of the journal, none without a record."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from floor.limits import PHOTO_BYTES_MAX
from gateway import limits
from gateway.errors import PhotoRefused
from gateway.file_room import FileRoom
from gateway.photo_shelf import PhotoShelf
from tests.floor.pictures import jpeg, pdf, png, webp

PIECE = 100_000


class Clock:
    """Moves when told, so that pauses cost a test nothing."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Card:
    """A gateway's folder, and shelves on it: each `start` is a process of its own."""

    def __init__(self, folder: Path, photos_max: int = 10, bytes_max: int = 10**8, journal_bytes_max: int = 0) -> None:
        self.folder = folder
        self.clock = Clock()
        self.told: list[str] = []
        self.room = FileRoom(folder / "journal.sqlite", journal_bytes_max, 0, photos_max, bytes_max)
        self.shelf = self.start(())

    def start(self, kept: tuple[str, ...] | None, aside: Callable[[], bool] = lambda: False) -> PhotoShelf:
        self.shelf = PhotoShelf(self.folder, self.room, self.clock, aside=aside, told=self.told.append)
        if kept is not None:
            self.shelf.recovered(kept)
        return self.shelf

    def names(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "photos").iterdir())

    def put(self, content: bytes) -> str:
        """A photo comes in."""
        name = self.shelf.begin(len(content))
        for at in range(0, len(content), PIECE):
            assert self.shelf.append(name, at, content[at : at + PIECE]) == min(len(content), at + PIECE)
        return self.shelf.finish(name).sha256

    def keep(self, content: bytes) -> str:
        """A photo comes in, and its record is kept."""
        sha256 = self.put(content)
        self.shelf.kept(sha256)
        self.shelf.tidy()
        return sha256


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def refusal(act: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(PhotoRefused) as refused:
        act(*arguments)
    return refused.value.key


def photo(number: int, size: int = 2_000) -> bytes:
    """A photo like no other."""
    return jpeg(size)[:-8] + number.to_bytes(8, "big")


def test_a_photo_has_its_hash_for_a_name_and_says_where_it_stands(card: Card) -> None:
    content = photo(1, 250_000)
    sha256 = card.put(content)
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert card.names() == [f"{sha256}.new"]
    assert card.shelf.unsent_after(()) is None, "what no record names does not go to the office"
    card.shelf.kept(sha256)
    assert card.shelf.unsent == {sha256}
    card.shelf.tidy()
    assert card.names() == [f"{sha256}.kept"]
    assert card.shelf.unsent_after(()) == (sha256, 250_000)
    assert card.shelf.unsent_after({sha256}) is None
    assert card.shelf.read(sha256, 100_000, 50_000) == content[100_000:150_000]
    card.shelf.sent(sha256)
    assert card.names() == [f"{sha256}.sent"]
    assert (card.shelf.unsent, card.shelf.all_sent()) == (frozenset(), (sha256,))
    card.shelf.lost_there([sha256, "0" * 64])
    assert card.names() == [f"{sha256}.kept"]
    assert card.shelf.unsent == {sha256}


@pytest.mark.parametrize(("content", "media_type"), [(png(), "image/png"), (webp(), "image/webp")])
def test_each_kind_is_what_its_bytes_say(card: Card, content: bytes, media_type: str) -> None:
    name = card.shelf.begin(len(content))
    card.shelf.append(name, 0, content)
    found = card.shelf.finish(name)
    assert (found.media_type, found.bytes) == (media_type, len(content))
    assert card.shelf.finish(name) == found, "the end may be asked for again"
    assert card.shelf.append(name, 0, content) == len(content)
    card.shelf.forget(name)
    assert refusal(card.shelf.finish, name) == "photo_gone"


def test_the_same_photo_twice_is_one_file(card: Card) -> None:
    assert card.keep(photo(1)) == card.put(photo(1))
    assert len(card.names()) == 1


def test_a_piece_that_does_not_fit_changes_nothing(card: Card) -> None:
    content = photo(1, 300)
    name = card.shelf.begin(300)
    assert card.shelf.append(name, 10, content[10:20]) == 0
    assert card.shelf.append(name, 0, content[:200]) == 200
    assert card.shelf.append(name, 0, content[:200]) == 200, "its answer was lost, and it came again"
    assert refusal(card.shelf.append, name, 200, content[200:] + b"x") == "photo_large"
    assert refusal(card.shelf.finish, name) == "photo_cut"
    assert card.shelf.append(name, 200, content[200:]) == 300
    assert card.shelf.finish(name).sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"<svg onload='alert(1)'/>", pdf(), b"\0" * 9])
def test_what_is_no_photo_is_not_stored(card: Card, content: bytes) -> None:
    name = card.shelf.begin(len(content))
    assert refusal(card.shelf.append, name, 0, content) == "photo_kind"
    assert card.names() == []
    assert refusal(card.shelf.append, name, 0, content) == "photo_gone"


def test_sizes_are_bounded(card: Card) -> None:
    for size in (0, -1, PHOTO_BYTES_MAX + 1):
        assert refusal(card.shelf.begin, size) == "photo_large"
    card.shelf.begin(PHOTO_BYTES_MAX)


# What a crash leaves.


def test_a_crash_between_file_and_record_leaves_nothing_after_the_next_start(card: Card) -> None:
    card.put(photo(1))
    card.start(()).tidy()
    assert card.names() == []


def test_a_crash_between_record_and_name_loses_nothing(card: Card) -> None:
    sha256 = card.put(photo(1))
    card.start((sha256,)).tidy()
    assert card.names() == [f"{sha256}.kept"]
    assert card.shelf.unsent_after(()) == (sha256, 2_000)


def test_nothing_is_removed_while_the_journal_cannot_be_read(card: Card) -> None:
    sha256 = card.put(photo(1))
    card.start(None).tidy()
    assert card.names() == [f"{sha256}.new"]
    card.start((sha256,)).tidy()
    assert card.names() == [f"{sha256}.kept"]


def test_a_crash_in_the_middle_leaves_no_half(card: Card) -> None:
    name = card.shelf.begin(300)
    card.shelf.append(name, 0, photo(1, 300)[:200])
    (card.folder / "photos" / "something.odd").write_text("x")
    assert len(card.names()) == 2
    card.start(()).tidy()
    assert card.names() == []


def test_what_the_office_has_stays_known_after_a_start(card: Card) -> None:
    one, two = card.keep(photo(1)), card.keep(photo(2))
    card.shelf.sent(one)
    card.start((one, two)).tidy()
    assert card.shelf.all_sent() == (one,)
    assert card.shelf.unsent == {two}


# Bounds (I10, I11).


def test_the_oldest_confirmed_goes_and_nothing_unsent_ever_does(tmp_path: Path) -> None:
    card = Card(tmp_path, photos_max=3)
    hashes = [card.keep(photo(number)) for number in range(3)]
    assert refusal(card.shelf.begin, 100) == "photo_full"
    assert card.told == ["photos"]
    assert len(card.names()) == 3
    card.shelf.sent(hashes[1])
    card.shelf.sent(hashes[2])
    fourth = card.keep(photo(4))
    assert card.names() == sorted([f"{hashes[0]}.kept", f"{hashes[2]}.sent", f"{fourth}.kept"])
    card.shelf.sent(hashes[0])
    card.keep(photo(5))
    assert f"{hashes[0]}.sent" not in card.names(), "by age, not by when it was sent"


def test_bytes_are_bounded_with_those_that_are_coming_in(tmp_path: Path) -> None:
    card = Card(tmp_path, bytes_max=10_000)
    card.keep(photo(1, 4_000))
    card.shelf.begin(4_000)
    assert refusal(card.shelf.begin, 2_001) == "photo_full"
    card.shelf.begin(2_000)


def test_none_are_taken_where_none_are_wanted(tmp_path: Path) -> None:
    assert refusal(Card(tmp_path, photos_max=0).shelf.begin, 10) == "photo_full"


def test_what_the_journal_is_promised_is_never_touched(tmp_path: Path) -> None:
    stat = os.statvfs(tmp_path)
    card = Card(tmp_path, journal_bytes_max=stat.f_bavail * stat.f_frsize)
    assert refusal(card.shelf.begin, 100) == "photo_room"
    assert card.told == ["photo_room"]
    (tmp_path / "journal.sqlite").touch()
    os.truncate(tmp_path / "journal.sqlite", 2 * card.room.journal_bytes_max)
    assert card.shelf.begin(100), "a journal that has its room already needs no more"


def test_few_come_in_at_one_time_and_a_silent_one_makes_place(card: Card) -> None:
    names = [card.shelf.begin(100) for _ in range(limits.PHOTO_UPLOADS_MAX)]
    assert refusal(card.shelf.begin, 100) == "photo_busy"
    card.clock.now += limits.PHOTO_UPLOAD_SECONDS_MAX
    card.shelf.append(names[0], 0, jpeg()[:50])
    card.clock.now += 1
    card.shelf.begin(100)
    assert refusal(card.shelf.append, names[1], 0, jpeg()[:50]) == "photo_gone"
    assert card.shelf.append(names[0], 50, jpeg()[50:60]) == 60
    assert len(card.names()) == 2


def test_a_card_that_cannot_be_written_refuses_the_photo_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("in the way")
    assert refusal(Card(tmp_path).shelf.begin, 100) == "photo_broken"


def test_scans_go_first_but_not_for_ever(tmp_path: Path) -> None:
    """While records are kept a slice waits, and a stream of scans without end cannot starve it."""
    card = Card(tmp_path)
    asked = 0

    def aside() -> bool:
        nonlocal asked
        asked += 1
        card.clock.now += 0.05
        return True

    card.start((), aside)
    assert card.put(photo(1))
    assert 2 <= asked <= 8


def test_a_card_that_refuses_a_name_for_a_while_forgets_no_photo(card: Card) -> None:
    """A folder in the place of the new name stands for any card that cannot rename just now."""
    sha256 = card.put(photo(1))
    card.shelf.kept(sha256)
    obstacle = card.folder / "photos" / f"{sha256}.kept"
    obstacle.mkdir()
    with pytest.raises(OSError, match="directory"):
        card.shelf.tidy()
    obstacle.rmdir()
    assert card.shelf.unsent == {sha256}
    card.shelf.tidy()
    assert card.shelf.unsent_after(()) == (sha256, 2_000)


def test_another_photo_that_was_sent_makes_no_waiting_one_look_sent(card: Card) -> None:
    sent = card.keep(photo(1))
    waiting = card.put(photo(2))
    card.shelf.kept(waiting)
    card.shelf.sent(sent)
    assert card.shelf.unsent == {waiting}
