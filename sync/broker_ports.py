"""The seam between the notice pump and an MQTT client. Pure: values and protocols."""

from typing import NamedTuple, Protocol


class Connected(NamedTuple):
    """The broker accepted the connection. `window_max`: how many it wants unacknowledged at most, None: any."""

    window_max: int | None = None


class ConnectionLost(NamedTuple):
    """There is no connection any more, or none came about."""

    detail: str


class ConnectionDenied(NamedTuple):
    """The broker said no; somebody has to act."""

    detail: str
    hint: str


class Acknowledged(NamedTuple):
    """PUBACK. `reason` is 0 in MQTT 3.1.1, and a reason code in MQTT 5: 128 and above mean not taken."""

    ticket: int
    reason: int


class Listening(NamedTuple):
    """The broker took the subscriptions of this connection: what is said from now on is heard."""


class Heard(NamedTuple):
    """A message of a subscription: hearsay. `retained`: the broker kept it, nobody knows for how long."""

    topic: str
    payload: bytes
    retained: bool = False


class Objection(NamedTuple):
    """Something a person should know; the connection goes on."""

    detail: str
    hint: str


BrokerNews = Connected | ConnectionLost | ConnectionDenied | Acknowledged | Listening | Heard | Objection


class BrokerPort(Protocol):
    """An MQTT client that keeps nothing: what is not acknowledged when a connection ends is forgotten by it."""

    def connect(self) -> None:
        """Try once. What comes of it is news."""

    def publish(self, topic: str, payload: bytes, retain: bool) -> int | None:
        """Send with QoS 1. The ticket that its acknowledgement will name; None when the connection is gone."""

    def take(self) -> list[BrokerNews]:
        """All news since the last call, in order; never waits."""

    def drop(self) -> None:
        """End the connection as if it was lost; no news follow of it."""
