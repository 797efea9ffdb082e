"""The pump to a broker, a notice sink (I5, G6): at most a window unacknowledged, from the position on. Pure.

The journal is the queue. The client holds only what is in the window; a lost connection sends that again from the
position, so a notice may come twice and its subscribers look at epoch and seq.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sync.broker_ports import (
    Acknowledged,
    BrokerNews,
    BrokerPort,
    Connected,
    ConnectionDenied,
    ConnectionLost,
    Heard,
    Listening,
    Objection,
)
from sync.limits import POST_RETRY_SECONDS, NoticeLimits, retry_pause
from sync.outbox import Outbox
from sync.ports import NoticeSkipped, PositionMoved, Post, RecordSource, SinkRefused, SinkState
from sync.wire import Record

MQTT = "mqtt"

_BAD_REASON_MIN: Final = 0x80
_UNFIT_REASONS: Final = frozenset({0x90, 0x99})
"""Topic name invalid, payload format invalid: this message will never be taken."""
_STUCK_CONNECTIONS: Final = 5
"""So many connections lost in a row at the same record are no matter of the network any more."""

_RIGHTS_HINT = "Whoever runs the broker looks at its access list and quotas for this gateway."
_UNFIT_HINT = "Send the reason to whoever maintains the software: the broker never takes this message."
_STUCK_HINT = "Whoever runs the broker looks at its log: it ends the connection at this record, perhaps for its size."
_LEFT_AFTER_SKIP: Final = 0.9
"""A skip leaves a tenth of the room free, so that a broker that stays away costs few skips, not one a record."""

_DENIALS_BEFORE_COMPLAINT: Final = 3
"""By then the credential was refused for three seconds; the broker's accounts are rewritten within two."""


class _Flight:
    """One published message. `position`: the position that its acknowledgement stands for; None for a state."""

    __slots__ = ("done", "position", "sent_at")

    def __init__(self, position: int | None, sent_at: float, done: bool = False) -> None:
        self.position = position
        self.sent_at = sent_at
        self.done = done


@dataclass(frozen=True, slots=True)
class StateTopic:
    """The retained state of this gateway: where, and what to say now. A new `version` is told as soon as it is seen;
    who makes them bounds their rate and wakes the pump."""

    topic: str
    payload: Callable[[], bytes]
    version: Callable[[], int] = lambda: 0


def _ignore(heard: Heard) -> None:
    """Nobody listens."""


def _nobody() -> None:
    """Nobody missed anything."""


class MqttPump:
    """`topic_of(record)` is empty for a record that is no notice. `position`: the last one acknowledged.

    `heard`: called with each message of a subscription; `listening`: when a new connection's subscriptions stand, since
    what was said before them was missed. Both in the stepping thread.
    """

    def __init__(
        self,
        source: RecordSource,
        client_port: BrokerPort,
        post: Post,
        topic_of: Callable[[Record], str],
        payload_of: Callable[[Record], bytes],
        jitter: Callable[[], float],
        *,
        position: int = 0,
        state: StateTopic | None = None,
        heard: Callable[[Heard], None] = _ignore,
        listening: Callable[[], None] = _nobody,
        limits: NoticeLimits = NoticeLimits(),  # noqa: B008 - frozen
        sink: str = MQTT,
    ) -> None:
        self._source = source
        self._port = client_port
        self._outbox = Outbox(post)
        self._topic_of = topic_of
        self._payload_of = payload_of
        self._jitter = jitter
        self._state = state
        self._heard = heard
        self._listening = listening
        self._limits = limits
        self._sink = sink
        self._acknowledged = position
        self._told = position
        self._told_at = float("-inf")
        self._read_to = position
        self._ready: deque[tuple[int, Record]] = deque()
        self._flights: deque[_Flight] = deque()
        self._tickets: dict[int, _Flight] = {}
        self._window = limits.window
        self._phase = "away"
        self._not_before = float("-inf")
        self._deadline = float("inf")
        self._state_due = float("inf")
        self._state_version = 0
        self._failures = 0
        self._stuck = 0
        self._denials = 0
        self._shown: tuple[bool, str] | None = None
        self._complaint = ""

    @property
    def unacknowledged(self) -> int:
        """Messages in the window."""
        return len(self._tickets)

    def step(self, now: float) -> float | None:
        """Take the news, keep the window full, tell the position. Returns the next wake."""
        taken = self._outbox.flush()
        for news in self._port.take():
            self._hear(news, now)
        if self._phase == "away":
            self._skip_while_away()
            if now >= self._not_before:
                self._phase = "connecting"
                self._deadline = now + self._limits.connect_seconds_max
                self._port.connect()
                return now
        elif now >= self._deadline_of_phase():
            self._lost("the broker does not answer", now)
        if self._phase == "online":
            self._fill(now)
        self._tell_position(now)
        return self._next(now, taken)

    def _next(self, now: float, taken: bool) -> float | None:
        posted = taken and self._outbox.empty
        wakes = [] if posted else [now + POST_RETRY_SECONDS]
        if self._phase == "away":
            wakes.append(max(self._not_before, now))
        else:
            wakes += [self._deadline_of_phase(), self._state_due]
        if posted and self._acknowledged > self._told:
            wakes.append(self._told_at + self._limits.position_interval_seconds)
        soonest = min(wakes)
        return None if soonest == float("inf") else soonest

    def _deadline_of_phase(self) -> float:
        if self._phase == "connecting":
            return self._deadline
        return self._flights[0].sent_at + self._limits.acknowledge_seconds_max if self._flights else float("inf")

    # What the broker says.

    def _hear(self, news: BrokerNews, now: float) -> None:
        match news:
            case Acknowledged(ticket, reason):
                self._acknowledge(ticket, reason, now)
            case Heard():
                self._heard(news)
            case Listening():
                self._listening()
            case Connected(window_max):
                self._window = min(self._limits.window, window_max or self._limits.window)
                self._phase = "online"
                self._state_due = now if self._state else float("inf")
                self._show(True, "", now)
            case ConnectionLost(detail):
                self._lost(detail, now)
            case ConnectionDenied(detail, hint):
                self._denied(detail, hint, now)
            case Objection(detail, hint):
                self._complain(detail, hint)

    def _acknowledge(self, ticket: int, reason: int, now: float) -> None:
        flight = self._tickets.pop(ticket, None)
        if flight is None:
            return
        if reason >= _BAD_REASON_MIN and not self._unfit(flight, reason, now):
            return
        flight.done = True
        flights = self._flights
        while flights and flights[0].done:
            position = flights.popleft().position
            if position is not None:
                self._acknowledged = position
                self._stuck = self._denials = 0
        if flight.position is not None or not flights:
            self._failures = 0

    def _unfit(self, flight: _Flight, reason: int, now: float) -> bool:
        """A negative PUBACK: whether the message is passed over, because no broker will ever take it."""
        if reason not in _UNFIT_REASONS or not self._outbox.empty:
            self._refused(f"the broker did not take a message: reason {reason:#04x}", _RIGHTS_HINT, now)
            return False
        self._complain(f"the broker never takes a message: reason {reason:#04x}", _UNFIT_HINT)
        if flight.position is not None:
            self._outbox.tell(NoticeSkipped(self._sink, flight.position, flight.position))
        return True

    # What is sent.

    def _fill(self, now: float) -> None:
        if self._state_is_due(now) and len(self._tickets) < self._window and not self._send_state(now):
            return
        more = True
        while len(self._tickets) < self._window:
            if not self._ready:
                # A read that came back short was the end of the journal: what is kept after it wakes the pump again.
                if not more or not self._read(now):
                    return
                more = len(self._ready) == self._limits.read_records_max
            position, record = self._ready[0]
            topic = self._topic_of(record)
            if not topic:
                self._ready.popleft()
                self._pass_over(position, now)
            elif self._publish(topic, self._payload_of(record), False, position, now):
                self._ready.popleft()
            else:
                return

    def _publish(self, topic: str, payload: bytes, retain: bool, position: int | None, now: float) -> bool:
        ticket = self._port.publish(topic, payload, retain)
        if ticket is None:
            self._lost("the connection is gone", now)
            return False
        self._tickets[ticket] = flight = _Flight(position, now)
        self._flights.append(flight)
        return True

    def _state_is_due(self, now: float) -> bool:
        return self._state is not None and (now >= self._state_due or self._state.version() != self._state_version)

    def _send_state(self, now: float) -> bool:
        if self._state is None:
            return True
        self._state_due = now + self._limits.state_seconds
        # Read first: what changes meanwhile is told once more.
        self._state_version = self._state.version()
        return self._publish(self._state.topic, self._state.payload(), True, None, now)

    def _pass_over(self, position: int, now: float) -> None:
        """A position that needs no acknowledgement of its own."""
        if self._flights:
            self._flights.append(_Flight(position, now, done=True))
        else:
            self._acknowledged = position

    def _read(self, now: float) -> bool:
        """Whether there is something to send. A backlog beyond its bound is skipped first (I5)."""
        rows = self._source.read_after(self._read_to, self._limits.read_records_max)
        if len(rows) == self._limits.read_records_max and (upto := self._skip_to()) is not None:
            self._pass_over(upto, now)
            rows = self._source.read_after(self._read_to, self._limits.read_records_max)
        self._ready.extend(rows)
        if rows:
            self._read_to = rows[-1][0]
        return bool(rows)

    def _skip_to(self) -> int | None:
        """The last position of a skip that was told; None where nothing is to be skipped."""
        newest = self._source.newest()
        if newest - self._read_to <= self._limits.backlog_records_max or not self._outbox.empty:
            return None
        upto = newest - int(self._limits.backlog_records_max * _LEFT_AFTER_SKIP)
        self._outbox.tell(NoticeSkipped(self._sink, self._read_to + 1, upto))
        self._read_to = upto
        return upto

    def _skip_while_away(self) -> None:
        """The card must not wait for a broker that stays away."""
        upto = self._skip_to()
        if upto is not None:
            self._acknowledged = upto

    def _tell_position(self, now: float) -> None:
        behind = self._acknowledged - self._told
        if not behind or not self._outbox.empty:
            return
        elapsed = now - self._told_at
        if elapsed >= self._limits.position_interval_seconds or behind >= self._limits.position_records_max:
            self._told, self._told_at = self._acknowledged, now
            self._outbox.tell(PositionMoved(self._sink, self._acknowledged))

    # Faults.

    def _forget(self) -> None:
        """Go on from the position at the next connection (G6)."""
        self._phase = "away"
        self._flights.clear()
        self._tickets.clear()
        self._ready.clear()
        self._read_to = self._acknowledged
        self._state_due = float("inf")

    def _lost(self, detail: str, now: float) -> None:
        if self._phase == "away":
            return
        self._port.drop()
        if self._phase == "online" and self._flights:
            self._stuck += 1
            if self._stuck >= _STUCK_CONNECTIONS:
                self._complain(
                    f"the connection is lost again and again behind position {self._acknowledged}", _STUCK_HINT
                )
        self._forget()
        self._failures += 1
        self._not_before = now + retry_pause(self._limits, self._failures, self._jitter())
        self._show(False, detail, now)

    def _denied(self, reason: str, hint: str, now: float) -> None:
        """A credential that is seconds old may not have reached the broker yet: the first tries are quick and nobody
        is bothered, later ones are as slow as after any refusal."""
        self._denials += 1
        if self._denials >= _DENIALS_BEFORE_COMPLAINT:
            self._refused(reason, hint, now)
        else:
            self._lost(reason, now)
        quick = self._limits.retry_seconds_min * 2.0 ** min(self._denials, 30)
        self._not_before = now + min(self._limits.refused_retry_seconds, quick)

    def _refused(self, reason: str, hint: str, now: float) -> None:
        if self._phase == "away":
            return
        self._port.drop()
        self._forget()
        self._not_before = now + self._limits.refused_retry_seconds
        self._complain(reason, hint)
        self._show(False, reason, now)

    def _complain(self, reason: str, hint: str) -> None:
        if reason != self._complaint:
            self._complaint = reason
            self._outbox.tell(SinkRefused(self._sink, reason, hint))

    def _show(self, online: bool, detail: str, now: float) -> None:
        if self._shown != (online, detail):
            self._shown = (online, detail)
            self._outbox.tell(SinkState(self._sink, online, detail, now))
