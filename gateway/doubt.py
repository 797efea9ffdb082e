"""After a start: which record of each station was the last, and whether its beep is known to have sounded (P4).

Pure: values in, values out. A record says up to which seq of its epoch every signal was given before it was decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from floor.events import Happening, ReportCorrected, ReportFinished, SessionClosed, SessionOpened, WorkStarted

SPOKEN = (SessionOpened, SessionClosed, WorkStarted, ReportFinished, ReportCorrected)
"""Events that a worker's scan made, and whose beep they waited for."""


@dataclass(frozen=True, slots=True)
class LastRecord:
    """The last spoken record of a station."""

    station: str
    identity: str
    happening: Happening
    beep_unknown: bool


def last_records(records: Iterable[tuple[str, int, Happening]]) -> dict[str, LastRecord]:
    """The last spoken record of each station among (epoch, seq, happening) in the order of the journal."""
    last: dict[str, tuple[str, int, Happening]] = {}
    signalled: dict[str, int] = {}
    for epoch, seq, happening in records:
        signalled[epoch] = max(signalled.get(epoch, 0), happening.signalled)
        if isinstance(happening.event, SPOKEN):
            last[happening.station] = (epoch, seq, happening)
    return {
        station: LastRecord(station, f"{epoch}/{seq}", happening, signalled[epoch] < seq)
        for station, (epoch, seq, happening) in last.items()
    }
