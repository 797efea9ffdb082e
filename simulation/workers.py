"""Simulated workers at the stations of a demo plant: they scan, report, scrap, call and are helped.

They stand outside: labels go through the real pseudo-terminals so the gateway has no demo
switch anywhere.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator

from floor.example import example_plant
from floor.master import MasterData
from floor.rows import Operation
from simulation.check import scan
from simulation.plant import STATIONS, Plant

OPERATORS = ("B-P02", "B-P03", "B-P04", "B-P05")
LEADER = "B-P01"
PAUSE_SECONDS = (2.0, 6.0)
CALL_SHARE = 0.12
MISTAKE_SHARE = 0.08
PIECES_PER_REPORT_MAX = 10


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
        call_cards = [card for card in master.command_cards if card.command == "call"]
        cause_cards = {card.value: card.label for card in master.command_cards if card.command == "cause"}
        scrap_cards = [card.label for card in master.command_cards if card.command == "scrap" and card.value]
        running: dict[str, Operation] = {}
        good: Counter[str] = Counter()
        made: Counter[str] = Counter()
        while True:
            station = self._random.choice(STATIONS)
            badge = self._random.choice(OPERATORS)
            can, cannot = sorted_out(master, good, made)
            if self._random.random() < CALL_SHARE or not (can or badge in running):
                card = self._random.choice(call_cards)
                cause = cause_cards[self._random.choice(master.call_type_by_id[card.value].causes)]
                yield station, [badge, card.label, LEADER, cause, badge]
            elif badge in running:
                operation = running.pop(badge)
                pieces = self._random.randint(1, PIECES_PER_REPORT_MAX - 1)
                scrapped = self._random.random() < 0.3
                good[operation.id] += pieces
                made[operation.id] += pieces + scrapped
                amount = ["C-GOOD", f"C-D{pieces}"]
                if scrapped:
                    amount += [self._random.choice(scrap_cards), "C-D1"]
                yield station, [badge, *amount, operation.ticket]
            else:
                if cannot and self._random.random() < MISTAKE_SHARE:
                    # Too early, or all done: the station refuses to start it.
                    yield station, [badge, self._random.choice(cannot).ticket]
                    continue
                running[badge] = self._random.choice(can)
                yield station, [badge, running[badge].ticket]


def sorted_out(master: MasterData, good: Counter[str], made: Counter[str]) -> tuple[list[Operation], list[Operation]]:
    """Operations that another report is possible of, and those that are done or whose forerunner is short."""
    can: list[Operation] = []
    cannot: list[Operation] = []
    for rows in master.operations_by_order.values():
        for before, operation in zip((None, *rows), rows, strict=False):
            wanted = made[operation.id] + PIECES_PER_REPORT_MAX
            ready = before is None or good[before.id] >= wanted
            (can if ready and wanted <= operation.planned else cannot).append(operation)
    return can, cannot
