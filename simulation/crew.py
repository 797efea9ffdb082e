"""The people of a simulated plant: what each station's scanner and button say next."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from floor.example import command_cards, example_plant
from floor.master import MasterData
from floor.rows import Station

OPERATORS = ("B-P02", "B-P03", "B-P04", "B-P05")
LEADER = "B-P01"
GARBAGE = (
    b"\x1b[2J\x07",
    b"=cmd|' /C calc'!A0",
    b"<script>alert(1)</script>",
    b"\xff\xfe\x00",
    b"'; DROP TABLE record;--",
    b"A" * 700,
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a device says: a label, or the word of a button. `soon`: within the double-scan window of the one before."""

    label: bytes = b""
    word: str = ""
    soon: bool = False


def plant_of(places: dict[str, tuple[str, ...]]) -> MasterData:
    """The example plant with these stations: gateway -> its stations."""
    stations = tuple(
        Station(id=each, name=f"工位 {each}", site="plant", area="machining", line="L1", gateway=name)
        for name, held in places.items()
        for each in held
    )
    return example_plant().model_copy(update={"stations": stations})


class Crew:
    """Who works at one station. `number()` makes each ticket of an unknown operation one of its kind."""

    def __init__(self, chance: random.Random, number: Iterator[int]) -> None:
        self._chance = chance
        self._number = number
        self._tickets = [each.ticket for each in example_plant().operations]
        cards = command_cards()
        self._calls = [each.label for each in cards if each.command == "call"]
        self._causes = [each.label for each in cards if each.command == "cause"]
        self._scrap = [each.label for each in cards if each.command == "scrap" and each.value]
        self._said = self._day()

    def next(self) -> Said:
        """The next thing."""
        return next(self._said)

    def _day(self) -> Iterator[Said]:
        chance = self._chance
        while True:
            yield Said(chance.choice(OPERATORS).encode())
            for _ in range(chance.randint(4, 14)):
                yield from chance.choices(
                    (self._new, self._twice, self._known, self._amount, self._card, self._call, self._noise),
                    (30, 2, 3, 2, 2, 2, 1),
                )[0]()

    def _new(self) -> Iterator[Said]:
        yield Said(b"T-N%06d" % next(self._number))

    def _twice(self) -> Iterator[Said]:
        ticket = b"T-N%06d" % next(self._number)
        yield Said(ticket)
        yield Said(ticket, soon=True)

    def _known(self) -> Iterator[Said]:
        yield Said(self._chance.choice(self._tickets).encode())

    def _amount(self) -> Iterator[Said]:
        ticket = self._chance.choice(self._tickets).encode()
        yield Said(ticket)
        yield Said(b"C-GOOD")
        yield Said(b"C-D%d" % self._chance.randint(1, 9))
        if self._chance.random() < 0.4:
            yield Said(self._chance.choice(self._scrap).encode())
            yield Said(b"C-D1")
        yield Said(ticket)

    def _card(self) -> Iterator[Said]:
        yield Said(self._chance.choice((b"C-UNDO", b"C-PAUSE", b"C-RESUME", b"C-CONFIRM", b"C-ANOTHER", b"C-CANCEL")))

    def _call(self) -> Iterator[Said]:
        if self._chance.random() < 0.5:
            yield Said(word=self._chance.choice(("single", "single", "hold", "battery")))
        else:
            yield Said(self._chance.choice(self._calls).encode())
        if self._chance.random() < 0.6:
            yield Said(LEADER.encode())
            yield Said(self._chance.choice(self._causes).encode())

    def _noise(self) -> Iterator[Said]:
        yield Said(self._chance.choice(GARBAGE))
