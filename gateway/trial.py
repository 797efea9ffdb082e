"""Signals that a maintainer tries on a station's lights, and what is shown again when the trial is over. Pure."""

from collections.abc import Iterable
from typing import Final

from devices.patterns import PATTERNS
from devices.types import Signal
from floor.calls import CallState
from floor.master import MasterData
from gateway.open_calls import Call
from gateway.station_stop import signal_of

TRIAL_SECONDS: Final = 4.0
"""How long a signal that stands is left standing."""

ASKED_MAX: Final = 16
"""Trials that wait for their commit; more are one trial too many and are left out."""


LOUDEST: Final = (Signal.STOPPED, Signal.ESCALATED, Signal.CALLED, Signal.STOPPING, Signal.ACKNOWLEDGED)
"""Of what several calls of a station say, the first of these stands."""


class LightTrial:
    """What was asked for and is not shown yet, and what has to end."""

    def __init__(self) -> None:
        self._asked: list[tuple[str, Signal]] = []
        self._standing: dict[tuple[str, str], tuple[float, Signal]] = {}

    def ask(self, station: str, signal: Signal) -> None:
        """A maintainer pressed the button of a signal."""
        if len(self._asked) < ASKED_MAX:
            self._asked.append((station, signal))

    def begin(self, now: float) -> list[tuple[str, Signal]]:
        """What is to be shown now, after the commit of its record."""
        asked, self._asked = self._asked, []
        for station, signal in asked:
            if subject := PATTERNS[signal].subject:
                self._standing[station, subject] = (now + TRIAL_SECONDS, signal)
        return asked

    def over(self, now: float) -> list[tuple[str, str, Signal]]:
        """(station, subject, tried signal) of each trial that is over: the truth is to be shown again."""
        due = [key for key, (until, _) in self._standing.items() if until <= now]
        return [(*key, self._standing.pop(key)[1]) for key in due]

    def wake(self) -> float | None:
        """When the next trial is over."""
        return min((until for until, _ in self._standing.values()), default=None)


def signal_of_call(master: MasterData, call: Call) -> Signal:
    """What an open call says by itself."""
    if call.state is CallState.ACKNOWLEDGED:
        return Signal.ACKNOWLEDGED
    waiting = signal_of(master, call)
    return Signal.ESCALATED if call.tier and waiting is not Signal.STOPPED else waiting


def standing(subject: str, calls: Iterable[Signal], refusing: bool, office_away: bool) -> Signal:
    """What really stands for a subject: what open calls say, whether it can keep, whether the office is away."""
    if subject == "call":
        said = set(calls)
        return next((each for each in LOUDEST if each in said), Signal.RESOLVED)
    if subject == "keeping":
        return Signal.UNKEPT if refusing else Signal.KEPT
    return Signal.OFFLINE if office_away else Signal.ONLINE
