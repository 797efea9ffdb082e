"""What a stack light does for each signal. Pure.

Two layers: a *standing* one for what lasts (an open call, the office out of reach, a report that could not be kept),
per station and subject, and a *passing* one over it for what just happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from devices.limits import LIGHT_STATIONS_MAX
from devices.types import Signal

LAMPS: Final = ("green", "yellow", "red", "buzzer")
_STEADY: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Beat:
    """One lamp: on, off, and how often; `times` 0 is for as long as it stands."""

    lamp: str
    on_seconds: float
    off_seconds: float = 0.0
    times: int = 1

    @property
    def length_seconds(self) -> float:
        """How long it goes on; infinite for a standing one."""
        return (self.on_seconds + self.off_seconds) * self.times if self.times else _STEADY

    def lit(self, since: float) -> bool:
        """Whether the lamp is on, `since` seconds after the beat began."""
        if not 0 <= since < self.length_seconds:
            return False
        return self.off_seconds == 0 or since % (self.on_seconds + self.off_seconds) < self.on_seconds

    def change(self, since: float) -> float | None:
        """Seconds after the beginning at which it next changes, or None."""
        if since >= self.length_seconds or (self.times == 0 and self.off_seconds == 0):
            return None
        if self.off_seconds == 0:
            return self.length_seconds
        period = self.on_seconds + self.off_seconds
        turns, within = divmod(since, period)
        return turns * period + (self.on_seconds if within < self.on_seconds else period)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The beats of one signal: what passes, and what stands for `subject` until the subject's next signal."""

    passing: tuple[Beat, ...] = ()
    subject: str = ""
    standing: tuple[Beat, ...] = ()


def _blink(lamp: str, half_seconds: float, times: int = 0) -> Beat:
    return Beat(lamp, half_seconds, half_seconds, times)


# Red and the long tone mean "not kept" everywhere, green and the short tone "kept": never the other way round.
PATTERNS: Final[dict[Signal, Pattern]] = {
    Signal.KEPT: Pattern((Beat("green", 0.6), Beat("buzzer", 0.08)), "keeping"),
    Signal.NOTED: Pattern((Beat("green", 0.2),)),
    Signal.ASK: Pattern((_blink("yellow", 0.3, 3),)),
    Signal.REPEATED: Pattern((_blink("yellow", 0.2, 2), _blink("buzzer", 0.08, 2))),
    Signal.REFUSED: Pattern((Beat("red", 0.8), Beat("buzzer", 0.6))),
    Signal.CALLED: Pattern((_blink("buzzer", 0.2, 2),), "call", (_blink("red", 0.5),)),
    Signal.STOPPING: Pattern((_blink("buzzer", 0.2, 2),), "call", (_blink("yellow", 0.5),)),
    # Its tones stand, too, so that the signal of the report that reached the position goes on beside them.
    Signal.STOPPED: Pattern((), "call", (Beat("red", 1.6, 0.4, 0), _blink("buzzer", 0.3, 3))),
    Signal.ESCALATED: Pattern((_blink("buzzer", 0.2, 4),), "call", (_blink("red", 0.25),)),
    Signal.ACKNOWLEDGED: Pattern((), "call", (Beat("red", 1.0, 0.0, 0),)),
    Signal.RESOLVED: Pattern((Beat("green", 0.6),), "call"),
    Signal.UNKEPT: Pattern((_blink("buzzer", 0.15, 40),), "keeping", (_blink("red", 0.15),)),
    Signal.OFFLINE: Pattern((), "office", (Beat("yellow", 1.0, 0.0, 0),)),
    Signal.ONLINE: Pattern((), "office"),
}


class LampState:
    """The lamps of one light by time. Bounded by LIGHT_STATIONS_MAX stations; the oldest standing one gives way."""

    def __init__(self) -> None:
        self._passing: tuple[float, tuple[Beat, ...]] = (0.0, ())
        self._standing: dict[tuple[str, str], tuple[float, tuple[Beat, ...]]] = {}

    def give(self, signal: Signal, station: str, now: float) -> None:
        """A signal was given."""
        pattern = PATTERNS[signal]
        if pattern.passing:
            self._passing = (now, pattern.passing)
        if pattern.subject:
            self._standing.pop((station, pattern.subject), None)
        if pattern.standing:
            self._standing[station, pattern.subject] = (now, pattern.standing)
        while len(self._standing) > LIGHT_STATIONS_MAX * 3:
            del self._standing[next(iter(self._standing))]

    def lit(self, now: float) -> frozenset[str]:
        """The lamps that are on."""
        return frozenset(beat.lamp for began, beat in self._beats() if beat.lit(now - began))

    def wake(self, now: float) -> float | None:
        """When the lamps next change by themselves."""
        changes = ((began, beat.change(now - began)) for began, beat in self._beats())
        return min((began + change for began, change in changes if change is not None), default=None)

    def _beats(self) -> Iterable[tuple[float, Beat]]:
        """A call's lamp is the call's alone: that the office is away must not turn its blinking into standing."""
        calls = {beat.lamp for (_, about), (_, beats) in self._standing.items() if about == "call" for beat in beats}
        for (_, about), (began, beats) in self._standing.items():
            yield from ((began, beat) for beat in beats if about != "office" or beat.lamp not in calls)
        began, beats = self._passing
        yield from ((began, beat) for beat in beats)
