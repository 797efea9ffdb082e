"""The pump of messages: reads what happened, makes notifications, sends them, and keeps what became of each.

Providers are waited for by a few threads, so that a slow channel holds up neither the others nor the rest of the
worker; the database is touched by the worker's own thread alone.
"""

import itertools
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from central.change import note_change
from central.channels.port import Channel, Outcome
from central.config import CentralConfig
from central.database import Database
from central.limits import (
    PURGED_PER_STEP_MAX,
    RETRY_DELIVERY_SECONDS_MAX,
    SEND_SECONDS_MAX,
    SENDERS_MAX,
    SENDS_PER_CHANNEL_MAX,
)
from central.models import LogHead
from central.notify.contacts import WEB_PUSH
from central.notify.making import Moment, escalate_due
from central.notify.reading import is_behind, read_on
from central.notify.sending import (
    Attempt,
    Senders,
    claim_due,
    expire,
    is_expired,
    is_lost,
    keep_outcome,
    recover,
    release_due,
)
from central.notify.states import DUE, DeliveryState
from central.notify.tables import Delivery, DeliveryStep, Notification, OfficeEvent
from central.plant_days import utc_offset

LOOK_SECONDS = 0.5
"""How soon something new is seen when nothing is under way."""

BUSY_SECONDS = 0.05
"""How soon an answer is kept while something is under way."""

THREW = "threw"

log = logging.getLogger("lineside.notify")


class DeliveryPump:
    """`step` never waits for a provider. `channels` by the name that contacts and rules use."""

    def __init__(
        self,
        database: Database,
        config: CentralConfig,
        channels: Mapping[str, Channel],
        offset: Callable[[float], float] = utc_offset,
    ) -> None:
        self._database = database
        # A browser that subscribes knows no name of the configuration: it is reached by what sends Web Push.
        pushing = [each for each in channels.values() if each.kind == WEB_PUSH]
        self._channels = {WEB_PUSH: pushing[0], **channels} if pushing else channels
        self._offset = offset
        self._public_url = config.public_url
        self._secret = ""
        self._holder = secrets.token_hex(8)
        self._claims = itertools.count(1)
        self._threads = ThreadPoolExecutor(SENDERS_MAX, "sender")
        self._flying: dict[Future[Outcome], Attempt] = {}
        self._rests: dict[str, float] = {}
        """A channel that said "too fast" rests until then."""

    def step(self, now: float) -> float:
        """Do what is due; returns when to come again."""
        self._keep_outcomes(now)
        again = False
        if self._has_work(now):
            again = self._work(now)
        return now if again else now + (BUSY_SECONDS if self._flying else LOOK_SECONDS)

    def under_way(self) -> list[Future[Outcome]]:
        """What waits for providers, or to be kept."""
        return list(self._flying)

    def close(self, now: float) -> None:
        """At an orderly end the answers under way are waited for, and kept: none of them is sent again for nothing."""
        wait(tuple(self._flying), SEND_SECONDS_MAX)
        self._keep_outcomes(now)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _has_work(self, now: float) -> bool:
        """One look without writing: an idle plant's worker takes no turn to write."""
        plant = self._database.plant
        resting = self._resting(now)
        free = Delivery.channel.not_in(resting) | (Delivery.state == str(DeliveryState.HELD))
        due = Delivery.state.in_((*DUE, DeliveryState.HELD)) & (Delivery.next_at <= now) & free
        wanted = due | is_lost(now) | is_expired(now, resting)
        with self._database.read() as session:
            if is_behind(session, plant):
                return True
            if session.scalar(select(Delivery.id).where(Delivery.plant == plant, wanted).limit(1)) is not None:
                return True
            late = select(Notification.id).where(Notification.plant == plant, Notification.escalate_at <= now)
            return session.scalar(late.limit(1)) is not None

    def _work(self, now: float) -> bool:
        """Everything that decides, in one transaction; what it decided to send is sent behind its commit."""
        plant = self._database.plant
        if not self._secret:
            self._secret = self._database.secret()
        with self._database.write() as session:
            # The head row is locked first, as by ingest and the projector: one order of locks.
            session.execute(select(LogHead.position).where(LogHead.plant == plant).with_for_update())
            moment = Moment(session, plant, now, self._offset(now))
            moved = read_on(moment) + escalate_due(moment) + recover(moment, self._channels)
            moved += expire(moment, self._resting(now)) + release_due(moment)
            attempts = claim_due(moment, self._senders(), self._resting(now))
            if moved or attempts:
                note_change(session, plant)
        for attempt in attempts:
            self._fly(attempt)
        with self._database.read() as session:
            return is_behind(session, plant)

    def _senders(self) -> Senders:
        """Room is counted as attempts are claimed: a channel has at most SENDS_PER_CHANNEL_MAX under way."""
        under_way = self._under_way()

        def room(channel: str) -> bool:
            if under_way[channel] >= SENDS_PER_CHANNEL_MAX or under_way.total() >= SENDERS_MAX:
                return False
            under_way[channel] += 1
            return True

        return Senders(
            self._channels, room, lambda: f"{self._holder}/{next(self._claims)}", self._public_url, self._secret
        )

    def _resting(self, now: float) -> list[str]:
        """Channels that take nothing now. A rest far ahead was begun under a clock that was wrong."""
        full = [name for name, count in self._under_way().items() if count >= SENDS_PER_CHANNEL_MAX]
        resting = [name for name, until in self._rests.items() if now < until <= now + RETRY_DELIVERY_SECONDS_MAX]
        return full + resting

    def _under_way(self) -> Counter[str]:
        return Counter(attempt.channel for attempt in self._flying.values())

    def _fly(self, attempt: Attempt) -> None:
        channel = self._channels[attempt.channel]
        self._flying[self._threads.submit(channel.send, attempt.message, attempt.address)] = attempt

    def _keep_outcomes(self, now: float) -> None:
        done = [each for each in self._flying if each.done()]
        if not done:
            return
        with self._database.write() as session:
            note_change(session, self._database.plant)
            moment = Moment(session, self._database.plant, now, self._offset(now))
            for each in done:
                attempt = self._flying[each]
                outcome = _outcome_of(each, attempt)
                keep_outcome(moment, attempt, outcome, self._channels[attempt.channel].repeats_safely)
                if outcome.state == "limited":
                    pause = min(max(outcome.retry_after_seconds, 1.0), RETRY_DELIVERY_SECONDS_MAX)
                    self._rests[attempt.channel] = now + pause
        # Behind the commit: had it failed, they would be kept the next time.
        for each in done:
            del self._flying[each]


def _outcome_of(done: Future[Outcome], attempt: Attempt) -> Outcome:
    """A channel never raises; one that does all the same may have sent or not."""
    fault = done.exception()
    if fault is None:
        return done.result()
    log.error("channel %s threw %s", attempt.channel, type(fault).__name__)
    return Outcome("unknown", THREW, type(fault).__name__)


def purge(session: Session, plant: str, before: float) -> int:
    """A piece of the notifications older than that with all that hangs on them, and announcements; how many."""
    old = select(Notification.id).where(Notification.plant == plant, Notification.made_at < before)
    notes = session.scalars(old.order_by(Notification.made_at).limit(PURGED_PER_STEP_MAX)).all()
    handled = (OfficeEvent.plant == plant, OfficeEvent.handled_at < before)
    session.execute(delete(OfficeEvent).where(*handled))
    if not notes:
        return 0
    of_these = (Delivery.plant == plant, Delivery.notification.in_(notes))
    rows = session.scalars(select(Delivery.id).where(*of_these)).all()
    for start in range(0, len(rows), 500):
        mine = (DeliveryStep.plant == plant, DeliveryStep.delivery.in_(rows[start : start + 500]))
        session.execute(delete(DeliveryStep).where(*mine))
    session.execute(delete(Delivery).where(*of_these))
    session.execute(delete(Notification).where(Notification.plant == plant, Notification.id.in_(notes)))
    return len(notes)
