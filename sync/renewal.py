"""Keeping the gateway's client certificate good. Waits inside the exchange only.

No clock of the gateway has a say: it asks the office now and then, by the boot clock, and the office judges by its own
clock whether another certificate is due. So a board that believes it is 1970 renews as well as any other.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from sync.errors import KeyUnusable, SinkRefused, SinkUnreachable
from sync.limits import CERTIFICATE_LOOK_SECONDS, CERTIFICATE_RETRY_SECONDS, PumpLimits, retry_pause
from sync.wire import CertificateGiven, CertificateStanding

log = logging.getLogger("lineside.certificate")


class Certifying(Protocol):
    """The office, as far as certificates go. Raises SinkUnreachable or SinkRefused."""

    def certificate_standing(self, serial: str) -> CertificateStanding:
        """What the office thinks of that certificate."""

    def certificate(self, request: str) -> CertificateGiven:
        """Another one, for a request as PEM."""


class Keys(Protocol):
    """The key and the certificate on the card. Raises KeyUnusable."""

    def serial(self) -> str:
        """Of the certificate in use; empty where there is none."""

    def request(self) -> str:
        """A request for a certificate over a new key, as PEM. The key stays here."""

    def keep(self, certificate: str) -> None:
        """Put the certificate and the key of the last request in the place of those before, at once."""


class Renewal:
    """`step(now)` asks when it is time; `now` is CLOCK_BOOTTIME."""

    def __init__(
        self,
        exchange: Certifying,
        keys: Keys,
        jitter: Callable[[], float],
        *,
        limits: PumpLimits = PumpLimits(),  # noqa: B008 - frozen
    ) -> None:
        self._exchange = exchange
        self._keys = keys
        self._jitter = jitter
        self._limits = limits
        self._failures = 0
        self._told = ""
        self.seen: bool | None = None
        """Whether the office saw the certificate with the last question; None before the first answer."""

    def step(self, now: float) -> float:
        """Ask, and renew where the office says so. Returns when to ask again."""
        try:
            serial = self._keys.serial()
            standing = self._exchange.certificate_standing(serial)
            self.seen = standing.seen
            if standing.renew:
                self._keys.keep(self._exchange.certificate(self._keys.request()).certificate)
                log.info("this gateway has a new certificate")
        except SinkUnreachable:
            self._failures += 1
            return now + retry_pause(self._limits, self._failures, self._jitter())
        except (SinkRefused, KeyUnusable) as error:
            self._tell(f"{error} ({error.hint})")
            return now + CERTIFICATE_RETRY_SECONDS
        self._failures, self._told = 0, ""
        return now + CERTIFICATE_LOOK_SECONDS

    def _tell(self, reason: str) -> None:
        """Once: the token goes on meanwhile."""
        if reason != self._told:
            log.warning("no certificate for now: %s", reason)
        self._told = reason
