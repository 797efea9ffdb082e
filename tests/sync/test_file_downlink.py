"""Files of the office come down: resumed where they stand, judged by their hash, and none holds another one up."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import pytest

from sync.errors import SinkRefused as Refusal
from sync.errors import SinkUnreachable
from sync.file_downlink import FileDownlink, FilePiece
from sync.limits import FILE_RETRY_SECONDS
from sync.ports import FileCame, Report, SinkRefused

PIECE = 1_000


@dataclass
class Place:
    """A cache in memory."""

    wanted: list[str] = field(default_factory=list)
    parts: dict[str, bytes] = field(default_factory=dict)
    whole: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False

    def next_missing(self, passed: Collection[str]) -> str | None:
        return next((each for each in self.wanted if each not in self.whole and each not in passed), None)

    def offset(self, sha256: str) -> int:
        return len(self.parts.get(sha256, b""))

    def put(self, sha256: str, piece: bytes) -> None:
        if self.broken:
            raise OSError(28, "No space left on device")
        self.parts[sha256] = self.parts.get(sha256, b"") + piece

    def finish(self, sha256: str) -> bool:
        content = self.parts.pop(sha256, b"")
        if hashlib.sha256(content).hexdigest() != sha256:
            return False
        self.whole[sha256] = content
        return True


@dataclass
class Office:
    """The other end. `cut_after`: exchanges until the line is cut."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    cut_after: int | None = None

    def file_piece(self, sha256: str, offset: int) -> FilePiece:
        if self.cut_after is not None:
            self.cut_after -= 1
            if self.cut_after < 0:
                raise SinkUnreachable("the line is cut")
        self.asked.append((sha256, offset))
        if sha256 not in self.files:
            raise Refusal("there is no such file")
        content = self.files[sha256]
        return FilePiece(content[offset : offset + PIECE], len(content))


@dataclass
class World:
    place: Place = field(default_factory=Place)
    office: Office = field(default_factory=Office)
    told: list[Report] = field(default_factory=list)
    now: float = 0.0
    pump: FileDownlink = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.pump = FileDownlink(self.place, self.office, self._post, lambda: 0.5)

    def _post(self, report: Report) -> bool:
        self.told.append(report)
        return True

    def want(self, content: bytes, there: bool = True) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.place.wanted.append(sha256)
        if there:
            self.office.files[sha256] = content
        return sha256

    def run(self, until: Callable[[], bool], steps_max: int = 300) -> None:
        for _ in range(steps_max):
            if until():
                return
            wake = self.pump.step(self.now)
            self.now = max(self.now, wake if wake is not None else self.now)
        raise AssertionError("it did not come to that")

    def complaints(self) -> list[str]:
        return [each.reason for each in self.told if isinstance(each, SinkRefused)]


BIG = bytes(range(250)) * 20


def test_a_file_comes_in_pieces_and_is_told_when_it_is_whole() -> None:
    world = World()
    sha256 = world.want(BIG)
    world.run(lambda: sha256 in world.place.whole)
    assert world.place.whole[sha256] == BIG
    assert [offset for _, offset in world.office.asked] == [0, 1000, 2000, 3000, 4000]
    assert world.told == [FileCame(sha256)]
    assert world.pump.step(world.now) is None, "it waits to be woken"


@pytest.mark.parametrize("cut", range(6))
def test_wherever_the_line_or_the_power_is_cut_it_goes_on_from_there(cut: int) -> None:
    world = World()
    sha256 = world.want(BIG)
    world.office.cut_after = cut
    world.run(lambda: world.office.cut_after == -1 or sha256 in world.place.whole)
    world.office.cut_after = None
    world.start()
    world.run(lambda: sha256 in world.place.whole)
    offsets = [offset for _, offset in world.office.asked]
    assert offsets == sorted(set(offsets))
    assert world.place.whole[sha256] == BIG


def test_a_file_that_is_not_at_the_office_holds_nothing_up_and_is_told_once() -> None:
    world = World()
    absent, there = world.want(b"absent", there=False), world.want(b"there")
    world.run(lambda: there in world.place.whole)
    for _ in range(5):
        wake = world.pump.step(world.now)
        assert wake is not None
        world.now = max(world.now, wake)
    assert world.complaints() == ["there is no such file"]
    world.office.files[absent] = b"absent"
    began = world.now
    world.run(lambda: absent in world.place.whole)
    assert world.now - began <= FILE_RETRY_SECONDS


def test_a_damaged_file_is_never_shown_and_comes_anew() -> None:
    world = World()
    sha256 = world.want(BIG)
    world.office.files[sha256] = BIG[:-1] + b"?"
    world.run(lambda: bool(world.complaints()))
    assert world.place.whole == {} and world.place.offset(sha256) == 0
    world.office.files[sha256] = BIG
    world.run(lambda: sha256 in world.place.whole)


def test_a_card_that_is_full_is_told_and_rests() -> None:
    world = World()
    world.want(BIG)
    world.place.broken = True
    world.run(lambda: bool(world.complaints()))
    assert "No space left" in world.complaints()[0]
    asked = len(world.office.asked)
    assert (world.pump.step(world.now) or 0) > world.now
    assert len(world.office.asked) == asked


def test_an_office_that_is_away_is_no_complaint() -> None:
    world = World()
    world.want(BIG)
    world.office.cut_after = 0
    for _ in range(20):
        wake = world.pump.step(world.now)
        assert wake is not None and wake - world.now <= 10
        world.now = wake
    assert world.complaints() == []
