"""The pump of files: from where the office stands, until the office has read it whole; and on with the others."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

import pytest

from sync import wire
from sync.errors import SinkRefused as Refusal
from sync.errors import SinkUnreachable
from sync.files import FilePump
from sync.ports import FileSent, Report, SinkRefused
from sync.wire import FILE_PIECE_BYTES_MAX, FileHeld


@dataclass
class Card:
    """Files in memory that wait."""

    files: dict[str, bytes] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    tidied: int = 0

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.files[sha256] = content
        return sha256

    def tidy(self) -> None:
        self.tidied += 1

    def unsent_after(self, passed: Collection[str]) -> tuple[str, int] | None:
        waiting = [each for each in self.files if each not in self.done and each not in passed]
        return (waiting[0], len(self.files[waiting[0]])) if waiting else None

    def read(self, sha256: str, offset: int, count: int) -> bytes:
        if sha256 in self.broken:
            raise FileNotFoundError(2, "gone", sha256)
        return self.files[sha256][offset : offset + count]

    def sent(self, sha256: str) -> None:
        self.done.append(sha256)

    def all_sent(self) -> tuple[str, ...]:
        return tuple(self.done)

    def lost_there(self, hashes: Iterable[str]) -> None:
        self.done = [each for each in self.done if each not in set(hashes)]


@dataclass
class Office:
    """The other end, in memory. `cut_after`: so many exchanges until the line is cut."""

    parts: dict[str, bytes] = field(default_factory=dict)
    whole: dict[str, bytes] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    pieces: list[tuple[str, int, int]] = field(default_factory=list)
    away: bool = False
    stuck: bool = False
    cut_after: int | None = None

    def _reach(self) -> None:
        if self.cut_after is not None:
            self.cut_after -= 1
        if self.away or (self.cut_after is not None and self.cut_after < 0):
            raise SinkUnreachable("the line is cut")

    def file_held(self, sha256: str) -> FileHeld:
        self._reach()
        if sha256 in self.whole:
            return FileHeld(offset=len(self.whole[sha256]), whole=True)
        return FileHeld(offset=len(self.parts.get(sha256, b"")))

    def put_piece(self, sha256: str, offset: int, size: int, piece: bytes) -> FileHeld:
        self._reach()
        if sha256 in self.refused:
            raise Refusal("it is no picture")
        self.pieces.append((sha256, offset, len(piece)))
        there = self.parts.get(sha256, b"")
        if not self.stuck and offset == len(there):
            there += piece
        self.parts[sha256] = there
        if len(there) == size:
            self.whole[sha256] = there
        return FileHeld(offset=len(there), whole=len(there) == size)

    def files_missing(self, hashes: tuple[str, ...]) -> tuple[str, ...]:
        self._reach()
        return tuple(each for each in hashes if each not in self.whole)


@dataclass
class World:
    card: Card = field(default_factory=Card)
    office: Office = field(default_factory=Office)
    told: list[Report] = field(default_factory=list)
    now: float = 0.0
    pump: FilePump = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A process of its own."""
        self.pump = FilePump(self.card, self.office, self._post, lambda: 0.5)

    def _post(self, report: Report) -> bool:
        self.told.append(report)
        return True

    def run(self, until: Callable[[], bool], steps_max: int = 500) -> None:
        """Step, with the clock moved to each next wake."""
        for _ in range(steps_max):
            if until():
                return
            wake = self.pump.step(self.now)
            self.now = max(self.now, wake if wake is not None else self.now)
        raise AssertionError("it did not come to that")

    def complaints(self) -> list[str]:
        return [each.reason for each in self.told if isinstance(each, SinkRefused)]


BIG = bytes(range(256)) * 3_000


def test_a_file_goes_up_in_pieces_and_counts_when_it_is_whole() -> None:
    world = World()
    sha256 = world.card.put(BIG)
    world.run(lambda: sha256 in world.card.done)
    assert world.office.whole[sha256] == BIG
    assert [piece for _, _, piece in world.office.pieces] == [FILE_PIECE_BYTES_MAX, FILE_PIECE_BYTES_MAX, 243_712]
    assert world.told == [FileSent(sha256)]


@pytest.mark.parametrize("cut", range(6))
def test_wherever_the_line_is_cut_it_goes_on_from_there(cut: int) -> None:
    world = World()
    sha256 = world.card.put(BIG)
    world.office.cut_after = cut
    world.run(lambda: world.office.cut_after == -1 or sha256 in world.card.done)
    world.office.cut_after = None
    world.start()
    world.run(lambda: sha256 in world.card.done)
    assert world.office.whole[sha256] == BIG
    offsets = [offset for _, offset, _ in world.office.pieces]
    assert offsets == sorted(set(offsets)), "no piece went twice"


def test_an_office_that_is_away_is_tried_again_and_again_without_a_complaint() -> None:
    world = World()
    world.card.put(b"x" * 10)
    world.office.away = True
    wakes = []
    for _ in range(30):
        wake = world.pump.step(world.now)
        assert wake is not None
        wakes.append(wake - world.now)
        world.now = wake
    assert world.complaints() == []
    assert 0 < max(wakes) <= 10
    world.office.away = False
    world.run(lambda: bool(world.card.done))


def test_a_refused_file_is_passed_over_and_told_once() -> None:
    world = World()
    bad, good = world.card.put(b"bad"), world.card.put(b"good")
    world.office.refused = {bad}
    world.run(lambda: good in world.card.done)
    assert bad not in world.card.done
    assert world.complaints() == ["it is no picture"]
    began = world.now
    world.office.refused = set()
    world.run(lambda: bad in world.card.done)
    assert world.now - began >= 3_000, "a person had time to look"


def test_a_file_that_cannot_be_read_holds_nothing_up() -> None:
    world = World()
    bad, good = world.card.put(b"bad"), world.card.put(b"good")
    world.card.broken = {bad}
    world.run(lambda: good in world.card.done)
    assert "gone" in world.complaints()[0]


def test_an_office_that_does_not_go_on_is_told_and_not_asked_in_a_circle() -> None:
    world = World()
    world.card.put(b"x" * 10)
    world.office.stuck = True
    world.run(lambda: bool(world.complaints()))
    assert len(world.office.pieces) == 1
    assert (world.pump.step(world.now) or 0) > world.now


def test_a_restored_office_gets_back_what_it_lost() -> None:
    world = World()
    hashes = [world.card.put(bytes([number])) for number in range(3)]
    world.run(lambda: len(world.card.done) == 3)
    del world.office.whole[hashes[1]]
    world.office.parts.clear()
    began = world.now
    world.run(lambda: hashes[1] in world.office.whole)
    assert world.now - began <= 3_700
    assert sorted(world.card.done) == sorted(hashes)


def test_a_start_asks_at_once_in_bounded_questions() -> None:
    world = World()
    for number in range(wire.FILES_PER_ASK_MAX + 5):
        content = number.to_bytes(4, "big")
        world.card.done.append(world.card.put(content))
    asked: list[int] = []
    usual = world.office.files_missing
    world.office.files_missing = lambda hashes: (asked.append(len(hashes)), usual(hashes))[1]  # type: ignore[method-assign]
    world.pump.step(0.0)
    assert asked == [wire.FILES_PER_ASK_MAX, 5]


def test_without_an_office_the_folder_is_kept_tidy_and_nothing_else() -> None:
    card = Card()
    pump = FilePump(card, None, lambda report: True, lambda: 0.5)
    card.put(b"x")
    assert pump.step(0.0) is None
    assert (card.tidied, card.done) == (1, [])
