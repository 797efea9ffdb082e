"""A stream of scans at the first station of a plant, and which of them got a beep."""

import queue
import time

from simulation.check import scan
from simulation.plant import Plant

BEEP_SECONDS_MAX = 20.0


class Stream:
    """Scans one label after the other and notes which got a beep."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.signals: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.beeped: list[str] = []
        self.silent: list[str] = []
        self.number = 0

    def listen(self) -> None:
        """Hear the light of the (new) gateway process."""
        self.plant.processes["gateway"].on_line = self._line

    def scan(self) -> bool:
        """Scan the next label; whether the station said that it is kept."""
        self.number += 1
        label = f"T-X{self.number:06d}"
        while not self.signals.empty():
            self.signals.get()
        try:
            scan(self.plant, label)
            word = self.signal()
        except OSError:
            word = ""
        (self.beeped if word == "kept" else self.silent).append(label)
        return word == "kept"

    def signal(self, seconds_max: float = BEEP_SECONDS_MAX) -> str:
        """The next signal of the light; empty when none comes or the gateway is dead."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            try:
                return self.signals.get(timeout=0.1)
            except queue.Empty:
                if not self.plant.processes["gateway"].alive:
                    return ""
        return ""

    def _line(self, line: str) -> None:
        if "'S1.log'" in line and ": " in line:
            word = line.rsplit(": ", 1)[1].split(" ", 1)[0]
            if word not in ("online", "offline"):
                self.signals.put(word)
