"""The seams of this folder: what a journal offers, what an office and a broker take, what a sink tells.

Pure: values and protocols. Instants are seconds of CLOCK_BOOTTIME unless the name says otherwise.
"""

from typing import NamedTuple, Protocol

from sync.wire import Batch, Fact, Facts, Receipt, Record, SnapshotEnvelope

Range = tuple[int, int]
"""First and last seq, both of it."""


class EpochEntry(NamedTuple):
    """One epoch on the card (I3), with what the office said of it (I5).

    `last`: its newest seq. `floor`: every seq up to it was pruned from the card. `mark`: the office holds all up to
    it but for `missing`; it may be above `last` when the card was restored. `safe`: the same in a confirmed backup.
    """

    epoch: str
    previous_epoch: str | None
    previous_last: int
    last: int
    floor: int
    mark: int
    safe: int
    missing: tuple[Range, ...]


class RecordSource(Protocol):
    """A read-only view of the journal. Thread-safe for one reader thread, on its own read-only connection; cheap."""

    def epochs(self) -> tuple[EpochEntry, ...]:
        """Every epoch of the card, oldest first. Called once for each batch."""

    def read(self, epoch: str, after: int, limit: int) -> tuple[Record, ...]:
        """Records of one epoch with seq > `after`, ascending, at most `limit`; pruned ones are simply not there."""

    def newest(self) -> int:
        """The newest journal position: an integer over all epochs that only grows; 0 when there is none."""

    def read_after(self, position: int, limit: int) -> tuple[tuple[int, Record], ...]:
        """(position, record) of records behind `position`, ascending, at most `limit`."""


class Exchange(Protocol):
    """The office, as a gateway reaches it. Raises SinkUnreachable (try again) or SinkRefused (somebody must act)."""

    def offer(self, batch: Batch) -> Receipt:
        """G3 and G4: a batch up, the receipt down. Raised means: believe nothing, offer again."""

    def snapshot(self) -> SnapshotEnvelope:
        """The office's master data, as it came: the caller verifies the digest (I8)."""

    def facts(self, after: int) -> Facts:
        """The facts behind number `after`, in order."""

    def close(self) -> None:
        """Give back the connection."""


class ReceiptCame(NamedTuple):
    """The office took a batch: store its marks, also lower ones (I5, G4)."""

    sink: str
    receipt: Receipt


class PositionMoved(NamedTuple):
    """A notice sink has the acknowledgement of every record up to `position`."""

    sink: str
    position: int


class NoticeSkipped(NamedTuple):
    """Journal positions `first` to `last` are not sent to this notice sink (I5); the position follows behind them."""

    sink: str
    first: int
    last: int


class SinkState(NamedTuple):
    """A sink became reachable or unreachable. `detail` is a short text for the maintainer; `at` of CLOCK_BOOTTIME."""

    sink: str
    online: bool
    detail: str
    at: float


class SinkRefused(NamedTuple):
    """A sink said no, so a person must act; it is tried again slowly. `hint` says who can do what."""

    sink: str
    reason: str
    hint: str


class SnapshotCame(NamedTuple):
    """Master data, whole and with a digest that fits (I8)."""

    envelope: SnapshotEnvelope


class FactsCame(NamedTuple):
    """The next facts, in order. Numbers at or below the last known one mean that the office was restored."""

    facts: tuple[Fact, ...]


class FileSent(NamedTuple):
    """The office holds this file, whole."""

    sha256: str


class FileCame(NamedTuple):
    """A file of the office is here, whole, and fits its hash."""

    sha256: str


Report = (
    ReceiptCame
    | PositionMoved
    | NoticeSkipped
    | SinkState
    | SinkRefused
    | SnapshotCame
    | FactsCame
    | FileSent
    | FileCame
)


class Post(Protocol):
    """The main loop's inbox, as a sink sees it."""

    def __call__(self, report: Report, /) -> bool:
        """Never waits. False: the inbox is full, try again later."""
