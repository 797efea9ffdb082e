"""Whether the journal can keep anything now, and when it is tried again.

The station goes on by itself: a full disk with room again, a card that is writable again, needs nobody here (I11).
"""

from dataclasses import dataclass

from floor.events import Instant
from gateway import limits
from gateway.errors import GatewayError, JournalBroken, JournalCorrupt, JournalFull, JournalReadOnly
from gateway.journal import Journal
from gateway.journal_upkeep import used_fraction
from gateway.keeping import Keeping
from sync.wire import Receipt

REASONS: dict[type[GatewayError], str] = {
    JournalFull: "disk_full",
    JournalReadOnly: "read_only",
    JournalCorrupt: "journal_corrupt",
    JournalBroken: "read_only",
}
"""What a screen says, by what the journal said. Anything else is a fault of the program and shown as corrupt."""

TELEMETRY_LOOK_SECONDS = 5.0
"""How long the answer whether telemetry fits is good for: it takes three pragmas."""


@dataclass(slots=True)
class Storage:
    """The journal's openness as a small machine: open, or refusing with a reason until `again_at`."""

    journal: Journal
    reason: str = ""
    again_at: float | None = None
    error: GatewayError | None = None
    _fits: bool = True
    _fits_until: float = float("-inf")

    def ready(self, keeping: Keeping, instant: Instant) -> None:
        """Open the journal and fold the state where needed. Raises the journal's errors, not more often than a
        closed journal is worth trying."""
        if not self.journal.is_open:
            if self.error is not None and self.again_at is not None and instant.boottime < self.again_at:
                raise self.error
            self.journal.open()
            keeping.stale = True
        if keeping.stale:
            with self.journal.classified():
                keeping.recover(instant)
            keeping.tell_salvage(instant)
        self.telemetry_fits(instant)
        keeping.rejections.closed = not self._fits

    def refuse(self, error: GatewayError, now: float) -> bool:
        """Remember why nothing can be kept; True when that is new.

        A refusal that only repeats the last one moves nothing: scans faster than the retry would put it off for ever.
        """
        if error is self.error and self.again_at is not None and now < self.again_at:
            return False
        reason = REASONS.get(type(error), "journal_corrupt")
        new = reason != self.reason
        self.reason, self.error, self.again_at = reason, error, now + limits.REOPEN_SECONDS_MAX
        return new

    def accepted(self) -> bool:
        """Records are kept again; True when they were not before."""
        new = bool(self.reason)
        self.reason, self.error, self.again_at = "", None, None
        return new

    def probe(self, keeping: Keeping, instant: Instant) -> bool:
        """While refusing: look again when it is time. True when records can be kept again."""
        if not self.reason or self.again_at is None or instant.boottime < self.again_at:
            return False
        self.again_at = None
        self.ready(keeping, instant)
        with self.journal.group():
            pass
        return self.accepted()

    def wake(self) -> float | None:
        """When `probe` should be called."""
        return self.again_at if self.reason else None

    def telemetry_fits(self, instant: Instant) -> bool:
        """Whether device events and the like may be kept: the last part of the cap is for reports and calls (I11).
        Raises the journal's errors."""
        if self.journal.is_open and instant.boottime >= self._fits_until:
            with self.journal.classified():
                self._fits = used_fraction(self.journal) < 1 - limits.JOURNAL_RESERVE_FRACTION
            self._fits_until = instant.boottime + TELEMETRY_LOOK_SECONDS
        return self._fits and not self.reason

    def believe(self, receipt: Receipt, now: float) -> None:
        """Marks of the server; told again by its next receipt when the journal is closed."""
        if self.journal.is_open:
            self.journal.believe(receipt.streams, now, receipt.server)

    def move(self, sink: str, position: int, now: float) -> None:
        """A notice sink's position; it is told again by later ones when the journal is closed."""
        if self.journal.is_open:
            self.journal.move(sink, min(position, self.journal.newest()), now)

    def newest(self) -> int:
        """The newest journal position."""
        return self.journal.newest()
