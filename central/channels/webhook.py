"""A signed POST to a program of the plant, as Standard Webhooks 1.0 describes it: most languages have a library for it.

The delivery's key is the header `webhook-id`, and once more `Idempotency-Key`: a receiver can drop a repetition.
"""

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

from central.channels.guard import Guard
from central.channels.port import Address, Message, Outcome
from central.channels.posting import Poster, by_status
from central.channels.robot import Clock
from central.channels.settings import WebhookSettings, webhook_key
from central.channels.words import digest, lines_of, link_of, one_line, secrets_of, title_of

KEY = re.compile(r"[A-Za-z0-9_:-]{1,128}")
"""What stands in a header as it is: no dot, which divides what is signed."""


def signature(secret: str, key: str, timestamp: int, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over key, timestamp and body, with dots between."""
    signed = f"{key}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(webhook_key(secret), signed, hashlib.sha256).digest()).decode()


class Webhook:
    """A program that takes messages."""

    kind = "webhook"

    def __init__(self, settings: WebhookSettings, clock: Clock | None = None) -> None:
        self._url = settings.url.get_secret_value()
        self._secret = settings.secret.get_secret_value()
        self._repeats_safely = settings.repeats_safely
        self._secrets = secrets_of(self._url, self._secret)
        self._poster = Poster(Guard(settings.private), settings.answer_seconds_max, settings.ca_file, self._secrets)
        self._clock = clock or Clock()

    @property
    def repeats_safely(self) -> bool:
        """As the configuration says of the receiver."""
        return self._repeats_safely

    def send(self, message: Message, address: Address) -> Outcome:
        """Send once. Any 2xx is the receiver's word that it has the message."""
        now = self._clock.wall()
        body = json.dumps(_body(message, address, now), ensure_ascii=False).encode()
        key = message.key if KEY.fullmatch(message.key) else digest(message.key).hex()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": key,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": signature(self._secret, key, int(now), body),
            "Idempotency-Key": key,
        }
        reply = self._poster.post(self._url, body, headers)
        if isinstance(reply, Outcome):
            return reply
        return by_status(reply, now, self._secrets) or Outcome("accepted", str(reply.status))


def _body(message: Message, address: Address, now: float) -> dict[str, object]:
    return {
        "type": "lineside.notification",
        "timestamp": datetime.fromtimestamp(int(now), UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "title": title_of(message),
            "text": lines_of(message.text),
            "link": link_of(message),
            "link_text": one_line(message.link_text, 80),
            "urgent": message.urgent,
            "to": one_line(address.to, 254),
            "mention": one_line(address.mention, 64),
        },
    }
