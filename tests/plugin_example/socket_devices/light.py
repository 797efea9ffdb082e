"""Kind `file_light`: each signal is a line of a file."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from devices.interface import Clock, DeviceSettings, Indicator, QueuedIndicator, Report, Signal, checked


class FileLightSettings(DeviceSettings):
    """A light for who reads files."""

    path: str = Field(min_length=1, max_length=256, description="The file; lines are put at its end.")


class FileLight(QueuedIndicator):
    """Writes from its own thread, so that a slow disk delays no scan."""

    def __init__(self, name: str, path: Path, clock: Clock, report: Report) -> None:
        super().__init__(name, clock, report)
        self._path = path
        self._unwritten: list[tuple[Signal, str]] = []

    def _accept(self, given: list[tuple[Signal, str]], now: float) -> None:
        self._unwritten = given

    def _start(self) -> None:
        self._path.touch()

    def _show(self, now: float) -> float | None:
        with self._path.open("a") as lines:
            lines.writelines(f"{signal} {station}\n" for signal, station in self._unwritten)
        self._unwritten = []
        return None

    def _end(self) -> None:
        """Nothing is held open."""


def build(name: str, settings: Mapping[str, object], clock: Clock, report: Report) -> Indicator:
    """A light that is not started yet."""
    given = checked(FileLightSettings, settings)
    return FileLight(name, Path(given.path), clock, report)
