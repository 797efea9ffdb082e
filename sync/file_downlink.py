"""Files of the office come down: piece by piece, from where the card stands. Pure.

Stepped by a thread of its own with an exchange of its own. A file that the office does not have yet, or that came
damaged, is passed over for a minute; the others go on.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

from sync.errors import SinkRefused as Refusal
from sync.errors import SinkUnreachable
from sync.limits import FILE_RETRY_SECONDS, POST_RETRY_SECONDS, PumpLimits, retry_pause
from sync.outbox import Outbox
from sync.ports import FileCame, Post, SinkRefused

INSTRUCTIONS = "instructions"
_DAMAGED_HINT = "If it stays so, whoever runs the server looks at its disk: the file there does not fit its hash."
_CARD_HINT = "The maintainer looks at the card: a file of the office cannot be put on it."


class FilePiece(NamedTuple):
    """A piece of a file of `size` bytes."""

    content: bytes
    size: int


class FilePlace(Protocol):
    """Where files go. Methods may raise OSError."""

    def next_missing(self, passed: Collection[str]) -> str | None:
        """The hash of the next file to fetch, but for those passed over."""

    def offset(self, sha256: str) -> int:
        """How many bytes of it are here."""

    def put(self, sha256: str, piece: bytes) -> None:
        """The next piece of it."""

    def finish(self, sha256: str) -> bool:
        """Whether all of it is here and fits its hash; then it can be shown. If not, it begins anew."""


class PieceExchange(Protocol):
    """The office, as files come from it. Raises SinkUnreachable or SinkRefused."""

    def file_piece(self, sha256: str, offset: int) -> FilePiece:
        """The piece of the file that begins at `offset`."""


class FileDownlink:
    """`step(now)` makes at most one exchange; None: nothing to do before it is woken."""

    def __init__(
        self,
        place: FilePlace,
        exchange: PieceExchange,
        post: Post,
        jitter: Callable[[], float],
        *,
        limits: PumpLimits = PumpLimits(),  # noqa: B008 - frozen
    ) -> None:
        self._place = place
        self._exchange = exchange
        self._outbox = Outbox(post)
        self._jitter = jitter
        self._limits = limits
        self._passed: dict[str, float] = {}
        self._told: set[str] = set()
        self._not_before = float("-inf")
        self._failures = 0

    def step(self, now: float) -> float | None:
        """Fetch the next piece when it is time. Returns the next wake."""
        if not self._outbox.flush():
            return now + POST_RETRY_SECONDS
        if now < self._not_before:
            return self._not_before
        self._passed = {sha256: until for sha256, until in self._passed.items() if until > now}
        wanted = None
        try:
            wanted = self._place.next_missing(self._passed)
            if wanted is None:
                return min(self._passed.values(), default=None)
            self._fetch(wanted)
            self._failures = 0
        except SinkUnreachable:
            return self._retry_soon(now)
        except Refusal as refusal:
            self._pass_over(wanted or "", str(refusal), refusal.hint, now)
        except OSError as error:
            self._pass_over(wanted or "", str(error), _CARD_HINT, now)
            self._not_before = now + self._limits.refused_retry_seconds
        return now

    def _fetch(self, sha256: str) -> None:
        offset = self._place.offset(sha256)
        piece = self._exchange.file_piece(sha256, offset)
        if piece.content:
            self._place.put(sha256, piece.content)
        if offset + len(piece.content) < piece.size and piece.content:
            return
        if not self._place.finish(sha256):
            raise Refusal(f"file {sha256[:12]} came damaged", hint=_DAMAGED_HINT)
        self._told.discard(sha256)
        self._outbox.tell(FileCame(sha256))

    def _retry_soon(self, now: float) -> float:
        self._failures += 1
        self._not_before = now + retry_pause(self._limits, self._failures, self._jitter())
        return self._not_before

    def _pass_over(self, sha256: str, reason: str, hint: str, now: float) -> None:
        """Told once for each file, until it has come."""
        self._passed[sha256] = now + FILE_RETRY_SECONDS
        if sha256 not in self._told:
            self._told.add(sha256)
            self._outbox.tell(SinkRefused(INSTRUCTIONS, reason, hint))
