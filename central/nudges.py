"""Nudges: a gateway is told by MQTT that something waits for it at the office; the truth comes by HTTP.

Nothing depends on one: a gateway that hears none asks within a minute. So none is kept, repeated or confirmed, and what
is told has no content.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.facts import PROGRESS
from central.limits import NUDGE_CONNECT_SECONDS, NUDGE_INTERVAL_SECONDS, NUDGES_PER_LOOK_MAX
from central.models import Fact, Gateway
from central.snapshots import current_head
from floor.schemas import nudge_topic


class Head(NamedTuple):
    """A gateway and the number of its newest fact."""

    name: str
    facts_last: int


class Nudges:
    """Who is to be told. Looks at the database, and remembers what it saw; the first look tells nobody.

    Facts of an office's act are told, and new versions of the master data. Progress of other stations is not: it
    changes with every report, and would keep the whole plant asking.
    """

    def __init__(self, plant: str) -> None:
        self._plant = plant
        self._version: tuple[int, str] | None = None
        self._facts: dict[str, int] = {}
        self._waiting: dict[str, None] = {}
        self._told_at: dict[str, float] = {}

    def look(self, session: Session) -> None:
        """Note for whom something new is there. Those with facts come before those with a new version only."""
        mine = (Gateway.plant == self._plant, Gateway.mqtt_hash.is_not(None))
        rows = session.execute(select(Gateway.name, Gateway.facts_last).where(*mine).order_by(Gateway.name))
        heads = [Head(*row) for row in rows]
        version = current_head(session, self._plant)
        first_look = self._version is None
        acted = [] if first_look else [each.name for each in heads if self._has_act(session, each)]
        renewed = [] if first_look or version == self._version else [each.name for each in heads]
        self._version, self._facts = version, {each.name: each.facts_last for each in heads}
        self._waiting = dict.fromkeys((*acted, *self._waiting, *renewed))
        self._forget_all_but(self._facts)

    def _has_act(self, session: Session, head: Head) -> bool:
        """Whether a person's act is among the facts since the last look. A list may have become shorter: a restore."""
        seen = self._facts.get(head.name, 0)
        if head.facts_last <= seen:
            return head.facts_last < seen
        mine = (Fact.plant == self._plant, Fact.gateway == head.name, Fact.number > seen, Fact.kind != PROGRESS)
        return session.scalar(select(Fact.number).where(*mine).limit(1)) is not None

    def _forget_all_but(self, names: Iterable[str]) -> None:
        known = set(names)
        self._waiting = {name: None for name in self._waiting if name in known}
        self._told_at = {name: at for name, at in self._told_at.items() if name in known}

    def take(self, now: float) -> list[str]:
        """Gateways to tell now: at most NUDGES_PER_LOOK_MAX, and none twice within NUDGE_INTERVAL_SECONDS; the others
        wait. So a new version does not bring the whole plant to the server in one second."""
        never = float("-inf")
        due = [name for name in self._waiting if now - self._told_at.get(name, never) >= NUDGE_INTERVAL_SECONDS]
        due = due[:NUDGES_PER_LOOK_MAX]
        for name in due:
            del self._waiting[name]
            self._told_at[name] = now
        return due


class Voice:
    """The office's own connection to the broker, stepped: a thread of paho would be alive when mosquitto is forked."""

    def __init__(self, host: str, port: int, name: str, password: str) -> None:
        self._address = (host, port)
        self._account = (name, password)
        self._client: mqtt.Client | None = None
        self._not_before = float("-inf")

    def step(self, now: float) -> bool:
        """Read and write what is due; whether the broker hears us. `now`: seconds of the monotonic clock."""
        if self._client is None:
            if now >= self._not_before:
                self._not_before = now + NUDGE_CONNECT_SECONDS
                self._client = self._connected()
        elif self._client.loop(0.0) != mqtt.MQTT_ERR_SUCCESS:
            self._client = None
        return self._client is not None and self._client.is_connected()

    def say(self, topic: str) -> None:
        """An empty message at QoS 0, not retained. One that is lost is lost."""
        if self._client is not None:
            self._client.publish(topic, b"", 0, retain=False)

    def close(self) -> None:
        """Good-bye."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()

    def _connected(self) -> mqtt.Client | None:
        """A new client on an open socket; whether the broker takes it, a later step tells."""
        # Without a client id: who connects with another's name ends that connection.
        client = mqtt.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        client.connect_timeout = NUDGE_CONNECT_SECONDS
        client.username_pw_set(*self._account)
        try:
            client.connect(*self._address)
        except OSError:
            return None
        return client


def tell_all(nudges: Nudges, say: Callable[[str], None], now: float) -> None:
    """Nudge those who are due."""
    for name in nudges.take(now):
        say(nudge_topic(name))
