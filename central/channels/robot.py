"""What the three messengers' group robots have in common: a paced POST, and a verdict that stands in the body.

All of them answer HTTP 200 to what they refuse.
"""

import json
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from central.channels.guard import Guard
from central.channels.pace import Pace
from central.channels.port import PACE, STRANGE_ANSWER, Address, Message, Outcome
from central.channels.posting import Poster, Reply, by_status
from central.channels.settings import RobotSettings
from central.channels.words import secrets_of, title_of, told

HEADERS = {"Content-Type": "application/json; charset=utf-8"}
PHONE = re.compile(r"\+?[0-9]{5,15}")
USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall`: seconds since 1970, for signatures. `steady`: seconds that never go back, for the pace."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a provider tells its verdict: the keys of code and words, and which codes mean `not now`, for how long."""

    code: str
    words: str
    wait_seconds: Mapping[str, float]

    def verdict(self, answer: Mapping[str, Any], secrets: tuple[str, ...]) -> Outcome | None:
        """What the body says; None where it says nothing."""
        found = answer.get(self.code)
        if isinstance(found, bool) or not isinstance(found, int | str):
            return None
        code, words = str(found)[:32], told(str(answer.get(self.words, "")), secrets)
        if found == 0:
            return Outcome("accepted", code, words)
        if code in self.wait_seconds:
            return Outcome("limited", code, words, retry_after_seconds=self.wait_seconds[code])
        return Outcome("refused", code, words)


class Robot(ABC):
    """One robot. A second message with the same key is shown a second time by all of them."""

    kind = "robot"
    repeats_safely = False
    dialect: Dialect

    def __init__(self, settings: RobotSettings, pace: Pace, clock: Clock | None = None, secret: str = "") -> None:
        self._url = settings.url.get_secret_value()
        self._secret = secret
        self._keyword = settings.keyword
        self._secrets = secrets_of(self._url, secret)
        self._poster = Poster(Guard(settings.private), settings.answer_seconds_max, settings.ca_file, self._secrets)
        self._pace = pace
        self._pace_lock = threading.Lock()
        self._clock = clock or Clock()

    def send(self, message: Message, address: Address) -> Outcome:
        """Send once, or say how long the provider's limit still holds."""
        with self._pace_lock:
            wait = self._pace.ask(self._clock.steady())
        if wait > 0:
            return Outcome("limited", PACE, "held back: the robot's limit would be met", retry_after_seconds=wait)
        url, body = self.request(message, address)
        outcome = self._judged(self._poster.post(url, json.dumps(body, ensure_ascii=False).encode(), HEADERS))
        if outcome.state == "limited":
            with self._pace_lock:
                self._pace.hold(self._clock.steady(), outcome.retry_after_seconds)
        return outcome

    @abstractmethod
    def request(self, message: Message, address: Address) -> tuple[str, dict[str, Any]]:
        """The address and the body of the request, signed for now."""

    def title(self, message: Message) -> str:
        """The title, with the robot's keyword where neither title nor text holds it."""
        title = title_of(message)
        if not self._keyword or self._keyword in title:
            return title
        return f"{self._keyword} {title}"

    def unusual(self, answer: Mapping[str, Any]) -> Outcome | None:
        """What a provider says in other than its usual words; None: nothing."""
        return None

    def _judged(self, reply: Reply | Outcome) -> Outcome:
        if isinstance(reply, Outcome):
            return reply
        answer = reply.json()
        verdict = self.unusual(answer) or self.dialect.verdict(answer, self._secrets)
        by_number = by_status(reply, self._clock.wall(), self._secrets)
        if by_number is None:
            return verdict or Outcome("unknown", STRANGE_ANSWER, f"HTTP {reply.status}, not in the provider's words")
        if verdict is not None and by_number.state == "refused" and verdict.state != "accepted":
            return verdict
        return by_number
