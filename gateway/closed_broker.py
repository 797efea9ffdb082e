"""A broker that is not gone to, for want of its password: its pump tells why, and skips on like one that is refused."""

from sync.broker_ports import BrokerNews, ConnectionDenied


class ClosedBroker:
    """Fits `sync.broker_ports.BrokerPort`. `reason`, `hint`: what each try is answered with."""

    def __init__(self, reason: str, hint: str) -> None:
        self._denied = ConnectionDenied(reason, hint)
        self._news: list[BrokerNews] = []

    def connect(self) -> None:
        """See BrokerPort."""
        self._news.append(self._denied)

    def publish(self, topic: str, payload: bytes, retain: bool) -> int | None:
        """See BrokerPort."""

    def take(self) -> list[BrokerNews]:
        """See BrokerPort."""
        news, self._news = self._news, []
        return news

    def drop(self) -> None:
        """See BrokerPort."""
        self._news.clear()
