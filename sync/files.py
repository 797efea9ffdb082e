"""The pump of files to the office: piece by piece, from where the office says it stands. Pure.

Stepped by a thread of its own with an exchange of its own, so that a photo over a slow line holds up no record. A file
counts as sent when the office has read it whole and its hash fits, never before. What was sent is asked about again
from time to time: an office that was restored says which files it lost, and they are sent again while they are here.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from sync.errors import SinkRefused as Refusal
from sync.errors import SinkUnreachable
from sync.limits import FILES_ASK_SECONDS, POST_RETRY_SECONDS, PumpLimits, retry_pause
from sync.outbox import Outbox
from sync.ports import FileSent, Post, SinkRefused
from sync.wire import FILE_PIECE_BYTES_MAX, FILES_PER_ASK_MAX, FileHeld

FILES = "files"
_STUCK_HINT = "Whoever runs the server looks at the room in its folder: it does not go on with this file."
_GONE_HINT = "The maintainer looks at the card: a photo that a record names cannot be read from it."


class FileSource(Protocol):
    """The files that wait, and their fate. Methods may raise OSError."""

    def tidy(self) -> None:
        """Look at what is there."""

    def unsent_after(self, passed: Collection[str]) -> tuple[str, int] | None:
        """(hash, bytes) of the next file to send, but for those passed over."""

    def read(self, sha256: str, offset: int, count: int) -> bytes:
        """A piece of it."""

    def sent(self, sha256: str) -> None:
        """The office holds it."""

    def all_sent(self) -> tuple[str, ...]:
        """Hashes of files that the office held once and that are still here."""

    def lost_there(self, hashes: Iterable[str]) -> None:
        """The office does not hold these any more."""


class FileExchange(Protocol):
    """The office, as files reach it. Raises SinkUnreachable or SinkRefused."""

    def file_held(self, sha256: str) -> FileHeld:
        """How much of it the office has."""

    def put_piece(self, sha256: str, offset: int, size: int, piece: bytes) -> FileHeld:
        """A piece that begins at `offset` of a file of `size` bytes; how much the office has now."""

    def files_missing(self, hashes: tuple[str, ...]) -> tuple[str, ...]:
        """Which of these the office does not hold."""


class FilePump:
    """`step(now)` makes at most one exchange. A file that is refused is passed over for an hour; others go on."""

    def __init__(
        self,
        source: FileSource,
        exchange: FileExchange | None,
        post: Post,
        jitter: Callable[[], float],
        *,
        limits: PumpLimits = PumpLimits(),  # noqa: B008 - frozen
        ask_seconds: float = FILES_ASK_SECONDS,
    ) -> None:
        self._source = source
        self._exchange = exchange
        self._outbox = Outbox(post)
        self._jitter = jitter
        self._limits = limits
        self._ask_seconds = ask_seconds
        self._ask_at = float("-inf")
        self._passed: dict[str, float] = {}
        self._sending = ""
        self._offset = 0
        self._not_before = float("-inf")
        self._failures = 0
        self._complaint = ""

    def step(self, now: float) -> float | None:
        """Send the next piece when it is time. Returns the next wake."""
        if not self._outbox.flush():
            return now + POST_RETRY_SECONDS
        try:
            self._source.tidy()
            if self._exchange is None:
                return None
            if now < self._not_before:
                return self._not_before
            return self._exchanged(self._exchange, now)
        except SinkUnreachable:
            return self._retry_soon(now)
        except Refusal as refusal:
            self._pass_over(str(refusal), refusal.hint, now)
        except OSError as error:
            self._pass_over(f"{self._sending[:12] or 'the folder of photos'}: {error}", _GONE_HINT, now)
            self._not_before = now + self._limits.refused_retry_seconds
        return now

    def _exchanged(self, exchange: FileExchange, now: float) -> float:
        self._passed = {sha256: until for sha256, until in self._passed.items() if until > now}
        if now >= self._ask_at:
            self._ask(exchange)
            self._ask_at = now + self._ask_seconds
            return now
        found = self._source.unsent_after(self._passed)
        if found is None:
            return min([self._ask_at, *self._passed.values()])
        self._send(exchange, *found)
        self._failures = 0
        return now

    def _ask(self, exchange: FileExchange) -> None:
        """What was sent and is still here: the office may have been restored to a time before it."""
        sent = self._source.all_sent()
        for at in range(0, len(sent), FILES_PER_ASK_MAX):
            asked = sent[at : at + FILES_PER_ASK_MAX]
            self._source.lost_there(set(exchange.files_missing(asked)) & set(asked))

    def _send(self, exchange: FileExchange, sha256: str, size: int) -> None:
        if sha256 != self._sending:
            held = exchange.file_held(sha256)
            self._sending = sha256
        else:
            piece = self._source.read(sha256, self._offset, min(FILE_PIECE_BYTES_MAX, size - self._offset))
            held = exchange.put_piece(sha256, self._offset, size, piece)
            if not held.whole and held.offset <= self._offset:
                raise Refusal(f"the server stands at {held.offset} of {sha256[:12]}", hint=_STUCK_HINT)
        self._offset = min(held.offset, size)
        if held.whole:
            self._source.sent(sha256)
            self._sending = ""
            self._outbox.tell(FileSent(sha256))

    def _retry_soon(self, now: float) -> float:
        self._sending = ""
        self._failures += 1
        self._not_before = now + retry_pause(self._limits, self._failures, self._jitter())
        return self._not_before

    def _pass_over(self, reason: str, hint: str, now: float) -> None:
        if self._sending:
            self._passed[self._sending] = now + self._ask_seconds
            self._sending = ""
        else:
            self._not_before = now + self._limits.refused_retry_seconds
        if reason != self._complaint:
            self._complaint = reason
            self._outbox.tell(SinkRefused(FILES, reason, hint))
