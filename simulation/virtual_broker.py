"""A broker of the plant without persistence, and the port through which a gateway's notice pump reaches it."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from simulation.ledger import Ledger, Violation
from sync.broker_ports import Acknowledged, BrokerNews, Connected, ConnectionLost


@dataclass(slots=True)
class VirtualBroker:
    """Takes messages while it is up. A subscriber that is there sees each; what waits for one that is not is forgotten
    with the next restart, as brokers do."""

    ledger: Ledger
    now: Callable[[], float]
    up: bool = True
    generation: int = 0
    taken: int = 0
    retained: dict[str, bytes] = field(default_factory=dict)

    def restart(self) -> None:
        """Killed and started again: every connection is gone, and so is all that was kept in memory."""
        self.generation += 1
        self.retained.clear()

    def take(self, topic: str, payload: bytes, retain: bool) -> None:
        """A message. Raises Violation where a notice tells what no card has confirmed."""
        if retain:
            self.retained[topic] = payload
            return
        self.taken += 1
        event = json.loads(payload)
        epoch, _, seq = str(event["id"]).partition("/")
        identity = (str(event["source"]).removeprefix("/lineside/"), epoch, int(seq))
        known = self.ledger.entries.get(identity)
        if known is None:
            raise Violation(f"I1: a notice of {identity} went out, and no commit had confirmed it")
        if event["type"] == "record.lost":
            return
        if json.loads(known.content)["data"] != event["data"]:
            raise Violation(f"I3: the notice of {identity} tells something else than the card")
        self.ledger.announced.setdefault(identity, self.now())


class VirtualPort:
    """Fits sync.broker_ports.BrokerPort. A message may be taken and its PUBACK lost with the connection."""

    def __init__(self, broker: VirtualBroker, chance: random.Random) -> None:
        self._broker = broker
        self._chance = chance
        self._news: list[BrokerNews] = []
        self._connected_to: int | None = None
        self._ticket = 0
        self.cut = False
        self.lose = 0.0
        """The chance that a message, or its acknowledgement, breaks the connection."""

    def connect(self) -> None:
        """See BrokerPort."""
        if self.cut or not self._broker.up:
            self._news.append(ConnectionLost("nobody listens"))
            return
        self._connected_to = self._broker.generation
        self._news.append(Connected())

    def publish(self, topic: str, payload: bytes, retain: bool) -> int | None:
        """See BrokerPort."""
        if not self._alive():
            return None
        self._ticket += 1
        if self._chance.random() < self.lose:
            self._end()
            return self._ticket
        self._broker.take(topic, payload, retain)
        if self._chance.random() < self.lose:
            self._end()
        else:
            self._news.append(Acknowledged(self._ticket, 0))
        return self._ticket

    def take(self) -> list[BrokerNews]:
        """See BrokerPort."""
        if self._connected_to is not None and not self._alive():
            self._end()
        news, self._news = self._news, []
        return news

    def has_news(self) -> bool:
        """Whether the pump has something to take."""
        return bool(self._news) or (self._connected_to is not None and not self._alive())

    def drop(self) -> None:
        """See BrokerPort."""
        self._connected_to = None
        self._news.clear()

    def _alive(self) -> bool:
        return not self.cut and self._broker.up and self._connected_to == self._broker.generation

    def _end(self) -> None:
        self._connected_to = None
        self._news.append(ConnectionLost("the connection is gone"))
