"""Simulated workers at the stations of a demo plant: they scan, report, scrap, call and are helped.

They stand outside: labels go through the real pseudo-terminals so the gateway has no demo
switch anywhere.
"""

import random
import threading
from collections.abc import Iterator

from floor.example import example_plant
from simulation.check import scan
from simulation.plant import STATIONS, Plant

OPERATORS = ("B-P02", "B-P03", "B-P04", "B-P05")
LEADER = "B-P01"
PAUSE_SECONDS = (2.0, 6.0)
CALL_SHARE = 0.12


class Workers:
    """One thread that acts for everybody, by one seed."""

    def __init__(self, plant: Plant, seed: int = 1, pace: float = 1.0) -> None:
        self._plant = plant
        self._random = random.Random(seed)
        self._pace = max(0.1, pace)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="workers", daemon=True)

    def start(self) -> None:
        """Begin the shift."""
        self._thread.start()

    def stop(self) -> None:
        """End the shift. May be called before it began."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(10)

    def _work(self) -> None:
        for station, labels in self._day():
            for label in labels:
                scan(self._plant, label, station)
                if self._stopping.wait(self._random.uniform(*PAUSE_SECONDS) / self._pace):
                    return

    def _day(self) -> Iterator[tuple[str, list[str]]]:
        """Who scans what at which station, without an end."""
        master = example_plant()
        tickets = [operation.ticket for operation in master.operations]
        call_cards = [card.label for card in master.command_cards if card.command == "call"]
        cause_cards = {card.value: card.label for card in master.command_cards if card.command == "cause"}
        scrap_cards = [card.label for card in master.command_cards if card.command == "scrap" and card.value]
        running: dict[str, str] = {}
        while True:
            station = self._random.choice(STATIONS)
            badge = self._random.choice(OPERATORS)
            if self._random.random() < CALL_SHARE:
                card = self._random.choice(call_cards)
                call = next(each.value for each in master.command_cards if each.label == card)
                cause = cause_cards[self._random.choice(master.call_type_by_id[call].causes)]
                yield station, [badge, card, LEADER, cause, badge]
            elif badge in running:
                ticket = running.pop(badge)
                amount = ["C-GOOD", f"C-D{self._random.randint(1, 9)}"]
                if self._random.random() < 0.3:
                    amount += [self._random.choice(scrap_cards), "C-D1"]
                yield station, [badge, *amount, ticket]
            else:
                running[badge] = self._random.choice(tickets)
                yield station, [badge, running[badge]]
