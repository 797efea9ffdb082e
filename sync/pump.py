"""The pump to the office: offers what is on the card and believes the receipts (G3, G4). Pure.

It is stepped by one thread and waits inside `exchange.offer` only. What the last receipt said is held in memory, so
that it goes on at once and does not wait for the main loop to store it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.batches import Draft, Stamp, compose, is_closed, wanted
from sync.errors import SinkRefused as Refusal
from sync.errors import SinkUnreachable
from sync.limits import POST_RETRY_SECONDS, PumpLimits, retry_pause
from sync.outbox import Outbox
from sync.ports import EpochEntry, Exchange, Post, Range, ReceiptCame, RecordSource, SinkRefused, SinkState
from sync.wire import PROTOCOL, Receipt, StreamReceipt

CENTRAL = "central"

_UPDATE_HINT = "Whoever maintains the plant updates the older one of gateway and server."
_HELD_HINT = "Somebody who runs the server looks at its conflicts: it does not accept this record's digest or number."
_EPOCHS_HINT = "Somebody who runs the server confirms a backup, so that old epochs can be pruned from the card."


@dataclass(slots=True)
class _Told:
    """What the last receipt said of one epoch. `held_until`: no records of it are offered before that."""

    mark: int
    safe: int
    missing: tuple[Range, ...]
    held_until: float = float("-inf")
    complained: bool = False


def _no_status() -> Mapping[str, Any]:
    return {}


def _ignore(receipt: Receipt) -> None:
    """Nobody else reads the receipts."""


class CentralPump:
    """`step(now)` makes at most one exchange and returns when it wants to be stepped again.

    `jitter`: a random number in [0, 1). `status`: the health that goes with each batch. `on_receipt`: called after
    each receipt in the stepping thread (the downlink listens there). All bounds are in `limits`.
    """

    def __init__(
        self,
        gateway_name: str,
        source: RecordSource,
        exchange: Exchange,
        post: Post,
        jitter: Callable[[], float],
        *,
        release: str = "",
        status: Callable[[], Mapping[str, Any]] = _no_status,
        on_receipt: Callable[[Receipt], None] = _ignore,
        limits: PumpLimits = PumpLimits(),  # noqa: B008 - frozen
        sink: str = CENTRAL,
    ) -> None:
        self._gateway_name = gateway_name
        self._source = source
        self._exchange = exchange
        self._outbox = Outbox(post)
        self._jitter = jitter
        self._release = release
        self._status = status
        self._on_receipt = on_receipt
        self._limits = limits
        self._sink = sink
        self._answered: dict[str, Any] = {"answered": 0, "answered_by": ""}
        self._told: dict[str, _Told] = {}
        self._whole = False
        self._turn = 0
        self._turns: dict[str, int] = {}
        self._doubtful: frozenset[str] = frozenset()
        self._more = True
        self._nudged = False
        self._offered_newest = -1
        self._offered_at = float("-inf")
        self._not_before = float("-inf")
        self._pause: float | None = None
        self._failures = 0
        self._state: tuple[bool, str] | None = None
        self._complaint = ""

    def nudge(self) -> bool:
        """Offer soon, whether or not there is something new. False: that is already under way, nobody need be woken.
        May be called by any thread."""
        was, self._nudged = self._nudged, True
        return not was

    def step(self, now: float) -> float:
        """Offer when it is time. `now`: seconds of CLOCK_BOOTTIME. Returns the next wake in the same seconds."""
        if self._pause is not None:
            self._not_before, self._pause = now + self._pause, None
        if not self._outbox.flush():
            return now + POST_RETRY_SECONDS
        due = self._due(now)
        if due > now:
            return due
        self._offer(now)
        return now

    def _due(self, now: float) -> float:
        if self._more:
            return self._not_before
        wakes = [self._offered_at + self._limits.heartbeat_seconds]
        if self._nudged:
            wakes.append(self._offered_at + self._limits.nudge_interval_seconds)
        wakes += [each.held_until for each in self._told.values() if each.held_until > self._offered_at]
        if self._source.newest() > self._offered_newest:
            wakes.append(self._offered_at + self._limits.offer_interval_seconds)
        return max(min(wakes), self._not_before)

    def _offer(self, now: float) -> None:
        self._nudged = False
        self._offered_at = now
        self._offered_newest = self._source.newest()
        draft = self._draft(now)
        try:
            receipt = self._exchange.offer(draft.batch)
            if receipt.protocol > PROTOCOL:
                raise Refusal(f"the server speaks protocol {receipt.protocol}, this is {PROTOCOL}", hint=_UPDATE_HINT)
        except SinkUnreachable as error:
            self._retry_soon(error, now)
        except Refusal as refusal:
            self._retry_slowly(str(refusal), refusal.hint, now)
        else:
            self._believe(draft, receipt, now)

    # What is offered.

    def _draft(self, now: float) -> Draft:
        entries = [self._merged(entry) for entry in self._source.epochs()]
        # The boot clock of the status is read after that answer, which ties the two clocks together (I9).
        stamp = Stamp(self._gateway_name, self._release, {**self._status(), **self._answered})
        return compose(
            self._source,
            entries,
            stamp,
            self._limits,
            lambda epoch: self._is_held(epoch, now),
            self._whole,
            lambda epoch: self._turns.get(epoch, 0),
        )

    def _merged(self, entry: EpochEntry) -> EpochEntry:
        """The card's entry with what the last receipt said, which the main loop may not have stored yet."""
        told = self._told.get(entry.epoch)
        if told is None:
            return entry
        merged = entry._replace(mark=told.mark, safe=told.safe, missing=told.missing)
        if is_closed(entry) and is_closed(merged):
            del self._told[entry.epoch]  # Stored by now: what is remembered stays as small as what is open.
        return merged

    def _is_held(self, epoch: str, now: float) -> bool:
        told = self._told.get(epoch)
        return told is not None and told.held_until > now

    # What came of it.

    def _believe(self, draft: Draft, receipt: Receipt, now: float) -> None:
        """G4. Marks are believed also when they go back (I5)."""
        self._answered = {"answered": receipt.server_time, "answered_by": receipt.server}
        came = {each.epoch: each for each in receipt.streams}
        went_back = False
        for entry, offered in zip(draft.entries, draft.batch.streams, strict=True):
            stream = came.pop(entry.epoch, None) or StreamReceipt(
                epoch=entry.epoch, mark=entry.mark, safe=entry.safe, missing=entry.missing
            )
            went_back |= stream.mark < entry.mark
            self._note(entry, stream, now)
            judged = offered.records or entry.epoch not in draft.cut
            if judged and stream.mark == entry.mark and stream.missing == entry.missing:
                self._hold_back(entry, len(offered.records), now)
        for stream in came.values():
            self._told[stream.epoch] = _Told(stream.mark, stream.safe, stream.missing)
        self._pause = self._limits.offer_interval_seconds if went_back else None
        self._failures = 0
        self._outbox.tell(ReceiptCame(self._sink, receipt))
        self._tell_state(True, "", now)
        self._follow_whole(draft, receipt)
        # Where one mark went back (I5), those that had no room may have gone back too: they are shown at once.
        self._doubtful = draft.left_out if went_back else self._doubtful & draft.left_out
        self._take_turns(draft)
        self._more = self._whole or draft.urgent_left_out or bool(self._doubtful) or self._more_of(draft, now)
        self._on_receipt(receipt)

    def _take_turns(self, draft: Draft) -> None:
        """When each epoch was offered last; nothing while there is room for all of them."""
        self._turn += 1
        kept = {epoch: turn for epoch, turn in self._turns.items() if epoch in draft.left_out}
        self._turns = {**kept, **{entry.epoch: self._turn for entry in draft.entries}} if draft.left_out else {}

    def _note(self, entry: EpochEntry, stream: StreamReceipt, now: float) -> None:
        """Remember what the office says; a hold ends early only when the stream moves."""
        before = self._told.get(entry.epoch)
        told = _Told(stream.mark, stream.safe, stream.missing)
        if before is not None and stream.mark == entry.mark:
            told.held_until, told.complained = before.held_until, before.complained
        self._told[entry.epoch] = told

    def _hold_back(self, entry: EpochEntry, offered: int, now: float) -> None:
        """The stream did not move although all that is wanted of it was offered: go on with the others, tell once."""
        told = self._told[entry.epoch]
        first = next(wanted(entry), None)
        if first is None or told.held_until > now:
            return
        told.held_until = now + self._limits.held_back_retry_seconds
        if not told.complained:
            told.complained = True
            what = "was not taken" if offered else "is asked for and not on the card"
            reason = f"the server holds back epoch {entry.epoch} at {entry.mark}: record {first[0]} {what}"
            self._outbox.tell(SinkRefused(self._sink, reason, _HELD_HINT))

    def _follow_whole(self, draft: Draft, receipt: Receipt) -> None:
        """The next batch holds every epoch when the office does not know the closed ones."""
        self._whole = receipt.offer_all and not draft.left_out
        if draft.left_out:
            self._complain(f"the offer has no room for every epoch, only for {len(draft.entries)}", _EPOCHS_HINT)
        elif receipt.offer_all and draft.batch.whole:
            self._pause = self._limits.refused_retry_seconds
            self._complain("the server asks for every epoch again and again", _UPDATE_HINT)
        else:
            self._complaint = ""

    def _more_of(self, draft: Draft, now: float) -> bool:
        """Whether the offered epochs have more to offer at once."""
        return any(
            not self._is_held(entry.epoch, now) and next(wanted(self._merged(entry)), None) for entry in draft.entries
        )

    # Faults: unreachable is a state, refused is a person's work; neither leaves this pump.

    def _retry_soon(self, error: SinkUnreachable, now: float) -> None:
        self._failures += 1
        self._pause = retry_pause(self._limits, self._failures, self._jitter())
        self._more = True
        self._tell_state(False, str(error), now)

    def _retry_slowly(self, reason: str, hint: str, now: float) -> None:
        self._pause = self._limits.refused_retry_seconds
        self._more = True
        self._complain(reason, hint)
        self._tell_state(False, reason, now)

    def _complain(self, reason: str, hint: str) -> None:
        if reason != self._complaint:
            self._complaint = reason
            self._outbox.tell(SinkRefused(self._sink, reason, hint))

    def _tell_state(self, online: bool, detail: str, now: float) -> None:
        if self._state != (online, detail):
            self._state = (online, detail)
            self._outbox.tell(SinkState(self._sink, online, detail, now))
