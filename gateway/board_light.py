"""The light on the board itself, of the kernel's led class: the one that is there before any is configured."""

import logging
from pathlib import Path

from gateway.boot_codes import change, lit

log = logging.getLogger("lineside.board_light")


class BoardLight:
    """Blinks a number. `folder`: as /sys/class/leds/ACT; None, or one that cannot be written: nothing blinks."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._number = 0
        self._began = 0.0
        self._on: bool | None = None
        self._before = ""

    def tell(self, number: int, now: float) -> None:
        """Blink this number from now on; 0: give the light back to what it was for."""
        if number == self._number:
            return
        if number and not self._number:
            self._take()
        if not number:
            self._give_back()
        self._number, self._began, self._on = number, now, None

    def step(self, now: float) -> float:
        """Switch what is due; returns when to come again, infinite where nothing blinks."""
        if not self._number:
            return float("inf")
        on = lit(self._number, now - self._began)
        if on is not self._on:
            self._write("brightness", "1" if on else "0")
            self._on = on
        return self._began + change(self._number, now - self._began)

    def close(self) -> None:
        """Give the light back."""
        if self._number:
            self._give_back()
        self._number = 0

    def _take(self) -> None:
        """The kernel lists every trigger, the one in use in brackets."""
        try:
            told = (self._folder / "trigger").read_text() if self._folder else ""
        except OSError:
            told = ""
        self._before = told.partition("[")[2].partition("]")[0]
        self._write("trigger", "none")

    def _give_back(self) -> None:
        self._write("trigger", self._before or "none")

    def _write(self, name: str, value: str) -> None:
        if self._folder is None:
            return
        try:
            (self._folder / name).write_text(value)
        except OSError as error:
            log.warning("the light cannot be used: %s", error)
            self._folder = None
