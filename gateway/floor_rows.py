"""The rows of the folded state of the floor: people held, shares, totals, calls, reports.

Pure: values in, values out.
"""

from dataclasses import astuple, dataclass, field
from typing import Any, Final

from floor.events import Instant
from floor.work import WorkState

SHARE_COLUMNS: Final = 8
REPORT_COLUMNS: Final = 6
"""Those of a share and a report in a folded state of 0.1.0; what came later stands apart there."""


@dataclass(slots=True)
class Held:
    """A person a station holds. `active_at` is boottime seconds of `boot`."""

    person: str
    boot: str
    active_at: float


@dataclass(slots=True)
class Share:
    """A person's open share of an operation. `seconds` worked before `since`; None: a reboot made it unknown."""

    person: str
    operation: str
    work_order: str
    station: str
    state: WorkState
    seconds: float | None
    since: float
    boot: str
    before: float | None = 0.0
    """Seconds in reports that it went on after; None as for `seconds`."""
    counter: str = ""
    """The machine's counter at its start, as read; empty: nobody read it."""
    rest: str = ""
    """Which rest of the calendar paused it; empty: none did."""

    @property
    def columns(self) -> tuple[Any, ...]:
        """As 0.1.0 has it: there set-up is running work."""
        row = astuple(self)[:SHARE_COLUMNS]
        return row if self.state is not WorkState.SETUP else (*row[:4], WorkState.RUNNING, *row[5:])

    @property
    def more(self) -> tuple[Any, ...]:
        """What came after 0.1.0; empty where there is nothing to say."""
        found = (self.before, self.state is WorkState.SETUP, self.counter, self.rest)
        return found if found != (0, False, "", "") else ()

    def set_up(self, instant: Instant) -> float | None:
        """Seconds of the set-up it is in; None when part of it was in another boot (I9)."""
        return max(0.0, instant.boottime - self.since) if self.boot == instant.boot else None

    def worked(self, instant: Instant) -> float | None:
        """Seconds worked until now, without pauses; None when part of it was in another boot (I9)."""
        if self.state is not WorkState.RUNNING or self.seconds is None:
            return self.seconds
        return self.seconds + max(0.0, instant.boottime - self.since) if self.boot == instant.boot else None


@dataclass(slots=True)
class Progress:
    """Pieces reported for an operation: by this gateway, and `elsewhere` as the office told. `open`: open shares."""

    good: int = 0
    scrap: int = 0
    elsewhere_good: int = 0
    elsewhere_scrap: int = 0
    open: int = 0


@dataclass(slots=True)
class Report:
    """A report that can still be taken back."""

    identity: str
    operation: str
    work_order: str
    good: int
    scrap: int
    seconds: float | None
    before: float | None = 0.0
    """That of its share when it was reported."""
    partial: bool = False
    """The share went on after it."""
    rework: int = 0
    rework_identity: str = ""
    """Pieces that go back, and the record that says so."""
    counter: str = ""
    """That of its share."""

    @property
    def has_more(self) -> bool:
        """Does it say anything that 0.1.0 does not know?"""
        return bool(self.before != 0 or self.partial or self.rework_identity or self.counter)


@dataclass(slots=True)
class Note:
    """What somebody typed at a station. `wall`: by the gateway's clock, a remark."""

    person: str
    operation: str
    call: str
    text: str
    wall: float


@dataclass(slots=True)
class Parts:
    """What was scanned for an operation here: items of components, and serials or lots of the product, in order."""

    items: list[str] = field(default_factory=list)
    serials: dict[str, None] = field(default_factory=dict)
    lots: dict[str, None] = field(default_factory=dict)
