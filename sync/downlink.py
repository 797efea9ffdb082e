"""The way down: master data, whole or absent (I8), and facts, in order. Pure; waits inside the exchange only.

Receipts say that there is something new; the truth is fetched. Stepped by a thread of its own with an exchange of its
own, so that a large snapshot over a slow line never holds up the records.
"""

from collections.abc import Callable

from sync.errors import SinkRefused as Refusal
from sync.errors import SinkUnreachable
from sync.limits import POST_RETRY_SECONDS, PumpLimits, retry_pause
from sync.outbox import Outbox
from sync.ports import Exchange, FactsCame, Post, SinkRefused, SnapshotCame
from sync.wire import Fact, Receipt, content_digest_of

DOWNLINK = "downlink"

_DIGEST_HINT = "Whoever runs the server looks at its database: the snapshot does not fit its own digest."
_ORDER_HINT = "Whoever runs the server looks at this gateway's list of facts: numbers are missing in it."


class Downlink:
    """`snapshot_version`, `snapshot_digest`, `facts_after`: what the station has already.

    What was posted counts as had, whatever the main loop makes of it: a snapshot that the station refuses is not
    fetched again and again, and another one is fetched as soon as a receipt names it. Without room for a snapshot facts
    come all the same, and the next receipt looks for room again.
    """

    def __init__(
        self,
        exchange: Exchange,
        post: Post,
        jitter: Callable[[], float],
        *,
        snapshot_version: int = 0,
        snapshot_digest: str = "",
        facts_after: int = 0,
        has_room: Callable[[], bool] = lambda: True,
        limits: PumpLimits = PumpLimits(),  # noqa: B008 - frozen
    ) -> None:
        self._exchange = exchange
        self._has_room = has_room
        self._outbox = Outbox(post)
        self._jitter = jitter
        self._limits = limits
        self._have = (snapshot_version, snapshot_digest)
        self._facts_after = facts_after
        self._receipt: Receipt | None = None
        self._served: Receipt | None = None
        self._snapshot_of: Receipt | None = None
        self._not_before = float("-inf")
        self._pause: float | None = None
        self._failures = 0
        self._complaint = ""

    def note(self, receipt: Receipt) -> None:
        """The newest receipt. May be called by another thread, which then wakes the one that steps."""
        self._receipt = receipt

    def step(self, now: float) -> float | None:
        """Fetch one thing that is due. Returns the next wake, None when nothing is to be done before a receipt."""
        if self._pause is not None:
            self._not_before, self._pause = now + self._pause, None
        if not self._outbox.flush():
            return now + POST_RETRY_SECONDS
        receipt = self._receipt
        if receipt is None or receipt is self._served:
            return None
        if now < self._not_before:
            return self._not_before
        try:
            if not self._fetch(receipt):
                self._served = receipt
            self._failures, self._complaint = 0, ""
        except SinkUnreachable:
            self._retry_soon()
        except Refusal as refusal:
            self._retry_slowly(refusal)
        return now

    def _fetch(self, receipt: Receipt) -> bool:
        """Whether something was fetched; then the same receipt is looked at again."""
        wanted = (receipt.snapshot_version, receipt.snapshot_digest)
        is_new = receipt.snapshot_digest and wanted != self._have and receipt is not self._snapshot_of
        if is_new and self._has_room():
            self._fetch_snapshot()
            self._snapshot_of = receipt
            return True
        if receipt.facts_last != self._facts_after:
            return self._fetch_facts(receipt.facts_last)
        return False

    def _fetch_snapshot(self) -> None:
        """I8: verified before it is told; an interrupted reply changes nothing. It may be newer than the receipt."""
        envelope = self._exchange.snapshot()
        if content_digest_of(envelope.body) != envelope.digest:
            raise Refusal("the snapshot does not fit its digest", hint=_DIGEST_HINT)
        came = (envelope.version, envelope.digest)
        if came != self._have:
            self._have = came
            self._outbox.tell(SnapshotCame(envelope))

    def _fetch_facts(self, last: int) -> bool:
        """The next facts. The list may be shorter than what is known here: then the office was restored, and the
        numbers behind its end are given anew (as with marks, I5)."""
        came = self._exchange.facts(self._facts_after)
        if came.last < self._facts_after:
            self._facts_after = came.last
            return True
        self._check_order(came.facts)
        if not came.facts:
            if came.last > self._facts_after:
                raise Refusal(f"facts {self._facts_after + 1} to {came.last} are not there", hint=_ORDER_HINT)
            return False
        self._facts_after = came.facts[-1].number
        self._outbox.tell(FactsCame(came.facts))
        return self._facts_after < last

    def _check_order(self, facts: tuple[Fact, ...]) -> None:
        expected = range(self._facts_after + 1, self._facts_after + 1 + len(facts))
        if [fact.number for fact in facts] != list(expected):
            raise Refusal(f"facts after {self._facts_after} are not in order", hint=_ORDER_HINT)

    def _retry_soon(self) -> None:
        self._failures += 1
        self._pause = retry_pause(self._limits, self._failures, self._jitter())

    def _retry_slowly(self, refusal: Refusal) -> None:
        self._pause = self._limits.refused_retry_seconds
        if str(refusal) != self._complaint:
            self._complaint = str(refusal)
            self._outbox.tell(SinkRefused(DOWNLINK, str(refusal), refusal.hint))
