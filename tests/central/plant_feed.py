"""A gateway as the server hears it: enrols, keeps a chain of records, offers them by HTTP (G3)."""

import secrets
import time

import requests

from floor.events import AndonRaised, Event, Happening, Instant, ReportFinished, WorkStarted, encode
from sync.wire import NO_DIGEST, Batch, Stream, WireRecord, digest_of

__all__ = ["AndonRaised", "GatewayFeed", "ReportFinished", "WorkStarted"]

UP_SECONDS = 1e6
"""How long the gateway has been up, so that what happened some time ago has a boot time too."""


class GatewayFeed:
    """One gateway with one epoch. `address`: the server's; `code`: from its enrolment."""

    def __init__(self, address: str, gateway_name: str, code: str) -> None:
        self.address = address
        self.gateway_name = gateway_name
        self.epoch = secrets.token_hex(16)
        self._records: list[WireRecord] = []
        self._previous = NO_DIGEST
        answer = requests.post(f"{address}/api/v1/enrol", json={"gateway": gateway_name, "code": code}, timeout=10)
        answer.raise_for_status()
        self._headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    def keep(self, event: Event, station: str, ago: float = 0) -> str:
        """Keeps an event that happened `ago` seconds before now; returns its identity, epoch/seq."""
        now = time.time() - ago
        happening = Happening(event, station, Instant("b" * 32, UP_SECONDS + time.monotonic() - ago, now, True), 1)
        text = encode(happening, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)))
        seq = len(self._records) + 1
        digest = digest_of(self.gateway_name, self.epoch, seq, self._previous, text)
        self._records.append(WireRecord(seq, self._previous, digest, text))
        self._previous = digest
        return f"{self.epoch}/{seq}"

    def offer(self) -> None:
        """Offers everything kept; the server takes what it does not hold."""
        stream = Stream(epoch=self.epoch, last=len(self._records), records=tuple(self._records[-500:]))
        batch = Batch(gateway=self.gateway_name, release="0.1.0", streams=(stream,))
        answer = requests.post(
            f"{self.address}/api/v1/sync",
            data=batch.model_dump_json(),
            headers={**self._headers, "Content-Type": "application/json"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text

    def facts(self) -> list[dict[str, object]]:
        """What the office told this gateway."""
        answer = requests.get(f"{self.address}/api/v1/facts?after=0", headers=self._headers, timeout=10)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, object]] = answer.json()["facts"]
        return found
